"""The items of a sampled array: the schemas of the first ones, of the rest, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.choice import Way
from mockserver.schemas.sampling.merge import all_of
from mockserver.schemas.sampling.objects import Maker

_LONGEST = 1_000
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Items:
    """What an array is made of."""

    first: list[JsonValue]
    """The schemas of its first items, in order."""
    rest: JsonValue
    """The schema of all others."""
    count: int
    """Items of both kinds together."""
    is_set: bool


def items_of(maker: Maker, schema: Schema, way: Way) -> Items:
    """Choose how many items there are, and the schema of each."""
    first, rest = _tuple(schema)
    least = min(int(schema.get("minItems", 0)), _LONGEST)
    most = min(int(schema.get("maxItems", _LONGEST)), _LONGEST)
    has_room = maker.has_room(way.depth) and maker.is_wanted(rest) and not way.is_lean
    if way.is_lean:
        first = first[:least]
    first, rest = _with_contained(schema, first, rest, way)
    count = min(max(least, int(has_room)), most)
    return Items(first[:most], rest, count, schema.get("uniqueItems") is True)


def _tuple(schema: Schema) -> tuple[list[JsonValue], JsonValue]:
    first, rest = schema.get("prefixItems", []), schema.get("items")
    if isinstance(rest, list):
        first, rest = rest, schema.get("additionalItems")
    if rest is None:
        rest = schema.get("unevaluatedItems", {})
    return list(first), rest


def _with_contained(
    schema: Schema, first: list[JsonValue], rest: JsonValue, way: Way
) -> tuple[list[JsonValue], JsonValue]:
    """Make enough of the items what the array has to contain, and the others something else."""
    contained = schema.get("contains")
    if contained is None:
        return first, rest
    times = min(int(schema.get("minContains", 1)), _LONGEST)
    if rest is False or way.turn % 2:
        given = [all_of(part, contained) for part in first[:times]]
        first, times = [*given, *first[times:]], times - len(given)
    first = [*first, *[all_of(rest, contained)] * max(times, 0)]
    if "maxContains" in schema:
        rest = all_of(rest, {"not": contained})
    return first, rest
