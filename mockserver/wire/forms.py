"""Decode forms, URL-encoded and multipart, to objects by the properties of a schema.

`media.py` makes a `FormDecoder`, a `MultipartDecoder` (form-data) or a `PartsDecoder` (other
multipart types, also to a list) and calls it with a body: out come a value and violations of its
encoding. A `Refusal` is raised if the body cannot be split, has too many JSON values or, as a form,
an unknown charset. `media.py` then validates the value against the schema.
`openapi/request_bodies.py` makes each `Encoding`. Forms are written in `body_formats.py`.
"""

from collections.abc import Mapping, Sequence
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
from mockserver.wire.media import binary_text, check_number_of_values, parse_json, text_of
from mockserver.wire.multipart import Part, parts_of
from mockserver.wire.parameter_styles import separator_of


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of one property of a form (OpenAPI's Encoding Object)."""

    content_types: tuple[str, ...] = ()
    """Media types that its parts may have; empty if all are allowed."""
    style: str | None = None
    explode: bool = True
    headers: Parameters | None = None
    """The headers of its parts."""

    @property
    def is_json(self) -> bool:
        """True if its values are written as JSON."""
        return bool(self.content_types) and all(map(_is_json, self.content_types))


_PLAIN = Encoding()


def _is_json(content_type: str) -> bool:
    """Return True if a media type is JSON or is based on it, such as `application/ld+json`."""
    return http.is_json(media_type(content_type).name)


@dataclass(frozen=True, slots=True)
class FormDecoder:
    """Reads `application/x-www-form-urlencoded` bodies by the properties of a schema.

    An array is a repeated field. An object is written as `name[member]=value`, or as JSON.
    """

    shape: Shape
    encodings: Mapping[str, Encoding] = field(default_factory=dict)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the fields as an object, and the violations of their encoding.

        Raises:
            Refusal: `malformed` if the body is not text.
        """
        violations: list[Violation] = []
        fields = grouped(text_of(body, content_type), "body", violations)
        given = (raw for name in fields for raw in fields[name] if raw.lstrip()[:1] in _JSON_STARTS)
        check_number_of_values(_unquoted_bytes(raw) for raw in given)
        found, unreadable = read_all(self.shape, fields, self._read)
        return found, [*violations, *unreadable]

    def _read(self, name: str, branch: Branch) -> JsonValue:
        encoding, shape = self.encodings.get(name, _PLAIN), self.shape.member(name)
        if encoding.is_json:
            return _whole_or_items(shape, branch, lambda _shape, raw: _json(unquoted(raw)))
        if not encoding.explode and shape.is_array and not branch.members:
            separator = separator_of(encoding.style or "form", shape)
            items = [item for raw in branch.raws for item in separator.split(raw) if item]
            branch = Branch(items)
        elif shape.separator is not None and len(branch.raws) == 1 and not branch.members:
            return _read_text(shape, unquoted(branch.raws[0]))
        return build(shape, branch, _read_field)


_JSON_STARTS = ("[", "{", "%")
"""First characters of a field that may be JSON; `%` begins an encoded bracket."""


def _unquoted_bytes(raw: str) -> bytes:
    """Return a field, decoded if it begins with an encoded bracket; empty if it is not UTF-8."""
    if raw.startswith("%") and raw[:3].upper() not in ("%5B", "%7B"):
        return b""
    try:
        return unquoted(raw).encode("utf-8", "surrogatepass")
    except UndecodableError:
        return b""


def _read_field(shape: Shape, raw: str) -> JsonValue:
    return _read_text(shape, unquoted(raw))


def _read_text(shape: Shape, text: str) -> JsonValue:
    """Read one decoded field; an array or an object in a single field is JSON."""
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

    A part is JSON if its own media type is JSON, or if it has none and the `encoding` of its
    property is JSON. A file becomes a string: decoded as UTF-8, or else one character per byte.
    """

    shape: Shape
    encodings: Mapping[str, Encoding] = field(default_factory=dict)

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the parts as an object, and their violations.

        Raises:
            Refusal: `malformed` if the body cannot be split into named parts.
        """
        fields: dict[str, list[Part]] = {}
        for part in parts_of(body, content_type):
            if (name := part.name) is None:
                message = "a part of the body has no name: Content-Disposition: form-data; name=…"
                raise Refusal(Kind.MALFORMED, message)
            fields.setdefault(name, []).append(part)
        return self.members(fields)

    def members(
        self, fields: Mapping[str, list[Part]]
    ) -> tuple[dict[str, JsonValue], list[Violation]]:
        """Read parts by their names as an object."""
        given = (part.content for name in fields for part in fields[name])
        check_number_of_values(text for text in given if text.lstrip()[:1] in (b"[", b"{"))
        found, violations = read_all(self.shape, fields, self._read)
        for name, encoding in self.encodings.items():
            for index, part in enumerate(fields.get(name, ())):
                is_item = self.shape.member(name).is_array
                pointer = f"/{escape(name)}" + (f"/{index}" if is_item else "")
                violations += _encoding_violations(encoding, part, pointer)
        return found, violations

    def _read(self, name: str, branch: Branch) -> JsonValue:
        encoding, shape = self.encodings.get(name, _PLAIN), self.shape.member(name)
        return _whole_or_items(shape, branch, lambda below, part: _read_part(below, part, encoding))


@dataclass(frozen=True, slots=True)
class PartsDecoder:
    """Reads the bodies of other multipart types, such as `multipart/mixed` (RFC 2046, 5.1).

    The parts are the items of an array, or the members of an object: by the names in their
    Content-Disposition. Parts without a name are the other properties in the order of the schema,
    and after these they are named by their position.
    """

    shape: Shape
    encodings: Mapping[str, Encoding] = field(default_factory=dict)
    prefix_encodings: Sequence[Encoding] = ()
    """The encodings of the first items of an array."""
    item_encoding: Encoding = _PLAIN
    """The encoding of the other items."""
    is_sequence: bool = False
    """True if the shape is that of each item."""

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the parts as an array or an object, and their violations.

        Raises:
            Refusal: `malformed` if the body cannot be split into parts.
        """
        parts, shape = parts_of(body, content_type), self.shape
        is_named = all(part.label is not None for part in parts)
        if self.is_sequence or shape.is_array or not (shape.types or is_named):
            return self._items(parts)
        return MultipartDecoder(shape, self.encodings).members(self._named(parts))

    def _named(self, parts: Sequence[Part]) -> dict[str, list[Part]]:
        labels = {part.label for part in parts}
        unused = iter([name for name in self.shape.properties if name not in labels])
        found: dict[str, list[Part]] = {}
        for index, part in enumerate(parts):
            name = next(unused, str(index)) if part.label is None else part.label
            found.setdefault(name, []).append(part)
        return found

    def _items(self, parts: Sequence[Part]) -> tuple[list[JsonValue], list[Violation]]:
        found: list[JsonValue] = []
        violations: list[Violation] = []
        first = self.prefix_encodings
        for index, part in enumerate(parts):
            encoding = first[index] if index < len(first) else self.item_encoding
            shape = self.shape if self.is_sequence else self.shape.item(index)
            try:
                found.append(_read_part(shape, part, encoding))
            except UndecodableError as error:
                found.append(None)
                violations.append(Violation("body", f"/{index}", "encoding", str(error)))
            violations += _encoding_violations(encoding, part, f"/{index}")
        return found, violations


def _whole_or_items(shape: Shape, branch: Branch, read: ReadField) -> JsonValue:
    """Build the value of one name; a single JSON array is the whole array, not an item of it."""
    if shape.is_array and len(branch.raws) == 1 and not branch.members:
        value = read(shape, branch.raws[0])
        if isinstance(value, list):
            return value
    return build(shape, branch, read)


def _read_part(shape: Shape, part: Part, encoding: Encoding) -> JsonValue:
    content = part.content
    if _is_json(part.content_type) or (not part.content_type and encoding.is_json):
        try:
            return parse_json(content)
        except Refusal:
            raise UndecodableError("is not JSON") from None
    if part.filename is not None:
        return binary_text(content)
    return _read_text(shape, binary_text(content))


def _encoding_violations(encoding: Encoding, part: Part, pointer: str) -> list[Violation]:
    """List the headers of a part that its encoding does not allow."""
    found: list[Violation] = []
    given = media_type(part.content_type or "text/plain")
    wanted = encoding.content_types
    if wanted and not any(media_type(item).admits(given) for item in wanted):
        has_type = bool(part.content_type) or part.filename is not None
        if has_type or not all(item.startswith("text/") or _is_json(item) for item in wanted):
            message = f"must have the media type {' or '.join(wanted)}"
            found.append(Violation("body", pointer, "contentType", message))
    if encoding.headers is not None:
        _, violations = encoding.headers.decode({}, "", part.headers)
        for item in violations:
            message = f"has a header {item.field} that {item.message}"
            found.append(Violation("body", pointer, item.keyword, message, item.tolerated))
    return found
