"""Match regular expressions as ECMA-262 reads them: the `RegExp` of JavaScript.

`dialects.py` asks which engine gets a pattern, and for the reason why it is invalid
(`pattern_error`, empty for a valid one). `compilation.py` registers `PatternKeyword` with the
validator library, under the keyword `KEYWORD`, and checks the format `regex` with `is_pattern`.
`openapi/paths.py` matches path parameters with `compiled`, which raises ValueError for an invalid
pattern. `violations.py` and `sampling/schema_merging.py` use only `KEYWORD`.
"""

# Which engine matches a pattern
#
# - A plain pattern is matched by the validator library: literals, classes, groups, alternatives and
#   repetitions that its engine and ECMA-262 read in the same way. That engine never backtracks for
#   them. Most patterns are plain.
# - All others are matched by an engine for ECMA-262. They stand in converted schemas under a
#   keyword of their own, `KEYWORD`, which the validator library hands to `PatternKeyword`. A
#   pattern without a backreference takes time in proportion to the text; the others have a limit.
# - A pattern is read as `new RegExp(pattern, "u")` reads it. One that is invalid with this flag is
#   read without it, because patterns such as `[\w-\.]` are common (ECMA-262, Annex B).
# - The patterns of `patternProperties` are matched by the validator library alone, so they are
#   rewritten if they are not plain (`exact_form`). Where that is impossible, a warning says so.

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mockserver.base.json import JsonValue

if TYPE_CHECKING:
    from corvus_regex_ecma262 import Regex

KEYWORD = "x-ecma-pattern"
"""The keyword of patterns that the validator library would read in another way."""
_SECONDS = 0.25
"""The time that one match may take; only backreferences can reach it."""

_ESCAPE = r"\\(?:[tnrfv]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|[\\^$.*+?()\[\]{}|/])"
_CLASS_ESCAPE = r"\\[dDwWsS]"
_ITEM = (
    rf"{_ESCAPE}|\\-|{_CLASS_ESCAPE}(?!-[^\]])"
    rf"|[^\\\]\[&~\-\ud800-\udfff]|&(?!&)|~(?!~)|-(?!-|{_CLASS_ESCAPE})"
)
_CLASS = rf"\[\^?+-?+(?:{_ITEM})++\]"
_ATOM = rf"{_ESCAPE}|{_CLASS_ESCAPE}|{_CLASS}|[^\\^$.*+?()\[\]{{}}|\ud800-\udfff]"
_REPEAT = r"(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??"
_PLAIN = re.compile(rf"(?:[|^$]|\((?:\?:)?|(?:{_ATOM}|\))(?:{_REPEAT})?+)*+", re.ASCII)
_DIFFERENT = re.compile(r"\\.|\[\^?\]|\[(?:\\.|[^\]\\])*+\]|\.", re.DOTALL)
_SAME: dict[str, str] = {
    ".": r"[^\n\r\u2028\u2029]",
    "[^]": r"[\s\S]",
    r"\<": "<",
    r"\>": ">",
    r"\-": "-",
}
"""Syntax that the validator library reads in another way, and what it reads as ECMA-262 does."""


def is_plain(pattern: str) -> bool:
    """Return True if the validator library reads a pattern as ECMA-262 does."""
    return _PLAIN.fullmatch(pattern) is not None


def exact_form(pattern: str) -> str | None:
    """Return a pattern that the validator library reads as ECMA-262 reads the given one, if any."""
    if is_plain(pattern):
        return pattern
    rewritten = _DIFFERENT.sub(lambda found: _SAME.get(found[0], found[0]), pattern)
    return rewritten if is_plain(rewritten) else None


def pattern_error(pattern: str) -> str:
    """Return why a pattern is not a regular expression of ECMA-262; empty if it is one."""
    try:
        compiled(pattern)
    except ValueError as error:
        return str(error).removeprefix("ecmaregex: ")
    return ""


def is_pattern(text: str) -> bool:
    """Return True if a text is a regular expression of ECMA-262 with the flag `u`."""
    from corvus_regex_ecma262 import is_valid  # noqa: PLC0415 - often not needed

    return is_valid(text, "u")


@lru_cache(maxsize=1_000)
def compiled(pattern: str) -> "Regex":
    """Compile a pattern, with the flag `u` if it is valid with it.

    Raises:
        ValueError: If it is invalid without the flag, too.
    """
    from corvus_regex_ecma262 import compile as compile_pattern  # noqa: PLC0415 - often not needed
    from corvus_regex_ecma262 import is_valid  # noqa: PLC0415 - as above

    return compile_pattern(pattern, "u" if is_valid(pattern, "u") else "", timeout=_SECONDS)


class PatternKeyword:
    """The keyword `KEYWORD` of the validator library: a text must match a pattern."""

    def __init__(self, _parent: JsonValue, pattern: JsonValue, _path: JsonValue) -> None:
        self._pattern = str(pattern)
        self._regex = compiled(self._pattern)

    def validate(self, instance: JsonValue) -> None:
        """Raise ValueError if a value is a text that does not match."""
        if not isinstance(instance, str):
            return
        try:
            is_match = self._regex.test(instance)
        except ValueError:
            message = f"must match {self._pattern}, but takes too long to compare"
            raise ValueError(message) from None
        if not is_match:
            message = f"must match {self._pattern}"
            raise ValueError(message)
