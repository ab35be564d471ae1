"""Remove from a schema each keyword that the validator library rejects, so the rest is usable.

`validators.py` is the only caller; it passes the check, and a function that gets the path and
reason of every removal. Invalid subschemas are repaired first, each on its own; an invalid item of
a list becomes an empty schema. A schema that cannot be repaired becomes empty: it accepts anything.
The given schema never changes. `path_to_keyword` shortens the path of an error to the keyword.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import NamedTuple

import jsonschema_rs

from mockserver.base.json import JsonValue
from mockserver.schemas.dialects import SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS

_LONGEST = 300

_MESSAGES: Mapping[str | int, str] = {
    "type": "a type is string, number, integer, boolean, array, object or null",
    "pattern": "this is not a valid regular expression (ECMA-262)",
}
"""Messages for keywords whose message from the validator library is unclear."""
Keys = Sequence[str | int]


def remove_invalid_keywords(
    schema: JsonValue,
    check: Callable[[JsonValue], object],
    report: Callable[[Keys, str], None],
) -> JsonValue:
    """Return a schema without its invalid keywords; an empty one if it cannot be repaired.

    Args:
        schema: A schema object; it does not change.
        check: Raises `jsonschema_rs.ValidationError` with the path of one fault, or any other
            ValueError, which discards the whole schema.
        report: Called with the path of every removed keyword and the reason; the path is empty
            if the whole schema is discarded.
    """
    if _fault_of(schema, check) is None:
        return schema
    return _Repair(check, report).repaired(deepcopy(schema), [])


class _Fault(NamedTuple):
    """What the validator library rejects first in a schema."""

    path: list[str | int]
    message: str


def _fault_of(schema: JsonValue, check: Callable[[JsonValue], object]) -> _Fault | None:
    """Return the first fault of a schema; None if it has none."""
    try:
        check(schema)
    except jsonschema_rs.ValidationError as error:
        path = path_to_keyword(_located(error.instance_path, schema))
        message = _MESSAGES.get(path[-1] if path else "") or _shortened(error.message)
        return _Fault(path, message)
    except ValueError as error:
        return _Fault([], _shortened(str(error)))
    return None


class _Repair(NamedTuple):
    """The removal of invalid keywords from a schema, which changes in place.

    The subschemas are repaired first, each checked alone, so that a fault costs only the check of
    the small schema around it, however many faults there are.
    """

    check: Callable[[JsonValue], object]
    report: Callable[[Keys, str], None]

    def repaired(self, schema: JsonValue, path: Keys) -> JsonValue:
        """Return the schema at a path without its invalid keywords."""
        if _fault_of(schema, self.check) is None:
            return schema
        for keys in list(_subschemas(schema)):
            parent = _value_at(schema, keys[:-1])
            parent[keys[-1]] = self.repaired(parent[keys[-1]], [*path, *keys])
        while fault := _fault_of(schema, self.check):
            self.report([*path, *fault.path], fault.message)
            if not fault.path:
                return {}
            _remove_at(schema, fault.path)
        return schema


def _subschemas(schema: JsonValue) -> Iterator[list[str | int]]:
    """Yield the keys to each subschema that is an object."""
    for key, value in schema.items() if isinstance(schema, dict) else ():
        if key in SCHEMA_MAP_KEYWORDS and isinstance(value, dict):
            yield from ([key, name] for name in value if isinstance(value[name], dict))
        elif key in SCHEMA_LIST_KEYWORDS and isinstance(value, list):
            yield from ([key, index] for index, item in enumerate(value) if isinstance(item, dict))
        elif key in SCHEMA_KEYWORDS and isinstance(value, dict):
            yield [key]


def _located(path: Keys, schema: JsonValue) -> list[str | int]:
    """Return a path with the empty property names that the validator library leaves out."""
    found: list[str | int] = []
    value = schema
    for key in path:
        own = _key_in(key, value)
        while isinstance(value, dict) and own not in value and "" in value:
            found.append("")
            value = value[""]
            own = _key_in(key, value)
        found.append(key)
        value = value[own] if isinstance(value, dict | list) else None
    return found


def _remove_at(schema: JsonValue, path: Keys) -> None:
    """Remove the keyword at a path; an invalid item of a list becomes an empty schema."""
    parent = _value_at(schema, path[:-1])
    last = _key_in(path[-1], parent)
    if isinstance(parent, list) and parent[last] != {}:
        parent[last] = {}
    else:
        del parent[last]


def _value_at(schema: JsonValue, path: Keys) -> JsonValue:
    for key in path:
        schema = schema[_key_in(key, schema)]
    return schema


def _key_in(key: str | int, parent: JsonValue) -> JsonValue:
    """Return a key of the validator's path as its collection has it: digits may be a name."""
    return str(key) if isinstance(parent, dict) else key


def path_to_keyword(path: Keys) -> list[str | int]:
    """Return the start of a path into a schema that leads to a keyword or to a subschema."""
    index = 0
    while index < len(path):
        key = path[index]
        following = path[index + 1] if index + 1 < len(path) else None
        if key in SCHEMA_MAP_KEYWORDS or (
            key in SCHEMA_LIST_KEYWORDS and isinstance(following, int)
        ):
            index += 2
        elif key in SCHEMA_KEYWORDS:
            index += 1
        else:
            return list(path[: index + 1])
    return list(path)


def _shortened(message: str) -> str:
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
