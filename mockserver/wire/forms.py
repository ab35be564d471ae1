"""Forms, urlencoded and multipart, made objects by the properties of a schema."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.base import http
from mockserver.base.http import media_type
from mockserver.base.json import JsonValue, escape
from mockserver.model.contents import Parameters
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.schemas.shapes import Shape
from mockserver.wire.form_fields import (
    Branch,
    ReadField,
    UndecodableError,
    build,
    grouped,
    read_all,
    unquoted,
)
from mockserver.wire.media import binary_text, parse_json, text_of
from mockserver.wire.multipart import Part, parts_of
from mockserver.wire.parameter_styles import CUTS


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one property of a form is written (OpenAPI's Encoding Object)."""

    content_types: tuple[str, ...] = ()
    """Media types that its parts may have; empty if any."""
    style: str | None = None
    explode: bool = True
    headers: Parameters | None = None
    """The header fields of its parts."""

    @property
    def is_json(self) -> bool:
        """Its values are written as JSON."""
        return bool(self.content_types) and all(map(is_json, self.content_types))


_PLAIN = Encoding()


def is_json(content_type: str) -> bool:
    """Tell whether a media type is JSON or written in it."""
    return http.is_json(media_type(content_type).name)


@dataclass(frozen=True, slots=True)
class FormDecoder:
    """Reads `application/x-www-form-urlencoded` bodies by the properties of a schema.

    An array is a repeated field; an object is written `name[member]=value`, or as JSON.
    """

    shape: Shape
    encodings: Mapping[str, Encoding] = field(default_factory=dict)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the fields as an object, and what is wrong with their encoding.

        Raises:
            Refusal: `malformed` if it is not text.
        """
        violations: list[Violation] = []
        fields = grouped(text_of(body, content_type), "body", violations)
        found, misfits = read_all(self.shape, fields, self._read)
        return found, [*violations, *misfits]

    def _read(self, name: str, branch: Branch) -> JsonValue:
        encoding, shape = self.encodings.get(name, _PLAIN), self.shape.member(name)
        if encoding.is_json:
            return _whole_or_items(shape, branch, lambda _shape, raw: _json(unquoted(raw)))
        if not encoding.explode and shape.is_array and not branch.members:
            cut = CUTS[encoding.style or "form"]
            branch = Branch([piece for raw in branch.raws for piece in cut.split(raw) if piece])
        return build(shape, branch, _read_field)


def _read_field(shape: Shape, raw: str) -> JsonValue:
    return read_text(shape, unquoted(raw))


def read_text(shape: Shape, text: str) -> JsonValue:
    """Read one field; an array or an object that is written as one text is JSON."""
    if shape.is_structured and text[:1] in ("[", "{"):
        return _json(text)
    return shape.read(text)


def _json(text: str) -> JsonValue:
    try:
        return parse_json(text)
    except Refusal:
        raise UndecodableError("is not JSON") from None


@dataclass(frozen=True, slots=True)
class MultipartDecoder:
    """Reads `multipart/form-data` bodies by the properties of a schema.

    A part is JSON if its media type, or its property's `encoding`, says so; a file is a text with
    one character for each byte unless it is UTF-8.
    """

    shape: Shape
    encodings: Mapping[str, Encoding] = field(default_factory=dict)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the parts as an object, and what is wrong with them.

        Raises:
            Refusal: `malformed` if it cannot be cut into parts.
        """
        fields: dict[str, list[Part]] = {}
        for part in parts_of(body, content_type):
            if (name := part.name) is None:
                message = "a part of the body has no name: Content-Disposition: form-data; name=…"
                raise Refusal(Kind.MALFORMED, message)
            fields.setdefault(name, []).append(part)
        found, violations = read_all(self.shape, fields, self._read)
        for name, encoding in self.encodings.items():
            for index, part in enumerate(fields.get(name, ())):
                is_item = self.shape.member(name).is_array
                pointer = f"/{escape(name)}" + (f"/{index}" if is_item else "")
                violations += _misfits(encoding, part, pointer)
        return found, violations

    def _read(self, name: str, branch: Branch) -> JsonValue:
        encoding, shape = self.encodings.get(name, _PLAIN), self.shape.member(name)
        return _whole_or_items(shape, branch, lambda below, part: _read_part(below, part, encoding))


def _whole_or_items(shape: Shape, branch: Branch, read: ReadField) -> JsonValue:
    """Make a value of what was sent under one name; one JSON array is all of an array."""
    if shape.is_array and len(branch.raws) == 1 and not branch.members:
        value = read(shape, branch.raws[0])
        if isinstance(value, list):
            return value
    return build(shape, branch, read)


def _read_part(shape: Shape, part: Part, encoding: Encoding) -> JsonValue:
    content = part.content
    if is_json(part.content_type) or (not part.content_type and encoding.is_json):
        try:
            return parse_json(content)
        except Refusal:
            raise UndecodableError("is not JSON") from None
    if part.filename is not None:
        return binary_text(content)
    return read_text(shape, binary_text(content))


def _misfits(encoding: Encoding, part: Part, pointer: str) -> list[Violation]:
    """Name what of a part's header fields is not as its encoding says."""
    found: list[Violation] = []
    given = media_type(part.content_type or "text/plain")
    wanted = encoding.content_types
    if wanted and not any(media_type(item).admits(given) for item in wanted):
        is_told = bool(part.content_type) or part.filename is not None
        if is_told or not all(item.startswith("text/") or is_json(item) for item in wanted):
            message = f"must have the media type {' or '.join(wanted)}"
            found.append(Violation("body", pointer, "contentType", message))
    if encoding.headers is not None:
        _, misfits = encoding.headers.decode({}, "", part.headers)
        for item in misfits:
            message = f"has a header {item.field} that {item.message}"
            found.append(Violation("body", pointer, item.keyword, message))
    return found
