"""`require`: refuse unless an expression holds."""

from dataclasses import dataclass

from pydantic import RootModel

from mockserver.language.expressions import parenthesized
from mockserver.language.programs import Block
from mockserver.model.steps import Step
from mockserver.verbs.fields import Expression
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class RequireFields(RootModel[Expression]):
    """An expression that must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireStep(Step):
    """Refuses unless an expression holds."""

    expression: str
    """As it is written, for people."""


def compile_require(fields: RequireFields, writer: StepCodeWriter) -> Block:
    """Write the condition; the function is called only if it does not hold."""
    writer.set_step(RequireStep, expression=fields.root)
    return writer.write(
        "if not {condition}:\n    _v_require(run, {step})\nappend({holds})",
        condition=parenthesized(writer.context.expression_code(fields.root, writer.source)),
        holds=writer.trace_entry("holds"),
    )


def run_require(world: World, step: RequireStep) -> None:
    """Refuse, because the expression does not hold."""
    world.refuse(step, f"{step.expression} does not hold")


VERB = Verb(name="require", fields=RequireFields, run=run_require, compile=compile_require)
