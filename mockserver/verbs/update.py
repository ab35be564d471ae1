"""`update`: replace fields of the records that match, or the whole of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field, model_validator

from mockserver.base.errors import ConflictError
from mockserver.base.json import JsonValue, key_text
from mockserver.language.programs import Block, local
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.create import refuse_conflict
from mockserver.verbs.fields import Members, Name, StrictFields, Value
from mockserver.verbs.matching import item_context
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb, World


class UpdateFields(StrictFields):
    """Replace fields of the records that match, or the whole of them."""

    in_: Name = Field(alias="in", description="collection")
    where: Members = Field(description="field → value that it must have")
    set: Members | None = Field(None, description="fields to replace; or:")
    record: Value = Field(None, description="what replaces all fields; the key stays")
    as_: Name | None = Field(None, alias="as", description="binds the last changed record")

    @model_validator(mode="after")
    def _one_change(self) -> "UpdateFields":
        if (self.set is None) == (self.record is None):
            raise ValueError("an update has either set or record")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStep(Step):
    """Replaces fields of the records that match, or the whole of them."""

    collection: str
    fields: Template
    """Evaluated for each record, which is its `item`."""
    is_whole: bool


def compile_update(fields: UpdateFields, site: Site) -> Block:
    """Write a call; if no record matches, the name keeps the value it had."""
    context = site.context
    collection = context.collection(fields.in_, site.at("in"))
    is_whole = fields.set is None
    key, value = ("record", fields.record) if is_whole else ("set", fields.set)
    template = item_context(site).template(value, site.at(key))
    site.make(UpdateStep, collection=collection, fields=template, is_whole=is_whole)
    where = context.members_code(fields.where, site.at("where"))
    before = site.scoped()
    if fields.as_ is None:
        return before + site.call(None, where)
    context.bind(fields.as_, site.at("as"))
    call = "{name} = _v_update(run, {step}, {where}) or {name}"
    return before + site.write(call, name=local(fields.as_), where=where)


def run_update(world: World, step: UpdateStep, where: Mapping[str, JsonValue]) -> Record | None:
    """Replace fields of all records that match; return the last one."""
    records = world.records(step.collection)
    matching = records.matching(where)
    changed: Record | None = None
    for record in matching:
        fields = step.fields({**world.scope, "item": record})
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
