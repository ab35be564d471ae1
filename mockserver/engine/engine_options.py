"""Options of an engine, the same for all requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How answers are made, and which headers are added."""

    announce: bool = True
    """Add `Mock-Request-Id` and `Mock-Reason`."""
    cors: bool = True
    dynamic: bool = False
    """Sample a new value for each request, even if there are examples."""
    errors: bool = False
    """Refuse instead of sending an answer that violates its own schema."""


DEFAULT_OPTIONS = Options()
