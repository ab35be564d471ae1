"""Make refusals with the message of the document, and tell when a forced refusal ends.

- `refusal_of` gets the `Otherwise` of a step, limit, test value or principal, and a message for
  want of its own. It returns a `Refusal`, which the caller raises or writes; it raises
  `ExpressionError` if the expression of the message fails.
- `forced_until` returns when a refusal that a fault or a test value forces ends, or None.
- Callers: `run.py`, `limits.py`, `security.py`, `pipeline.py` and `fault_injection.py`.
- No answer is written here: `render_refusal` does.
"""

from collections.abc import Mapping

from mockserver.base.places import Source
from mockserver.base.time import DAY, MINUTE, Duration, Instant
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.model.scope import Scope
from mockserver.model.steps import Otherwise

FORCED_WAIT: Mapping[str, Duration] = {
    Kind.RATE_LIMITED: MINUTE,
    Kind.FULL: MINUTE,
    Kind.COOLDOWN: DAY,
    Kind.QUOTA_EXHAUSTED: DAY,
}
"""Time until a forced refusal ends, for error kinds that end by themselves."""


def forced_until(kind: str, now: Instant, wait: int | None) -> Instant | None:
    """Return when a forced refusal ends: after `wait`, or after the usual time of its kind."""
    wait = FORCED_WAIT.get(kind) if wait is None else wait
    return None if wait is None else Instant(now + wait)


def refusal_of(
    otherwise: Otherwise,
    scope: Scope,
    message: str,
    source: Source | None,
    passes_at: Instant | None = None,
) -> Refusal:
    """Make a refusal; a message in the document replaces the given one."""
    cause = ""
    if otherwise.message is not None:
        cause, message = message, str(otherwise.message(scope))
    violations: tuple[Violation, ...] = ()
    if otherwise.field is not None:
        violations = (Violation("body", otherwise.field, otherwise.kind, message),)
    return Refusal(otherwise.kind, message, violations, source, passes_at, cause=cause)
