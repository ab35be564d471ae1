"""`take`: take an amount from the quota of a subject, such as 100 messages for each account.

A quota renews after a period, with the calendar, or never. `step_compiler.py` calls `compile_take`;
the call that it writes runs `run_take` for every request, which keeps a record for each quota and
subject in the built-in collection `quotas`; for a null subject nothing is counted. If too little is
left, it takes nothing and refuses, or continues if `optional`. It returns a map of `allowed`,
`left`, `used`, `limit` and `renews` (empty without `as`). `take` is the calculation alone;
`engine/allowances.py` calls it, too, and `engine/run.py` asks `TakeStep.waits` when a quota renews.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, text
from mockserver.base.time import (
    DAY,
    EARLIEST,
    LATEST,
    WEEK,
    Instant,
    format_instant,
    no_later,
    to_datetime,
)
from mockserver.language.programs import Block
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Count, Moment, Name, Span, StrictFields, Value
from mockserver.verbs.step_context import StepCodeWriter
from mockserver.verbs.verb import Verb, World

State = list[int]
"""The stored state of a subject: the start of its period, and the amount taken in it."""


class TakeFields(StrictFields):
    """Take from a quota; bind a map of `allowed`, `left`, `used`, `limit` and `renews`."""

    quota: Name = Field(description="name of the quota")
    subject: Value = Field(
        description="who or what has the quota, such as an account; null: nothing is counted"
    )
    limit: Count = Field(description="amount that can be taken between renewals")
    period: Span = Field(
        None,
        description="duration between renewals; without `period` and `calendar`, it never renews",
    )
    calendar: Literal["day", "week", "month"] | None = Field(
        None, description="`day`, `week` or `month`: renew with the calendar (UTC)"
    )
    anchor: Moment = Field(None, description="instant from which renewals are counted")
    amount: Count = Field(1, description="amount to take; default: 1")
    optional: bool = Field(
        default=False,
        description="if too little is left, take nothing and continue with the next step",
    )
    as_: Name | None = Field(None, alias="as", description="name of the map in later steps")

    @model_validator(mode="after")
    def _one_period(self) -> "TakeFields":
        if self.period is not None and self.calendar is not None:
            raise ValueError("`take` has either period or calendar, not both")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeStep(Step):
    """A `take` step; the control API evaluates its templates outside any request."""

    quota: str
    subject: Template
    limit: Template
    period: Template
    anchor: Template
    amount: Template
    calendar: str | None
    is_bound: bool
    """True if the step binds a name to the result."""
    optional: bool
    """True if the program continues when too little is left; `allowed` is false then."""

    def waits(self, world: World) -> tuple[bool, Instant | None]:
        """Return whether too little is left for the request, and when the quota renews."""
        scope = world.scope
        subject = self.subject(scope)
        if self.optional or self.has_condition or subject is None:
            return False, None
        record = world.records("quotas").rows.get(f"{self.quota}:{text(subject)}")
        renewal = Period(self.period(scope), self.calendar, self.anchor(scope))
        state = record["state"] if record else None
        _, quota = take(self.limit(scope), renewal, state, world.now, self.amount(scope))
        return not quota.allowed, quota.renews


def compile_take(fields: TakeFields, writer: StepCodeWriter) -> Block:
    """Write the call of `run_take`, and compile the templates for the control API, too."""
    context, silent, source = writer.context, writer.context.without_problems(), writer.source
    writer.set_step(
        TakeStep,
        quota=fields.quota,
        subject=silent.template(fields.subject, source),
        limit=silent.template(fields.limit, source),
        period=silent.template(silent.span(fields.period, source), source),
        anchor=silent.template(fields.anchor, source),
        amount=silent.template(fields.amount, source),
        calendar=fields.calendar,
        is_bound=fields.as_ is not None,
        optional=fields.optional,
    )
    values = (
        context.value_code(fields.subject, writer.source_of("subject")),
        context.value_code(fields.limit, writer.source_of("limit")),
        context.span_code(fields.period, writer.source_of("period")),
        context.value_code(fields.anchor, writer.source_of("anchor")),
        context.value_code(fields.amount, writer.source_of("amount")),
    )
    context.bind(fields.as_, writer.source_of("as"))
    return writer.write_call(fields.as_, *values)


def run_take(  # noqa: PLR0913, PLR0917 - one parameter for each field
    world: World,
    step: TakeStep,
    subject: JsonValue,
    limit: JsonValue,
    period: JsonValue,
    anchor: JsonValue,
    amount: JsonValue,
) -> Record:
    """Take from the quota of a subject, or refuse if too little is left; return the result.

    Nothing is counted for a subject that is null.
    """
    renewal = Period(period, step.calendar, anchor)
    if subject is None:
        world.note(step, "not applied: its subject is null", step.quota)
        return take(limit, renewal, None, world.now, 0)[1].as_record() if step.is_bound else {}
    subject = subject if type(subject) is str else text(subject)
    key = f"{step.quota}:{subject}"
    quotas = world.records("quotas")
    record = quotas.rows.get(key)
    state, quota = take(limit, renewal, record["state"] if record else None, world.now, amount)
    if quota.allowed:
        new_record = {"id": key, "name": step.quota, "subject": subject, "state": state}
        world.put(quotas, key, new_record)
    elif not step.optional:
        renews = None if quota.renews is None else format_instant(quota.renews)
        world.note(step, "refused", step.quota, subject, quota.left, quota.limit, renews)
        message = f"only {quota.left} of {quota.limit} {step.quota} left"
        world.refuse(step, message, quota.renews)
    outcome = "taken" if quota.allowed else "too little left"
    world.note(step, outcome, step.quota, subject, quota.left, quota.limit)
    return quota.as_record() if step.is_bound else {}


class Period(NamedTuple):
    """The renewals of a quota: after a fixed duration, with the calendar (UTC), or never."""

    every: int | None = None
    calendar: str | None = None
    """day, week or month."""
    anchor: int | None = None
    """The instant from which renewals are counted; None: 1970, or the start of a calendar unit."""

    def bounds(self, now: int) -> tuple[int, int | None]:
        """Return the start of the current period, and of the next; None if there is no next.

        Raises:
            ExpressionError: If the period is not a positive duration, or the anchor not an instant.
        """
        anchor = self.anchor
        if anchor is not None and type(anchor) is not int:
            raise ExpressionError("the anchor of a quota must be an instant")
        if self.calendar == "month":
            return _month_bounds(anchor or 0, now)
        every = _CALENDAR_PERIODS.get(self.calendar or "", self.every)
        if every is None:
            return 0, None
        if type(every) is not int or every <= 0:
            raise ExpressionError("the period of a quota must be a duration longer than 0")
        first = _MONDAY if self.calendar == "week" and anchor is None else anchor or 0
        start = first + (now - first) // every * every
        return start, start + every


_CALENDAR_PERIODS = {"day": DAY, "week": WEEK}
_MONDAY = 4 * DAY
"""1970-01-05, the first Monday after the epoch."""


def _month_bounds(anchor: int, now: int) -> tuple[int, int]:
    """Return the last renewal and the next one, if a quota renews once a month."""
    previous, current, following = _nearby_renewals(anchor, now // DAY)
    return (previous, current) if now < current else (current, following)


@lru_cache(1024)
def _nearby_renewals(anchor: int, day: int) -> tuple[int, int, int]:
    """Return the renewals in the month of a day, and in the months before and after it.

    Args:
        anchor: The instant from which renewals are counted.
        day: The number of days since 1970.
    """
    moment = to_datetime(day * DAY)
    count = moment.year * 12 + moment.month
    return (
        _renewal_in_month(anchor, count - 1),
        _renewal_in_month(anchor, count),
        _renewal_in_month(anchor, count + 1),
    )


def _renewal_in_month(anchor: int, months: int) -> int:
    """Return the renewal in a month: on the last day, if the month is too short for the anchor.

    Args:
        anchor: The instant from which renewals are counted.
        months: The number of the month: 12 for each year since year 0, and 1 to 12.
    """
    first = to_datetime(anchor)
    year, month = divmod(months - 1, 12)
    if year > MAXYEAR:
        return LATEST
    if year < MINYEAR:
        return EARLIEST
    day = min(first.day, monthrange(year, month + 1)[1])
    renewal = first.replace(year=year, month=month + 1, day=day)
    return (renewal - to_datetime(0)) // timedelta(microseconds=1)


class Quota(NamedTuple):
    """The result of taking from a quota; `left` and `used` are the amounts afterwards."""

    allowed: bool
    left: int
    used: int
    limit: int
    renews: Instant | None

    def as_record(self) -> Record:
        """Return the values as a map."""
        return {
            "allowed": self.allowed,
            "left": self.left,
            "used": self.used,
            "limit": self.limit,
            "renews": self.renews,
        }


def take(
    limit: int, period: Period, state: JsonValue, now: int, amount: int = 1
) -> tuple[State, Quota]:
    """Take an amount from a quota, or nothing if less is left; return the new state and the result.

    Args:
        limit: The amount that can be taken in a period; it may differ from call to call.
        period: The renewals.
        state: The stored state; None for a new subject.
        now: The current instant.
        amount: The amount to take.

    Raises:
        ExpressionError: If the limit or the amount is not a whole number, or the amount negative.
    """
    if type(limit) is not int or type(amount) is not int or amount < 0:
        raise ExpressionError(
            "the limit and the amount of a quota must be whole numbers, the amount not below 0"
        )
    start, renews = period.bounds(now)
    used = state[1] if state and state[0] == start else 0
    allowed = used + amount <= limit or amount == 0
    if allowed:
        used += amount
    renewal = None if renews is None else no_later(renews)
    return [start, used], Quota(allowed, max(limit - used, 0), used, limit, renewal)


VERB = Verb(
    name="take",
    fields=TakeFields,
    run=run_take,
    compile=compile_take,
    refuses_as=Kind.QUOTA_EXHAUSTED,
    details=("quota", "subject", "left", "limit", "renews"),
)
