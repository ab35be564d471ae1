"""Define the functions that expressions can call by name, except those that need the sandbox.

The code that `expressions.py` writes calls them, from `FUNCTIONS`, with JSON values; they return
JSON values. They raise ExpressionError if an argument has a wrong type or the result is too large.
They depend on their arguments only: those that read or change the sandbox, such as `uuid()`, are in
`engine/run.py`. `contract/masking.py` uses two. When documents are loaded, `kind_checks.py` reads
the annotations, and `check_pattern` refuses bad patterns. The first lines of the docstrings are
printed in `docs/reference.md`, which a test compares with `documentation`.
"""

import hashlib
import inspect
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from mockserver.base import email_addresses, json, sms
from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language import operators
from mockserver.language.durations import (
    days,
    duration,
    hours,
    instant,
    is_instant,
    iso,
    minutes,
    seconds,
    weeks,
)
from mockserver.language.fictional_numbers import is_fictional
from mockserver.language.json_patch import json_patch, merge_patch
from mockserver.language.kinds import (
    Amount,
    Boolean,
    Comparable,
    List,
    ListOrNull,
    Map,
    MapOrNull,
    NumberOrNull,
    Sized,
    Text,
    TextOrNull,
)
from mockserver.language.operators import (
    as_list,
    as_map,
    as_number,
    as_text,
    check_fits,
    describe,
    is_finite,
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the expression language."""

    name: str
    call: Callable[..., JsonValue]

    @property
    def signature(self) -> str:
        """Return the name and parameters, such as `e164(phone, region=null)`."""
        parameters = inspect.signature(self.call).parameters.values()
        return f"{self.name}({', '.join(_parameter_text(parameter) for parameter in parameters)})"

    @property
    def doc(self) -> str:
        """Return the first line of the docstring."""
        return (self.call.__doc__ or "").strip().partition("\n")[0]


def _parameter_text(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"{parameter.name}, …"
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={orjson.dumps(parameter.default).decode()}"


def lower(text: TextOrNull) -> TextOrNull:
    """Convert a text to lower case; null stays null."""
    return None if text is None else as_text(text).lower()


def upper(text: TextOrNull) -> TextOrNull:
    """Convert a text to upper case; null stays null."""
    return None if text is None else as_text(text).upper()


def title(text: TextOrNull) -> TextOrNull:
    """Capitalize each word of a text, the rest in lower case; null stays null."""
    if text is None:
        return None
    return _WORD_START.sub(lambda found: found[0].upper(), as_text(text).lower())


_WORD_START = re.compile(r"(?:^|(?<=[\s-]))\w")


def trim(text: TextOrNull) -> TextOrNull:
    """Remove white space at the start and end of a text; null stays null."""
    return None if text is None else as_text(text).strip()


def text(value: JsonValue) -> str:
    """Convert a value to text: null becomes an empty text, lists and maps become JSON."""
    return operators.join(value)


def number(value: JsonValue) -> NumberOrNull:
    """Convert a text such as -1.5 to a number; a number stays, any other value becomes null."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            return None
        return float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
        return None
    return value


_DECIMAL = re.compile(r"-?\d{1,18}(?:\.\d{1,18})?", re.ASCII)


def integer(value: JsonValue) -> NumberOrNull:
    """Convert a number (cutting its fraction) or a text of digits to a whole number; else null."""
    if isinstance(value, str) and "." in value:
        return None
    found = number(value)
    return None if found is None or abs(found) > operators.LARGEST_NUMBER else int(found)


def length(value: Sized) -> int:
    """Return the number of characters, items or members; 0 for null."""
    if value is None:
        return 0
    if isinstance(value, str | list | dict):
        return len(value)
    raise ExpressionError(f"{operators.describe(value)} has no length")


def default(value: JsonValue, fallback: JsonValue) -> JsonValue:
    """Return the value, or the fallback if it is null."""
    return fallback if value is None else value


def first(items: JsonValue) -> JsonValue:
    """Return the first item of a list; null if there is none."""
    return items[0] if isinstance(items, list) and items else None


def last(items: JsonValue) -> JsonValue:
    """Return the last item of a list; null if there is none."""
    return items[-1] if isinstance(items, list) and items else None


def keys(value: MapOrNull) -> List:
    """Return the names of the members of a map; an empty list for null."""
    return list(as_map(value))


def contains(container: JsonValue, item: JsonValue) -> bool:
    """Return true if a list has an item, a map a key, or a text a part; false for null."""
    return operators.is_in(item, container)


def starts_with(value: TextOrNull, prefix: Text) -> bool:
    """Return true if a text starts with another; false for null."""
    return value is not None and as_text(value).startswith(as_text(prefix))


def ends_with(value: TextOrNull, suffix: Text) -> bool:
    """Return true if a text ends with another; false for null."""
    return value is not None and as_text(value).endswith(as_text(suffix))


def matches(value: TextOrNull, pattern: Text) -> bool:
    """Return true if a regular expression matches any part of a text; false for null."""
    if value is None:
        return False
    if len(as_text(value)) > _LONGEST_MATCHED:
        raise ExpressionError(f"matches() reads at most {_LONGEST_MATCHED:,} characters")
    validator = _compile_pattern(as_text(pattern))
    try:
        return bool(validator.is_valid(value))
    except UnicodeEncodeError:
        raise ExpressionError(f"matches(): {_HALF_PAIR}") from None


_HALF_PAIR = "the text has half of a surrogate pair, which is not a character"


def check_pattern(pattern: JsonValue) -> None:
    """Raise ExpressionError if `matches` cannot use a pattern."""
    _compile_pattern(as_text(pattern))


_LONGEST_PHONE = 40
_CACHED_PHONES = 65_536
"""The maximum number of cached results of `e164`."""
_LONGEST_MATCHED = 10_000
_REGEX_OPTIONS = jsonschema_rs.RegexOptions(size_limit=1_000_000)
"""These select an engine without backtracking, so that no pattern takes too long. It has no
look-around."""


@lru_cache(256)
def _compile_pattern(pattern: str) -> Any:  # noqa: ANN401 - the library's validators share no public class
    try:
        schema = {"pattern": pattern}
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=_REGEX_OPTIONS)
    except ValueError:
        raise ExpressionError(
            f"{pattern[:100]!r} is not a pattern that matches() can use"
        ) from None


def split(value: TextOrNull, separator: Text) -> List:
    """Split a text at separators, or at white space if the separator is ""; [] for null."""
    return [] if value is None else as_text(value).split(as_text(separator) or None)


def join(items: ListOrNull, separator: Text) -> str:
    """Join the items of a list to one text, with a separator between them."""
    between = as_text(separator)
    parts = [json.text(item) for item in as_list(items)]
    check_fits(sum(map(len, parts)) + len(between) * (len(parts) - 1))
    return between.join(parts)


def replace(value: TextOrNull, old: Text, new: Text) -> TextOrNull:
    """Replace every `old` in a text by `new`; null stays null."""
    if value is None:
        return None
    whole, part, other = as_text(value), as_text(old), as_text(new)
    check_fits(len(whole) + whole.count(part) * (len(other) - len(part)))
    return whole.replace(part, other)


def e164(phone: JsonValue, region: JsonValue = None, fictional: Boolean = True) -> TextOrNull:  # noqa: FBT002 - expressions have no keywords
    """Convert a phone number to +44…, or null if invalid; `region` (US) is for one without a +.

    If `fictional` is true, the numbers that are reserved for fiction are valid.
    """
    if not isinstance(fictional, bool):
        raise ExpressionError(f"e164(): `fictional` is true or false, not {describe(fictional)}")
    if not isinstance(phone, str) or len(phone) > _LONGEST_PHONE:
        return None
    return _normalize_phone(phone, region if isinstance(region, str) else None, fictional)


@lru_cache(_CACHED_PHONES)
def _normalize_phone(phone: str, region: str | None, fictional: bool) -> str | None:  # noqa: FBT001 - a key of the cache
    import phonenumbers  # noqa: PLC0415 - its tables cost start time, and few requests need them

    for text, country in _phone_candidates(phone, region):
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        code, national = number.country_code or 0, phonenumbers.national_significant_number(number)
        if phonenumbers.is_valid_number(number) or (fictional and is_fictional(code, national)):
            return f"+{code}{national}"
    return None


def _phone_candidates(phone: str, region: str | None) -> list[tuple[str, str | None]]:
    """Return the texts to parse, in order, each with a region or None."""
    if phone.lstrip().startswith("+"):
        return [(phone, None)]
    international = ("+" + re.sub(r"\D", "", phone), None)
    return [(phone, region), international] if region else [international]


def is_email(value: JsonValue) -> bool:
    """Return true if a text is an e-mail address as in `format: email` (RFC 5321, 4.1.2)."""
    return isinstance(value, str) and email_addresses.is_email(value)


def gsm7(value: TextOrNull) -> TextOrNull:
    """Remove the characters that are not in the 7-bit alphabet of SMS; null stays null."""
    return None if value is None else sms.gsm7(as_text(value))


def is_gsm7(value: TextOrNull) -> bool:
    """Return true if the 7-bit alphabet of SMS has all characters of a text; false for null."""
    return value is not None and sms.is_gsm7(as_text(value))


def segments_of(value: TextOrNull) -> MapOrNull:
    """Return the encoding, units and count (of messages) of a text as SMS; null stays null."""
    return None if value is None else asdict(sms.segments(as_text(value)))


def mask(value: TextOrNull) -> TextOrNull:
    """Hide a text except its last 4 characters; a text of up to 4 characters is all hidden."""
    if value is None:
        return None
    text = as_text(value)
    hidden = max(len(text) - 4, 0) or len(text)
    return "*" * hidden + text[hidden:]


def sha256_base64url(value: TextOrNull) -> TextOrNull:
    """Hash a text: SHA-256 in URL-safe Base64 without padding (RFC 7636, 4.2); null stays null."""
    if value is None:
        return None
    try:
        content = as_text(value).encode()
    except UnicodeEncodeError:
        raise ExpressionError(f"sha256_base64url(): {_HALF_PAIR}") from None
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def merge(left: MapOrNull, right: MapOrNull) -> Map:
    """Merge the members of two maps; those of the second replace those of the first."""
    return {**as_map(left), **as_map(right)}


def compact(value: MapOrNull) -> Map:
    """Remove the members of a map that are null."""
    return {key: member for key, member in as_map(value).items() if member is not None}


def pick(value: MapOrNull, *names: Text) -> Map:
    """Return a map of only the named members of a map; missing ones are null."""
    members = as_map(value)
    return {as_text(name): members.get(as_text(name)) for name in names}


def omit(value: MapOrNull, *names: Text) -> Map:
    """Remove the named members of a map."""
    omitted = {as_text(name) for name in names}
    return {key: member for key, member in as_map(value).items() if key not in omitted}


def is_map(value: JsonValue) -> bool:
    """Return true if a value is a map."""
    return isinstance(value, dict)


def ordering(order: JsonValue, direction: JsonValue = None) -> List:
    """Convert an order (-name, name:desc, `name asc` or a list) to a value for `sort` in `list`."""
    orders = order if isinstance(order, list) else text(order).split(",")
    is_descending = text(direction).lower().startswith("desc")
    matched = [_ORDER.fullmatch(text(one).strip()) for one in orders[:_MOST_ORDERS]]
    return [
        ("-" if is_descending or found[1] == "-" or (found[3] or "").lower() == "desc" else "")
        + found[2]
        for found in matched
        if found
    ]


_MOST_ORDERS = 10
_ORDER = re.compile(r"([+-]?)([^\s:,+-][^\s:,]*)(?:[\s:]+(asc|desc))?", re.IGNORECASE)


def by_field(violations: ListOrNull) -> Map:
    """Return the messages of violations as a map: a list of messages for each field."""
    grouped: dict[str, list[str]] = {}
    for field, message in _field_messages(violations):
        grouped.setdefault(field, []).append(message)
    return grouped


def sentences(violations: ListOrNull) -> str:
    """Join all violations to one text: `email is required; rating must be at most 5`."""
    return "; ".join(f"{field} {message}" for field, message in _field_messages(violations))


def _field_messages(violations: JsonValue) -> list[tuple[str, str]]:
    members = [as_map(violation) for violation in as_list(violations)]
    return [(json.text(one.get("field")), json.text(one.get("message"))) for one in members]


def replace_placeholders(
    value: TextOrNull, values: MapOrNull, before: Text = "{{", after: Text = "}}"
) -> TextOrNull:
    """Replace placeholders such as {{name}} in a text by the members of a map, in one pass."""
    if value is None:
        return None
    members = as_map(values)
    whole = as_text(value)
    is_cached = len(whole) <= _LONGEST_CACHED_TEXT
    split_text = _split_at_placeholders if is_cached else _split_at_placeholders.__wrapped__
    pieces, placeholders = split_text(whole, as_text(before), as_text(after))
    parts = [pieces[0]]
    for (name, original), piece in zip(placeholders, pieces[1:], strict=True):
        item = members.get(name, original)
        parts += (item if type(item) is str else json.text(item), piece)
    check_fits(sum(map(len, parts)))
    return "".join(parts)


_LONGEST_CACHED_TEXT = 10_000
"""The maximum length of a text whose placeholders are cached."""


@lru_cache(256)
def _split_at_placeholders(
    text: str, before: str, after: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the parts of a text around its placeholders, and each placeholder's name and text."""
    found = list(_placeholder(before, after).finditer(text))
    ends = [0, *(one.end() for one in found)]
    starts = [*(one.start() for one in found), len(text)]
    pieces = tuple(text[end:start] for end, start in zip(ends, starts, strict=True))
    return pieces, tuple((one[1], one[0]) for one in found)


@lru_cache(256)
def _placeholder(before: str, after: str) -> re.Pattern[str]:
    name = r"(\w{1,100}(?:[.-]\w{1,100}){0,10})"
    # Without a closing mark, white space after the name is not part of the placeholder.
    inside = rf"\s*{name}\s*" if after else name
    return re.compile(re.escape(before) + inside + re.escape(after), re.ASCII)


def minimum(left: Comparable, right: Comparable) -> Comparable:
    """Return the smaller of two numbers or texts; if one is null, the other one."""
    if left is None or right is None:
        return default(left, right)
    return right if operators.less(right, left) else left


def maximum(left: Comparable, right: Comparable) -> Comparable:
    """Return the greater of two numbers or texts; if one is null, the other one."""
    if left is None or right is None:
        return default(left, right)
    return right if operators.less(left, right) else left


def rounded(value: NumberOrNull, digits: Amount = 0) -> NumberOrNull:
    """Round a number to digits after the point, halves away from zero; null stays null."""
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
"""With the 19 digits of the largest number, this is within the 28 digits of a Decimal."""


_UNDER_OWN_NAME = (
    lower, upper, title, trim, text, number, integer, length, default, first, last, keys, contains,
    starts_with, ends_with, matches, split, join, replace, seconds, minutes, hours, days, weeks,
    duration, iso, instant, is_instant, e164, is_email, gsm7, is_gsm7, segments_of, mask,
    sha256_base64url, merge, merge_patch, json_patch, compact, pick, omit, is_map, ordering,
    by_field, sentences, replace_placeholders,
)  # fmt: skip
_CALLS: Mapping[str, Callable[..., JsonValue]] = {
    **{call.__name__: call for call in _UNDER_OWN_NAME},
    "min": minimum,
    "max": maximum,
    "round": rounded,
}
FUNCTIONS: Mapping[str, Function] = {name: Function(name, call) for name, call in _CALLS.items()}
"""All functions, by their names in documents."""


def documentation() -> list[tuple[str, str]]:
    """Return the signature and the description of each function, sorted by name."""
    return [(one.signature, one.doc) for _, one in sorted(FUNCTIONS.items())]
