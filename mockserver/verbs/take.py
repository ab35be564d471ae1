"""`take`: take an amount from the quota of a subject."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, key_text
from mockserver.base.time import DAY, LATEST, WEEK, Instant, format_instant, no_later, to_datetime
from mockserver.language.programs import Block
from mockserver.model.refusal import Kind
from mockserver.model.scope import Record, Template
from mockserver.model.steps import Step
from mockserver.verbs.fields import Name, Span, StrictFields, Value
from mockserver.verbs.step_context import Site
from mockserver.verbs.verb import Verb, World

State = list[int]
"""What is remembered of a subject: the start of the period, and what was taken in it."""


class TakeFields(StrictFields):
    """Take from a quota; binds `allowed`, `left`, `used`, `limit`, `renews`."""

    quota: Name = Field(description="name")
    subject: Value = Field(description="whose quota it is")
    limit: Value = Field(description="how much there is between renewals")
    period: Span = Field(
        None, description="duration between renewals; without it or `calendar`, there are none"
    )
    calendar: Literal["day", "week", "month"] | None = Field(
        None, description="day, week or month: renewals with the calendar (UTC)"
    )
    anchor: Value = Field(None, description="instant that renewals are counted from")
    amount: Value = Field(1, description="how much is taken; 1")
    optional: bool = Field(
        default=False, description="go on when too little is left, taking nothing"
    )
    as_: Name | None = Field(None, alias="as", description="name of what it binds")

    @model_validator(mode="after")
    def _one_period(self) -> "TakeFields":
        if self.period is not None and self.calendar is not None:
            raise ValueError("period and calendar exclude each other")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeStep(Step):
    """Takes from a quota; its templates are for who asks outside a request what is left."""

    quota: str
    subject: Template
    limit: Template
    period: Template
    anchor: Template
    calendar: str | None
    is_bound: bool
    """Whether the document has a name for the outcome."""
    optional: bool
    """Take only if enough is left, and go on either way; `allowed` says which."""


def compile_take(fields: TakeFields, site: Site) -> Block:
    """Write the call of `run_take`; keep its templates for the control API, too."""
    context, outside, source = site.context, site.context.apart(), site.source
    site.make(
        TakeStep,
        quota=fields.quota,
        subject=outside.template(fields.subject, source),
        limit=outside.template(fields.limit, source),
        period=outside.template(outside.span(fields.period, source), source),
        anchor=outside.template(fields.anchor, source),
        calendar=fields.calendar,
        is_bound=fields.as_ is not None,
        optional=fields.optional,
    )
    values = (
        context.code(fields.subject, site.at("subject")),
        context.code(fields.limit, site.at("limit")),
        context.span_code(fields.period, site.at("period")),
        context.code(fields.anchor, site.at("anchor")),
        context.code(fields.amount, site.at("amount")),
    )
    context.bind(fields.as_, site.at("as"))
    return site.call(fields.as_, *values)


def run_take(  # noqa: PLR0913, PLR0917 - one parameter for each field
    world: World,
    step: TakeStep,
    subject: JsonValue,
    limit: JsonValue,
    period: JsonValue,
    anchor: JsonValue,
    amount: JsonValue,
) -> Record:
    """Take from a quota of a subject."""
    subject = key_text(subject)
    key = f"{step.quota}:{subject}"
    quotas = world.records("quotas")
    record = quotas.rows.get(key)
    renewal = Period(period, step.calendar, anchor)
    state, quota = take(limit, renewal, record["state"] if record else None, world.now, amount)
    if quota.allowed:
        made = {"id": key, "name": step.quota, "subject": subject, "state": state}
        world.put(quotas, key, made)
    elif not step.optional:
        renews = None if quota.renews is None else format_instant(quota.renews)
        world.note(step, "refused", step.quota, subject, quota.left, quota.limit, renews)
        message = f"only {quota.left} of {quota.limit} {step.quota} left"
        world.refuse(step, message, quota.renews)
    outcome = "taken" if quota.allowed else "too little left"
    world.note(step, outcome, step.quota, subject, quota.left, quota.limit)
    return quota.as_record() if step.is_bound else {}


class Period(NamedTuple):
    """When a quota renews: every so often from an anchor, with the calendar (UTC), or never."""

    every: int | None = None
    calendar: str | None = None
    """day, week or month."""
    anchor: int | None = None
    """The instant that renewals are counted from; else the epoch, or the calendar's own start."""

    def around(self, now: int) -> tuple[int, int | None]:
        """Return the start of the period that `now` lies in, and the start of the next.

        Raises:
            ExpressionError: If the period is no duration or of no length, or the anchor no instant.
        """
        anchor = self.anchor
        if anchor is not None and type(anchor) is not int:
            raise ExpressionError("a quota's anchor is an instant")
        if self.calendar == "month":
            return _months(anchor or 0, now)
        every = _CALENDAR_SPANS.get(self.calendar or "", self.every)
        if every is None:
            return 0, None
        if type(every) is not int or every <= 0:
            raise ExpressionError("a quota's period is a duration longer than nothing")
        first = _MONDAY if self.calendar == "week" and anchor is None else anchor or 0
        start = first + (now - first) // every * every
        return start, start + every


_CALENDAR_SPANS = {"day": DAY, "week": WEEK}
_MONDAY = 4 * DAY
"""1970-01-05, the first Monday after the epoch."""


def _months(anchor: int, now: int) -> tuple[int, int]:
    """Renew on the anchor's day of the month and time; on a shorter month's last day."""
    last, this, following = _renewals(anchor, now // DAY)
    return (last, this) if now < this else (this, following)


@lru_cache(1024)
def _renewals(anchor: int, day: int) -> tuple[int, int, int]:
    """Return the renewals in the month before that of a day, in its own, and in the next."""
    moment = to_datetime(day * DAY)
    count = moment.year * 12 + moment.month
    return _renewal(anchor, count - 1), _renewal(anchor, count), _renewal(anchor, count + 1)


def _renewal(anchor: int, months: int) -> int:
    """Return the renewal in a month, which is counted from the start of year 0."""
    first = to_datetime(anchor)
    year, month = divmod(months - 1, 12)
    if year > MAXYEAR:
        return LATEST
    day = min(first.day, monthrange(year, month + 1)[1])
    renewal = first.replace(year=year, month=month + 1, day=day)
    return (renewal - to_datetime(0)) // timedelta(microseconds=1)


class Quota(NamedTuple):
    """The outcome of taking from a quota."""

    allowed: bool
    left: int
    used: int
    limit: int
    renews: Instant | None

    def as_record(self) -> Record:
        """Return the values under their names."""
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
    """Take from a quota all or nothing; the limit may change from call to call.

    Raises:
        ExpressionError: If the limit or the amount is no whole number, or the amount negative.
    """
    if type(limit) is not int or type(amount) is not int or amount < 0:
        raise ExpressionError("a quota's limit and what is taken are whole numbers, not below 0")
    start, renews = period.around(now)
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
