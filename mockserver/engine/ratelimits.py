"""Applies an operation's rate limits, and says in headers what is left."""

from mockserver.base.time import format_instant, whole_seconds
from mockserver.engine.limits import ALGORITHMS
from mockserver.engine.refusals import refusal_of
from mockserver.engine.run import Run
from mockserver.model.api import RateLimit
from mockserver.model.scope import Scope
from mockserver.model.trace import LimitDecision, RateLimited

_SHORT = 8
"""Characters of a credential of which not even the end is shown."""


def apply_limits(run: Run) -> None:
    """Count the request against every limit; hits stay counted even if the request is refused.

    Raises:
        Refusal: From the first limit that is used up.
    """
    for limit in run.operation.limits:
        decision, subject = _hit(run, limit)
        shown = _masked(subject) if subject == run.scope["credential"] else subject
        run.append(RateLimited(limit, shown, decision))
        if limit.headers != "none":
            run.limit_headers += _headers(limit, decision, run.now, run.scope)
        if not decision.allowed:
            until = format_instant(decision.passes_at)
            message = f"rate limit {limit.name} is used up until {until}"
            raise refusal_of(limit.otherwise, run.scope, message, limit.source, decision.passes_at)


def _masked(credential: str) -> str:
    """Return what a trace may show of a credential."""
    return "…" + credential[-4:] if len(credential) > _SHORT else "…"


def _hit(run: Run, limit: RateLimit) -> tuple[LimitDecision, str]:
    scope = run.scope
    subject = "" if limit.per is None else str(limit.per(scope))
    key = f"{limit.name}:{subject}"
    # Straight into the collection: a hit is not part of what a refusal takes back.
    kept_hits = run.store.rate_limits
    record = kept_hits.rows.get(key)
    state = None if record is None else record["state"]
    count, window = limit.limit(scope), limit.window(scope)
    state, decision = ALGORITHMS[limit.algorithm](count, window, state, run.now)
    kept = {"id": key, "name": limit.name, "subject": subject, "state": state}
    if record is None:
        kept_hits.insert(kept)
    else:
        kept_hits.rows[key] = kept  # the same key, and no index
    return decision, subject


def _headers(
    limit: RateLimit, decision: LimitDecision, now: int, scope: Scope
) -> list[tuple[str, str]]:
    until = decision.resets_at if decision.allowed else decision.passes_at
    resets = whole_seconds(until - now)
    if limit.headers == "ietf":
        window = whole_seconds(limit.window(scope))
        return [
            ("RateLimit-Policy", f'"{limit.name}";q={decision.limit};w={window}'),
            ("RateLimit", f'"{limit.name}";r={decision.remaining};t={resets}'),
        ]
    return [
        ("X-RateLimit-Limit", str(decision.limit)),
        ("X-RateLimit-Remaining", str(decision.remaining)),
        ("X-RateLimit-Reset", str(whole_seconds(until))),
    ]
