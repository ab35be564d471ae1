"""Rate limits, quotas and cooldowns as pure arithmetic on small states.

A state is a JSON value, so that it can be kept as a record; None is the state of a subject that
was never seen. Instants and durations are whole microseconds, and nothing is ever rounded.
"""

from bisect import bisect_right
from calendar import monthrange
from datetime import MAXYEAR, timedelta
from functools import lru_cache
from typing import NamedTuple

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.base.time import DAY, LATEST, WEEK, Instant, to_datetime
from mockserver.model.scope import Record
from mockserver.model.trace import LimitDecision

State = list[int]
"""What is remembered of one subject; its meaning is the algorithm's."""


def fixed_window(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, LimitDecision]:
    """Count hits in windows of time that begin with the first hit after the last window.

    Raises:
        ExpressionError: If the limit or the window is no whole number, or too small.
    """
    _check(limit, window)
    start, used = state or (now, 0)
    if not start <= now < start + window:
        start, used = now, 0
    allowed = used < limit
    used += allowed
    end = _no_later(start + window)
    remaining = max(limit - used, 0)
    passes_at = Instant(now) if remaining else end
    return [start, used], LimitDecision(allowed, limit, remaining, end, passes_at)


def sliding_window(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, LimitDecision]:
    """Remember the instant of every hit that is younger than the window.

    Raises:
        ExpressionError: If the limit or the window is no whole number, or too small.
    """
    _check(limit, window)
    hits = state or []
    # After a reset the clock may show less: hits that are still to come never happened.
    hits = hits[bisect_right(hits, now - window) : bisect_right(hits, now)]
    allowed = len(hits) < limit
    if allowed:
        hits = [*hits, now]
    remaining = max(limit - len(hits), 0)
    resets_at = _no_later((hits[-1] if hits else now) + window)
    blocking = hits[len(hits) - limit] if 0 < limit <= len(hits) else now
    passes_at = _no_later(now if remaining else blocking + window)
    return hits, LimitDecision(allowed, limit, remaining, resets_at, passes_at)


def token_bucket(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, LimitDecision]:
    """Refill a bucket of `limit` tokens evenly over the window; a hit takes one.

    The state counts tokens in units of 1/window, so that a refill is a whole number; it keeps
    the window too, because a setting may change it.

    Raises:
        ExpressionError: If the limit or the window is no whole number, or too small.
    """
    _check(limit, window)
    full = limit * window
    level, seen, unit = state or (full, now, window)
    level = min(full, level * window // unit + max(now - seen, 0) * limit)
    allowed = level >= window
    if allowed:
        level -= window
    refill = max(limit, 1)
    passes_at = _no_later(now + max(-(-(window - level) // refill), 0))
    resets_at = _no_later(now + -(-(full - level) // refill))
    return [level, now, window], LimitDecision(
        allowed, limit, level // window, resets_at, passes_at
    )


def _check(limit: JsonValue, window: JsonValue) -> None:
    """Refuse what an expression may give but no arithmetic can mean: null, 2.5, no window."""
    if type(limit) is not int or limit < 0:
        raise ExpressionError("a rate limit is a whole number, not below 0")
    if type(window) is not int or window <= 0:
        raise ExpressionError("a rate limit's window is a duration longer than nothing")


def _no_later(instant: int) -> Instant:
    """Return the instant, or the last that a clock can show if it lies beyond."""
    return Instant(instant) if instant < LATEST else LATEST


ALGORITHMS = {
    "fixed_window": fixed_window,
    "sliding_window": sliding_window,
    "token_bucket": token_bucket,
}


def standing(
    algorithm: str, limit: int, window: int, state: State | None, now: int
) -> LimitDecision:
    """Tell what is left of a rate limit, without a hit.

    Raises:
        ExpressionError: If the limit or the window is no whole number, or too small.
    """
    _, hit = ALGORITHMS[algorithm](limit, window, state, now)
    left = hit.remaining + hit.allowed
    if left >= limit:
        resets_at = Instant(now)
    elif algorithm == "token_bucket":
        refill = -(-window // max(limit, 1)) if hit.allowed else 0
        resets_at = Instant(hit.resets_at - refill)
    else:  # without a limit the hit is not counted
        resets_at = ALGORITHMS[algorithm](0, window, state, now)[1].resets_at
    passes_at = Instant(now) if hit.allowed else hit.passes_at
    return LimitDecision(hit.allowed, limit, left, resets_at, passes_at)


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
    renewal = None if renews is None else _no_later(renews)
    return [start, used], Quota(allowed, max(limit - used, 0), used, limit, renewal)


class Rest(NamedTuple):
    """The outcome of asking whether a subject may be bothered again."""

    allowed: bool
    until: Instant
    """When the rest that now runs, or now begins, is over."""


def cooldown(period: int, state: JsonValue, now: int) -> tuple[State, Rest]:
    """Start a rest unless one is running: `period` after the last start it is over.

    Raises:
        ExpressionError: If the period is no duration.
    """
    if type(period) is not int or period < 0:
        raise ExpressionError("a cooldown's period is a duration")
    if state and now < state[0] + period:
        return state, Rest(allowed=False, until=_no_later(state[0] + period))
    return start_cooldown(now), Rest(allowed=True, until=_no_later(now + period))


def start_cooldown(now: int) -> State:
    """Return the state of a subject seen just now."""
    return [now]
