"""Durations and instants as tests write them, and as the control API does."""

from datetime import UTC, datetime, timedelta

from mockserver.base.time import Duration, format_duration

_MICROSECOND = timedelta(microseconds=1)


def duration_text(duration: timedelta | str) -> str:
    """Write a span of time as ISO 8601; text is taken as it is.

    Raises:
        ValueError: If it is negative.
    """
    if isinstance(duration, str):
        return duration
    if duration < timedelta(0):
        raise ValueError(f"{duration} is negative, and time only moves forwards")
    return format_duration(Duration(duration // _MICROSECOND))


def instant_text(instant: datetime | str) -> str:
    """Write an instant as RFC 3339; text is taken as it is.

    Raises:
        ValueError: If a datetime has no time zone.
    """
    if isinstance(instant, str):
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone; add tzinfo=datetime.UTC")
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """Read an instant of the control API."""
    return datetime.fromisoformat(text)
