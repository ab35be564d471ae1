"""What an engine is told once, for all its requests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How answers are made and dressed."""

    announce: bool = True
    """Add `Mock-Request-Id` and `Mock-Reason`."""
    cors: bool = True
    dynamic: bool = False
    """Sample values that differ from request to request, although there are examples."""
    errors: bool = False
    """Refuse to send an answer that breaks its own schema."""


DEFAULT_OPTIONS = Options()
