"""The text of simulated messages: what an SMS can carry, how many it takes, where its link goes."""

from dataclasses import dataclass

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_ALPHABET = frozenset(_BASIC + _EXTENDED)
_COSTLY = frozenset(_EXTENDED)

_GSM_SINGLE, _GSM_PART = 160, 153
_UCS_SINGLE, _UCS_PART = 70, 67
_LAST_BMP = 0xFFFF


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text travels as SMS (3GPP TS 23.038 and 23.040)."""

    encoding: str
    """gsm-7 or ucs-2."""
    units: int
    """Septets or UTF-16 code units, those of escapes and surrogates included."""
    count: int
    """Messages that are sent and paid for."""


def is_gsm7(text: str) -> bool:
    """Tell whether a text needs only the GSM 7-bit alphabet and its extension table."""
    return _ALPHABET.issuperset(text)


def gsm7(text: str) -> str:
    """Leave out the characters that the GSM 7-bit alphabet does not have."""
    if is_gsm7(text):
        return text
    return "".join([character for character in text if character in _ALPHABET])


def segments(text: str) -> Segments:
    """Count the messages that a text takes; no character is cut in two."""
    if is_gsm7(text):
        sizes = [2 if character in _COSTLY else 1 for character in text]
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
