"""Compare a received JSON value with the expected one by rules, and define `Difference`.

`verification.py` calls `Rules.compare`, which yields a `Difference` (place, expected text, found
value, rule) for each; `conformance.py` and `header_fields.py` make their own. A rule (`equal`,
`type`, `ignored`, or a pattern for a text; by default `equal`) applies at its JSON Pointer (`*` is
any member) and below, until a pointer below has another. Members that are not expected are ignored;
with `type`, each item is compared with the first expected one. `matches` checks a pattern,
`as_json` writes values for messages; `verification_reports.py` redacts.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson
from jsonschema_rs import Validator

from mockserver.base.json import JsonValue, escape
from mockserver.contract.interactions import Rule, ValuePattern
from mockserver.schemas.compilation import compile_schema


class Absent:
    """The type of `ABSENT`, which takes the place of a value that an answer does not have."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between an answer and what is expected or documented."""

    where: str
    """`status`, `header`, `body`, or a part of a request."""
    pointer: str
    """JSON Pointer into the body, or the name of a header."""
    expected: str
    """A description, or a JSON value as text."""
    found: JsonValue | Absent
    rule: str
    """The rule that is broken: `equal`, `type`, `pattern`, or `document`."""

    @property
    def place(self) -> str:
        """What differs: `status`, `header content-type` or `/contact/id`, for example."""
        if self.where == "body":
            return self.pointer or "body"
        return f"{self.where} {self.pointer}".rstrip()


def as_json(value: JsonValue | Absent) -> str:
    """Write a JSON value on one line; `nothing` for `ABSENT`."""
    if isinstance(value, Absent):
        return repr(value)
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def type_name(value: JsonValue | Absent) -> str:
    """Return the name of a value's JSON type, as messages have it."""
    if isinstance(value, Absent):
        return "nothing"
    for kinds, name in _TYPE_NAMES:
        if isinstance(value, kinds):
            return name
    return "null"


_TYPE_NAMES: Sequence[tuple[type | tuple[type, ...], str]] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "text"),
    (list, "a list"),
    (Mapping, "an object"),
)


class Rules:
    """The rules by which the body of an answer is compared."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = {tuple(pointer.split("/")[1:]): rule for pointer, rule in rules.items()}
        self._first = self._rules.get((), "equal")

    def compare(self, expected: JsonValue, found: JsonValue) -> Iterator[Difference]:
        """Yield every difference between two JSON values."""
        yield from self._compare(expected, found, (), self._first)

    def _compare(
        self, expected: JsonValue, found: JsonValue, path: tuple[str, ...], rule: Rule
    ) -> Iterator[Difference]:
        if rule == "ignored":
            return
        if isinstance(rule, ValuePattern):
            if not matches(rule.pattern, found):
                yield _difference(path, f"text matching {rule.pattern}", found, "pattern")
        elif type_name(expected) != type_name(found):
            words = type_name(expected) if rule == "type" else as_json(expected)
            yield _difference(path, words, found, str(rule))
        elif isinstance(expected, Mapping):
            yield from self._members(expected, found, path, rule)
        elif isinstance(expected, list):
            yield from self._items(expected, found, path, rule)
        elif rule == "equal" and expected != found:
            yield _difference(path, as_json(expected), found, rule)

    def _members(
        self,
        expected: Mapping[str, JsonValue],
        found: Mapping[str, JsonValue],
        path: tuple[str, ...],
        rule: Rule,
    ) -> Iterator[Difference]:
        for key, member in expected.items():
            below = (*path, escape(key))
            own = self._rule(below, rule)
            if key in found:
                yield from self._compare(member, found[key], below, own)
            elif own != "ignored":
                words = type_name(member) if own == "type" else as_json(member)
                yield _difference(below, words, ABSENT, _rule_name(own))

    def _items(
        self,
        expected: list[JsonValue],
        found: list[JsonValue],
        path: tuple[str, ...],
        rule: Rule,
    ) -> Iterator[Difference]:
        """Compare item by item; with the rule `type`, each item with the first expected one."""
        if rule == "equal" and len(expected) != len(found):
            yield _difference(path, f"{len(expected)} items", found, rule)
            return
        for index, item in enumerate(found if expected else ()):
            below = (*path, str(index))
            model = expected[index] if rule == "equal" else expected[0]
            yield from self._compare(model, item, below, self._rule(below, rule))

    def _rule(self, path: tuple[str, ...], inherited: Rule) -> Rule:
        if (own := self._rules.get(path)) is not None:
            return own
        fitting = (rule for pattern, rule in self._rules.items() if _pattern_fits(pattern, path))
        return next(fitting, inherited)


def _rule_name(rule: Rule) -> str:
    return "pattern" if isinstance(rule, ValuePattern) else rule


def _pattern_fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(pattern) == len(path) and all(
        one in ("*", other) for one, other in zip(pattern, path, strict=True)
    )


def matches(pattern: str, found: JsonValue) -> bool:
    """Return True if a value is a string that matches a regular expression."""
    return _compiled(pattern).is_valid(found)


@lru_cache(256)
def _compiled(pattern: str) -> Validator:
    return compile_schema({"type": "string", "pattern": pattern})


def _difference(
    path: tuple[str, ...], expected: str, found: JsonValue | Absent, rule: str
) -> Difference:
    pointer = "".join(f"/{token}" for token in path)
    return Difference("body", pointer, expected, found, rule)
