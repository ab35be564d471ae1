"""Refusals as documents word them."""

from mockserver.clock import Instant
from mockserver.errors import Source
from mockserver.exchange import Refusal, Scope, Violation
from mockserver.verbs import Otherwise


def refusal_of(
    otherwise: Otherwise,
    scope: Scope,
    message: str,
    source: Source | None,
    passes_at: Instant | None = None,
) -> Refusal:
    """Make a refusal; the document's own message goes before ours."""
    if otherwise.message is not None:
        message = str(otherwise.message(scope))
    violations: tuple[Violation, ...] = ()
    if otherwise.field is not None:
        violations = (Violation("body", otherwise.field, otherwise.kind, message),)
    return Refusal(otherwise.kind, message, violations, source, passes_at)
