"""`find`: bind the first record that matches, or refuse (`not_found`, unless `otherwise` is given).

`step_compiler.py` calls `compile_find` when a document is loaded. It writes one of two calls: of
`find_by_key` if the key of the collection is the only condition, otherwise of `run_find`, which
compares the fields in `where` and evaluates `matching`. These run for every request and return a
record, or None if the step is `optional` and no record matches. They read a collection, and never
change a record.
"""

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
    """Bind the first record that matches."""

    in_: Name = Field(alias="in", description="collection")
    where: Members = Field({}, description="field → value that the record must have")
    matching: OptionalExpression = Field(
        None, description="condition on the record, which is `item`"
    )
    as_: Name = Field(alias="as", description="name of the record in later steps")
    optional: bool = Field(default=False, description="bind null instead of refusing")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindStep(Step):
    """A `find` step; binds the first record that matches."""

    collection: str
    matching: Template | None
    optional: bool


def compile_find(fields: FindFields, writer: StepCodeWriter) -> Block:
    """Write the call of `find_by_key` if only the key is compared, otherwise of `run_find`."""
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
    """Return the record with a key; refuse if there is none, unless the step is optional."""
    return _check_found(world, step, world.records(step.collection).by_key(key))


def run_find(world: World, step: FindStep, where: Mapping[str, JsonValue]) -> Record | None:
    """Return the first record that matches; refuse if there is none, unless it is optional."""
    records = world.records(step.collection)
    if step.matching is None:
        return _check_found(world, step, records.find(where))
    is_true = record_condition(step.matching, world.scope)
    return _check_found(world, step, next(filter(is_true, records.matching(where)), None))


def _check_found(world: World, step: FindStep, record: Record | None) -> Record | None:
    """Return the record that was found; refuse if there is none, unless it is optional."""
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
