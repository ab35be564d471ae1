"""Choose the items of an array to make: how many there are, and the schema of each.

`value_sampling.py` and `plans.py` call `items_of` with a merged schema; out come `Items`: the
schemas of the first items, that of the rest, the number, and whether all must differ. They make the
items. Without a need for more, one item is made if the sampler has room and wants it; never more
than 1,000. `contains` is added to the schemas of as many items as it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.object_sampling import SamplerQueries
from mockserver.schemas.sampling.sampling_context import SamplingContext
from mockserver.schemas.sampling.schema_merging import all_of

_LONGEST = 1_000
"""The maximum number of items to make."""
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of an array."""

    first: list[JsonValue]
    """The schemas of the first items, in order."""
    rest: JsonValue
    """The schema of all other items."""
    count: int
    """The number of all items together."""
    is_set: bool
    """Whether all items must be different."""


def items_of(sampler: SamplerQueries, schema: Schema, context: SamplingContext) -> Items:
    """Return the items to make: the required ones, or one if the array may have optional ones."""
    first, rest = _item_schemas(schema)
    least = min(int(schema.get("minItems", 0)), _LONGEST)
    most = min(int(schema.get("maxItems", _LONGEST)), _LONGEST)
    has_room = (
        sampler.has_room_for_item(context.depth)
        and sampler.is_wanted(rest)
        and not context.only_required
    )
    if context.only_required:
        first = first[:least]
    first, rest = _with_contained(schema, first, rest, context)
    count = min(max(least, int(has_room)), most)
    return Items(first[:most], rest, count, schema.get("uniqueItems") is True)


def _item_schemas(schema: Schema) -> tuple[list[JsonValue], JsonValue]:
    """Return the schemas of the first items and that of the rest, in any draft."""
    first, rest = schema.get("prefixItems", []), schema.get("items")
    if isinstance(rest, list):
        first, rest = rest, schema.get("additionalItems")
    if rest is None:
        rest = schema.get("unevaluatedItems", {})
    return list(first), rest


def _with_contained(
    schema: Schema, first: list[JsonValue], rest: JsonValue, context: SamplingContext
) -> tuple[list[JsonValue], JsonValue]:
    """Return the schemas of the items so that enough of them, and not too many, fit `contains`."""
    contained = schema.get("contains")
    if contained is None:
        return first, rest
    missing = min(int(schema.get("minContains", 1)), _LONGEST)
    if rest is False or context.attempt % 2:
        combined = [all_of(part, contained) for part in first[:missing]]
        first, missing = [*combined, *first[missing:]], missing - len(combined)
    first = [*first, *[all_of(rest, contained)] * max(missing, 0)]
    if "maxContains" in schema:
        rest = all_of(rest, {"not": contained})
    return first, rest
