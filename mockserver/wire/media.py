"""Read and write bodies by their media type.

`read_body` gets the media types of an operation and a request: out come a value, with the defaults
of its schema and without read-only members, and its violations; or it raises a `Refusal`
(`malformed`, `unsupported_media_type`, `too_large`). `write` gets a value, which it does not
validate, and a media type: out come bytes. `engine/pipeline.py` and `contract/conformance.py` read,
`engine/rendering.py` and `engine/documented_answers.py` write; `openapi/request_bodies.py` makes
readers at load time. Many others use only `parse_json`, `json_of`, `json_bytes`.
"""

# Reading a body takes three steps: decode the bytes to a value, validate the value against the
# schema of the media type, and complete it with defaults. JSON has its own reader with fewer calls,
# because most bodies are JSON. Modules for other formats are imported when a document first uses
# the format.

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import orjson

from mockserver.base.http import (
    essence,
    is_json,
    is_xml,
    media_type,
)
from mockserver.base.json import JsonValue, with_whole_numbers
from mockserver.model.contents import ReadBody, RequestBody, RequestMedia, Validator
from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.schemas.shapes import TEXT, Shape
from mockserver.wire.boolean_spellings import respelled
from mockserver.wire.long_integers import (
    DIGITS_AS_ZERO,
    LONG_NUMBER,
    MOST_DIGITS,
    TooLongIntegerError,
    read_json,
    write_json,
)
from mockserver.wire.media_families import family_of

if TYPE_CHECKING:
    from mockserver.wire.forms import Encoding

DEEPEST = 100
"""Maximum levels of nesting of a body."""
MOST_VALUES = 500_000
"""Maximum number of JSON values in a body; every one takes time to validate."""
_Decoder = Callable[[bytes, str], tuple[JsonValue, list[Violation]]]
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
_joined = b"".join
"""Copies bytes of orjson, which keep the whole buffer that they were written to: 4 kB or more."""
_MOST_SHAPES = 5_000
_MOST_ITEMS = 100_000
_MOST_VIOLATIONS = 50


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
    if body.count(b"[") + body.count(b"{") > deepest and is_too_deep(body, deepest):
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


def is_too_deep(body: bytes, deepest: int) -> bool:
    """Return True if brackets outside of strings are nested too deeply."""
    depth = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            return True
    return False


def check_number_of_values(texts: Iterable[bytes]) -> None:
    """Check that the JSON texts of one body have at most 500,000 values together.

    Raises:
        Refusal: `too_large`, with the bound.
    """
    given = list(texts)
    if sum(map(_most_values, given)) > MOST_VALUES and sum(map(_values, given)) > MOST_VALUES:
        raise Refusal(Kind.TOO_LARGE, f"the body has more than {MOST_VALUES:,} JSON values")


def _most_values(text: bytes) -> int:
    """Return an upper bound for the number of values: commas and brackets in strings count too."""
    return 1 + text.count(b",") + text.count(b"[") + text.count(b"{")


def _values(text: bytes) -> int:
    """Return the number of values: the first one, and those after a comma or an opening bracket."""
    outside = _STRINGS.sub(b'"', text)
    return _most_values(outside) - outside.count(b"{}") - outside.count(b"[]")


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
    prefix_encodings: "tuple[Encoding, ...]" = ()
    """For the first parts of a multipart body that is an array."""
    item_encoding: "Encoding | None" = None
    """For the other parts of such a body."""


def reader_of(name: str, content: MediaContent) -> ReadBody:
    """Return the reader for bodies of a media type or of a media range."""
    if name.endswith("/*"):
        return _RangeReader(content)
    return _READERS[family_of(name)](content)


class _JsonReader:
    """Reads JSON bodies, with fewer calls than `_BodyReader`."""

    __slots__ = ("_complete", "_validator")

    def __init__(self, validator: Validator | None, shape: Shape) -> None:
        self._validator = validator
        self._complete = None if validator is None else _BodyCompleter(shape)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value of a body and its violations.

        Raises:
            Refusal: `malformed` if the body is not JSON.
        """
        is_utf8 = content_type in _JSON_IN_UTF8
        if len(body) > MOST_VALUES:
            check_number_of_values([body])
        value = parse_json(body) if is_utf8 else json_of(body, content_type)
        validator = self._validator
        if validator is not None and not validator.is_valid(value):
            value = with_whole_numbers(value)
            if violations := validator.violations(value, "body"):
                return value, violations
        complete = self._complete
        return (complete(value) if complete is not None and complete.has_work else value), []


class _BodyReader:
    """Reads the bodies of a media type other than JSON."""

    __slots__ = ("_complete", "_decode", "_form", "_validator")

    def __init__(
        self,
        decode: _Decoder,
        validator: Validator | None,
        shape: Shape,
        *,
        is_form: bool = False,
    ) -> None:
        self._decode = decode
        self._validator = validator
        self._complete = None if validator is None else _BodyCompleter(shape)
        self._form = shape if is_form else None

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value of a body and its violations.

        Raises:
            Refusal: If the body cannot be decoded.
        """
        value, violations = self._decode(body, content_type)
        validator = self._validator
        if validator is not None and not validator.is_valid(value):
            value = with_whole_numbers(value)
            if self._form is not None:
                value, found = respelled(self._form, value, "body")
                violations = [*violations, *found]
            violations = [*violations, *validator.violations(value, "body")]
        if self._complete is None or not all(one.tolerated for one in violations):
            return value, violations
        return self._complete(value), violations


@dataclass(slots=True)
class _RangeReader:
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


def _json_reader(content: MediaContent) -> _JsonReader:
    return _JsonReader(content.validator, content.shape)


def _form_reader(content: MediaContent) -> _BodyReader:
    from mockserver.wire.forms import FormDecoder  # noqa: PLC0415 - forms import this module

    decoder = FormDecoder(content.shape, content.encodings)
    return _BodyReader(decoder, content.validator, content.shape, is_form=True)


def _multipart_reader(content: MediaContent) -> _BodyReader:
    from mockserver.wire.forms import MultipartDecoder  # noqa: PLC0415 - forms import this module

    decoder = MultipartDecoder(content.shape, content.encodings)
    return _BodyReader(decoder, content.validator, content.shape, is_form=True)


def _parts_reader(content: MediaContent) -> ReadBody:
    """Return a reader of parts; a body whose schema is a string is not split."""
    from mockserver.wire.forms import Encoding, PartsDecoder  # noqa: PLC0415 - forms import this module

    shape, each = content.shape, content.item_validator
    if each is None and shape.types and not shape.is_structured:
        return _binary_reader(content)
    decoder = PartsDecoder(
        shape,
        content.encodings,
        content.prefix_encodings,
        content.item_encoding or Encoding(),
        is_sequence=each is not None,
    )
    if each is not None:
        return _BodyReader(decoder, _EachValidator(each), TEXT)
    return _BodyReader(decoder, content.validator, shape, is_form=True)


def _xml_reader(content: MediaContent) -> _BodyReader:
    from mockserver.wire.xml_decoding import XmlDecoder  # noqa: PLC0415 - most documents have no XML

    validator = content.validator if content.shape.is_structured else None
    return _BodyReader(XmlDecoder(content.shape), validator, content.shape)


def _text_reader(content: MediaContent) -> _BodyReader:
    """Return a reader of single values; schemas of arrays and objects are not applied to text."""
    shape = content.shape

    def decode(body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        return shape.read(text_of(body, content_type)), []

    return _BodyReader(decode, content.validator if shape.is_scalar else None, shape)


def _binary_reader(content: MediaContent) -> _BodyReader:
    """Return a reader that validates bytes as a string with one character for each byte."""
    is_string = not content.shape.types - {"string", "null"}
    validator = content.validator if is_string else None

    def decode(body: bytes, _content_type: str) -> tuple[JsonValue, list[Violation]]:
        violations: list[Violation] = []
        if validator is not None and not validator.is_valid(octets := body.decode("latin-1")):
            violations = validator.violations(octets, "body")
        return binary_text(body), violations

    return _BodyReader(decode, None, content.shape)


def _sequence_reader(content: MediaContent) -> _BodyReader:
    validator = content.validator
    if content.item_validator is not None:
        validator = _EachValidator(content.item_validator)
    return _BodyReader(_decode_sequence, validator, content.shape)


def _decode_sequence(body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
    """Parse one JSON text per line, or one after each record separator (RFC 7464)."""
    separator = b"\x1e" if media_type(content_type).name.endswith("json-seq") else b"\n"
    lines = [line for line in body.split(separator, _MOST_ITEMS + 1) if line.strip()]
    if len(lines) > _MOST_ITEMS:
        raise Refusal(Kind.MALFORMED, f"the body has more than {_MOST_ITEMS:,} items")
    check_number_of_values(lines)
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
    "parts": _parts_reader,
    "xml": _xml_reader,
    "sequence": _sequence_reader,
    "text": _text_reader,
    "binary": _binary_reader,
}
"""Functions that make the reader of a media type, by its family."""


# --- writing ---


def write(
    value: JsonValue, content_type: str, write_xml: Callable[[JsonValue], str] | None = None
) -> bytes:
    """Write a value as a body of a media type.

    Bytes are returned unchanged. A string is written as JSON for a JSON type; for other types it
    is taken as the complete body. Types without a format of their own get JSON.

    Args:
        value: The value, or the complete body.
        content_type: The media type, with or without parameters.
        write_xml: Writes a value as XML by its schema; without it, elements are named by members.
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
    if is_xml(name) and not is_markup and (write_xml or not isinstance(value, str)):
        return (write_xml or _plain_xml)(value).encode("utf-8", "replace")
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return multipart_bytes(value) if name.startswith("multipart/") else json_bytes(value)


def _plain_xml(value: JsonValue) -> str:
    from mockserver.wire.xml_writing import plain_xml  # noqa: PLC0415 - few APIs answer XML

    return plain_xml(value)


def json_bytes(value: JsonValue) -> bytes:
    """Write any value as JSON."""
    try:
        return _joined((orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), b""))
    except TypeError:  # an integer beyond 64 bits, or half of a surrogate pair
        return write_json(value)


# --- completing valid values ---


class _BodyCompleter:
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
