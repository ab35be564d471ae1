"""Count the SMS messages that a text needs, and keep to the GSM 7-bit alphabet.

`language/functions.py` makes all three functions available to expressions; `control/api_views.py`
calls `segments` to show messages. A character of two units is never split between two messages.
`gsm7` removes other characters, and replaces none. Nothing is sent, and nothing raises.
"""

from dataclasses import dataclass

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_ALPHABET = frozenset(_BASIC + _EXTENDED)
_TWO_SEPTETS = frozenset(_EXTENDED)

_GSM_SINGLE, _GSM_PART = 160, 153
_UCS_SINGLE, _UCS_PART = 70, 67
_LAST_BMP = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segments:
    """The encoding and size of a text sent as SMS (3GPP TS 23.038 and 23.040)."""

    encoding: str
    """gsm-7 or ucs-2."""
    units: int
    """Septets or UTF-16 code units, including escapes and surrogates."""
    count: int
    """The number of messages to send."""


def is_gsm7(text: str) -> bool:
    """Return True if all characters are in the GSM 7-bit alphabet or its extension table."""
    return _ALPHABET.issuperset(text)


def gsm7(text: str) -> str:
    """Remove the characters that are not in the GSM 7-bit alphabet."""
    if is_gsm7(text):
        return text
    return "".join([character for character in text if character in _ALPHABET])


def segments(text: str) -> Segments:
    """Count the messages that a text needs; a character is never split between two."""
    if is_gsm7(text):
        sizes = [2 if character in _TWO_SEPTETS else 1 for character in text]
        return _split("gsm-7", sizes, _GSM_SINGLE, _GSM_PART)
    sizes = [2 if ord(character) > _LAST_BMP else 1 for character in text]
    return _split("ucs-2", sizes, _UCS_SINGLE, _UCS_PART)


def _split(encoding: str, sizes: list[int], single: int, part: int) -> Segments:
    units = sum(sizes)
    if units <= single:
        return Segments(encoding, units, 1)
    count, room = 1, part
    for size in sizes:
        if size > room:
            count, room = count + 1, part
        room -= size
    return Segments(encoding, units, count)
