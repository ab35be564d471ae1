"""Make texts for a JSON Schema: by its pattern, its format, its length and its property's name.

`value_sampling.py` calls `texts` for a maker, a function of the random source; `object_sampling.py`
makes names of members with it. The texts need not conform: of a pattern and a format, each attempt
uses one, so the caller has to validate. For text that contains JSON (`contentMediaType`),
`content_schema` returns the schema of that value, or None, and `encoded_content` writes the value;
`plans.py` calls these two, too.
"""

import base64
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.base.http import is_json, media_type
from mockserver.base.json import JsonValue
from mockserver.base.time import DAY, Instant, format_instant
from mockserver.schemas.sampling.patterns import read_pattern
from mockserver.schemas.sampling.realistic_values import WORDS, email, sentence, text_maker_for
from mockserver.schemas.sampling.sampling_context import FixedRandom

_FIRST_DAY = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, in microseconds: made dates are in the year from this day."""
_LARGEST = 10_000
"""The maximum `minLength` that is considered."""
_PLAIN = "string"
_HALF = 0.5

Schema = Mapping[str, Any]


def texts(schema: Schema, name: str = "", attempt: int = 0) -> Callable[[random.Random], str]:
    """Return a maker of texts for the pattern of a schema, else for its format, else of words.

    Args:
        schema: The merged schema of the text.
        name: The property it is for, to make a realistic text; empty otherwise.
        attempt: The number of earlier attempts; with a pattern and a format, the format is used
            at even ones and the pattern at odd ones.
    """
    least = min(int(schema.get("minLength", 0)), _LARGEST)
    most = None if schema.get("maxLength") is None else int(schema["maxLength"])
    plain = _without_pattern(schema, name, least, most, attempt)
    pattern = schema.get("pattern")
    uses_format = attempt % 2 == 0 and str(schema.get("format")) in _FORMATS
    expression = read_pattern(pattern) if isinstance(pattern, str) and not uses_format else None
    if expression is None:
        return plain
    may_have_prefix = "format" in schema and not str(pattern).startswith("^")

    def make(rng: random.Random) -> str:
        made = expression.text(rng, least, most)
        if made is None:
            return plain(rng)
        return f"a{made}" if may_have_prefix and rng.random() > _HALF else made

    return make


def content_schema(schema: Schema) -> JsonValue:
    """Return the schema of the JSON value that a text contains; None if it contains none."""
    is_made_freely = schema.keys().isdisjoint(("pattern", "enum"))
    is_json_text = is_json(media_type(str(schema.get("contentMediaType", ""))).name)
    return schema.get("contentSchema") if is_made_freely and is_json_text else None


def encoded_content(schema: Schema, value: JsonValue) -> str:
    """Return a JSON value as the text that a schema with `contentMediaType` describes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _ENCODERS.get(str(schema.get("contentEncoding")).lower(), str)(text)


_ENCODERS: Mapping[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base16": lambda text: text.encode().hex().upper(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
}
"""Writers of an encoding (RFC 4648)."""


def _without_pattern(
    schema: Schema, name: str, least: int, most: int | None, attempt: int
) -> Callable[[random.Random], str]:
    format_name = str(schema.get("format") or schema.get("contentEncoding") or "")
    if format_name in _FORMATS:
        template = _template(format_name, attempt // 2)
        return lambda rng: _of_format(rng, format_name, template, least, most)
    if schema.get("contentMediaType") == "application/json":
        return lambda _rng: "{}"
    return _words(name, least, most)


def _words(name: str, least: int, most: int | None) -> Callable[[random.Random], str]:
    """Return a maker of realistic texts for a name, or of other words if their length is wrong."""
    longest = _LARGEST if most is None else most
    realistic = text_maker_for(name) if name else None

    def make(rng: random.Random) -> str:
        if realistic is not None and least <= len(made := realistic(rng)) <= longest:
            return made
        made = _PLAIN if isinstance(rng, FixedRandom) else sentence(rng, 2)
        return made.ljust(least, "x")[:most]

    return make


def _template(format_name: str, number: int) -> str:
    """Return one of the templates of a format; number 0 gives the most common one."""
    templates = _TEMPLATES.get(format_name, ("{}",))
    return templates[number % len(templates)]


def _of_format(
    rng: random.Random, format_name: str, template: str, least: int, most: int | None
) -> str:
    """Return a text of a format, made longer or shorter if the format allows it."""
    made = template.format(_FORMATS[format_name](rng))
    if len(made) < least and format_name in _PADDED_LEFT:
        return made.rjust(least, "x")
    if len(made) < least and format_name in _PADDED_RIGHT:
        return made.ljust(least, "x")
    if most is not None and len(made) > most:
        return next(
            (short for short in _SHORT.get(format_name, ()) if least <= len(short) <= most), made
        )
    return made


def _uuid(rng: random.Random) -> str:
    if isinstance(rng, FixedRandom):
        return "3d3c1f6e-8a5b-4c2d-a9e7-0f1b2c3d4e5f"
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _date_time(rng: random.Random) -> str:
    second = 0 if isinstance(rng, FixedRandom) else rng.randrange(86_400) * 1_000_000
    return format_instant(Instant(_FIRST_DAY + rng.randrange(365) * DAY + second))[:-1]


def _email(rng: random.Random) -> str:
    if isinstance(rng, FixedRandom):
        return "user@example.com"
    return email(rng)


def _address(rng: random.Random) -> str:
    return f"https://example.com/{rng.choice(WORDS)}"


_FORMATS: Mapping[str, Callable[[random.Random], str]] = {
    "uuid": _uuid,
    "date-time": _date_time,
    "date": lambda rng: _date_time(rng)[:10],
    "time": lambda rng: f"{9 + rng.randrange(9):02d}:30:00",
    "duration": lambda rng: f"{rng.randrange(1, 30)}",
    "email": _email,
    "idn-email": _email,
    "uri": _address,
    "url": _address,
    "iri": _address,
    "uri-reference": lambda rng: f"/{rng.choice(WORDS)}",
    "iri-reference": lambda rng: f"/{rng.choice(WORDS)}",
    "uri-template": lambda rng: f"/{rng.choice(WORDS)}/{{id}}",
    "json-pointer": lambda rng: f"/{rng.choice(WORDS)}",
    "relative-json-pointer": lambda rng: f"1/{rng.choice(WORDS)}",
    "hostname": lambda rng: f"{rng.choice(WORDS)}.example.com",
    "idn-hostname": lambda rng: f"{rng.choice(WORDS)}.example.com",
    "ipv4": lambda rng: f"192.0.2.{rng.randrange(1, 255)}",
    "ipv6": lambda rng: f"2001:db8::{rng.randrange(1, 9999)}",
    "byte": lambda _rng: "bW9jaw==",
    "base64": lambda _rng: "bW9jaw==",
    "base64url": lambda _rng: "bW9jaw",
    "regex": lambda rng: f"^{rng.choice(WORDS)}$",
}
_ZONED = ("{}Z", "{}.000Z", "{}+00:00", "{}.000+00:00", "{}.000000Z", "{}.000000+00:00")
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "date-time": _ZONED,
    "time": _ZONED,
    "duration": ("P{}D", "PT{}H", "PT{}M", "PT{}S", "P{0}DT{0}H{0}M{0}S", "P{}W", "P{}Y"),
}
"""Templates for the texts of a format, tried one after the other."""
_PADDED_LEFT = frozenset(("email", "idn-email"))
"""Formats whose texts may begin with any letters."""
_PADDED_RIGHT = frozenset(
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
"""Formats whose texts may end with any letters."""
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
"""Shorter texts of a format, the longest first, for a small `maxLength`."""
