"""Phone numbers in their international form (E.164)."""

import re
from functools import lru_cache

from mockserver.base.json import JsonValue

_LONGEST = 40
_REMEMBERED = 65_536


def e164(phone: JsonValue, region: JsonValue = None) -> JsonValue:
    """The number as +44…, or null unless it is valid; `region` (US) is for those without a +."""
    if not isinstance(phone, str) or len(phone) > _LONGEST:
        return None
    return _normal(phone, region if isinstance(region, str) else None)


@lru_cache(_REMEMBERED)
def _normal(phone: str, region: str | None) -> str | None:
    import phonenumbers  # noqa: PLC0415 - its tables cost start time and are seldom all needed

    for text, country in _readings(phone, region):
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def _readings(phone: str, region: str | None) -> list[tuple[str, str | None]]:
    """With a plus as it is; else as a number of the region, then with its plus forgotten."""
    if phone.lstrip().startswith("+"):
        return [(phone, None)]
    international = ("+" + re.sub(r"\D", "", phone), None)
    return [(phone, region), international] if region else [international]
