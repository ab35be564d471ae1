"""`update`: replace fields of the records that match, or all their fields except the key.

`step_compiler.py` calls `compile_update` when a document is loaded; the call that it writes runs
`run_update` for every request. That function stores a new version of each record whose fields have
the values of `where`, completed as its schema requires, and returns the last one. If no record
matches, it returns None, and the name in `as` keeps its value. It never creates a record, and
refuses (`conflict`) if a key would change, or if another record has a unique value. It raises
`ExpressionError` for a `record` that is no map.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field, model_validator

from mockserver.base.errors import ConflictError, ExpressionError
from mockserver.base.json import JsonValue, key_text
from mockserver.language.programs import Block, variable_name
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.create import refuse_conflict
from mockserver.verbs.fields import Members, Name, StrictFields, Value
from mockserver.verbs.record_conditions import item_context
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class UpdateFields(StrictFields):
    """Replace fields of the records that match, or all their fields."""

    in_: Name = Field(alias="in", description="collection")
    where: Members = Field(description="field → value that the record must have")
    set: Members | None = Field(
        None, description="field → new value; a step has either `set` or `record`"
    )
    record: Value = Field(None, description="map that replaces all fields except the key")
    as_: Name | None = Field(
        None, alias="as", description="name of the last changed record in later steps"
    )

    @model_validator(mode="after")
    def _one_change(self) -> "UpdateFields":
        if (self.set is None) == (self.record is None):
            raise ValueError("`update` has either set or record")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStep(Step):
    """An `update` step; replaces fields of the records that match, or all their fields."""

    collection: str
    fields: Template
    """The new fields; evaluated for each record, which is `item`."""
    is_whole: bool
    """True if the new fields replace all others except the key."""


def compile_update(fields: UpdateFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_update`; if no record matches, the name keeps its value."""
    context = writer.context
    collection = context.check_collection(fields.in_, writer.source_of("in"))
    is_whole = fields.set is None
    key, value = ("record", fields.record) if is_whole else ("set", fields.set)
    template = item_context(writer).template(value, writer.source_of(key))
    writer.set_step(UpdateStep, collection=collection, fields=template, is_whole=is_whole)
    where = context.members_code(fields.where, writer.source_of("where"))
    before = writer.write_scope()
    if fields.as_ is None:
        return before + writer.write_call(None, where)
    context.bind(fields.as_, writer.source_of("as"))
    call = "{name} = _v_update(run, {step}, {where}) or {name}"
    return before + writer.write(call, name=variable_name(fields.as_), where=where)


def run_update(world: World, step: UpdateStep, where: Mapping[str, JsonValue]) -> Record | None:
    """Store new versions of all records that match; return the last one."""
    records = world.records(step.collection)
    matching = records.matching(where)
    changed: Record | None = None
    for record in matching:
        fields = step.fields({**world.scope, "item": record})
        if type(fields) is not dict:
            raise ExpressionError("a record must be a map")
        key = record[records.spec.key]
        kept = {records.spec.key: key} if step.is_whole else record
        changed = world.complete(step.collection, {**kept, **fields})
        try:
            world.replace(records, key_text(key), changed)
        except ConflictError as conflict:
            refuse_conflict(world, step, conflict)
    world.note(step, "updated", len(matching))
    return changed


VERB = Verb(
    name="update",
    fields=UpdateFields,
    run=run_update,
    compile=compile_update,
    refuses_as=Kind.CONFLICT,
    details=("records",),
)
