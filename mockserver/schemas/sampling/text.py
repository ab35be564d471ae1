"""Texts made for a JSON Schema: of a pattern, of a format, of a length."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.base.time import DAY, Instant, format_instant
from mockserver.schemas.sampling.choice import Still
from mockserver.schemas.sampling.patterns import read
from mockserver.schemas.sampling.words import WORDS, email, named, sentence

_FIRST_DAY = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, in microseconds: dates are made in the year after it."""
_LARGEST = 10_000
_PLAIN = "string"
_HALF = 0.5

Schema = Mapping[str, Any]


def texts(schema: Schema, name: str = "", turn: int = 0) -> Callable[[random.Random], str]:
    """Return what makes texts of the schema's pattern, else of its format, else words.

    Args:
        schema: What is known of the text; its length is kept to where there is one.
        name: The property it is for, if it should look like one; else empty.
        turn: How often it was tried before: of a format and a pattern, each has its turns.
    """
    least = min(int(schema.get("minLength", 0)), _LARGEST)
    most = None if schema.get("maxLength") is None else int(schema["maxLength"])
    plain = _without_pattern(schema, name, least, most, turn)
    pattern = schema.get("pattern")
    is_of_format = turn % 2 == 0 and str(schema.get("format")) in _FORMATS
    tree = read(pattern) if isinstance(pattern, str) and not is_of_format else None
    if tree is None:
        return plain
    is_open = "format" in schema and not str(pattern).startswith("^")

    def make(chance: random.Random) -> str:
        made = tree.text(chance, least, most)
        if made is None:
            return plain(chance)
        return f"a{made}" if is_open and chance.random() > _HALF else made

    return make


def _without_pattern(
    schema: Schema, name: str, least: int, most: int | None, turn: int
) -> Callable[[random.Random], str]:
    kind = str(schema.get("format") or schema.get("contentEncoding") or "")
    if kind in _FORMATS:
        form = _form(kind, turn // 2)
        return lambda chance: _of_format(chance, kind, form, least, most)
    if schema.get("contentMediaType") == "application/json":
        return lambda _chance: "{}"
    return _words(name, least, most)


def _words(name: str, least: int, most: int | None) -> Callable[[random.Random], str]:
    """Return what makes words that look like what the name says, if these have the length."""
    longest = _LARGEST if most is None else most
    like = named(name) if name else None

    def make(chance: random.Random) -> str:
        if like is not None and least <= len(made := like(chance)) <= longest:
            return made
        made = _PLAIN if isinstance(chance, Still) else sentence(chance, 2)
        return made.ljust(least, "x")[:most]

    return make


def _form(kind: str, number: int) -> str:
    """Return one of the forms that a format has, the usual one first."""
    forms = _FORMS.get(kind, ("{}",))
    return forms[number % len(forms)]


def _of_format(chance: random.Random, kind: str, form: str, least: int, most: int | None) -> str:
    """Make a text of a format, longer or shorter where the format allows that."""
    made = form.format(_FORMATS[kind](chance))
    if len(made) < least and kind in _BEFORE:
        return made.rjust(least, "x")
    if len(made) < least and kind in _BEHIND:
        return made.ljust(least, "x")
    if most is not None and len(made) > most:
        return next((short for short in _SHORT.get(kind, ()) if least <= len(short) <= most), made)
    return made


def _uuid(chance: random.Random) -> str:
    if isinstance(chance, Still):
        return "3d3c1f6e-8a5b-4c2d-a9e7-0f1b2c3d4e5f"
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _moment(chance: random.Random) -> str:
    second = 0 if isinstance(chance, Still) else chance.randrange(86_400) * 1_000_000
    return format_instant(Instant(_FIRST_DAY + chance.randrange(365) * DAY + second))[:-1]


def _email(chance: random.Random) -> str:
    if isinstance(chance, Still):
        return "user@example.com"
    return email(chance)


def _address(chance: random.Random) -> str:
    return f"https://example.com/{chance.choice(WORDS)}"


_FORMATS: Mapping[str, Callable[[random.Random], str]] = {
    "uuid": _uuid,
    "date-time": _moment,
    "date": lambda chance: _moment(chance)[:10],
    "time": lambda chance: f"{9 + chance.randrange(9):02d}:30:00",
    "duration": lambda chance: f"{chance.randrange(1, 30)}",
    "email": _email,
    "idn-email": _email,
    "uri": _address,
    "url": _address,
    "iri": _address,
    "uri-reference": lambda chance: f"/{chance.choice(WORDS)}",
    "iri-reference": lambda chance: f"/{chance.choice(WORDS)}",
    "uri-template": lambda chance: f"/{chance.choice(WORDS)}/{{id}}",
    "json-pointer": lambda chance: f"/{chance.choice(WORDS)}",
    "relative-json-pointer": lambda chance: f"1/{chance.choice(WORDS)}",
    "hostname": lambda chance: f"{chance.choice(WORDS)}.example.com",
    "idn-hostname": lambda chance: f"{chance.choice(WORDS)}.example.com",
    "ipv4": lambda chance: f"192.0.2.{chance.randrange(1, 255)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randrange(1, 9999)}",
    "byte": lambda _chance: "bW9jaw==",
    "base64": lambda _chance: "bW9jaw==",
    "base64url": lambda _chance: "bW9jaw",
    "regex": lambda chance: f"^{chance.choice(WORDS)}$",
}
_ZONED = ("{}Z", "{}.000Z", "{}+00:00", "{}.000+00:00", "{}.000000Z", "{}.000000+00:00")
_FORMS: Mapping[str, tuple[str, ...]] = {
    "date-time": _ZONED,
    "time": _ZONED,
    "duration": ("P{}D", "PT{}H", "PT{}M", "PT{}S", "P{0}DT{0}H{0}M{0}S", "P{}W", "P{}Y"),
}
"""What is put around what is made of a format: the forms that it has."""
_BEFORE = frozenset(("email", "idn-email"))
"""Formats of which any text can be the beginning."""
_BEHIND = frozenset(
    (
        "uri",
        "url",
        "iri",
        "uri-reference",
        "iri-reference",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
    )
)
"""Formats of which any text can be the end."""
_SHORT: Mapping[str, tuple[str, ...]] = {
    "email": ("a@example.com", "a@b.example", "a@b.co", "a@b"),
    "idn-email": ("a@example.com", "a@b.example", "a@b.co", "a@b"),
    "uri": ("https://a.example", "urn:a:b", "a:b", "a:"),
    "url": ("https://a.example", "a:b", "a:"),
    "iri": ("https://a.example", "a:b", "a:"),
    "uri-reference": ("/a", "a", ""),
    "iri-reference": ("/a", "a", ""),
    "uri-template": ("/{id}", "/a", "a", ""),
    "json-pointer": ("/a", ""),
    "relative-json-pointer": ("1", "0"),
    "hostname": ("a.example", "a.co", "a"),
    "idn-hostname": ("a.example", "a.co", "a"),
    "ipv4": ("1.1.1.1",),
    "ipv6": ("::1", "::"),
    "byte": ("YQ==", ""),
    "base64": ("YQ==", ""),
    "base64url": ("YQ", ""),
    "regex": ("^a$", "a", ""),
}
"""Shorter texts of a format, the longest first."""
