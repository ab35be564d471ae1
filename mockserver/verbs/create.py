"""`create`: store a new record."""

from typing import NoReturn

from pydantic import Field

from mockserver.base.errors import ConflictError, ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language.programs import Block
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record
from mockserver.model.steps import Step
from mockserver.verbs.fields import Binding, CollectionName, StrictFields, Value
from mockserver.verbs.step_compiler import call_code
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class CreateFields(StrictFields):
    """Store a record."""

    in_: CollectionName = Field(alias="in", description="collection")
    record: Value = Field(description="a map, with the key of the collection")
    as_: Binding = Field(None, alias="as", description="name of the record in later steps")


def compile_create(fields: CreateFields, writer: StepCodeWriter) -> Block:
    """Write a call; check that a record has its key where it is written out."""
    writer.context.check_key(fields.in_, fields.record, writer.source_of("record"))
    return call_code(fields, writer)


def run_create(world: World, step: Step, collection: str, record: JsonValue) -> Record:
    """Store a new record, completed by the schema of its collection."""
    if type(record) is not dict:
        raise ExpressionError("a record must be a map")
    records = world.records(collection)
    made = record if records.spec.schema is None else world.complete(collection, record)
    if made.get(records.spec.key) is None:
        raise ExpressionError(f"a record of {collection} needs its key {records.spec.key!r}")
    try:
        key = world.insert(records, made)
    except ConflictError as conflict:
        refuse_conflict(world, step, conflict)
    world.note(step, "created", key)
    return made


def refuse_conflict(world: World, step: Step, conflict: ConflictError) -> NoReturn:
    """Refuse because a key or a unique field is taken."""
    world.refuse(step, f"{conflict.collection} already has one with this {conflict.field}")


VERB = Verb(
    name="create",
    fields=CreateFields,
    run=run_create,
    compile=compile_create,
    refuses_as=Kind.CONFLICT,
    details=("key",),
)
