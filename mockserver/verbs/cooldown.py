"""`cooldown`: refuse a subject during a period after its last use, otherwise start the period.

A subject is any value, such as a phone number; for null there is no cooldown. `step_compiler.py`
calls `compile_cooldown` when a document is loaded; the call that it writes runs `run_cooldown` for
every request, which keeps one record for each name and subject in the built-in collection
`cooldowns`. With a true `bypass`, a running cooldown does not refuse, and its period starts again.
`cooldown` is the calculation alone: it returns the new state, and whether the subject is allowed
and until when it cools down; `engine/allowances.py` uses it and `CooldownStep`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, text
from mockserver.base.time import Instant, format_instant, no_later
from mockserver.language.programs import Block
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Name, OptionalExpression, Span, StrictFields, Value
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World


class CooldownFields(StrictFields):
    """Refuse a subject during a period after its last use, otherwise start the period."""

    name: Name = Field(
        description="name of the cooldown; subjects are counted for each name separately"
    )
    subject: Value = Field(
        description="who or what can be used only once in the period, such as a phone number;"
        " null: there is no cooldown"
    )
    period: Span = Field(description="duration of the cooldown")
    bypass: OptionalExpression = Field(
        None, description="if it is true, the subject is not refused, and its period starts again"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownStep(Step):
    """A `cooldown` step; refuses a subject during a period after its last use."""

    name: str
    period: Template
    """The period, for the control API, which reads it outside any request."""


def compile_cooldown(fields: CooldownFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_cooldown`, and compile the period for the control API, too."""
    context, silent = writer.context, writer.context.without_problems()
    period = silent.template(silent.span(fields.period, writer.source), writer.source)
    writer.set_step(CooldownStep, name=fields.name, period=period)
    return writer.write_call(
        None,
        context.value_code(fields.subject, writer.source_of("subject")),
        context.span_code(fields.period, writer.source_of("period")),
        context.expression_code(fields.bypass, writer.source_of("bypass")),
    )


def run_cooldown(
    world: World, step: CooldownStep, subject: JsonValue, period: JsonValue, bypass: JsonValue
) -> None:
    """Start the cooldown of a subject, or refuse if it is running and not bypassed.

    There is no cooldown for a subject that is null.
    """
    if subject is None:
        world.note(step, "not applied: its subject is null", step.name)
        return
    subject = subject if type(subject) is str else text(subject)
    key = f"{step.name}:{subject}"
    cooldowns = world.records("cooldowns")
    record = cooldowns.rows.get(key)
    state, result = cooldown(period, record["state"] if record else None, world.now)
    if not result.allowed:
        if not bypass:
            since, until = format_instant(state[0]), format_instant(result.until)
            world.note(step, "refused", step.name, subject, since, until)
            world.refuse(step, f"{step.name} is cooling down until {until}", result.until)
        state = [world.now]
    new_record: Record = {"id": key, "name": step.name, "subject": subject, "state": state}
    world.put(cooldowns, key, new_record)
    world.note(step, "started" if result.allowed else "bypassed", step.name, subject)


class CooldownResult(NamedTuple):
    """Whether a subject can be used now, and when its cooldown ends."""

    allowed: bool
    until: Instant
    """The end of the cooldown that is running, or that starts now."""


def cooldown(period: int, state: JsonValue, now: int) -> tuple[list[int], CooldownResult]:
    """Start a cooldown, unless one is running; return the new state, and the result.

    Args:
        period: The duration of the cooldown.
        state: A list of the instant at which the last cooldown started; None for a new subject.
        now: The current instant.

    Raises:
        ExpressionError: If the period is not a duration.
    """
    if type(period) is not int or period < 0:
        raise ExpressionError("the period of a cooldown must be a duration")
    if state and now < state[0] + period:
        return state, CooldownResult(allowed=False, until=no_later(state[0] + period))
    return [now], CooldownResult(allowed=True, until=no_later(now + period))


VERB = Verb(
    name="cooldown",
    fields=CooldownFields,
    run=run_cooldown,
    compile=compile_cooldown,
    refuses_as=Kind.COOLDOWN,
    details=("name", "subject", "since", "until"),
)
