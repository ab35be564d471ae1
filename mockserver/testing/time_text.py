"""Convert durations and instants of Python to the text of the control API, and instants back.

`clock_client.py` uses all of it, `fault_client.py` `duration_text`, `history_client.py` those of
instants, and other clients `instant_of`, which returns a datetime. A text given as a duration or
instant is passed on as it is, and only the server checks it. A negative timedelta, or a datetime
without a time zone, is a `ValueError`.
"""

from datetime import UTC, datetime, timedelta

from mockserver.base.time import Duration, format_duration

_MICROSECOND = timedelta(microseconds=1)


def duration_text(duration: timedelta | str) -> str:
    """Format a duration as ISO 8601; text is returned unchanged.

    Raises:
        ValueError: If it is negative.
    """
    if isinstance(duration, str):
        return duration
    if duration < timedelta(0):
        raise ValueError(f"{duration} is negative; a duration must be at least 0")
    return format_duration(Duration(duration // _MICROSECOND))


def instant_text(instant: datetime | str) -> str:
    """Format an instant as RFC 3339; text is returned unchanged.

    Raises:
        ValueError: If a datetime has no time zone.
    """
    if isinstance(instant, str):
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone; add tzinfo=datetime.UTC")
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_of(text: str) -> datetime:
    """Parse an instant of the control API."""
    return datetime.fromisoformat(text)
