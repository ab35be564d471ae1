"""How the bodies of a media type are read: decoded, compared with their schema, completed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mockserver.base.http import FORM, is_json, is_json_lines, is_json_sequence, is_xml, media_type
from mockserver.base.json import JsonValue
from mockserver.model.contents import ReadBody, Validator
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.schemas.shapes import TEXT, Shape
from mockserver.wire.content import json_of, parse_json, text_of
from mockserver.wire.filling import Filler
from mockserver.wire.forms import Encoding, FormDecoder, MultipartDecoder, binary_text

Decoder = Callable[[bytes, str], tuple[JsonValue, list[Violation]]]
"""Makes a value of a body and its Content-Type, and names what is wrong with its encoding."""
_TEXTS = ("text/", "application/yaml", "application/x-yaml", "application/graphql")
COMPARED = frozenset(("json", "form", "multipart", "xml"))
"""Families whose bodies are compared with the schema of an object or an array."""
_MOST_ITEMS = 100_000
_MOST_VIOLATIONS = 50


@dataclass(frozen=True, slots=True)
class MediaContent:
    """What a document says of one media type."""

    shape: Shape = TEXT
    validator: Validator | None = None
    item_validator: Validator | None = None
    """Of each item of a sequence; None if the schema is that of the whole."""
    encodings: Mapping[str, Encoding] = field(default_factory=dict)


class BodyReader:
    """Reads the bodies of one media type."""

    __slots__ = ("_decode", "_fill", "_validator")

    def __init__(self, decode: Decoder, validator: Validator | None, shape: Shape) -> None:
        self._decode = decode
        self._validator = validator
        self._fill = None if validator is None else Filler(shape)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value and everything that is wrong with it.

        Raises:
            Refusal: If it cannot be read at all.
        """
        value, violations = self._decode(body, content_type)
        validator = self._validator
        if validator is not None and not validator.is_valid(value):
            violations = [*violations, *validator.violations(value, "body")]
        if violations or self._fill is None:
            return value, violations
        return self._fill(value), violations


class JsonReader:
    """Reads JSON, which most bodies are, with fewer calls."""

    __slots__ = ("_fill", "_validator")

    def __init__(self, validator: Validator | None, shape: Shape) -> None:
        self._validator = validator
        self._fill = None if validator is None else Filler(shape)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value and everything that is wrong with it.

        Raises:
            Refusal: `malformed` if it is not JSON.
        """
        is_plain = content_type == "application/json"
        value = parse_json(body) if is_plain else json_of(body, content_type)
        validator = self._validator
        if validator is not None and not validator.is_valid(value):
            return value, validator.violations(value, "body")
        fill = self._fill
        return (value if fill is None or not fill.has_work else fill(value)), []


@dataclass(slots=True)
class RangeReader:
    """Reads the bodies of a range such as `*/*`, each by the media type that it has."""

    content: MediaContent
    _readers: dict[str, ReadBody] = field(default_factory=dict)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value and everything that is wrong with it.

        Raises:
            Refusal: If it cannot be read at all.
        """
        family = family_of(media_type(content_type).name)
        if (reader := self._readers.get(family)) is None:
            reader = self._readers[family] = _FAMILIES[family](self.content)
        return reader(body, content_type)


def reader_of(name: str, content: MediaContent) -> ReadBody:
    """Return what reads the bodies of a media type, or of a range of them."""
    if name.endswith("/*"):
        return RangeReader(content)
    return _FAMILIES[family_of(name)](content)


def family_of(name: str) -> str:
    """Return how the bodies of a media type are written."""
    if name == FORM:
        return "form"
    if name == "multipart/form-data":
        return "multipart"
    if is_json_lines(name) or is_json_sequence(name):
        return "sequence"
    if is_json(name):
        return "json"
    if is_xml(name):
        return "xml"
    return "text" if name.startswith(_TEXTS) else "binary"


def _json_reader(content: MediaContent) -> JsonReader:
    return JsonReader(content.validator, content.shape)


def _form_reader(content: MediaContent) -> BodyReader:
    decoder = FormDecoder(content.shape, content.encodings)
    return BodyReader(decoder, content.validator, content.shape)


def _multipart_reader(content: MediaContent) -> BodyReader:
    decoder = MultipartDecoder(content.shape, content.encodings)
    return BodyReader(decoder, content.validator, content.shape)


def _xml_reader(content: MediaContent) -> BodyReader:
    from mockserver.wire.xml_values import XmlDecoder  # noqa: PLC0415 - most documents have no XML

    validator = content.validator if content.shape.is_structured else None
    return BodyReader(XmlDecoder(content.shape), validator, content.shape)


def _text_reader(content: MediaContent) -> BodyReader:
    """Read a text as what its schema lets it become; arrays and objects stay unread."""
    shape = content.shape

    def decode(body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        return shape.read(text_of(body, content_type)), []

    return BodyReader(decode, content.validator if shape.is_scalar else None, shape)


def _binary_reader(content: MediaContent) -> BodyReader:
    """Compare bytes with a schema as a text with one character for each."""
    is_text = not content.shape.types - {"string", "null"}
    validator = content.validator if is_text else None

    def decode(body: bytes, _content_type: str) -> tuple[JsonValue, list[Violation]]:
        violations: list[Violation] = []
        if validator is not None and not validator.is_valid(octets := body.decode("latin-1")):
            violations = validator.violations(octets, "body")
        return binary_text(body), violations

    return BodyReader(decode, None, content.shape)


def _sequence_reader(content: MediaContent) -> BodyReader:
    validator = content.validator
    if content.item_validator is not None:
        validator = _EachValidator(content.item_validator)
    return BodyReader(_decode_sequence, validator, content.shape)


def _decode_sequence(body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
    """Read one JSON text a line, or one after each record separator (RFC 7464)."""
    separator = b"\x1e" if media_type(content_type).name.endswith("json-seq") else b"\n"
    lines = [line for line in body.split(separator, _MOST_ITEMS + 1) if line.strip()]
    if len(lines) > _MOST_ITEMS:
        raise Refusal(Kind.MALFORMED, f"the body has more than {_MOST_ITEMS:,} items")
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(parse_json(line))
        except Refusal as error:
            message = error.message.replace("the body", f"item {number} of the body", 1)
            raise Refusal(Kind.MALFORMED, message) from None
    return found, []


@dataclass(frozen=True, slots=True)
class _EachValidator:
    """Compares every item of a list with one schema."""

    validator: Validator

    def is_valid(self, value: JsonValue, /) -> bool:
        return all(map(self.validator.is_valid, value))

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        found: list[Violation] = []
        for index, item in enumerate(value):
            if len(found) >= _MOST_VIOLATIONS:
                break
            found += [
                Violation(where, f"/{index}{one.pointer}", one.keyword, one.message)
                for one in self.validator.violations(item, where)
            ]
        return found[:_MOST_VIOLATIONS]


_FAMILIES: Mapping[str, Callable[[MediaContent], ReadBody]] = {
    "json": _json_reader,
    "form": _form_reader,
    "multipart": _multipart_reader,
    "xml": _xml_reader,
    "sequence": _sequence_reader,
    "text": _text_reader,
    "binary": _binary_reader,
}
