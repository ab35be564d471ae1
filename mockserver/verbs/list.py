"""`list`: bind a filtered, sorted page of records, and how many there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, key_text
from mockserver.language.programs import Block
from mockserver.model.scope import Record, Scope, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Members, Name, OptionalExpression, StrictFields, Value
from mockserver.verbs.matching import condition, item_context
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb, World

_RANKS = {bool: 0, int: 1, float: 1, str: 2}


class ListFields(StrictFields):
    """Bind `items` (a page), `total`, `offset`, `limit`."""

    in_: Name = Field(alias="in", description="collection")
    where: Members = Field({}, description="field → value; null: it is not compared")
    matching: OptionalExpression = Field(None, description="must hold of `item`")
    sort: Value = Field(None, description="field names, `-` before one for descending")
    after: Value = Field(None, description="key of the record that the page begins behind")
    offset: Value = Field(None, description="records before the page; 0")
    limit: Value = Field(None, description="records on the page; else all")
    select: Value = Field(None, description="what to make of each `item`")
    as_: Name = Field(alias="as", description="name of the list in later steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStep(Step):
    """Binds a page of the records that match."""

    collection: str
    matching: Template | None
    select: Template | None


def compile_list(fields: ListFields, site: Site) -> Block:
    """Write a call; conditions and selections are evaluated for every record."""
    context, inner = site.context, item_context(site)
    matching = inner.condition(fields.matching, site.at("matching"))
    select = inner.optional(fields.select, site.at("select"))
    collection = context.collection(fields.in_, site.at("in"))
    site.make(ListStep, collection=collection, matching=matching, select=select)
    before = site.scoped()
    where = context.members_code(fields.where, site.at("where"))
    names = ("sort", "offset", "limit", "after")
    values = [context.code(getattr(fields, name), site.at(name)) for name in names]
    context.bind(fields.as_, site.at("as"))
    return before + site.call(fields.as_, where, *values)


def run_list(  # noqa: PLR0913, PLR0917 - one parameter for each field
    world: World,
    step: ListStep,
    where: Mapping[str, JsonValue],
    sort: JsonValue,
    offset: JsonValue,
    limit: JsonValue,
    after: JsonValue,
) -> Record:
    """Return a page of the records that match."""
    wanted = {name: value for name, value in where.items() if value is not None}
    collection = world.records(step.collection)
    records = collection.matching(wanted)
    if step.matching is not None:
        records = [*filter(condition(step.matching, world.scope), records)]
    records = sorted_records(records, sort)
    start = whole_number(offset) or 0
    if after is not None:
        start += _offset_after(world, step, records, key_text(after))
    bound = page(records, start, whole_number(limit))
    if step.select is not None:
        bound["items"] = _selected(bound["items"], step.select, world.scope)
    world.note(step, "listed", bound["total"])
    return bound


def _offset_after(world: World, step: ListStep, records: Iterable[Record], key: str) -> int:
    """Return how many records there are up to the one with a key."""
    field = world.records(step.collection).spec.key
    keys = [key_text(record[field]) for record in records]
    if key not in keys:
        world.refuse(step, f"nothing in the list has the key {key[:100]!r} to go on from")
    return keys.index(key) + 1


def _selected(items: Iterable[Record], select: Template, scope: Scope) -> list[JsonValue]:
    return [select({**scope, "item": item}) for item in items]


def page(ordered: list[Record], offset: int, limit: int | None) -> Record:
    """Cut a page out of a list: `items`, `total`, `offset`, `limit`."""
    end = None if limit is None else offset + limit
    return {
        "items": ordered[offset:end],
        "total": len(ordered),
        "offset": offset,
        "limit": limit,
    }


def whole_number(value: JsonValue) -> int | None:
    """Read an offset or a limit; null stays null.

    Raises:
        ExpressionError: If it is no number, or below 0.
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or value < 0:
        raise ExpressionError("offset and limit are whole numbers, not below 0")
    return int(value)


def sorted_records(records: list[Record], fields: JsonValue) -> list[Record]:
    """Order by field names, `-` before one for descending; stable, null last."""
    names = [fields] if isinstance(fields, str) else list(fields or ())
    ordered = list(records)
    for name in reversed(names):
        field = name.removeprefix("-")
        there = [record for record in ordered if record.get(field) is not None]
        missing = [record for record in ordered if record.get(field) is None]
        there.sort(key=partial(_rank, field), reverse=field != name)
        ordered = there + missing
    return ordered


def _rank(field: str, record: Record) -> tuple[int, JsonValue]:
    """Make values of different types comparable."""
    value = record[field]
    rank = _RANKS.get(type(value))
    return (3, str(value)) if rank is None else (rank, value)


VERB = Verb(name="list", fields=ListFields, run=run_list, compile=compile_list, details=("total",))
