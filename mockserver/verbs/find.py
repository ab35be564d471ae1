"""`find`: bind one record, or refuse."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import Field

from mockserver.base.json import JsonValue
from mockserver.language.programs import Block, variable_name
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Members, Name, OptionalExpression, StrictFields
from mockserver.verbs.record_conditions import item_context, record_condition
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class FindFields(StrictFields):
    """Bind one record."""

    in_: Name = Field(alias="in", description="collection")
    where: Members = Field({}, description="field → value that it must have")
    matching: OptionalExpression = Field(None, description="must hold of `item`")
    as_: Name = Field(alias="as", description="name of the record in later steps")
    optional: bool = Field(default=False, description="bind null instead of refusing")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindStep(Step):
    """Binds the first record whose fields have the wanted values."""

    collection: str
    matching: Template | None
    optional: bool


def compile_find(fields: FindFields, writer: StepCodeWriter) -> Block:
    """Write a call; a search by nothing but the key of the collection is one look-up."""
    context = writer.context
    collection = context.check_collection(fields.in_, writer.source_of("in"))
    matching = item_context(writer).condition(fields.matching, writer.source_of("matching"))
    writer.set_step(FindStep, collection=collection, matching=matching, optional=fields.optional)
    before = [] if matching is None else writer.write_scope()
    key = context.key_field(collection)
    if matching is None and key is not None and list(fields.where) == [key]:
        value = context.value_code(fields.where[key], writer.source_of("where", key))
        context.constants["_v_find_by_key"] = find_by_key
        context.bind(fields.as_, writer.source_of("as"))
        call = "{name} = _v_find_by_key(run, {step}, {value})"
        return writer.write(call, name=variable_name(fields.as_), value=value)
    where = context.members_code(fields.where, writer.source_of("where"))
    context.bind(fields.as_, writer.source_of("as"))
    return before + writer.write_call(fields.as_, where)


def find_by_key(world: World, step: FindStep, key: JsonValue) -> Record | None:
    """Return the record with a key."""
    return _check_found(world, step, world.records(step.collection).by_key(key))


def run_find(world: World, step: FindStep, where: Mapping[str, JsonValue]) -> Record | None:
    """Return the first record that matches."""
    records = world.records(step.collection)
    if step.matching is None:
        return _check_found(world, step, records.find(where))
    holds = record_condition(step.matching, world.scope)
    return _check_found(world, step, next(filter(holds, records.matching(where)), None))


def _check_found(world: World, step: FindStep, record: Record | None) -> Record | None:
    if record is None and not step.optional:
        world.refuse(step, f"nothing in {step.collection} matches")
    world.note(step, "nothing found" if record is None else "found")
    return record


VERB = Verb(
    name="find",
    fields=FindFields,
    run=run_find,
    compile=compile_find,
    refuses_as=Kind.NOT_FOUND,
)
