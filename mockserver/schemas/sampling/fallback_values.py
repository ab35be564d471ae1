"""List values to try when no attempt at making a valid value succeeded.

Callers: `sampler.py` for the whole, `value_sampling.py` for parts. First come simple values such as
null, 0 and an empty list, then constants, defaults, examples and enums at any depth of the schema,
from at most 300 of its parts. They need not conform: the callers validate each. Nothing is random.
"""

from collections.abc import Iterator, Mapping

from mockserver.base.json import JsonValue

_MOST_PARTS = 300
"""The maximum number of parts of a schema that are searched for values."""
_PLAIN_VALUES: tuple[JsonValue, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    0.5,
    "",
    "a",
    [],
    {},
    [0],
    [0, 0],
    {"a": 0},
)


def fallback_values(schema: JsonValue) -> Iterator[JsonValue]:
    """Yield simple values, then the values that a schema contains at any depth."""
    yield from _PLAIN_VALUES
    waiting = [schema]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield from _values_in(part)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _values_in(schema: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
    for key in ("const", "default", "example"):
        if key in schema:
            yield schema[key]
    for key in ("enum", "examples"):
        if isinstance(values := schema.get(key), list):
            yield from values[:10]
