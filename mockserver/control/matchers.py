"""Compares JSON values with patterns: objects in part, lists exactly, and `{"$regex": …}`."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jsonschema_rs

from mockserver.base.json import JsonValue, equal, escape
from mockserver.base.problems import near

_LONGEST_PATTERN = 1_000
_LINEAR = jsonschema_rs.RegexOptions(size_limit=1_000_000)
"""An engine that never backtracks, so no pattern can take for ever; it lacks look-around."""
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


class MatcherError(Exception):
    """A pattern that cannot be compared with anything."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


class Miss(NamedTuple):
    """One place in which a value is not as expected."""

    pointer: str
    expected: JsonValue
    found: JsonValue
    """None also where there is nothing."""


Matcher = Callable[[JsonValue, str], Iterator[Miss]]
"""Yields the misses of a value that stands at a pointer."""


def compile_matcher(expected: JsonValue, pointer: str = "") -> Matcher:
    """Prepare a comparison.

    Args:
        expected: The pattern.
        pointer: Where the pattern stands, for errors.

    Raises:
        MatcherError: If it has an unknown or wrong matcher.
    """
    if isinstance(expected, dict):
        special = [name for name in expected if name.startswith("$")]
        return _special(expected, special[0], pointer) if special else _object(expected, pointer)
    if isinstance(expected, list):
        return _list(expected, pointer)
    return _checked(expected, lambda found: equal(expected, found))


def _checked(expected: JsonValue, holds: Callable[[JsonValue], bool]) -> Matcher:
    def misses(found: JsonValue, at: str) -> Iterator[Miss]:
        if not holds(found):
            yield Miss(at, expected, found)

    return misses


def _object(expected: dict[str, JsonValue], pointer: str) -> Matcher:
    members = {
        name: compile_matcher(value, f"{pointer}/{escape(name)}")
        for name, value in expected.items()
    }

    def misses(found: JsonValue, at: str) -> Iterator[Miss]:
        if not isinstance(found, dict):
            yield Miss(at, expected, found)
            return
        for name, member in members.items():
            place = f"{at}/{escape(name)}"
            if name in found:
                yield from member(found[name], place)
            else:
                yield Miss(place, expected[name], None)

    return misses


def _list(expected: list[JsonValue], pointer: str) -> Matcher:
    items = [compile_matcher(item, f"{pointer}/{index}") for index, item in enumerate(expected)]

    def misses(found: JsonValue, at: str) -> Iterator[Miss]:
        if not isinstance(found, list) or len(found) != len(items):
            yield Miss(at, expected, found)
            return
        for index, item in enumerate(items):
            yield from item(found[index], f"{at}/{index}")

    return misses


def _special(expected: dict[str, JsonValue], name: str, pointer: str) -> Matcher:
    if len(expected) > 1:
        raise MatcherError(pointer, f"{name} stands alone in its object")
    if name not in _SPECIAL:
        advice = near(name, _SPECIAL) or f"there are: {', '.join(_SPECIAL)}"
        raise MatcherError(f"{pointer}/{escape(name)}", f"there is no matcher {name!r}; {advice}")
    try:
        return _checked(expected, _SPECIAL[name](expected[name]))
    except ValueError as error:
        raise MatcherError(f"{pointer}/{name}", str(error)) from None


def _any(argument: JsonValue) -> Callable[[JsonValue], bool]:
    if argument is not True:
        raise ValueError('write {"$any": true}')
    return lambda _found: True


def _type(argument: JsonValue) -> Callable[[JsonValue], bool]:
    kinds = TYPES.get(argument) if isinstance(argument, str) else None
    if kinds is None:
        raise ValueError(f"$type is one of: {', '.join(TYPES)}")
    is_boolean = argument == "boolean"
    return lambda found: isinstance(found, kinds) and isinstance(found, bool) is is_boolean


def _regex(argument: JsonValue) -> Callable[[JsonValue], bool]:
    if not isinstance(argument, str) or len(argument) > _LONGEST_PATTERN:
        raise ValueError(f"$regex is a pattern of at most {_LONGEST_PATTERN:,} characters")
    validator: Any
    try:
        validator = jsonschema_rs.Draft202012Validator(
            {"type": "string", "pattern": argument}, pattern_options=_LINEAR
        )
    except ValueError:
        told = "is not a regular expression that is known; look-around and back references are not"
        raise ValueError(f"{argument[:100]!r} {told}") from None
    return lambda found: bool(validator.is_valid(found))


_SPECIAL: dict[str, Callable[[JsonValue], Callable[[JsonValue], bool]]] = {
    "$any": _any,
    "$type": _type,
    "$regex": _regex,
}
