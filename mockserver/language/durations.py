"""Durations and instants in expressions: whole microseconds."""

from collections.abc import Callable, Mapping

from mockserver.base import time
from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language.operators import as_number, as_text


def _span(amount: JsonValue, unit: int) -> int:
    span = as_number(amount) * unit
    if not 0 <= span <= time.LATEST:
        raise ExpressionError("a duration lies between 0 and some 8,000 years")
    return round(span)


def seconds(amount: JsonValue) -> int:
    """A number of seconds, as a duration."""
    return _span(amount, time.SECOND)


def minutes(amount: JsonValue) -> int:
    """A number of minutes, as a duration."""
    return _span(amount, time.MINUTE)


def hours(amount: JsonValue) -> int:
    """A number of hours, as a duration."""
    return _span(amount, time.HOUR)


def days(amount: JsonValue) -> int:
    """A number of days, as a duration."""
    return _span(amount, time.DAY)


def weeks(amount: JsonValue) -> int:
    """A number of weeks, as a duration."""
    return _span(amount, time.WEEK)


def duration(iso_text: JsonValue) -> int:
    """The duration that an ISO 8601 text such as PT1M names."""
    written = as_text(iso_text)
    try:
        return int(time.parse_duration(written))
    except ValueError:
        raise ExpressionError(
            f"{written[:100]!r} is not a duration such as PT1M, PT0.5S or P10D"
        ) from None


def iso(instant: JsonValue, style: JsonValue = "plain") -> JsonValue:
    """An instant, written plain, in seconds, milliseconds, micros_space, date, epoch, epoch_ms."""
    if instant is None:
        return None
    if not isinstance(style, str) or style not in _STYLES:
        raise ExpressionError(f"the styles of iso() are {', '.join(_STYLES)}")
    micros = int(as_number(instant))
    try:
        moment = time.to_datetime(micros)
    except ValueError as error:
        raise ExpressionError(str(error)) from None
    return _STYLES[style](micros, moment.replace(tzinfo=None).isoformat("T"))


def _fraction(written: str, digits: int) -> str:
    """The instant with exactly so many digits after the point."""
    whole, _, fraction = written.partition(".")
    return f"{whole}.{fraction.ljust(6, '0')[:digits]}"


_STYLES: Mapping[str, Callable[[int, str], JsonValue]] = {
    "plain": lambda _instant, written: written + "Z",
    "seconds": lambda _instant, written: written.partition(".")[0] + "Z",
    "milliseconds": lambda _instant, written: _fraction(written, 3) + "Z",
    "micros_space": lambda _instant, written: _fraction(written, 6).replace("T", " ") + "+00:00",
    "date": lambda _instant, written: written[:10],
    "epoch": lambda instant, _written: instant // time.SECOND,
    "epoch_ms": lambda instant, _written: instant // time.MILLISECOND,
}


def instant(value: JsonValue) -> JsonValue:
    """The instant of an RFC 3339 text or of seconds since 1970; null if it is none."""
    try:
        if isinstance(value, str):
            return int(
                time.parse_instant(value.replace(" ", "T", 1))
            )  # as `micros_space` writes it
        if isinstance(value, int | float) and not isinstance(value, bool):
            return int(time.check_instant(round(value * time.SECOND)))
    except (ValueError, OverflowError):
        return None
    return None
