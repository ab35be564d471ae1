"""Read and write bodies by their media type.

Reading: in are a request and the media types of its operation; out are a value and its violations,
or a `Refusal` if the body cannot be read. Writing: in are a value and a media type; out are bytes.
Callers: `engine/pipeline.py` reads, `engine/rendering.py` and `engine/documented_answers.py` write,
and `openapi/request_bodies.py` makes the readers when a document is loaded. Written values are not
validated here.

Reading a body takes three steps: decode the bytes to a value, validate the value against the schema
of the media type, and complete it with defaults. JSON has its own reader with fewer calls, because
most bodies are JSON. Modules for other formats are imported when a document first uses the format.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import orjson

from mockserver.base.http import (
    FORM,
    essence,
    is_json,
    is_json_lines,
    is_json_sequence,
    is_xml,
    media_type,
)
from mockserver.base.json import JsonValue, with_whole_numbers
from mockserver.model.contents import ReadBody, RequestBody, RequestMedia, Validator
from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.schemas.shapes import TEXT, Shape
from mockserver.wire.long_integers import (
    DIGITS_AS_ZERO,
    LONG_NUMBER,
    MOST_DIGITS,
    TooLongIntegerError,
    read_json,
    write_json,
)

if TYPE_CHECKING:
    from mockserver.wire.forms import Encoding

DEEPEST = 100
"""Maximum levels of nesting of a body."""
VALIDATED_FAMILIES = frozenset(("json", "form", "multipart", "xml"))
"""Families whose bodies can be validated against the schema of an object or an array."""

Decoder = Callable[[bytes, str], tuple[JsonValue, list[Violation]]]
"""Decodes a body with its Content-Type to a value, and lists errors of its encoding."""

_CHARSETS: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
"""Python's codecs by the `charset` of a media type."""
_JSON_IN_UTF8 = frozenset(
    f"application/json{charset}"
    for charset in ("", "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8", ";charset=UTF-8")
)
"""The usual Content-Types of JSON, for which no parameter has to be parsed."""
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_READ_AS_TEXT = ("text/", "application/yaml", "application/x-yaml", "application/graphql")
_MOST_ITEMS = 100_000
_MOST_VIOLATIONS = 50
_MOST_SHAPES = 5_000


def family_of(name: str) -> str:
    """Return the family of a media type: media types of one family are read in the same way."""
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
    return "text" if name.startswith(_READ_AS_TEXT) else "binary"


# --- bytes to text and JSON ---


def text_of(body: bytes, content_type: str) -> str:
    """Decode a text body by the `charset` of its media type; the default is UTF-8.

    Raises:
        Refusal: `malformed` if the body is not in that encoding, `unsupported_media_type` if the
            encoding is not supported.
    """
    charset = media_type(content_type).charset
    codec = _CHARSETS.get(charset)
    if codec is None:
        message = f"the charset {charset[:50]!r} is not supported; send utf-8"
        raise Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message)
    try:
        return body.decode(codec)
    except UnicodeError:
        raise Refusal(Kind.MALFORMED, f"the body is not {charset.upper()}") from None


def json_of(body: bytes, content_type: str = "application/json") -> JsonValue:
    """Parse a JSON text (RFC 8259) in the encoding that its media type names.

    Raises:
        Refusal: `malformed`, with the line and column of the error.
    """
    if "charset" in content_type.lower():
        body = text_of(body, content_type).encode()
    return parse_json(body)


def parse_json(body: bytes | str, deepest: int = DEEPEST) -> JsonValue:
    """Parse a JSON text in UTF-8, with or without a byte order mark.

    Args:
        body: The JSON text.
        deepest: Levels of nesting that it may have.

    Raises:
        Refusal: `malformed`, with the line and column of the error.
    """
    if isinstance(body, str):
        body = body.encode()
    if body.count(b"[") + body.count(b"{") > deepest and _is_too_deep(body, deepest):
        raise Refusal(Kind.MALFORMED, f"the body is nested deeper than {deepest} levels")
    try:
        if LONG_NUMBER in body.translate(DIGITS_AS_ZERO):  # here, because most bodies have none
            return read_json(body)
        return orjson.loads(body)
    except TooLongIntegerError:
        message = f"the body has an integer of more than {MOST_DIGITS:,} digits"
        raise Refusal(Kind.MALFORMED, message) from None
    except orjson.JSONDecodeError as error:
        if body.startswith(_BYTE_ORDER_MARK):
            return parse_json(body[len(_BYTE_ORDER_MARK) :], deepest)
        message = f"the body is not JSON: {error.msg}: line {error.lineno} column {error.colno}"
        raise Refusal(Kind.MALFORMED, message) from None


def _is_too_deep(body: bytes, deepest: int) -> bool:
    """Return True if brackets outside of strings are nested too deeply."""
    depth = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            return True
    return False


def binary_text(content: bytes) -> str:
    """Decode bytes as UTF-8, or as one character for each byte if they are not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


# --- requests ---

_UNNAMED = "application/octet-stream"
"""The media type of a body without Content-Type (RFC 9110, section 8.3)."""
_OFFERS = {"POST": "Accept-Post", "PATCH": "Accept-Patch"}


def read_body(body: RequestBody, request: Request) -> tuple[JsonValue, list[Violation]]:
    """Return the value of a body, and its violations.

    Raises:
        Refusal: `unsupported_media_type` or `malformed` if it cannot be read at all.
    """
    if request.unread is not None:
        raise request.unread
    if not request.body:
        missing = Violation("body", "", "required", "is required")
        return None, [missing] if body.required else []
    content_type = request.headers.get("content-type", "")
    media = _media_for(body, content_type)
    if media is None:
        raise _unsupported(body, request.method, content_type)
    return media.read(request.body, content_type)


def _media_for(body: RequestBody, content_type: str) -> RequestMedia | None:
    """Choose the most specific of the media types that are read."""
    for media in body.media:
        if media.media_type == content_type:
            return media
    given = media_type(content_type or _UNNAMED)
    best, closeness = None, 0
    for media in body.media:
        if (found := media.accepts.admits(given)) > closeness:
            best, closeness = media, found
    return best


def _unsupported(body: RequestBody, method: str, content_type: str) -> Refusal:
    offered = ", ".join(media.media_type for media in body.media)
    if content_type:
        message = f"{content_type[:100]} is not supported; send {offered}"
    else:
        message = f"the body has no Content-Type; send {offered}"
    names = ["Accept", *([_OFFERS[method]] if method in _OFFERS else [])]
    headers = tuple((name, offered) for name in names)
    return Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message, headers=headers)


# --- readers ---


@dataclass(frozen=True, slots=True)
class MediaContent:
    """The schemas and encodings that a document gives for one media type."""

    shape: Shape = TEXT
    validator: Validator | None = None
    item_validator: Validator | None = None
    """For each item of a sequence; None if the schema describes the whole sequence."""
    encodings: "Mapping[str, Encoding]" = field(default_factory=dict)


def reader_of(name: str, content: MediaContent) -> ReadBody:
    """Return the reader for bodies of a media type or of a media range."""
    if name.endswith("/*"):
        return RangeReader(content)
    return _READERS[family_of(name)](content)


class JsonReader:
    """Reads JSON bodies, with fewer calls than `BodyReader`."""

    __slots__ = ("_complete", "_validator")

    def __init__(self, validator: Validator | None, shape: Shape) -> None:
        self._validator = validator
        self._complete = None if validator is None else BodyCompleter(shape)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value of a body and its violations.

        Raises:
            Refusal: `malformed` if the body is not JSON.
        """
        is_utf8 = content_type in _JSON_IN_UTF8
        value = parse_json(body) if is_utf8 else json_of(body, content_type)
        validator = self._validator
        if validator is not None and not validator.is_valid(value):
            value = with_whole_numbers(value)
            if violations := validator.violations(value, "body"):
                return value, violations
        complete = self._complete
        return (complete(value) if complete is not None and complete.has_work else value), []


class BodyReader:
    """Reads the bodies of a media type other than JSON."""

    __slots__ = ("_complete", "_decode", "_validator")

    def __init__(self, decode: Decoder, validator: Validator | None, shape: Shape) -> None:
        self._decode = decode
        self._validator = validator
        self._complete = None if validator is None else BodyCompleter(shape)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value of a body and its violations.

        Raises:
            Refusal: If the body cannot be decoded.
        """
        value, violations = self._decode(body, content_type)
        validator = self._validator
        if validator is not None and not validator.is_valid(value):
            value = with_whole_numbers(value)
            violations = [*violations, *validator.violations(value, "body")]
        if violations or self._complete is None:
            return value, violations
        return self._complete(value), violations


@dataclass(slots=True)
class RangeReader:
    """Reads the bodies of a media range such as `*/*`, each by its own media type."""

    content: MediaContent
    _readers: dict[str, ReadBody] = field(default_factory=dict)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value of a body and its violations.

        Raises:
            Refusal: If the body cannot be decoded.
        """
        family = family_of(media_type(content_type).name)
        if (reader := self._readers.get(family)) is None:
            reader = self._readers[family] = _READERS[family](self.content)
        return reader(body, content_type)


def _json_reader(content: MediaContent) -> JsonReader:
    return JsonReader(content.validator, content.shape)


def _form_reader(content: MediaContent) -> BodyReader:
    from mockserver.wire.forms import FormDecoder  # noqa: PLC0415 - forms import this module

    decoder = FormDecoder(content.shape, content.encodings)
    return BodyReader(decoder, content.validator, content.shape)


def _multipart_reader(content: MediaContent) -> BodyReader:
    from mockserver.wire.forms import MultipartDecoder  # noqa: PLC0415 - forms import this module

    decoder = MultipartDecoder(content.shape, content.encodings)
    return BodyReader(decoder, content.validator, content.shape)


def _xml_reader(content: MediaContent) -> BodyReader:
    from mockserver.wire.xml_decoding import XmlDecoder  # noqa: PLC0415 - most documents have no XML

    validator = content.validator if content.shape.is_structured else None
    return BodyReader(XmlDecoder(content.shape), validator, content.shape)


def _text_reader(content: MediaContent) -> BodyReader:
    """Return a reader of single values; schemas of arrays and objects are not applied to text."""
    shape = content.shape

    def decode(body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        return shape.read(text_of(body, content_type)), []

    return BodyReader(decode, content.validator if shape.is_scalar else None, shape)


def _binary_reader(content: MediaContent) -> BodyReader:
    """Return a reader that validates bytes as a string with one character for each byte."""
    is_string = not content.shape.types - {"string", "null"}
    validator = content.validator if is_string else None

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
    """Parse one JSON text per line, or one after each record separator (RFC 7464)."""
    separator = b"\x1e" if media_type(content_type).name.endswith("json-seq") else b"\n"
    lines = [line for line in body.split(separator, _MOST_ITEMS + 1) if line.strip()]
    if len(lines) > _MOST_ITEMS:
        raise Refusal(Kind.MALFORMED, f"the body has more than {_MOST_ITEMS:,} items")
    items = []
    for number, line in enumerate(lines, 1):
        try:
            items.append(parse_json(line))
        except Refusal as error:
            message = error.message.replace("the body", f"item {number} of the body", 1)
            raise Refusal(Kind.MALFORMED, message) from None
    return items, []


@dataclass(frozen=True, slots=True)
class _EachValidator:
    """Validates every item of a list against one schema."""

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


_READERS: Mapping[str, Callable[[MediaContent], ReadBody]] = {
    "json": _json_reader,
    "form": _form_reader,
    "multipart": _multipart_reader,
    "xml": _xml_reader,
    "sequence": _sequence_reader,
    "text": _text_reader,
    "binary": _binary_reader,
}
"""Functions that make the reader of a media type, by its family."""


# --- completing valid values ---


class BodyCompleter:
    """Adds the defaults of a schema to valid values, and removes read-only properties.

    A value is never changed in place: objects that change are copied.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._plans: dict[Shape, _CompletionPlan] = {}

    def __call__(self, value: JsonValue) -> JsonValue:
        """Return the completed value."""
        return self._completed(self._shape, value) if self.has_work else value

    @cached_property
    def has_work(self) -> bool:
        """True if the schema has a default or a read-only property; determined on first use."""
        return _can_change(self._shape)

    def _completed(self, shape: Shape, value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return self._completed_object(shape, value)
        if isinstance(value, list) and shape.items is not None:
            return [self._completed(shape.item(index), item) for index, item in enumerate(value)]
        return value

    def _completed_object(self, shape: Shape, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if (plan := self._plans.get(shape)) is None:
            plan = self._plans[shape] = _plan(shape)
        found = value | {name: plan.defaults[name] for name in plan.defaults if name not in value}
        for name in plan.read_only:
            found.pop(name, None)
        for name, member in plan.nested:
            if name in value:
                found[name] = self._completed(member, value[name])
        return found


class _CompletionPlan(NamedTuple):
    """The changes to make to an object of one schema."""

    defaults: dict[str, JsonValue]
    read_only: tuple[str, ...]
    nested: tuple[tuple[str, Shape], ...]
    """Properties whose values may have to be completed themselves."""


def _plan(shape: Shape) -> _CompletionPlan:
    members = shape.certain_properties.items()
    writable = [(name, member) for name, member in members if not member.is_read_only]
    return _CompletionPlan(
        {name: member.default for name, member in writable if member.default is not None},
        tuple(name for name, member in members if member.is_read_only),
        tuple((name, member) for name, member in writable if _can_change(member)),
    )


def _can_change(shape: Shape) -> bool:
    """Return True if a schema or one of its subschemas has a default or a read-only property.

    Schemas with more than 5,000 subschemas are not searched to the end; they give True.
    """
    waiting, seen = [shape], {id(shape)}
    while waiting and len(seen) < _MOST_SHAPES:
        for below in _subschemas(waiting.pop()):
            if below.is_read_only or below.default is not None:
                return True
            if id(below) not in seen:
                seen.add(id(below))
                waiting.append(below)
    return bool(waiting)


def _subschemas(shape: Shape) -> list[Shape]:
    return [*shape.certain_properties.values(), *([shape.items] if shape.items else [])]


# --- writing ---

_WRITTEN_AS_TEXT = ("text/", "application/javascript", "application/yaml", "multipart/")
_FIRST_BOUNDARY = re.compile(rb"\s*--([0-9A-Za-z'+_.-]{1,70})[ \t]*\r?\n")
"""The first boundary of an example that is a complete multipart body (RFC 2046, section 5.1.1)."""


def is_text(name: str) -> bool:
    """Return True if a media type, given without parameters, is text and not a binary file."""
    from mockserver.wire.body_formats import writer_of  # noqa: PLC0415 - it imports this module

    if name.startswith(_WRITTEN_AS_TEXT) or writer_of(name) is not None:
        return True
    return is_json(name) or is_xml(name)


def with_charset(content_type: str) -> str:
    """Add `charset=utf-8` to a text type that names no charset (RFC 9110, section 8.3.2)."""
    if content_type.lower().startswith("text/") and "charset" not in content_type.lower():
        return f"{content_type}; charset=utf-8"
    return content_type


def content_type_for(content_type: str, content: bytes = b"") -> str:
    """Return the Content-Type to send, with the charset or boundary that a client needs."""
    if content_type.lower().startswith("multipart/") and "boundary" not in content_type.lower():
        from mockserver.wire.body_formats import BOUNDARY  # noqa: PLC0415 - it imports this module

        first = _FIRST_BOUNDARY.match(content)
        boundary = first[1].decode() if first else BOUNDARY
        return f"{content_type}; boundary={boundary}"
    return with_charset(content_type)


def write(
    value: JsonValue, content_type: str, write_xml: Callable[[JsonValue], str] | None = None
) -> bytes:
    """Write a value as a body of a media type.

    Bytes are returned unchanged. A string is written as JSON for a JSON type; for other types it
    is taken as the complete body. Types without a format of their own get JSON.

    Args:
        value: The value, or the complete body.
        content_type: The media type, with or without parameters.
        write_xml: Writes a value as XML; without it, values are written to XML types as JSON.
    """
    if isinstance(value, bytes):
        return value
    if content_type == "application/json" or is_json(name := essence(content_type)):
        return json_bytes(value)
    from mockserver.wire.body_formats import (  # noqa: PLC0415 - it imports this module
        multipart_bytes,
        writer_of,
    )

    if (writer := writer_of(name)) is not None:
        return writer(value)
    is_markup = isinstance(value, str) and value.lstrip().startswith("<")
    if write_xml is not None and is_xml(name) and not is_markup:
        return write_xml(value).encode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return multipart_bytes(value) if name.startswith("multipart/") else json_bytes(value)


def json_bytes(value: JsonValue) -> bytes:
    """Write any value as JSON."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # an integer beyond 64 bits, or half of a surrogate pair
        return write_json(value)
