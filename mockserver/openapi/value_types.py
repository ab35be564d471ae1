"""Find values in schemas that do not have the type of their schema, such as a `default` or `enum`.

`unknown_keys.py` calls `values_of_other_types` for each schema, and makes the problems. It yields
the keyword, the index in a list (else None), and what the value should be; of an `enum`, only the
first such value. Schemas without a type, or with an unknown or invalid one, yield nothing.
`schema_examples.py` asks `has_type_of`, and checks all else about values.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.base.json import JsonValue

_CHECKS = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
    ),
}
_SINGLE = ("const", "default", "example")
_LISTS = ("enum", "examples")
ASSERTING = frozenset(("enum", "const"))
"""Keywords by which a value of another type leaves no valid value, or one fewer."""


def values_of_other_types(schema: Mapping[str, Any]) -> Iterator[tuple[str, int | None, str]]:
    """Yield the values of a schema without its type: keyword, index, and what they should be."""
    types = _types(schema)
    if not types:
        return
    wanted = " or ".join(types)
    for keyword in _SINGLE:
        if keyword in schema and not _has_type(schema[keyword], types):
            yield keyword, None, wanted
    for keyword in _LISTS:
        values = schema.get(keyword)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if not _has_type(value, types):
                yield keyword, index, wanted
                if keyword == "enum":
                    break


def has_type_of(schema: Mapping[str, Any], value: JsonValue) -> bool:
    """Return True if a value has the type of a schema, or the schema has none."""
    types = _types(schema)
    return not types or _has_type(value, types)


def _types(schema: Mapping[str, Any]) -> list[str]:
    """Return the types of a schema; none if it has no valid ones, or a form of its own."""
    given = schema.get("type")
    types = [given] if isinstance(given, str) else given
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        return []
    if not all(one in _CHECKS for one in types):
        return []
    may_be_null = schema.get("nullable") is True or schema.get("x-nullable") is True
    return [*types, "null"] if may_be_null and "null" not in types else types


def _has_type(value: JsonValue, types: list[str]) -> bool:
    return any(_CHECKS[one](value) for one in types)
