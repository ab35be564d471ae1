"""Documented answers of an operation, compiled."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.errors import SpecError, SpecProblem
from mockserver.exchange import JsonValue
from mockserver.model import DocumentedResponse, Example, ResponseHeader, ResponseMedia
from mockserver.spec.documents import parse_document
from mockserver.spec.references import Place, References
from mockserver.spec.schemas import Schemas

_STREAMED = ("ndjson", "jsonl", "json-seq", "event-stream", "json-stream", "stream+json")
_OWN_FIELDS = frozenset(("content-type", "content-length", "transfer-encoding", "connection"))
"""Headers that the server writes itself."""


@dataclass(frozen=True, slots=True)
class AnswerCompiler:
    """Compiles what a document says of answers."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]
    remarks: list[SpecProblem] = field(default_factory=list)

    def compile(self, place: Place) -> tuple[DocumentedResponse, ...]:
        """Compile a responses object."""
        return tuple(
            self._response(str(status), self._resolve(member))
            for status, member in place.members()
            if not status.startswith("x-")
        )

    def _resolve(self, place: Place) -> Place:
        try:
            return self.references.resolve(place)
        except SpecError as error:
            self.problems.extend(error.problems)
            return Place(place.document, place.pointer, None)

    def _response(self, status: str, place: Place) -> DocumentedResponse:
        media = tuple(self._media(*item) for item in place.child("content").members())
        headers = tuple(
            self._header(name, self._resolve(member))
            for name, member in place.child("headers").members()
            if name.lower() not in _OWN_FIELDS
        )
        description = str(place.child("description").value or "")
        return DocumentedResponse(status, description, media, headers)

    def _header(self, name: str, place: Place) -> ResponseHeader:
        content = place.child("content").members()
        holder = content[0][1] if content else place
        schema = holder.child("schema")
        examples = [example.value for example in self._examples(holder, "")]
        if not examples:
            examples = [example.value for example in _schema_examples(self._resolve(schema))]
        return ResponseHeader(
            name=name,
            required=place.child("required").value is True,
            examples=tuple(examples[:1]),
            schema=None if schema.value is None else self.schemas.validator(schema, "response"),
            explode=place.child("explode").value is True,
            is_json=bool(content),
        )

    def _media(self, media_type: str, place: Place) -> ResponseMedia:
        place = self._resolve(place)
        is_streamed = any(mark in media_type.lower() for mark in _STREAMED)
        schema, is_item = place.child("schema"), False
        if place.child("itemSchema").value is not None:
            schema, is_item = place.child("itemSchema"), True
        resolved = self._resolve(schema)
        examples = tuple(self._examples(place, media_type))
        if not examples and not is_item:
            examples = tuple(_schema_examples(resolved))
        if schema.value is None:
            return ResponseMedia(media_type, examples, None, source=place.source)
        return ResponseMedia(
            media_type,
            examples,
            self.schemas.validator(schema, "response"),
            is_stream=is_item or (is_streamed and not _is_array(resolved.value)),
            write_xml=self._xml_writer(schema) if "xml" in media_type.lower() else None,
            source=place.source,
        )

    def _xml_writer(self, schema: Place) -> Callable[[JsonValue], str]:
        from mockserver.spec.xml_text import XmlWriter  # noqa: PLC0415 - few APIs answer XML

        return XmlWriter(schema, self.references)

    def _examples(self, place: Place, media_type: str) -> Iterator[Example]:
        value = place.value
        if isinstance(value, dict) and "example" in value:
            yield Example("", value["example"], place.child("example").source)
        for name, member in place.child("examples").members():
            example = self._resolve(member)
            given = example.value if isinstance(example.value, dict) else {}
            if isinstance(written := given.get("serializedValue"), str):
                yield Example(name, written.encode(), example.child("serializedValue").source)
            elif key := next((key for key in ("value", "dataValue") if key in given), None):
                yield Example(name, given[key], example.child(key).source)
            elif isinstance(given.get("externalValue"), str):
                yield from self._external(name, example.child("externalValue"), media_type)

    def _external(self, name: str, place: Place, media_type: str) -> Iterator[Example]:
        """Yield an example that stands in a file beside the document, if it can be read."""
        try:
            content = self.references.content(place)
            yield Example(name, _read(content, str(place.value), media_type), place.source)
        except SpecError as error:
            self.remarks.extend(error.problems)


def _read(content: bytes, file: str, media_type: str) -> JsonValue:
    """Read an example's file: YAML as a value where JSON is sent, anything else as it is."""
    if "json" not in media_type.lower() or any(mark in media_type for mark in _STREAMED):
        return content
    is_yaml = file.lower().endswith((".yaml", ".yml"))
    return parse_document(content, file if is_yaml else f"{file}.json").value


def _is_array(schema: JsonValue) -> bool:
    kind = schema.get("type") if isinstance(schema, dict) else None
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


def _schema_examples(place: Place) -> Iterator[Example]:
    """Yield the value that a schema gives for itself."""
    schema: Mapping[str, Any] = place.value if isinstance(place.value, dict) else {}
    several = schema.get("examples")
    if "example" in schema:
        yield Example("", schema["example"], place.child("example").source)
    elif isinstance(several, list) and several:
        yield Example("", several[0], place.descend("examples", 0).source)
    elif "default" in schema:
        yield Example("", schema["default"], place.child("default").source)
