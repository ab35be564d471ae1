"""Convert values to durations and instants, and write instants: the time functions of expressions.

Durations are whole microseconds, and instants are whole microseconds since 1970 (UTC).
`functions.py`, the only importer, makes the public functions available to documents; the first line
of each docstring is printed in `docs/reference.md`. They take and return JSON values, and raise
ExpressionError for a value that they cannot convert, except `is_instant`, which returns false.
`instant` and `iso` keep null. None reads a clock.
"""

from collections.abc import Callable, Mapping
from typing import Annotated

from mockserver.base import time
from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language.kinds import (
    INSTANT,
    NULL,
    NUMBER,
    TEXT,
    Amount,
    Duration,
    InstantOrNull,
    Text,
    one_of,
)
from mockserver.language.operators import as_number, as_text

_STYLE_NAMES = ("plain", "seconds", "milliseconds", "micros_space", "date", "epoch", "epoch_ms")
Style = Annotated[JsonValue, one_of(_STYLE_NAMES)]
Instant = Annotated[JsonValue, INSTANT | NUMBER | NULL]
Written = Annotated[JsonValue, TEXT | NUMBER | NULL]


def _duration_of(amount: JsonValue, unit: int) -> int:
    """Return the duration of an amount of units."""
    microseconds = as_number(amount) * unit
    if not 0 <= microseconds <= time.LATEST:
        raise ExpressionError("a duration must be between 0 and about 8,000 years")
    return round(microseconds)


def seconds(amount: Amount) -> Duration:
    """Convert a number of seconds to a duration."""
    return _duration_of(amount, time.SECOND)


def minutes(amount: Amount) -> Duration:
    """Convert a number of minutes to a duration."""
    return _duration_of(amount, time.MINUTE)


def hours(amount: Amount) -> Duration:
    """Convert a number of hours to a duration."""
    return _duration_of(amount, time.HOUR)


def days(amount: Amount) -> Duration:
    """Convert a number of days to a duration."""
    return _duration_of(amount, time.DAY)


def weeks(amount: Amount) -> Duration:
    """Convert a number of weeks to a duration."""
    return _duration_of(amount, time.WEEK)


def duration(iso_text: Text) -> Duration:
    """Convert an ISO 8601 text such as PT1M to a duration."""
    text = as_text(iso_text)
    try:
        return int(time.parse_duration(text))
    except ValueError:
        raise ExpressionError(
            f"{text[:100]!r} is not a duration such as PT1M, PT0.5S or P10D"
        ) from None


def iso(instant: Instant, style: Style = "plain") -> Written:
    """Write an instant as plain, seconds, milliseconds, micros_space, date, epoch or epoch_ms."""
    if instant is None:
        return None
    if not isinstance(style, str) or style not in _STYLES:
        raise ExpressionError(f"the style of iso() must be one of {', '.join(_STYLES)}")
    micros = int(as_number(instant))
    try:
        moment = time.to_datetime(micros)
    except ValueError as error:
        raise ExpressionError(str(error)) from None
    return _STYLES[style](micros, moment.replace(tzinfo=None).isoformat("T"))


def _with_digits(text: str, digits: int) -> str:
    """Return a time with an exact number of digits after the point."""
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(6, '0')[:digits]}"


_STYLES: Mapping[str, Callable[[int, str], JsonValue]] = {
    "plain": lambda _instant, text: text + "Z",
    "seconds": lambda _instant, text: text.partition(".")[0] + "Z",
    "milliseconds": lambda _instant, text: _with_digits(text, 3) + "Z",
    "micros_space": lambda _instant, text: _with_digits(text, 6).replace("T", " ") + "+00:00",
    "date": lambda _instant, text: text[:10],
    "epoch": lambda instant, _text: instant // time.SECOND,
    "epoch_ms": lambda instant, _text: instant // time.MILLISECOND,
}


def instant(value: Written) -> InstantOrNull:
    """Convert an RFC 3339 text, or seconds since 1970, to an instant; null stays null."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            # RFC 3339, 5.6, allows a space; the style micros_space of `iso` writes one.
            text = f"{value[:10]}T{value[11:]}" if value[10:11] == " " else value
            return int(time.parse_instant(text))
        return int(time.check_instant(round(as_number(value) * time.SECOND)))
    except (ValueError, OverflowError) as error:
        raise ExpressionError(f"instant(): {error}") from None


def is_instant(value: JsonValue) -> bool:
    """Return true if `instant` can convert a value; false for null."""
    try:
        return instant(value) is not None
    except ExpressionError:
        return False
