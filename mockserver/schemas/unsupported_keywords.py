"""Schemas that no validator takes, without the keywords that are in its way."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

import jsonschema_rs

from mockserver.base.json import JsonValue
from mockserver.schemas.dialects import NAMED, ONE, SEVERAL

_MOST = 100
"""Keywords that are taken out of one schema before all of it is given up."""
_LONGEST = 300

_WORDS: Mapping[str | int, str] = {
    "type": "a type is string, number, integer, boolean, array, object or null",
    "pattern": "this is no regular expression of JavaScript",
}
"""What is wrong with a keyword, where the validator cannot say it well."""
Keys = Sequence[str | int]


def made_sound(
    schema: JsonValue,
    check: Callable[[JsonValue], object],
    note: Callable[[Keys, str], None],
) -> JsonValue:
    """Return the schema without what is wrong with it; all of it may be.

    Args:
        schema: A schema object.
        check: Raises ValueError if a schema is none.
        note: Told where each keyword was that is left out, and why.
    """
    for _ in range(_MOST):
        try:
            check(schema)
        except jsonschema_rs.ValidationError as error:
            path = culprit(error.instance_path)
            message = _WORDS.get(path[-1] if path else "") or _shortened(error.message)
        except ValueError as error:
            path, message = [], _shortened(str(error))
        else:
            return schema
        if not path:
            note(path, message)
            return {}
        schema = deepcopy(schema)
        _take_out(schema, path, message, check, note)
    return {}


def _take_out(
    schema: JsonValue,
    path: Keys,
    message: str,
    check: Callable[[JsonValue], object],
    note: Callable[[Keys, str], None],
) -> None:
    """Change what a path leads to: a schema inside to a sound one, anything else to nothing."""
    around = schema
    for key in path[:-1]:
        around = around[_own(key, around)]
    last = _own(path[-1], around)
    inner = around[last]
    if last in ONE and isinstance(inner, dict):  # the draft's own schema may not say where in it
        sound = made_sound(inner, check, lambda below, told: note([*path, *below], told))
        if sound != inner:
            around[last] = sound
            return
    note(path, message)
    if isinstance(around, list):
        around[last] = {}
    else:
        del around[last]


def _own(key: str | int, around: JsonValue) -> JsonValue:
    """Return a key as a collection has it: the validator takes a name of digits for an index."""
    return str(key) if isinstance(around, dict) else key


def culprit(path: Keys) -> list[str | int]:
    """Shorten a path into a schema so that it ends at a keyword, or at a schema that is none."""
    index = 0
    while index < len(path):
        key = path[index]
        below = path[index + 1] if index + 1 < len(path) else None
        if key in NAMED or (key in SEVERAL and isinstance(below, int)):
            index += 2
        elif key in ONE:
            index += 1
        else:
            return list(path[: index + 1])
    return list(path)


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
