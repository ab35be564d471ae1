"""The function of expressions that reads phone numbers, and the numbers reserved for fiction.

Tests must not contain the numbers of real people. Many countries reserve numbers for films and
books, which nobody has. The library knows some of them as valid numbers, and others not;
`FICTIONAL` has the ranges, so that all of them can be valid. No clock and no state is read.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language.kinds import Boolean, TextOrNull
from mockserver.language.operators import describe

_LONGEST_PHONE = 40
_CACHED_PHONES = 65_536
"""The maximum number of cached results of `e164`."""

FICTIONAL: Mapping[int, str] = {
    1: r"[2-9]\d\d55501\d\d",
    33: r"(?:19900|26191|35301|46571|53649|63998)\d{4}",
    44: r"(?:1(?:1[3-8]|[2-6]1)4960|1632960|1914980|2079460|2890180|2896496|2920180|3069990"
    r"|7700900|8081570|9098790)\d{3}",
    46: r"(?:3139006|4062804|8465004|9803192|7017406)\d\d",
    49: r"(?:3023125|6990009|4066969|2214710|8999998)\d{3}",
    61: r"[2378](?:5550|7010)\d{4}",
    353: r"2091\d{5}",
}
"""Patterns of the national numbers that are reserved for fiction, by country code.

The ranges are those of the regulators: NANPA (1), ARCEP (33), Ofcom (44), PTS (46),
Bundesnetzagentur (49), ACMA (61) and ComReg (353).
"""


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


def is_fictional(country_code: int, national_number: str) -> bool:
    """Return true if a number is reserved for fiction."""
    pattern = FICTIONAL.get(country_code)
    return pattern is not None and bool(re.fullmatch(pattern, national_number))


def _phone_candidates(phone: str, region: str | None) -> list[tuple[str, str | None]]:
    """Return the texts to parse, in order, each with a region or None."""
    if phone.lstrip().startswith("+"):
        return [(phone, None)]
    international = ("+" + re.sub(r"\D", "", phone), None)
    return [(phone, region), international] if region else [international]
