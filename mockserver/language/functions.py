"""The functions that expressions can call; each takes and returns plain JSON values."""

import hashlib
import inspect
import math
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from mockserver.base import email_addresses, sms
from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language import operators
from mockserver.language.durations import (
    days,
    duration,
    hours,
    instant,
    iso,
    minutes,
    seconds,
    weeks,
)
from mockserver.language.json_patch import json_patch, merge_patch
from mockserver.language.operators import as_list, as_map, as_number, as_text, check_fits

_LONGEST_PHONE = 40
_PHONES_KEPT = 65_536
"""Numbers whose reading is remembered."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the expression language."""

    name: str
    call: Callable[..., JsonValue]

    @property
    def signature(self) -> str:
        """How it is called: `e164(phone, region=null)`."""
        parameters = inspect.signature(self.call).parameters.values()
        return f"{self.name}({', '.join(_parameter_text(parameter) for parameter in parameters)})"

    @property
    def doc(self) -> str:
        """What it does, in one line."""
        return (self.call.__doc__ or "").strip().partition("\n")[0]


def _parameter_text(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"{parameter.name}, …"
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={orjson.dumps(parameter.default).decode()}"


def lower(text: JsonValue) -> JsonValue:
    """The text in lower case; null of null."""
    return None if text is None else as_text(text).lower()


def upper(text: JsonValue) -> JsonValue:
    """The text in upper case; null of null."""
    return None if text is None else as_text(text).upper()


def title(text: JsonValue) -> JsonValue:
    """The text with a capital at the start of each word, the rest in lower case; null of null."""
    if text is None:
        return None
    return _WORD_START.sub(lambda found: found[0].upper(), as_text(text).lower())


_WORD_START = re.compile(r"(?:^|(?<=[\s-]))\w")


def trim(text: JsonValue) -> JsonValue:
    """The text without white space around it; null of null."""
    return None if text is None else as_text(text).strip()


def text(value: JsonValue) -> str:
    """Any value as text: null is empty, lists and maps are JSON."""
    return operators.join(value)


def number(value: JsonValue) -> JsonValue:
    """A number from a number or a text such as -1.5; null where there is none."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            return None
        return float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


_DECIMAL = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?", re.ASCII)


def integer(value: JsonValue) -> JsonValue:
    """A whole number from a number, without its fraction, or from a text of digits; else null."""
    if isinstance(value, str) and "." in value:
        return None
    found = number(value)
    return None if found is None or abs(found) > operators.LARGEST_NUMBER else int(found)


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


def keys(value: JsonValue) -> JsonValue:
    """The names of a map's members; an empty list of null."""
    return list(as_map(value))


def contains(container: JsonValue, item: JsonValue) -> bool:
    """Whether a text has a part, a list an item or a map a key; null contains nothing."""
    return operators.is_in(item, container)


def starts_with(value: JsonValue, prefix: JsonValue) -> bool:
    """Whether a text begins with another; null begins with nothing."""
    return value is not None and as_text(value).startswith(as_text(prefix))


def ends_with(value: JsonValue, suffix: JsonValue) -> bool:
    """Whether a text ends with another; null ends with nothing."""
    return value is not None and as_text(value).endswith(as_text(suffix))


def matches(value: JsonValue, pattern: JsonValue) -> bool:
    """Whether a regular expression is found anywhere in a text; nothing is found in null."""
    if value is None:
        return False
    if len(as_text(value)) > _LONGEST_MATCHED:
        raise ExpressionError(f"matches() reads at most {_LONGEST_MATCHED:,} characters")
    return bool(_compiled(as_text(pattern)).is_valid(value))


def check_pattern(pattern: JsonValue) -> None:
    """Raise ExpressionError unless `matches` knows the pattern."""
    _compiled(as_text(pattern))


_LONGEST_MATCHED = 10_000
_LINEAR = jsonschema_rs.RegexOptions(size_limit=1_000_000)
"""An engine that never backtracks, so no pattern runs for ever; it has no look-around."""


@lru_cache(256)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - the library's validators share no public class
    try:
        schema = {"pattern": pattern}
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=_LINEAR)
    except ValueError:
        raise ExpressionError(f"{pattern[:100]!r} is not a pattern that matches() knows") from None


def split(value: JsonValue, separator: JsonValue) -> JsonValue:
    """The pieces of a text between separators, or of white space if "" parts them; [] of null."""
    return [] if value is None else as_text(value).split(as_text(separator) or None)


def join(items: JsonValue, separator: JsonValue) -> str:
    """The items of a list as one text."""
    between = as_text(separator)
    parts = [operators.text(item) for item in as_list(items)]
    check_fits(sum(map(len, parts)) + len(between) * (len(parts) - 1))
    return between.join(parts)


def replace(value: JsonValue, old: JsonValue, new: JsonValue) -> JsonValue:
    """The text with every `old` replaced; null of null."""
    if value is None:
        return None
    whole, part, other = as_text(value), as_text(old), as_text(new)
    check_fits(len(whole) + whole.count(part) * (len(other) - len(part)))
    return whole.replace(part, other)


def is_email(value: JsonValue) -> bool:
    """Whether a text is one e-mail address, as `format: email` defines it (RFC 5321, 4.1.2)."""
    return isinstance(value, str) and email_addresses.is_email(value)


def gsm7(value: JsonValue) -> JsonValue:
    """The text without the characters an SMS's 7-bit alphabet lacks; null of null."""
    return None if value is None else sms.gsm7(as_text(value))


def is_gsm7(value: JsonValue) -> bool:
    """Whether an SMS can carry the text in its 7-bit alphabet; it cannot carry null."""
    return value is not None and sms.is_gsm7(as_text(value))


def segments_of(value: JsonValue) -> JsonValue:
    """How a text travels as SMS: its encoding, units and count (of messages); null of null."""
    return None if value is None else asdict(sms.segments(as_text(value)))


def mask(value: JsonValue) -> JsonValue:
    """The text with all but its last 4 characters hidden, every one if it has no more."""
    if value is None:
        return None
    shown = as_text(value)
    hidden = max(len(shown) - 4, 0) or len(shown)
    return "*" * hidden + shown[hidden:]


def sha256_base64url(value: JsonValue) -> JsonValue:
    """The SHA-256 of a text in URL-safe Base64, unpadded (RFC 7636, section 4.2); null of null."""
    if value is None:
        return None
    digest = hashlib.sha256(as_text(value).encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def merge(left: JsonValue, right: JsonValue) -> JsonValue:
    """The members of two maps; those of the second win."""
    return {**as_map(left), **as_map(right)}


def compact(value: JsonValue) -> JsonValue:
    """The map without its members that are null."""
    return {key: member for key, member in as_map(value).items() if member is not None}


def pick(value: JsonValue, *names: JsonValue) -> JsonValue:
    """The map with only the named members; those it lacks are null."""
    members = as_map(value)
    return {as_text(name): members.get(as_text(name)) for name in names}


def omit(value: JsonValue, *names: JsonValue) -> JsonValue:
    """The map without the named members."""
    left_out = {as_text(name) for name in names}
    return {key: member for key, member in as_map(value).items() if key not in left_out}


def is_map(value: JsonValue) -> bool:
    """Whether a value is a map."""
    return isinstance(value, dict)


def ordering(order: JsonValue, direction: JsonValue = None) -> JsonValue:
    """What `list` sorts by, of -name, name:desc, `name asc` or several, and of a direction."""
    given = order if isinstance(order, list) else text(order).split(",")
    is_down = text(direction).lower().startswith("desc")
    written = [_ORDER.fullmatch(text(one).strip()) for one in given[:_MOST_ORDERS]]
    return [
        ("-" if is_down or found[1] == "-" or (found[3] or "").lower() == "desc" else "") + found[2]
        for found in written
        if found
    ]


_MOST_ORDERS = 10
_ORDER = re.compile(r"([+-]?)([^\s:,+-][^\s:,]*)(?:[\s:]+(asc|desc))?", re.IGNORECASE)


def by_field(violations: JsonValue) -> JsonValue:
    """The messages of violations as lists under the fields they are about."""
    grouped: dict[str, list[str]] = {}
    for field, message in _field_messages(violations):
        grouped.setdefault(field, []).append(message)
    return grouped


def sentences(violations: JsonValue) -> str:
    """All violations as one text: `email is required; rating must be at most 5`."""
    return "; ".join(f"{field} {message}" for field, message in _field_messages(violations))


def _field_messages(violations: JsonValue) -> list[tuple[str, str]]:
    members = [as_map(violation) for violation in as_list(violations)]
    return [
        (operators.text(one.get("field")), operators.text(one.get("message"))) for one in members
    ]


def replace_placeholders(
    value: JsonValue, values: JsonValue, before: JsonValue = "{{", after: JsonValue = "}}"
) -> JsonValue:
    """The text with placeholders such as {{name}} replaced by the map's members, in one pass."""
    if value is None:
        return None
    known = as_map(values)
    whole = as_text(value)
    cut = (
        _split_at_placeholders if len(whole) <= _LONGEST_CUT else _split_at_placeholders.__wrapped__
    )
    pieces, placeholders = cut(whole, as_text(before), as_text(after))
    filled = [operators.text(known.get(name, shown)) for name, shown in placeholders]
    check_fits(sum(map(len, pieces)) + sum(map(len, filled)))
    pairs = zip(pieces, [*filled, ""], strict=True)
    return "".join([part for pair in pairs for part in pair])


_LONGEST_CUT = 10_000
"""Characters of a text that is remembered with its placeholders."""


@lru_cache(256)
def _split_at_placeholders(
    text: str, before: str, after: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return what stands around the placeholders of a text, and each one's name and text."""
    found = list(_placeholder(before, after).finditer(text))
    ends = [0, *(one.end() for one in found)]
    starts = [*(one.start() for one in found), len(text)]
    pieces = tuple(text[end:start] for end, start in zip(ends, starts, strict=True))
    return pieces, tuple((one[1], one[0]) for one in found)


@lru_cache(256)
def _placeholder(before: str, after: str) -> re.Pattern[str]:
    name = r"(\w{1,100}(?:[.-]\w{1,100}){0,10})"
    # Where nothing closes a placeholder, the white space after its name is the text's.
    inside = rf"\s*{name}\s*" if after else name
    return re.compile(re.escape(before) + inside + re.escape(after), re.ASCII)


def minimum(left: JsonValue, right: JsonValue) -> JsonValue:
    """The smaller of two numbers or texts; beside null the other one."""
    if left is None or right is None:
        return default(left, right)
    return right if operators.less(right, left) else left


def maximum(left: JsonValue, right: JsonValue) -> JsonValue:
    """The greater of two numbers or texts; beside null the other one."""
    if left is None or right is None:
        return default(left, right)
    return right if operators.less(left, right) else left


def rounded(value: JsonValue, digits: JsonValue = 0) -> JsonValue:
    """The number with so many digits after the point, halves away from zero; null of null."""
    if value is None:
        return None
    places = as_number(digits)
    if places not in range(_MOST_DIGITS + 1):
        raise ExpressionError(f"round() keeps 0 to {_MOST_DIGITS} digits after the point")
    exact = Decimal(str(as_number(value)))
    if abs(exact) > operators.LARGEST_NUMBER:
        raise ExpressionError("the number is too large")
    nearest = exact.quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)
    return float(nearest) if places else int(nearest)


_MOST_DIGITS = 9
"""Together with the 19 digits of the largest number all that a Decimal has room for."""


def e164(phone: JsonValue, region: JsonValue = None) -> JsonValue:
    """The number as +44…, or null unless it is valid; `region` (US) is for those without a +."""
    if not isinstance(phone, str) or len(phone) > _LONGEST_PHONE:
        return None
    return _normal_phone(phone, region if isinstance(region, str) else None)


@lru_cache(_PHONES_KEPT)
def _normal_phone(phone: str, region: str | None) -> str | None:
    import phonenumbers  # noqa: PLC0415 - its tables cost start time and are seldom all needed

    for text, country in _phone_candidates(phone, region):
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def _phone_candidates(phone: str, region: str | None) -> list[tuple[str, str | None]]:
    """Return what to parse, with a region: without a +, the region comes first."""
    if phone.lstrip().startswith("+"):
        return [(phone, None)]
    international = ("+" + re.sub(r"\D", "", phone), None)
    return [(phone, region), international] if region else [international]


_PLAIN = (
    lower, upper, title, trim, text, number, integer, length, default, first, last, keys, contains,
    starts_with, ends_with, matches, split, join, replace, seconds, minutes, hours, days, weeks,
    duration, iso, instant, e164, is_email, gsm7, is_gsm7, segments_of, mask, sha256_base64url,
    merge, merge_patch, json_patch, compact, pick, omit, is_map, ordering, by_field, sentences,
    replace_placeholders,
)  # fmt: skip
_CALLS: Mapping[str, Callable[..., JsonValue]] = {
    **{call.__name__: call for call in _PLAIN},
    "min": minimum,
    "max": maximum,
    "round": rounded,
}
FUNCTIONS: Mapping[str, Function] = {name: Function(name, call) for name, call in _CALLS.items()}
"""Every function, by the name that documents call it by."""


def documentation() -> list[tuple[str, str]]:
    """List how each function is called and what it does, by name."""
    return [(one.signature, one.doc) for _, one in sorted(FUNCTIONS.items())]
