"""`list`: bind a filtered and sorted page of records, and the number of all that match.

`step_compiler.py` calls `compile_list` when a document is loaded; the call that it writes runs
`run_list` for every request. That function filters (a null in `where` is not compared), sorts, cuts
out the page and applies `select`. It returns a map of `items` (the page), `total` (the number of
records that match), `offset` (of the page, also after `after`) and `limit` (None: no limit). It
refuses a key in `after` that is not in the list, and raises `ExpressionError` for an offset or
limit that is no number or negative, and for a `sort` that is not of field names. It never changes a
record.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, key_text
from mockserver.language.programs import Block
from mockserver.model.scope import Record, Scope, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Count, Members, Name, OptionalExpression, StrictFields, Value
from mockserver.verbs.record_conditions import item_context, record_condition
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World

_TYPE_RANKS = {bool: 0, int: 1, float: 1, str: 2}
"""The order of values of different types: booleans, then numbers, then texts, then all others."""


class ListFields(StrictFields):
    """Bind a page of records: a map of `items`, `total`, `offset` and `limit`."""

    in_: Name = Field(alias="in", description="collection")
    where: Members = Field(
        {},
        description="field → value that a record must have; with null, the field is not compared",
    )
    matching: OptionalExpression = Field(
        None, description="condition on each record, which is `item`"
    )
    sort: Value = Field(
        None, description="field names, with `-` before a name for descending order"
    )
    after: Value = Field(None, description="key of the record after which the page starts")
    offset: Count = Field(None, description="number of records before the page; default: 0")
    limit: Count = Field(None, description="largest number of records on the page; default: all")
    select: Value = Field(
        None, description="value that replaces each record of the page, which is `item`"
    )
    as_: Name = Field(alias="as", description="name of the list in later steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStep(Step):
    """A `list` step; binds a page of the records that match."""

    collection: str
    matching: Template | None
    select: Template | None


def compile_list(fields: ListFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_list`; `matching` and `select` are evaluated for every record."""
    context, inner = writer.context, item_context(writer)
    matching = inner.condition(fields.matching, writer.source_of("matching"))
    select = inner.optional_template(fields.select, writer.source_of("select"))
    collection = context.check_collection(fields.in_, writer.source_of("in"))
    writer.set_step(ListStep, collection=collection, matching=matching, select=select)
    before = writer.write_scope()
    where = context.members_code(fields.where, writer.source_of("where"))
    names = ("sort", "offset", "limit", "after")
    values = [context.value_code(getattr(fields, name), writer.source_of(name)) for name in names]
    context.bind(fields.as_, writer.source_of("as"))
    return before + writer.write_call(fields.as_, where, *values)


def run_list(  # noqa: PLR0913, PLR0917 - one parameter for each field
    world: World,
    step: ListStep,
    where: Mapping[str, JsonValue],
    sort: JsonValue,
    offset: JsonValue,
    limit: JsonValue,
    after: JsonValue,
) -> Record:
    """Return a page of the records that match: `items`, `total`, `offset` and `limit`."""
    compared = {name: value for name, value in where.items() if value is not None}
    collection = world.records(step.collection)
    records = collection.matching(compared)
    if step.matching is not None:
        records = [*filter(record_condition(step.matching, world.scope), records)]
    records = _sorted_records(records, sort)
    start = _whole_number(offset) or 0
    if after is not None:
        start += _offset_after(world, step, records, key_text(after))
    bound = _page(records, start, _whole_number(limit))
    if step.select is not None:
        bound["items"] = _selected(bound["items"], step.select, world.scope)
    world.note(step, "listed", bound["total"])
    return bound


def _offset_after(world: World, step: ListStep, records: Iterable[Record], key: str) -> int:
    """Return the number of records up to the one with a key, itself included."""
    field = world.records(step.collection).spec.key
    keys = [key_text(record[field]) for record in records]
    if key not in keys:
        world.refuse(step, f"no record of the list has the key {key[:100]!r} that `after` names")
    return keys.index(key) + 1


def _selected(items: Iterable[Record], select: Template, scope: Scope) -> list[JsonValue]:
    return [select({**scope, "item": item}) for item in items]


def _page(ordered: list[Record], offset: int, limit: int | None) -> Record:
    """Return a page of a list, as a map of `items`, `total`, `offset` and `limit`."""
    end = None if limit is None else offset + limit
    return {
        "items": ordered[offset:end],
        "total": len(ordered),
        "offset": offset,
        "limit": limit,
    }


def _whole_number(value: JsonValue) -> int | None:
    """Return an offset or a limit as a whole number, without a fraction; null stays null.

    Raises:
        ExpressionError: If it is not a number, or below 0.
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or value < 0:
        raise ExpressionError("offset and limit must be numbers, not below 0")
    return int(value)


def _sorted_records(records: list[Record], fields: JsonValue) -> list[Record]:
    """Return records sorted by field names; a `-` before a name sorts it in descending order.

    Records with equal values keep their order; those without a value come last in both directions.
    """
    ordered = list(records)
    for name in reversed(_field_names(fields)):
        field = name.removeprefix("-")
        present = [record for record in ordered if record.get(field) is not None]
        missing = [record for record in ordered if record.get(field) is None]
        present.sort(key=partial(_rank, field), reverse=field != name)
        ordered = present + missing
    return ordered


def _field_names(fields: JsonValue) -> list[str]:
    """Return the names of `sort`; null has none.

    Raises:
        ExpressionError: If they are not texts.
    """
    names = [] if fields is None else [fields] if isinstance(fields, str) else fields
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ExpressionError("sort must be a field name or a list of field names")
    return names


def _rank(field: str, record: Record) -> tuple[int, JsonValue]:
    """Return a sort key that makes values of different types comparable."""
    value = record[field]
    rank = _TYPE_RANKS.get(type(value))
    return (3, str(value)) if rank is None else (rank, value)


VERB = Verb(name="list", fields=ListFields, run=run_list, compile=compile_list, details=("total",))
