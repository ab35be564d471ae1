"""`create`: store a new record in a collection, or refuse if its key or a unique value is taken.

`step_compiler.py` calls `compile_create` when a document is loaded: it reports a record that is
written as a map without the key, unless the collection has a schema, and writes the call of
`run_create`. That function runs for every request: it adds what the schema of the collection
requires, stores the record and returns it, for the name in `as`. It raises `ExpressionError` for a
value that is no map or has no key, and never changes an existing record. `update.py` also uses
`refuse_conflict`, which refuses with the field whose value is taken.
"""

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
    record: Value = Field(
        description="a map that contains the key of the collection, or gets it from the schema"
    )
    as_: Binding = Field(None, alias="as", description="name of the record in later steps")


def compile_create(fields: CreateFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_create`; check that a record written as a map has its key."""
    writer.context.check_key(fields.in_, fields.record, writer.source_of("record"))
    return call_code(fields, writer)


def run_create(world: World, step: Step, collection: str, record: JsonValue) -> Record:
    """Store a new record, with the members that the schema of its collection requires."""
    if type(record) is not dict:
        raise ExpressionError("a record must be a map")
    records = world.records(collection)
    completed = record if records.spec.schema is None else world.complete(collection, record)
    if completed.get(records.spec.key) is None:
        raise ExpressionError(f"a record of {collection} needs its key {records.spec.key!r}")
    try:
        key = world.insert(records, completed)
    except ConflictError as conflict:
        refuse_conflict(world, step, conflict)
    world.note(step, "created", key)
    return completed


def refuse_conflict(world: World, step: Step, conflict: ConflictError) -> NoReturn:
    """Refuse because a record with the same key or unique value exists."""
    world.refuse(step, f"{conflict.collection} already has one with this {conflict.field}")


VERB = Verb(
    name="create",
    fields=CreateFields,
    run=run_create,
    compile=compile_create,
    refuses_as=Kind.CONFLICT,
    details=("key",),
)
