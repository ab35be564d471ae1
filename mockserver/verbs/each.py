"""`each`: run steps for every item of a list.

`step_compiler.py` calls `compile_each` when a document is loaded: it writes a Python loop around
the code of the inner steps, which use the item by the name in `as` and its number as `index`.
During a request, the loop starts with a call of `run_each`, which returns the items with their
numbers from 0. Null and other empty or false values are an empty list; another value that is no
list raises `ExpressionError`. A list is refused if the request would run too many inner steps in
all (`MOST_STEPS` in `engine/run.py`). The program runs the inner steps, this module never does.
"""

from collections.abc import Iterable

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language.programs import Block, variable_name
from mockserver.model.steps import Step
from mockserver.verbs.fields import Items, Name, Steps, StrictFields
from mockserver.verbs.step_compiler import parsed_steps_code
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class EachFields(StrictFields):
    """Run steps for every item of a list."""

    of: Items = Field(description="a list")
    as_: Name = Field(alias="as", description="name of the item in the steps")
    steps: Steps = Field(
        description="steps to run for each item; in them, `index` is its number from 0"
    )


def compile_each(fields: EachFields, writer: StepCodeWriter) -> Block:
    """Write a loop around the code of the inner steps."""
    context = writer.context
    of = context.expression_code(fields.of, writer.source_of("of"))
    context.bind(fields.as_, writer.source_of("as"), is_map=False)
    context.known.names.add("index")
    context.bound.add("index")
    body = parsed_steps_code(writer.nested, context)
    return writer.write(
        "for {index}, {item} in _v_each(run, {step}, {of}, {count}):\n    {body}",
        index=variable_name("index"),
        item=variable_name(fields.as_),
        of=of,
        count=str(len(fields.steps)),
        body=body or writer.write("pass"),
    )


def run_each(
    world: World, step: Step, of: JsonValue, count: int
) -> Iterable[tuple[int, JsonValue]]:
    """Return the items of a list with their numbers, or refuse if there are too many.

    Args:
        world: The request and its sandbox.
        step: The step.
        of: The list; null is an empty list.
        count: The number of inner steps.
    """
    items = of or []
    if not isinstance(items, list):
        raise ExpressionError("`each` needs a list")
    world.note(step, "started", len(items))
    if not world.take_steps(len(items) * count):
        world.refuse(step, "the list is longer than one request may handle")
    return enumerate(items)


VERB = Verb(name="each", fields=EachFields, run=run_each, compile=compile_each, details=("items",))
