"""Compile the steps of an operation to a program; called by `openapi` when a document is loaded.

First, all steps are validated, with their inner steps; if one is invalid, none is compiled. Then
their code (Python text) is written in order, so that a step can use the names that earlier steps
bind. A verb with a compile function writes its code itself; for all others, `call_code` writes a
call of the run function with the values of the fields. `each` calls `parsed_steps_code` for its
inner steps. Problems of the document are added to the context. No step is run here.
"""

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import BaseModel

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.documents.block_validation import read_fields
from mockserver.language.programs import Block, assemble
from mockserver.model.steps import Program
from mockserver.verbs.fields import Role, StepFields
from mockserver.verbs.step_context import StepCodeWriter, StepContext
from mockserver.verbs.verb import Verb

_COMMON = ("when", "otherwise")
"""The keys that every step can have in addition to its verb."""


class ParsedStep(NamedTuple):
    """A step that has been validated but not compiled."""

    verb: Verb
    fields: BaseModel
    """The fields of its verb."""
    common: StepFields
    """The keys `when` and `otherwise`."""
    source: Source
    nested: "list[ParsedStep]"
    """Its inner steps."""


def compile_steps(
    values: JsonValue, source: Source, context: StepContext, name: str
) -> Program | None:
    """Compile the steps of an operation to its program; None if there are none or one is invalid.

    Args:
        values: The steps in the document: a list of maps.
        source: Their place in the document.
        context: The names that they can use; problems are added to it.
        name: The name of the program in tracebacks.
    """
    return build_program(steps_code(values, source, context), context, name)


def build_program(body: Block, context: StepContext, name: str) -> Program | None:
    """Assemble the code of all steps of a context to a program; None if there is no code."""
    names = (context.bound, context.used)
    return assemble(name, tuple(context.steps), body, names, context.constants)


def steps_code(values: JsonValue, source: Source, context: StepContext) -> Block:
    """Validate steps and return their code; none if a step is invalid."""
    before = len(context.problems)
    steps = parse_steps(values, source, context)
    return parsed_steps_code(steps, context) if len(context.problems) == before else []


def parsed_steps_code(steps: Iterable[ParsedStep], context: StepContext) -> Block:
    """Return the code of validated steps."""
    return [line for step in steps for line in _parsed_step_code(step, context)]


def parse_steps(values: JsonValue, source: Source, context: StepContext) -> list[ParsedStep]:
    """Validate steps and their inner steps; add problems to the context."""
    parsed = (_parse_step(value, source.child(i), context) for i, value in enumerate(values or ()))
    return [step for step in parsed if step is not None]


def _parse_step(value: JsonValue, source: Source, context: StepContext) -> ParsedStep | None:
    if not isinstance(value, dict):
        context.problem("MS505", source, "a step must be a map with one verb")
        return None
    common_values = {key: value[key] for key in _COMMON if key in value}
    common = read_fields(StepFields, common_values, source, context.problems)
    verb = _find_verb(value, source, context)
    if verb is None or common is None:
        return None
    place = source.child(verb.name)
    fields = read_fields(verb.fields, value[verb.name], place, context.problems)
    if fields is None:
        return None
    nested: list[ParsedStep] = []
    for key, info in type(fields).model_fields.items():
        if Role.STEPS in info.metadata:
            nested = parse_steps(getattr(fields, key), place.child(info.alias or key), context)
    return ParsedStep(verb, fields, common, source, nested)


def _find_verb(value: dict[str, JsonValue], source: Source, context: StepContext) -> Verb | None:
    """Return the verb of a step; None, and a problem, if it has not exactly one."""
    verbs = []
    for key, content in value.items():
        if key in _COMMON or content is None:
            continue
        if (verb := context.verbs.get(key)) is not None:
            verbs.append(verb)
        else:
            names = [*context.verbs.names(), *_COMMON]
            hint = near(key, names) or "check its spelling, or remove it"
            context.problems.append(
                SpecProblem("MS502", source.child(key), f"{key!r} is not known here", hint)
            )
            return None
    if len(verbs) == 1:
        return verbs[0]
    found = " and ".join(verb.name for verb in verbs) or "none"
    names = context.verbs.names()
    context.problem(
        "MS505",
        source,
        f"a step must have exactly one verb of {', '.join(names)}; this one has: {found}",
    )
    return None


def _parsed_step_code(step: ParsedStep, context: StepContext) -> Block:
    source, verb = step.source, step.verb
    place = source.child("otherwise")
    otherwise = context.otherwise(step.common.otherwise, verb.refuses_as, place)
    when = step.common.when
    places = (source, source.child(verb.name))
    writer = StepCodeWriter.add_step(
        context, verb, places, otherwise, has_condition=when is not None
    )
    writer.nested = step.nested
    condition = None if when is None else context.expression_code(when, source.child("when"))
    body = (
        call_code(step.fields, writer)
        if verb.compile is None
        else verb.compile(step.fields, writer)
    )
    if condition is None:
        return body
    template = "if {when}:\n    {body}\nelse:\n    append({skipped})"
    return writer.write(template, when=condition, body=body, skipped=writer.trace_entry("skipped"))


def call_code(fields: BaseModel, writer: StepCodeWriter) -> Block:
    """Return the call of a verb's run function; the roles of the fields decide its arguments."""
    context, values = writer.context, []
    collection: str | None = None
    binding: tuple[str | None, Source, bool] = (None, writer.source, True)
    for name, info in type(fields).model_fields.items():
        value, source = getattr(fields, name), writer.source_of(info.alias or name)
        match next((one for one in info.metadata if isinstance(one, Role)), None):
            case Role.VALUE:
                values.append(context.value_code(value, source))
            case Role.MEMBERS:
                values.append(context.members_code(value, source))
            case Role.SPAN:
                values.append(context.span_code(value, source))
            case Role.EXPRESSION:
                values.append(context.expression_code(value, source))
            case Role.COLLECTION:
                collection = context.check_collection(value, source)
                values.append(context.constant(collection))
            case Role.BINDING | Role.VALUE_BINDING as role:
                binding = (value, source, role is Role.BINDING)
            case _:
                values.append(context.constant(value))
    writer.set_step(collection=collection)
    bind, source, is_map = binding
    context.bind(bind, source, is_map=is_map)
    return writer.write_call(bind, *values)
