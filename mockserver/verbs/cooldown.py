"""`cooldown`: refuse a subject seen within a period, else start one."""

from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, key_text
from mockserver.base.time import Instant, format_instant, no_later
from mockserver.language.programs import Block
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Name, OptionalExpression, Span, StrictFields, Value
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb, World


class CooldownFields(StrictFields):
    """Refuse a subject seen within a period, else start one."""

    name: Name = Field(description="name; each has its own subjects")
    subject: Value = Field(description="who or what must not be seen again within the period")
    period: Span = Field(description="duration of the cooldown")
    bypass: OptionalExpression = Field(None, description="when it holds, start anew regardless")


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownStep(Step):
    """Refuses a subject that was seen within a period."""

    name: str
    period: Template
    """For who asks outside a request how long a cooldown runs."""


def compile_cooldown(fields: CooldownFields, site: Site) -> Block:
    """Write the call of `run_cooldown`; keep the period for the control API, too."""
    context, outside = site.context, site.context.apart()
    period = outside.template(outside.span(fields.period, site.source), site.source)
    site.make(CooldownStep, name=fields.name, period=period)
    return site.call(
        None,
        context.code(fields.subject, site.at("subject")),
        context.span_code(fields.period, site.at("period")),
        context.expression_code(fields.bypass, site.at("bypass")),
    )


def run_cooldown(
    world: World, step: CooldownStep, subject: JsonValue, period: JsonValue, bypass: JsonValue
) -> None:
    """Start a subject's rest, unless it rests already."""
    subject = key_text(subject)
    key = f"{step.name}:{subject}"
    cooldowns = world.records("cooldowns")
    record = cooldowns.rows.get(key)
    state, rest = cooldown(period, record["state"] if record else None, world.now)
    if not rest.allowed:
        if not bypass:
            since, until = format_instant(state[0]), format_instant(rest.until)
            world.note(step, "refused", step.name, subject, since, until)
            world.refuse(step, f"{step.name} is cooling down until {until}", rest.until)
        state = [world.now]
    made: Record = {"id": key, "name": step.name, "subject": subject, "state": state}
    world.put(cooldowns, key, made)
    world.note(step, "started" if rest.allowed else "bypassed", step.name, subject)


class Rest(NamedTuple):
    """The outcome of asking whether a subject may be bothered again."""

    allowed: bool
    until: Instant
    """When the rest that now runs, or now begins, is over."""


def cooldown(period: int, state: JsonValue, now: int) -> tuple[list[int], Rest]:
    """Start a rest unless one is running: `period` after the last start it is over.

    The state is the instant at which the subject was last seen; None if it never was.

    Raises:
        ExpressionError: If the period is no duration.
    """
    if type(period) is not int or period < 0:
        raise ExpressionError("a cooldown's period is a duration")
    if state and now < state[0] + period:
        return state, Rest(allowed=False, until=no_later(state[0] + period))
    return [now], Rest(allowed=True, until=no_later(now + period))


VERB = Verb(
    name="cooldown",
    fields=CooldownFields,
    run=run_cooldown,
    compile=compile_cooldown,
    refuses_as=Kind.COOLDOWN,
    details=("name", "subject", "since", "until"),
)
