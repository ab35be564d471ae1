"""Read, write and check instants and durations, and run the clock of a sandbox (`VirtualClock`).

Both are whole microseconds; instants lie in the years 1 to 9999. Only `system_now` reads the wall
clock, in the whole package; `server/` and two commands of `cli/` call it, all others get the time
as an argument. `parse_…` raise ValueError for other text than RFC 3339 or ISO 8601 (without years
and months), `recorded_instant` returns None. A clock is a value: each of its moves returns another
clock, or raises ClockError. `engine/sandbox.py` owns the present one, `control/clock_calls.py`
moves it: only forwards, once a request was made; `placed` and `shown` also go back, for new
sandboxes, `engine/snapshot.py`, and a rewind.
"""

import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NewType

from mockserver.base.errors import ClockError

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00:00Z; exact in JSON between the years 1684 and 2255."""
Duration = NewType("Duration", int)
"""A span of time in microseconds."""

ZERO = Duration(0)
MILLISECOND = Duration(1_000)
SECOND = Duration(1_000_000)
MINUTE = Duration(60 * SECOND)
HOUR = Duration(60 * MINUTE)
DAY = Duration(24 * HOUR)
WEEK = Duration(7 * DAY)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EARLIEST = Instant((datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND)
"""The first instant of the calendar."""
LAST = Instant((datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC) - _EPOCH) // _MICROSECOND)
"""The last instant with a four-digit year."""
LATEST = Instant((datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MICROSECOND)
"""The start of the last day with a four-digit year; the upper limit of every clock."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST_DURATION = 100
_NUMBER = r"\d{1,12}(?:[.,]\d+)?"
_DURATION = re.compile(
    rf"P(?:({_NUMBER})W)?(?:({_NUMBER})D)?"
    rf"(?:T(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII,
)
_UNITS = (WEEK, DAY, HOUR, MINUTE, SECOND)
_CALENDAR = re.compile(r"P\d+(?:[.,]\d+)?[YM]", re.ASCII)


def system_now() -> Instant:
    """Read the wall clock."""
    return Instant(time.time_ns() // 1000)  # noqa: TID251 - the only read of the wall clock


def parse_duration(text: str) -> Duration:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds.

    The smallest unit that is given may have a fraction, after a point or a comma. It is rounded to
    a microsecond.

    Raises:
        ValueError: For any other text; years and months are invalid because their length varies.
    """
    if _CALENDAR.match(text):
        raise ValueError(f"{text!r} has years or months, whose length varies; use days (P30D)")
    found = _DURATION.fullmatch(text) if len(text) <= _LONGEST_DURATION else None
    parts = found.groups() if found else ()
    amounts = zip(parts, _UNITS, strict=False)
    given = [(part, unit) for part, unit in amounts if part is not None]
    whole = [part for part, _ in given[:-1]]
    if not given or text[-1] == "T" or not all(part.isdigit() for part in whole):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT1M, PT0.5S or P10D")
    return Duration(sum(_amount(part, unit) for part, unit in given))


def _amount(number: str, unit: int) -> int:
    """Return a decimal number of units in microseconds, halves rounded up."""
    whole, _, fraction = number.replace(",", ".").partition(".")
    scale = int("1" + "0" * len(fraction))
    return int(whole) * unit + (int(fraction or 0) * unit * 2 + scale) // (scale * 2)


def format_duration(duration: Duration) -> str:
    """Format a duration as ISO 8601, with days as the largest unit: `P10D`, `PT1M30S`, `PT0S`."""
    days, rest = divmod(int(duration), DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, micros = divmod(rest, SECOND)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    if seconds or micros:
        clock += f"{seconds}{fraction}S"
    text = f"{days}D" * bool(days) + (f"T{clock}" if clock else "")
    return f"P{text}" if text else "PT0S"


def http_date(instant: Instant) -> str:
    """Format as a header such as Date has it (RFC 9110, 5.6.7): `Tue, 10 Mar 2026 12:00:00 GMT`."""
    return _http_date(instant // SECOND)


@lru_cache(maxsize=256)
def _http_date(second: int) -> str:
    """Format once for all answers of a second, of all sandboxes."""
    at = _EPOCH + timedelta(seconds=second)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02} {month} {at.year:04} {at:%H:%M:%S} GMT"


def whole_seconds(duration: int) -> int:
    """Round up to seconds, so that a client never retries too early (RFC 9110, 10.2.3)."""
    return -(-duration // SECOND)


_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt](?P<clock>\d\d:\d\d):(?P<seconds>\d\d)(?:\.(?P<fraction>\d+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<offset>\d\d:\d\d))",
    re.ASCII,
)
"""`date-time` of RFC 3339, section 5.6."""
_WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?)?", re.ASCII)
_LEAP_SECOND = 60
_SPAN = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


def parse_instant(text: str) -> Instant:
    """Read a date and time of RFC 3339, section 5.6, and of no other form.

    A leap second, the 60th second of the last minute of a day in UTC, is read as the second after
    it (section 5.7). Digits after the microsecond are ignored.

    Raises:
        ValueError: If the text is invalid, or the instant is outside the years 1 to 9999.
    """
    found = _INSTANT.fullmatch(text)
    if not found:
        if _WITHOUT_ZONE.fullmatch(text):
            raise ValueError(f"{text!r} has no time zone; write 2026-01-31T09:00:00Z")
        raise _not_an_instant(text)
    seconds, offset = int(found["seconds"]), found["offset"] or "00:00"
    is_leap = seconds == _LEAP_SECOND
    try:
        day = datetime.fromisoformat(f"{found['day']}T{found['clock']}:{min(seconds, 59):02d}Z")
    except ValueError:
        raise _not_an_instant(text) from None
    if seconds > _LEAP_SECOND or not _SPAN.fullmatch(offset):
        raise _not_an_instant(text)
    shift = (int(offset[:2]) * HOUR + int(offset[3:]) * MINUTE) * (
        -1 if found["sign"] == "-" else 1
    )
    instant = (day - _EPOCH) // timedelta(microseconds=1) - shift
    if is_leap:
        if (instant + SECOND) % DAY:
            raise ValueError(f"{text!r} has a second 60 that is not the last one of a day in UTC")
        instant += SECOND
    return check_instant(instant + int((found["fraction"] or "0")[:6].ljust(6, "0")))


def _not_an_instant(text: str) -> ValueError:
    return ValueError(f"{text[:100]!r} is not an RFC 3339 instant such as 2026-01-31T09:00:00Z")


def recorded_instant(value: object) -> Instant | None:
    """Read an instant of a record: microseconds, or a text of RFC 3339; None if it is neither."""
    try:
        if isinstance(value, str):
            return parse_instant(value)
        return check_instant(value) if type(value) is int else None
    except ValueError:
        return None


def check_instant(microseconds: int) -> Instant:
    """Return the instant, or raise ValueError outside the years 1 to 9999."""
    if not EARLIEST <= microseconds <= LAST:
        raise ValueError("the instant lies outside the years 1 to 9999")
    return Instant(microseconds)


def parse_clock_time(text: str) -> Instant:
    """Read an RFC 3339 date and time that a clock can show.

    Raises:
        ValueError: If the text is invalid, or the instant is outside the years 1970 to 9999.
    """
    return _check_clock_time(parse_instant(text))


def _check_clock_time(instant: int) -> Instant:
    """Return the instant, or raise ValueError if a clock cannot show it."""
    if not 0 <= instant <= LATEST:
        raise ValueError("a clock shows the years 1970 to 9999, until the start of the last day")
    return Instant(instant)


def no_later(instant: int) -> Instant:
    """Return the instant, or `LATEST` if it is later."""
    return Instant(instant) if instant < LATEST else LATEST


def to_datetime(instant: int) -> datetime:
    """Return the instant as an aware datetime in UTC.

    Raises:
        ValueError: Outside the years 1 to 9999.
    """
    return _EPOCH + timedelta(microseconds=check_instant(instant))


def format_instant(instant: int) -> str:
    """Format an instant as RFC 3339 in UTC, with a fraction only if it is not zero."""
    return to_datetime(instant).isoformat().replace("+00:00", "Z")


def plain_time(instant: int) -> str:
    """Format for people, in UTC, without fractions of a second: `20 Mar 2026 12:00`."""
    at = to_datetime(instant)
    seconds = f":{at.second:02}" if at.second else ""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M}{seconds}"


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """The clock of a sandbox: the system's time plus an offset, or frozen at an instant."""

    began: Instant
    """The time of the sandbox at its beginning, by which fixtures are dated."""
    offset: Duration = ZERO
    frozen_at: Instant | None = None

    def now(self, system: Instant) -> Instant:
        """Return the sandbox's time; `system` is the time of the system's clock."""
        return Instant(system + self.offset) if self.frozen_at is None else self.frozen_at

    def advanced(self, by: Duration, system: Instant) -> "VirtualClock":
        """Return the clock after a positive duration.

        Raises:
            ClockError: If the step is not positive or leads past the year 9999.
        """
        if by <= 0:
            raise ClockError("the clock only moves forwards: give a duration greater than zero")
        return self.moved(Instant(self.now(system) + by), system)

    def moved(self, instant: Instant, system: Instant) -> "VirtualClock":
        """Return the clock at a later instant; a frozen clock stays frozen there.

        Raises:
            ClockError: If the instant is in the past or after the year 9999.
        """
        now = self.now(system)
        if instant < now:
            raise ClockError(
                f"the clock shows {format_instant(now)} and only moves forwards; reset the sandbox"
            )
        return self.shown(instant, system)

    def placed(self, instant: Instant, system: Instant) -> "VirtualClock":
        """Return a clock that begins at an instant, earlier or later.

        Raises:
            ClockError: If the instant is before the year 1970 or after the year 9999.
        """
        return replace(self.shown(instant, system), began=instant)

    def shown(self, instant: Instant, system: Instant) -> "VirtualClock":
        """Return the clock at any instant; it runs on from there, unless it is frozen.

        Raises:
            ClockError: If the instant is before the year 1970 or after the year 9999.
        """
        if instant < 0:
            raise ClockError("the clock does not go before the year 1970")
        if instant > LATEST:
            raise ClockError("the clock does not go past the year 9999")
        if self.frozen_at is None:
            return replace(self, offset=Duration(instant - system))
        return replace(self, frozen_at=instant)

    def frozen(self, system: Instant) -> "VirtualClock":
        """Return the clock stopped at its current time."""
        return replace(self, frozen_at=self.now(system))

    def running(self, system: Instant) -> "VirtualClock":
        """Return the clock running from its current time."""
        if self.frozen_at is None:
            return self
        return replace(self, offset=Duration(self.frozen_at - system), frozen_at=None)
