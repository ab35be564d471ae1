"""Compile the steps of `x-mock` into programs.

First the form of all steps is checked, also of those inside others; if one is wrong, none is
compiled. Then their code, Python text, is written in order, so that a step sees the names that
those before it bind. A verb with a `compile` function writes its code itself; for all others
`call_code` writes a call by the roles of their fields. No step is run here.
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
from mockserver.verbs.step_context import Site, StepContext
from mockserver.verbs.verb import Verb

_COMMON = ("when", "otherwise")
"""What every step may have beside its verb."""


class ReadStep(NamedTuple):
    """A step whose form has been checked."""

    verb: Verb
    fields: BaseModel
    common: StepFields
    source: Source
    nested: "list[ReadStep]"


def compile_steps(
    values: JsonValue, source: Source, context: StepContext, name: str
) -> Program | None:
    """Compile the steps of an operation into its program.

    None if there are no steps, or the form of one is wrong.

    Args:
        values: The steps as documents write them: a list of maps.
        source: Where they stand.
        context: What they may refer to; what is wrong is added to its problems.
        name: What tracebacks call the program.
    """
    return program(statements(values, source, context), context, name)


def program(body: Block, context: StepContext, name: str) -> Program | None:
    """Make the program of what was compiled in a context."""
    names = (context.bound, context.used)
    return assemble(name, tuple(context.steps), body, names, context.constants)


def statements(values: JsonValue, source: Source, context: StepContext) -> Block:
    """Write the code that runs steps; no code if the form of one is wrong."""
    before = len(context.problems)
    steps = read_steps(values, source, context)
    return step_code(steps, context) if len(context.problems) == before else []


def step_code(steps: Iterable[ReadStep], context: StepContext) -> Block:
    """Write the code of steps."""
    return [line for step in steps for line in _code(step, context)]


def read_steps(values: JsonValue, source: Source, context: StepContext) -> list[ReadStep]:
    """Read steps and those that they contain; add what is wrong to the context's problems."""
    found = (_read(value, source.child(i), context) for i, value in enumerate(values or ()))
    return [step for step in found if step is not None]


def _read(value: JsonValue, source: Source, context: StepContext) -> ReadStep | None:
    if not isinstance(value, dict):
        context.problem("MS505", source, "a step is a map with one verb")
        return None
    common = {key: value[key] for key in _COMMON if key in value}
    read = read_fields(StepFields, common, source, context.problems)
    verb = _verb(value, source, context)
    if verb is None or read is None:
        return None
    place = source.child(verb.name)
    fields = read_fields(verb.fields, value[verb.name], place, context.problems)
    if fields is None:
        return None
    nested: list[ReadStep] = []
    for key, info in type(fields).model_fields.items():
        if Role.STEPS in info.metadata:
            nested = read_steps(getattr(fields, key), place.child(info.alias or key), context)
    return ReadStep(verb, fields, read, source, nested)


def _verb(value: dict[str, JsonValue], source: Source, context: StepContext) -> Verb | None:
    given = []
    for key, content in value.items():
        if key in _COMMON or content is None:
            continue
        if (verb := context.verbs.get(key)) is not None:
            given.append(verb)
        else:
            names = [*context.verbs.names(), *_COMMON]
            hint = near(key, names) or "check its spelling, or leave it out"
            context.problems.append(
                SpecProblem("MS502", source.child(key), f"{key!r} is not known here", hint)
            )
            return None
    if len(given) == 1:
        return given[0]
    found = " and ".join(verb.name for verb in given) or "none"
    names = context.verbs.names()
    context.problem("MS505", source, f"a step has exactly one verb of {', '.join(names)}: {found}")
    return None


def _code(step: ReadStep, context: StepContext) -> Block:
    source, verb = step.source, step.verb
    given = step.common.otherwise
    otherwise = context.otherwise(given, verb.refuses_as, source.child("otherwise"))
    site = Site.next(context, verb, (source, source.child(verb.name)), otherwise)
    site.nested = step.nested
    when = step.common.when
    condition = None if when is None else context.expression_code(when, source.child("when"))
    body = call_code(step.fields, site) if verb.compile is None else verb.compile(step.fields, site)
    if condition is None:
        return body
    template = "if {when}:\n    {body}\nelse:\n    append({skipped})"
    return site.write(template, when=condition, body=body, skipped=site.outcome("skipped"))


def call_code(fields: BaseModel, site: Site) -> Block:
    """Write the call of a verb's function as the roles of its fields say."""
    context, values = site.context, []
    collection: str | None = None
    binding: tuple[str | None, Source, bool] = (None, site.source, True)
    for name, info in type(fields).model_fields.items():
        value, source = getattr(fields, name), site.at(info.alias or name)
        match next((one for one in info.metadata if isinstance(one, Role)), None):
            case Role.VALUE:
                values.append(context.code(value, source))
            case Role.MEMBERS:
                values.append(context.members_code(value, source))
            case Role.SPAN:
                values.append(context.span_code(value, source))
            case Role.EXPRESSION:
                values.append(context.expression_code(value, source))
            case Role.COLLECTION:
                collection = context.collection(value, source)
                values.append(context.constant(collection))
            case Role.BINDING | Role.VALUE_BINDING as role:
                binding = (value, source, role is Role.BINDING)
            case _:
                values.append(context.constant(value))
    site.make(collection=collection)
    bind, source, is_map = binding
    context.bind(bind, source, is_map=is_map)
    return site.call(bind, *values)
