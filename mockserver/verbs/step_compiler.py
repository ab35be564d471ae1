"""Compile the steps of an operation to a program, when a document is loaded; run no step.

`openapi/operations.py` calls `compile_steps`; `openapi/review_pages.py` puts pages together from
`steps_code`, `call_code` and `build_program`. First, all steps are validated, with inner ones; if
one is invalid, the others are compiled for their problems, and the program is None, as without
steps. Then their code (Python text) is written in order, so that a step can use the names of
earlier ones. A compile function writes a verb's own code; for verbs without one, and for
`create.py`, `call_code` writes a call of the run function. `each.py` calls `parsed_steps_code`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import BaseModel

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, near
from mockserver.documents.block_validation import meant_key, read_fields
from mockserver.language.expressions import has_expressions
from mockserver.language.kinds import SPAN, Kinds
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
    place: Source
    """The place of its verb's value."""
    nested: "list[ParsedStep | DroppedStep]"
    """Its inner steps."""


class DroppedStep(NamedTuple):
    """An invalid step, whose problems have been reported."""

    names: tuple[str, ...]
    """The names that it seems to bind."""


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
    constants, written = context.constants, context.written
    return assemble(name, tuple(context.steps), body, names, constants, written)


def steps_code(values: JsonValue, source: Source, context: StepContext) -> Block:
    """Validate steps and return their code; none if a step is invalid."""
    before = len(context.problems)
    code = parsed_steps_code(_parse_steps(values, source, context), context)
    return code if len(context.problems) == before else []


def parsed_steps_code(steps: Iterable[ParsedStep | DroppedStep], context: StepContext) -> Block:
    """Return the code of validated steps; the names of invalid ones can be used after them."""
    code: Block = []
    for step in steps:
        if isinstance(step, DroppedStep):
            context.assume(step.names)
        else:
            code += _parsed_step_code(step, context)
    return code


def _parse_steps(
    values: JsonValue, source: Source, context: StepContext
) -> list[ParsedStep | DroppedStep]:
    """Validate steps and their inner steps; add problems to the context."""
    return [_parse_step(value, source.child(i), context) for i, value in enumerate(values or ())]


def _parse_step(value: JsonValue, source: Source, context: StepContext) -> ParsedStep | DroppedStep:
    if not isinstance(value, dict):
        context.problem("MS505", source, "a step must be a map with one verb")
        return DroppedStep(())
    value, unknown = _with_known_verbs(value, source, context)
    common_values = {key: value[key] for key in _COMMON if key in value}
    common = read_fields(StepFields, common_values, source, context.problems)
    verb = _find_verb(value, unknown, source, context)
    if verb is None:
        return DroppedStep(tuple(_bound_names(value)))
    place = source.child(unknown.get(verb.name, verb.name))
    fields = read_fields(verb.fields, value[verb.name], place, context.problems)
    if fields is None:
        return DroppedStep(tuple(_bound_names(value)))
    nested: list[ParsedStep | DroppedStep] = []
    for key, info in type(fields).model_fields.items():
        if Role.STEPS in info.metadata:
            nested = _parse_steps(getattr(fields, key), place.child(info.alias or key), context)
    return ParsedStep(verb, fields, common or StepFields(), source, place, nested)


def _bound_names(value: Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield the names that an invalid step seems to bind."""
    for verb, fields in value.items():
        if not isinstance(fields, dict):
            continue
        if isinstance(name := fields.get("as"), str):
            yield name
        if meant_key(verb, ("let",)):
            yield from fields


def _with_known_verbs(
    value: dict[str, JsonValue], source: Source, context: StepContext
) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """Report the unknown keys of a step.

    Return the step with the keys that they certainly mean, and the written keys by these; an
    unknown key that means none is there under its own name.
    """
    known: dict[str, JsonValue] = {}
    unknown: dict[str, str] = {}
    for key, content in value.items():
        if key in _COMMON or content is None or context.verbs.get(key) is not None:
            known[key] = content
            continue
        names = [*context.verbs.names(), *_COMMON]
        hint = near(key, names) or "check its spelling, or remove it"
        message = f"{key!r} is not known here"
        context.problems.append(SpecProblem("MS502", source.child(key), message, hint))
        meant = meant_key(key, names)
        name = key if meant is None or meant in value else meant
        unknown[name] = key
        known[name] = content
    return known, unknown


def _find_verb(
    value: dict[str, JsonValue], unknown: Mapping[str, str], source: Source, context: StepContext
) -> Verb | None:
    """Return the verb of a step; None, and a problem, if it has not exactly one."""
    keys = [key for key, content in value.items() if key not in _COMMON and content is not None]
    verbs = [verb for key in keys if (verb := context.verbs.get(key)) is not None]
    if len(verbs) == 1:
        return verbs[0]
    if not verbs and unknown:
        return None
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
    places = (source, step.place)
    writer = StepCodeWriter.add_step(
        context, verb, places, otherwise, has_condition=when is not None
    )
    writer.nested = step.nested
    _check_field_kinds(step.fields, writer)
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


def _check_field_kinds(fields: BaseModel, writer: StepCodeWriter) -> None:
    """Add a problem for each field whose value never has the kind that the verb needs."""
    for name, info in type(fields).model_fields.items():
        value, source = getattr(fields, name), writer.source_of(info.alias or name)
        wanted = next((one for one in info.metadata if isinstance(one, Kinds)), None)
        if Role.SPAN in info.metadata:
            wanted = SPAN if has_expressions(value) else None
        if wanted is not None and value is not None:
            writer.context.check_kinds(value, wanted, source)


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
