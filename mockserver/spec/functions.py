"""The functions that expressions can call; each takes and returns plain JSON values."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mockserver import clock, messages
from mockserver.errors import ExpressionError
from mockserver.exchange import JsonValue
from mockserver.spec import operators
from mockserver.spec.phones import e164


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the expression language."""

    call: Callable[..., JsonValue]

    @property
    def doc(self) -> str:
        """What it does, in one line."""
        return (self.call.__doc__ or "").strip().partition("\n")[0]


def _text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    raise ExpressionError(f"text was expected, not {operators.describe(value)}")


def lower(text: JsonValue) -> JsonValue:
    """The text in lower case; null of null."""
    return None if text is None else _text(text).lower()


def upper(text: JsonValue) -> JsonValue:
    """The text in upper case; null of null."""
    return None if text is None else _text(text).upper()


def trim(text: JsonValue) -> JsonValue:
    """The text without white space around it; null of null."""
    return None if text is None else _text(text).strip()


def text(value: JsonValue) -> str:
    """Any value as text: null is empty, lists and maps are JSON."""
    return operators.text(value)


def integer(value: JsonValue) -> JsonValue:
    """A whole number from a number or a text; null where there is none."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d{1,18}", value, re.ASCII) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


def length(value: JsonValue) -> int:
    """The number of characters, items or members; 0 of null."""
    if value is None:
        return 0
    if isinstance(value, str | list | dict):
        return len(value)
    raise ExpressionError(f"{operators.describe(value)} has no length")


def default(value: JsonValue, fallback: JsonValue) -> JsonValue:
    """The value, or the fallback if it is null."""
    return fallback if value is None else value


def first(items: JsonValue) -> JsonValue:
    """The first item of a list; null if there is none."""
    return items[0] if isinstance(items, list) and items else None


def last(items: JsonValue) -> JsonValue:
    """The last item of a list; null if there is none."""
    return items[-1] if isinstance(items, list) and items else None


def starts_with(value: JsonValue, prefix: JsonValue) -> bool:
    """Whether a text begins with another; null begins with nothing."""
    return value is not None and _text(value).startswith(_text(prefix))


def ends_with(value: JsonValue, suffix: JsonValue) -> bool:
    """Whether a text ends with another; null ends with nothing."""
    return value is not None and _text(value).endswith(_text(suffix))


def split(value: JsonValue, separator: JsonValue) -> JsonValue:
    """The pieces of a text between separators; an empty list of null."""
    return [] if value is None else _text(value).split(_text(separator) or None)


def join(items: JsonValue, separator: JsonValue) -> str:
    """The items of a list as one text."""
    parts = [operators.text(item) for item in items or []]
    return operators.join(_text(separator).join(parts))


def replace(value: JsonValue, old: JsonValue, new: JsonValue) -> JsonValue:
    """The text with every `old` replaced; null of null."""
    return None if value is None else operators.join(_text(value).replace(_text(old), _text(new)))


def _span(amount: JsonValue, unit: int) -> int:
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise ExpressionError(f"a number was expected, not {operators.describe(amount)}")
    span = round(amount * unit)
    if not 0 <= span <= clock.LATEST:
        raise ExpressionError("a duration lies between 0 and some 8,000 years")
    return span


def seconds(amount: JsonValue) -> int:
    """So many seconds, as a duration."""
    return _span(amount, clock.SECOND)


def minutes(amount: JsonValue) -> int:
    """So many minutes, as a duration."""
    return _span(amount, clock.MINUTE)


def hours(amount: JsonValue) -> int:
    """So many hours, as a duration."""
    return _span(amount, clock.HOUR)


def days(amount: JsonValue) -> int:
    """So many days, as a duration."""
    return _span(amount, clock.DAY)


def duration(iso_text: JsonValue) -> int:
    """The duration that an ISO 8601 text such as PT1M names."""
    try:
        return int(clock.parse_duration(_text(iso_text)))
    except ValueError as error:
        raise ExpressionError(str(error)) from None


def iso(instant: JsonValue, style: JsonValue = "plain") -> JsonValue:
    """An instant as text; styles: plain, milliseconds, micros_space, date, epoch, epoch_ms."""
    if instant is None:
        return None
    try:
        moment = clock.to_datetime(int(instant))
        return _STYLES[style](int(instant), moment.replace(tzinfo=None).isoformat("T"))
    except (ValueError, KeyError, TypeError) as error:
        raise ExpressionError(f"iso({instant!r}, {style!r}): {error}") from None


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
    "epoch": lambda instant, _written: instant // clock.SECOND,
    "epoch_ms": lambda instant, _written: instant // clock.MILLISECOND,
}


def instant(value: JsonValue) -> JsonValue:
    """The instant of an RFC 3339 text or of seconds since 1970; null if it is none."""
    try:
        if isinstance(value, str):
            return int(clock.parse_instant(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return int(clock.check_instant(int(value * clock.SECOND)))
    except (ValueError, OverflowError):
        return None
    return None


def is_email(value: JsonValue) -> bool:
    """Whether a text looks like one e-mail address."""
    return isinstance(value, str) and len(value) <= _LONGEST_EMAIL and bool(_EMAIL.fullmatch(value))


_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z0-9-]{2,63}")


def gsm7(value: JsonValue) -> JsonValue:
    """The text without the characters an SMS's 7-bit alphabet lacks; null of null."""
    return None if value is None else messages.gsm7(_text(value))


def is_gsm7(value: JsonValue) -> bool:
    """Whether an SMS can carry the text in its 7-bit alphabet."""
    return messages.is_gsm7(_text(value))


def sha256_base64url(value: JsonValue) -> str:
    """The SHA-256 of a text in URL-safe Base64 without padding (RFC 7636, section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(_text(value).encode()).digest()).rstrip(b"=").decode()


def merge(left: JsonValue, right: JsonValue) -> JsonValue:
    """The members of two maps; those of the second win."""
    return {**(left or {}), **(right or {})}


def compact(value: JsonValue) -> JsonValue:
    """The map without its members that are null."""
    return {key: member for key, member in (value or {}).items() if member is not None}


def pick(value: JsonValue, *names: JsonValue) -> JsonValue:
    """The map with only the named members; those it lacks are null."""
    return {name: (value or {}).get(name) for name in names}


def by_field(violations: JsonValue) -> JsonValue:
    """The messages of violations as lists under the fields they are about."""
    grouped: dict[str, list[str]] = {}
    for violation in violations or []:
        grouped.setdefault(violation["field"], []).append(violation["message"])
    return grouped


def sentences(violations: JsonValue) -> str:
    """All violations as one text: `email is required; rating must be at most 5`."""
    return "; ".join(f"{item['field']} {item['message']}" for item in violations or [])


def replace_placeholders(
    value: JsonValue, values: JsonValue, before: JsonValue = "{{", after: JsonValue = "}}"
) -> JsonValue:
    """The text with placeholders such as {{name}} replaced by the map's members, in one pass."""
    if value is None:
        return None
    names = re.escape(_text(before)) + r"\s*([A-Za-z0-9_.-]{1,100})\s*" + re.escape(_text(after))
    known = values or {}
    filled = re.sub(
        names, lambda found: operators.text(known.get(found[1], found[0])), _text(value)
    )
    return operators.join(filled)


def minimum(left: JsonValue, right: JsonValue) -> JsonValue:
    """The smaller of two numbers."""
    return left if operators.less(left, right) else right


def maximum(left: JsonValue, right: JsonValue) -> JsonValue:
    """The greater of two numbers."""
    return right if operators.less(left, right) else left


_PLAIN = (
    lower, upper, trim, text, integer, length, default, first, last, starts_with, ends_with, split,
    join, replace, seconds, minutes, hours, days, duration, iso, instant, e164, is_email, gsm7,
    is_gsm7, sha256_base64url, merge, compact, pick, by_field, sentences, replace_placeholders,
)  # fmt: skip
FUNCTIONS: Mapping[str, Function] = {
    **{call.__name__: Function(call) for call in _PLAIN},
    "min": Function(minimum),
    "max": Function(maximum),
}
"""Every function, by the name that documents call it by."""
