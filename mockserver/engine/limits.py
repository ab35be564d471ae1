"""Rate limits, quotas and cooldowns as pure arithmetic on small states.

A state is a JSON value, so that it can be kept as a record; None is the state of a subject that
was never seen. Instants and durations are whole microseconds, and nothing is ever rounded.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from mockserver.clock import Instant, to_datetime
from mockserver.exchange import JsonValue, Record

State = list[int]
"""What is remembered of one subject; its meaning is the algorithm's."""


class Decision(NamedTuple):
    """The outcome of a hit on a rate limit."""

    allowed: bool
    limit: int
    remaining: int
    resets_at: Instant
    """When the subject has its whole allowance again, if it makes no more requests."""
    passes_at: Instant
    """When the next request would be allowed; now, if it would be at once."""


def fixed_window(limit: int, window: int, state: State | None, now: int) -> tuple[State, Decision]:
    """Count hits in windows of time that begin with the first hit after the last window."""
    start, used = state or (now, 0)
    if not start <= now < start + window:
        start, used = now, 0
    allowed = used < limit
    used += allowed
    end = Instant(start + window)
    remaining = max(limit - used, 0)
    passes_at = Instant(now) if remaining else end
    return [start, used], Decision(allowed, limit, remaining, end, passes_at)


def sliding_window(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, Decision]:
    """Remember the instant of every hit that is younger than the window."""
    hits = state or []
    hits = hits[bisect_right(hits, now - window) :]
    allowed = len(hits) < limit
    if allowed:
        hits = [*hits, now]
    remaining = max(limit - len(hits), 0)
    resets_at = Instant((hits[-1] if hits else now) + window)
    blocking = hits[len(hits) - limit] if 0 < limit <= len(hits) else now
    passes_at = Instant(now if remaining else blocking + window)
    return hits, Decision(allowed, limit, remaining, resets_at, passes_at)


def token_bucket(limit: int, window: int, state: State | None, now: int) -> tuple[State, Decision]:
    """Refill a bucket of `limit` tokens evenly over the window; a hit takes one.

    The state counts tokens in units of 1/window, so that a refill is a whole number.
    """
    full = limit * window
    level, seen = state or (full, now)
    level = min(full, level + max(now - seen, 0) * limit)
    allowed = level >= window
    if allowed:
        level -= window
    refill = max(limit, 1)
    passes_at = Instant(now + max(-(-(window - level) // refill), 0))
    resets_at = Instant(now + -(-(full - level) // refill))
    return [level, now], Decision(allowed, limit, level // window, resets_at, passes_at)


ALGORITHMS = {
    "fixed_window": fixed_window,
    "sliding_window": sliding_window,
    "token_bucket": token_bucket,
}


@dataclass(frozen=True, slots=True)
class Period:
    """When a quota renews: every so often from an anchor, with the calendar (UTC), or never."""

    every: int | None = None
    calendar: str | None = None
    """day, week or month."""
    anchor: int | None = None
    """The instant that renewals are counted from; else the epoch, or the calendar's own start."""

    def around(self, now: int) -> tuple[int, int | None]:
        """Return the start of the period that `now` lies in, and the start of the next."""
        if self.calendar == "month":
            return _months(self.anchor or 0, now)
        every = self.every or _CALENDAR_SPANS.get(self.calendar or "")
        if every is None:
            return 0, None
        anchor = _MONDAY if self.calendar == "week" and self.anchor is None else self.anchor or 0
        start = anchor + (now - anchor) // every * every
        return start, start + every


_CALENDAR_SPANS = {"day": 86_400_000_000, "week": 604_800_000_000}
_MONDAY = 4 * 86_400_000_000
"""1970-01-05, the first Monday after the epoch."""


def _months(anchor: int, now: int) -> tuple[int, int]:
    """Renew on the anchor's day of the month and time; on a shorter month's last day."""
    moment = to_datetime(now)
    count = moment.year * 12 + moment.month
    if _renewal(anchor, count) > now:
        count -= 1
    return _renewal(anchor, count), _renewal(anchor, count + 1)


@lru_cache(1024)
def _renewal(anchor: int, months: int) -> int:
    """Return the renewal in a month, which is counted from the start of year 0."""
    first = to_datetime(anchor)
    year, month = divmod(months - 1, 12)
    start = first.replace(year=year, month=month + 1, day=1)
    following = (start + timedelta(days=32)).replace(day=1)
    day = min(first.day, (following - timedelta(days=1)).day)
    return (start.replace(day=day) - to_datetime(0)) // timedelta(microseconds=1)


class Quota(NamedTuple):
    """The outcome of taking from a quota."""

    allowed: bool
    left: int
    used: int
    limit: int
    renews: Instant | None

    def as_record(self) -> Record:
        """Return the values under their names."""
        return self._asdict()


def take(
    limit: int, period: Period, state: JsonValue, now: int, amount: int = 1
) -> tuple[State, Quota]:
    """Take from a quota all or nothing; the limit may change from call to call."""
    start, renews = period.around(now)
    used = state[1] if state and state[0] == start else 0
    allowed = used + amount <= limit or amount == 0
    if allowed:
        used += amount
    renewal = None if renews is None else Instant(renews)
    return [start, used], Quota(allowed, max(limit - used, 0), used, limit, renewal)


class Rest(NamedTuple):
    """The outcome of asking whether a subject may be bothered again."""

    allowed: bool
    until: Instant
    """When the rest that now runs, or now begins, is over."""


def cooldown(period: int, state: JsonValue, now: int) -> tuple[State, Rest]:
    """Start a rest unless one is running: `period` after the last start it is over."""
    if state and now < state[0] + period:
        return state, Rest(allowed=False, until=Instant(state[0] + period))
    return start_cooldown(now), Rest(allowed=True, until=Instant(now + period))


def start_cooldown(now: int) -> State:
    """Return the state of a subject seen just now."""
    return [now]
