"""`require`: refuse unless an expression is true.

`step_compiler.py` calls `compile_require` when a document is loaded; it writes the condition itself
as Python. `run_require` is called only in a request whose condition is false, and it always
refuses, as `invalid` unless the step has an `otherwise`; a true condition adds the entry "holds" to
the trace. The verb binds no name, and never reads or writes a collection itself.
"""

from dataclasses import dataclass

from pydantic import RootModel

from mockserver.language.expressions import parenthesized
from mockserver.language.programs import Block
from mockserver.model.steps import Step
from mockserver.verbs.fields import Expression
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class RequireFields(RootModel[Expression]):
    """An expression that must be true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireStep(Step):
    """A `require` step; refuses unless an expression is true."""

    expression: str
    """The text in the document, for the message."""


def compile_require(fields: RequireFields, writer: StepCodeWriter) -> Block:
    """Write the condition, and the call of `run_require` if it is false."""
    writer.set_step(RequireStep, expression=fields.root)
    return writer.write(
        "if not {condition}:\n    _v_require(run, {step})\nappend({holds})",
        condition=parenthesized(writer.context.expression_code(fields.root, writer.source)),
        holds=writer.trace_entry("holds"),
    )


def run_require(world: World, step: RequireStep) -> None:
    """Refuse, because the expression is false."""
    world.refuse(step, f"{step.expression} is not true")


VERB = Verb(name="require", fields=RequireFields, run=run_require, compile=compile_require)
