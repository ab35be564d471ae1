"""Compile patterns for JSON values to functions that yield the mismatches of a value.

`verify_calls.py` is the only caller. A mismatch has a pointer, what was expected and what was found
(None also if it is missing). Objects match in part, lists exactly, and `{"$regex": …}`,
`{"$type": …}` and `{"$any": true}` one value. The name of a member that begins with `$` is written
with another `$` before it: `{"$$ref": …}`. A wrong pattern raises `MatcherError` with its pointer.
Regular expressions run in linear time, because clients send them. Nothing is redacted here.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jsonschema_rs

from mockserver.base.json import JsonValue, equal, escape
from mockserver.base.problems import near

_MAX_PATTERN_LENGTH = 1_000
_LINEAR = jsonschema_rs.RegexOptions(size_limit=1_000_000)
"""A regular expression engine without backtracking: its time is linear in the text."""
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class MatcherError(Exception):
    """An invalid pattern."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


class Mismatch(NamedTuple):
    """A place at which a value does not match its pattern."""

    pointer: str
    expected: JsonValue
    found: JsonValue
    """None also if the value is missing."""


Matcher = Callable[[JsonValue, str], Iterator[Mismatch]]
"""Function that yields the mismatches of a value, given the value and its JSON Pointer."""


def compile_matcher(expected: JsonValue, pointer: str = "") -> Matcher:
    """Compile a pattern.

    Args:
        expected: The pattern.
        pointer: JSON Pointer to the pattern, for errors.

    Raises:
        MatcherError: If the pattern has an unknown or invalid matcher.
    """
    if isinstance(expected, dict):
        special = [name for name in expected if name.startswith("$") and name[1:2] != "$"]
        return _special(expected, special[0], pointer) if special else _members(expected, pointer)
    if isinstance(expected, list):
        return _items(expected, pointer)
    return _checked(expected, lambda found: equal(expected, found))


def _checked(expected: JsonValue, holds: Callable[[JsonValue], bool]) -> Matcher:
    def mismatches(found: JsonValue, at: str) -> Iterator[Mismatch]:
        if not holds(found):
            yield Mismatch(at, expected, found)

    return mismatches


def _members(expected: dict[str, JsonValue], pointer: str) -> Matcher:
    members = {
        _plain(name): (compile_matcher(value, f"{pointer}/{escape(name)}"), value)
        for name, value in expected.items()
    }

    def mismatches(found: JsonValue, at: str) -> Iterator[Mismatch]:
        if not isinstance(found, dict):
            yield Mismatch(at, expected, found)
            return
        for name, (member, wanted) in members.items():
            place = f"{at}/{escape(name)}"
            if name in found:
                yield from member(found[name], place)
            else:
                yield Mismatch(place, wanted, None)

    return mismatches


def _plain(name: str) -> str:
    """Return the name of a member that a pattern names."""
    return name[1:] if name.startswith("$$") else name


def _items(expected: list[JsonValue], pointer: str) -> Matcher:
    items = [compile_matcher(item, f"{pointer}/{index}") for index, item in enumerate(expected)]

    def mismatches(found: JsonValue, at: str) -> Iterator[Mismatch]:
        if not isinstance(found, list) or len(found) != len(items):
            yield Mismatch(at, expected, found)
            return
        for index, item in enumerate(items):
            yield from item(found[index], f"{at}/{index}")

    return mismatches


def _special(expected: dict[str, JsonValue], name: str, pointer: str) -> Matcher:
    if len(expected) > 1:
        raise MatcherError(
            pointer,
            f"{name} must be the only member of its object; "
            f"for a member of this name, write {f'${name}'!r}",
        )
    if name not in _SPECIAL:
        advice = near(name, _SPECIAL) or f"the matchers are: {', '.join(_SPECIAL)}"
        advice += f"; for a member of this name, write {f'${name}'!r}"
        raise MatcherError(f"{pointer}/{escape(name)}", f"there is no matcher {name!r}; {advice}")
    try:
        return _checked(expected, _SPECIAL[name](expected[name]))
    except ValueError as error:
        raise MatcherError(f"{pointer}/{name}", str(error)) from None


def _any(argument: JsonValue) -> Callable[[JsonValue], bool]:
    if argument is not True:
        raise ValueError('must be true: {"$any": true}')
    return lambda _found: True


def _type(argument: JsonValue) -> Callable[[JsonValue], bool]:
    kinds = _TYPES.get(argument) if isinstance(argument, str) else None
    if kinds is None:
        raise ValueError(f"$type must be one of: {', '.join(_TYPES)}")
    is_boolean = argument == "boolean"
    return lambda found: isinstance(found, kinds) and isinstance(found, bool) is is_boolean


def _regex(argument: JsonValue) -> Callable[[JsonValue], bool]:
    if not isinstance(argument, str) or len(argument) > _MAX_PATTERN_LENGTH:
        raise ValueError(f"$regex must be a text of at most {_MAX_PATTERN_LENGTH:,} characters")
    validator: Any
    try:
        validator = jsonschema_rs.Draft202012Validator(
            {"type": "string", "pattern": argument}, pattern_options=_LINEAR
        )
    except ValueError:
        detail = "is not a valid pattern; look-around and back references are not supported"
        raise ValueError(f"{argument[:100]!r} {detail}") from None
    return lambda found: bool(validator.is_valid(found))


_SPECIAL: dict[str, Callable[[JsonValue], Callable[[JsonValue], bool]]] = {
    "$any": _any,
    "$type": _type,
    "$regex": _regex,
}
