"""Read the headers of a request or of an answer in a Pact file of version 3 or 4.

`pact.py` calls `header_texts` for requests, and `expected_headers` for answers: a text that the
header must equal, or `{pattern: …}` if a matching rule applies. Rules are found by name, whatever
its case, or by JSONPath. A rule that no pattern can express, such as `type` or `date`, accepts any
text, and of several matchers the first counts, as in `pact.py`. A regular expression applies to
each of several values. Nothing is compared here.
"""

import re
from collections.abc import Mapping

from mockserver.base.json import JsonValue

_RULE_PATH = re.compile(r"(?:\$\.|\$\[['\"])?([^\[\]'\"]+)(?:['\"]\])?(?:\[(?:\d+|\*)\])?")
"""A name, as it is or as a step of a JSONPath, perhaps with the index of one of its values."""
_SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|]")
"""Characters with a meaning in a pattern."""
_ANY = ".*"
_PATTERNS = {
    "integer": r"^-?[0-9]+$",
    "decimal": r"^-?[0-9]+\.[0-9]+$",
    "number": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
    "boolean": r"^(true|false)$",
}


def header_texts(part: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return the headers of a request or an answer; several values are joined with commas."""
    return {name: ", ".join(values) for name, values in _values(part).items()}


def expected_headers(response: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what the headers of an answer must be, in the format of interaction files."""
    matchers = _matchers(response)
    return {
        name: _expected(values, matchers.get(name.lower()))
        for name, values in _values(response).items()
    }


def _values(part: Mapping[str, JsonValue]) -> dict[str, list[str]]:
    headers = part.get("headers")
    if not isinstance(headers, dict):
        return {}
    return {
        str(name): [str(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in headers.items()
    }


def _matchers(response: Mapping[str, JsonValue]) -> dict[str, Mapping[str, JsonValue]]:
    """Return the first matcher of each header, by the header's name in lower case."""
    rules = response.get("matchingRules")
    rules = rules.get("header") if isinstance(rules, dict) else None
    found: dict[str, Mapping[str, JsonValue]] = {}
    for path, rule in rules.items() if isinstance(rules, dict) else ():
        matchers = rule.get("matchers") if isinstance(rule, dict) else None
        named = _RULE_PATH.fullmatch(path)
        if named and isinstance(matchers, list) and matchers and isinstance(matchers[0], dict):
            found.setdefault(named[1].lower(), matchers[0])
    return found


def _expected(values: list[str], matcher: Mapping[str, JsonValue] | None) -> JsonValue:
    if matcher is None or matcher.get("match") == "equality":
        return ", ".join(values)
    return {"pattern": _pattern(matcher, is_list=len(values) > 1)}


def _pattern(matcher: Mapping[str, JsonValue], *, is_list: bool) -> str:
    kind, regex, part = (matcher.get(key) for key in ("match", "regex", "value"))
    if kind == "include" and isinstance(part, str):
        return _SPECIAL.sub(r"\\\g<0>", part)
    pattern = regex if kind == "regex" and isinstance(regex, str) else _PATTERNS.get(str(kind))
    if pattern is None:
        return _ANY
    return _each(pattern) if is_list else pattern


def _each(pattern: str) -> str:
    """Return a pattern for values between commas that each match the whole of another pattern."""
    one = f"(?:{pattern.removeprefix('^').removesuffix('$')})"
    return rf"^{one}(\s*,\s*{one})*$"
