"""Apply rate limits to requests, by one of three algorithms; quotas and cooldowns are verbs.

- In: the rate limits of an operation, and the run of a request, which names the subject. A limit
  whose `per` is null does not apply. Callers: `pipeline.py` calls `apply_limits`, `allowances.py`
  calls `current_allowance`, which counts nothing.
- Out: hits in the records of the sandbox, which stay if a later stage refuses; headers such as
  `X-RateLimit-Remaining`; an entry in the trace for every limit, with a credential masked. If a
  limit is exceeded, none counts the request: a `Refusal` (`rate_limited` by default).
- An algorithm is a pure function of limit, window, state and instant, in whole microseconds. A
  record also has the name of its algorithm; `stored_state` ignores the state of another one.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, text
from mockserver.base.time import (
    Instant,
    format_instant,
    no_later,
    whole_seconds,
)
from mockserver.engine.refusals import refusal_of
from mockserver.engine.run import Run
from mockserver.model.api import RateLimit
from mockserver.model.scope import Record
from mockserver.model.trace import LimitDecision, LimitNotApplied, RateLimited

State = list[int]
"""The stored state of one subject; each algorithm defines the meaning of its numbers."""


def fixed_window(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, LimitDecision]:
    """Count hits in windows; a window starts with the first hit after the previous window.

    Raises:
        ExpressionError: If the limit or the window is not a whole number, or is too small.
    """
    _check(limit, window)
    start, used = state or (now, 0)
    if not start <= now < start + window:
        start, used = now, 0
    allowed = used < limit
    used += allowed
    end = no_later(start + window)
    remaining = max(limit - used, 0)
    passes_at = Instant(now) if remaining else end
    return [start, used], LimitDecision(allowed, limit, remaining, end, passes_at)


def sliding_window(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, LimitDecision]:
    """Keep the instant of every hit within the last window.

    Raises:
        ExpressionError: If the limit or the window is not a whole number, or is too small.
    """
    _check(limit, window)
    hits = state or []
    # The clock may be earlier than before (after a restore): later hits are discarded.
    hits = hits[bisect_right(hits, now - window) : bisect_right(hits, now)]
    allowed = len(hits) < limit
    if allowed:
        hits = [*hits, now]
    remaining = max(limit - len(hits), 0)
    resets_at = no_later((hits[-1] if hits else now) + window)
    blocking = hits[len(hits) - limit] if 0 < limit <= len(hits) else now
    passes_at = no_later(now if remaining else blocking + window)
    return hits, LimitDecision(allowed, limit, remaining, resets_at, passes_at)


def token_bucket(
    limit: int, window: int, state: State | None, now: int
) -> tuple[State, LimitDecision]:
    """Refill a bucket of `limit` tokens evenly over the window; each hit takes one token.

    The state counts tokens in units of 1/window, so that a refill is a whole number. It also
    contains the window, because a setting may change it.

    Raises:
        ExpressionError: If the limit or the window is not a whole number, or is too small.
    """
    _check(limit, window)
    full = limit * window
    level, seen, unit = state or (full, now, window)
    level = min(full, level * window // unit + max(now - seen, 0) * limit)
    allowed = level >= window
    if allowed:
        level -= window
    refill = max(limit, 1)
    passes_at = no_later(now + max(-(-(window - level) // refill), 0))
    resets_at = no_later(now + -(-(full - level) // refill))
    return [level, now, window], LimitDecision(
        allowed, limit, level // window, resets_at, passes_at
    )


def _check(limit: JsonValue, window: JsonValue) -> None:
    """Raise ExpressionError for an invalid limit or window, such as null or 2.5."""
    if type(limit) is not int or limit < 0:
        raise ExpressionError("a rate limit must be a whole number of at least 0")
    if type(window) is not int or window <= 0:
        raise ExpressionError("the window of a rate limit must be a duration greater than zero")


ALGORITHMS = {
    "fixed_window": fixed_window,
    "sliding_window": sliding_window,
    "token_bucket": token_bucket,
}


_LENGTHS = {"fixed_window": 2, "token_bucket": 3}
"""The number of numbers in a state; the state of a sliding window has any number."""


def stored_state(algorithm: str, record: Record | None) -> State | None:
    """Return the state of a record; None if it is that of another algorithm, or has another form.

    A reload can change the algorithm of a limit, and the control API can write any record.
    """
    if record is None or record.get("algorithm", algorithm) != algorithm:
        return None
    state = record.get("state")
    if type(state) is not list or len(state) != _LENGTHS.get(algorithm, len(state)):
        return None
    for item in state:
        if type(item) is not int:
            return None
    return None if algorithm == "token_bucket" and state[2] <= 0 else state


def current_allowance(
    algorithm: str, limit: int, window: int, state: State | None, now: int
) -> LimitDecision:
    """Return the decision for the next request, without counting a hit.

    Raises:
        ExpressionError: If the limit or the window is not a whole number, or is too small.
    """
    _, hit = ALGORITHMS[algorithm](limit, window, state, now)
    remaining = hit.remaining + hit.allowed
    if remaining >= limit:
        resets_at = Instant(now)
    elif algorithm == "token_bucket":
        refill = -(-window // max(limit, 1)) if hit.allowed else 0
        resets_at = Instant(hit.resets_at - refill)
    else:  # with a limit of 0 the hit is not counted
        resets_at = ALGORITHMS[algorithm](0, window, state, now)[1].resets_at
    passes_at = Instant(now) if hit.allowed else hit.passes_at
    return LimitDecision(hit.allowed, limit, remaining, resets_at, passes_at)


_LONGEST_MASKED = 8
"""A credential of at most this length is masked completely."""


class Hit(NamedTuple):
    """What a request does to a rate limit: the decision, and the record that counts it."""

    limit: RateLimit
    decision: LimitDecision
    record: Record


def apply_limits(run: Run) -> None:
    """Count a hit on every limit, or on none if one is exceeded.

    Hits stay counted if a later stage refuses the request.

    Raises:
        Refusal: For the limit with the longest wait of all that are exceeded.
    """
    hits = [hit for limit in run.operation.limits if (hit := _hit(run, limit)) is not None]
    refusing = [hit for hit in hits if not hit.decision.allowed]
    if refusing:
        hits = [_uncounted(run, hit) if hit.decision.allowed else hit for hit in hits]
    for limit, decision, record in hits:
        subject = record["subject"]
        traced_subject = _masked(subject) if subject == run.scope["credential"] else subject
        run.append(RateLimited(limit, traced_subject, decision))
        if not decision.allowed or not refusing:
            run.put(run.store.rate_limits, record["id"], record)
    run.writes.keep()
    run.limit_headers += _headers(run, hits)
    if refusing:
        limit, decision, _ = max(refusing, key=lambda hit: hit.decision.passes_at)
        until = format_instant(decision.passes_at)
        message = f"rate limit {limit.name} is used up until {until}"
        raise refusal_of(limit.otherwise, run.scope, message, limit.source, decision.passes_at)


def _masked(credential: str) -> str:
    """Return a credential for a trace: at most its last four characters."""
    return "…" + credential[-4:] if len(credential) > _LONGEST_MASKED else "…"


def _hit(run: Run, limit: RateLimit) -> Hit | None:
    """Return what a request does to a limit; None if the limit does not apply to it."""
    scope = run.scope
    value = "" if limit.per is None else limit.per(scope)
    if value is None:
        run.append(LimitNotApplied(limit))
        return None
    subject = value if type(value) is str else text(value)
    key = f"{limit.name}:{subject}"
    state = stored_state(limit.algorithm, run.store.rate_limits.rows.get(key))
    count, window = limit.limit(scope), limit.window(scope)
    state, decision = ALGORITHMS[limit.algorithm](count, window, state, run.now)
    updated = {"id": key, "name": limit.name, "subject": subject, "state": state}
    updated["algorithm"] = limit.algorithm
    return Hit(limit, decision, updated)


def _uncounted(run: Run, hit: Hit) -> Hit:
    """Return a hit with the decision for a request that is not counted."""
    limit, scope = hit.limit, run.scope
    state = stored_state(limit.algorithm, run.store.rate_limits.rows.get(hit.record["id"]))
    count, window = limit.limit(scope), limit.window(scope)
    decision = current_allowance(limit.algorithm, count, window, state, run.now)
    return hit._replace(decision=decision)


def _headers(run: Run, hits: Sequence[Hit]) -> list[tuple[str, str]]:
    """Return the headers of limits: `X-RateLimit-*` once, for the tightest of those with them."""
    announced = [hit for hit in hits if hit.limit.headers != "none"]
    if not announced:
        return []
    found: list[tuple[str, str]] = []
    for hit in announced:
        if hit.limit.headers == "ietf":
            found += _ietf_headers(run, hit)
    counted = [hit for hit in announced if hit.limit.headers == "x-ratelimit"]
    if counted:
        decision = min(counted, key=_tightness).decision
        found += [
            ("X-RateLimit-Limit", str(decision.limit)),
            ("X-RateLimit-Remaining", str(decision.remaining)),
            ("X-RateLimit-Reset", str(whole_seconds(_until(decision)))),
        ]
    return found


def _tightness(hit: Hit) -> tuple[bool, int, int]:
    """Order hits: exceeded limits first, then by what is left, then the longest wait first."""
    decision = hit.decision
    return decision.allowed, decision.remaining, -_until(decision)


def _until(decision: LimitDecision) -> Instant:
    return decision.resets_at if decision.allowed else decision.passes_at


def _ietf_headers(run: Run, hit: Hit) -> list[tuple[str, str]]:
    name, decision = hit.limit.name, hit.decision
    window = whole_seconds(hit.limit.window(run.scope))
    resets = whole_seconds(_until(decision) - run.now)
    return [
        ("RateLimit-Policy", f'"{name}";q={decision.limit};w={window}'),
        ("RateLimit", f'"{name}";r={decision.remaining};t={resets}'),
    ]
