"""Repair of schemas that the validator library rejects: each invalid keyword is removed.

An invalid item of a list becomes an empty schema, and an invalid subschema is repaired inside
first. Every removal is reported. The given schema never changes.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy

import jsonschema_rs

from mockserver.base.json import JsonValue
from mockserver.schemas.dialects import SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS

_MOST_ATTEMPTS = 100
"""Attempts to repair one schema; a schema that needs as many becomes an empty one."""
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
    for _ in range(_MOST_ATTEMPTS):
        try:
            check(schema)
        except jsonschema_rs.ValidationError as error:
            path = path_to_keyword(_located(error.instance_path, schema))
            message = _MESSAGES.get(path[-1] if path else "") or _shortened(error.message)
        except ValueError as error:
            path, message = [], _shortened(str(error))
        else:
            return schema
        if not path:
            report(path, message)
            return {}
        schema = deepcopy(schema)
        _remove_at(schema, path, message, check, report)
    return {}


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


def _remove_at(
    schema: JsonValue,
    path: Keys,
    message: str,
    check: Callable[[JsonValue], object],
    report: Callable[[Keys, str], None],
) -> None:
    """Remove the keyword at a path; if its value is a schema, remove only what is invalid in it."""
    parent = schema
    for key in path[:-1]:
        parent = parent[_key_in(key, parent)]
    last = _key_in(path[-1], parent)
    inner = parent[last]
    if last in SCHEMA_KEYWORDS and isinstance(inner, dict):  # the path may end before the cause
        repaired = remove_invalid_keywords(
            inner, check, lambda rest, reason: report([*path, *rest], reason)
        )
        if repaired != inner:
            parent[last] = repaired
            return
    report(path, message)
    if isinstance(parent, list):
        parent[last] = {}
    else:
        del parent[last]


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
