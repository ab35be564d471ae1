"""Compile responses objects: the documented answers of an operation.

`operations.py` calls `AnswerCompiler.compile`; out come `DocumentedResponse` objects, one for each
status, with headers, media types, examples and schemas. Invalid parts are left out with a warning,
and nothing is raised; examples are added to the `ExampleChecks`, and stay as they are. Only files
of `externalValue` examples are read. `engine/documented_answers.py` writes answers from the result.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.base import http
from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, as_warnings, warning
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References, resolve_or_warn
from mockserver.model.contents import DocumentedResponse, Example, ResponseHeader, ResponseMedia
from mockserver.schemas.example_checks import VALUE_KEYS, ExampleChecks
from mockserver.schemas.sampling.given_examples import as_text
from mockserver.schemas.validators import Schemas
from mockserver.wire.negotiation import Holds

_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)|default", re.IGNORECASE)
_MISPLACED = ("example", "examples", "schema")
"""Keys of a media type object that are often written in a response object by mistake."""
_IGNORED_HEADERS = http.SERVER_FIELDS | {
    "content-type",
    "date",
    "mock-request-id",
    "mock-reason",
    "mock-why",
}
"""Documented headers that are ignored: the mock writes these itself, or does not compress."""
_CONSEQUENCE = "it is served unchanged"


@dataclass(frozen=True, slots=True)
class AnswerCompiler:
    """Compiles responses objects, with their headers, media types and examples."""

    references: References
    schemas: Schemas
    example_checks: ExampleChecks
    problems: list[SpecProblem]

    def compile(self, place: Place) -> tuple[DocumentedResponse, ...]:
        """Compile a responses object."""
        if not isinstance(place.value, dict):
            message = "the operation has no responses"
            self.problems.append(
                warning("MS122", place.source, message, "it answers 200 without a body")
            )
        responses = []
        for status, member in place.members():
            if _STATUS.fullmatch(status):
                responses.append(self._response(status, self._resolve(member)))
            elif not status.startswith("x-"):
                message = f"{status[:40]!r} is not a status code, such as 200, 4XX or default"
                self.problems.append(warning("MS123", member.source, message))
        return tuple(responses)

    def _resolve(self, place: Place) -> Place:
        return resolve_or_warn(place, self.references, self.problems)

    def _response(self, status: str, place: Place) -> DocumentedResponse:
        for key in _MISPLACED if isinstance(place.value, dict) else ():
            if key in place.value:
                message = f"a response object cannot have `{key}`"
                hint = "move it into a media type under `content`"
                self.problems.append(warning("MS124", place.child(key).source, message, hint))
        description = str(place.child("description").value or "")
        fields = tuple(self._headers(place.child("headers")))
        return DocumentedResponse(status, description, tuple(self._content(place)), fields)

    def _headers(self, place: Place) -> Iterator[ResponseHeader]:
        for name, member in place.members():
            header = self._resolve(member)
            if not http.is_field_name(name):
                message = f"{name[:40]!r} is not a valid header name"
                self.problems.append(warning("MS125", member.source, message, "it is ignored"))
            elif isinstance(header.value, dict) and name.lower() not in _IGNORED_HEADERS:
                yield self._header(name, header)

    def _header(self, name: str, place: Place) -> ResponseHeader:
        content = place.child("content").members()
        holder = self._resolve(content[0][1]) if content else place
        schema = holder.child("schema")
        examples = list(self._examples(holder, ""))
        examples = examples or list(_schema_examples(self.schemas.resolve(schema)))
        validator = None
        if schema.value is not None:
            validator = self.schemas.validator(schema, "response")
            for example in examples:
                self.example_checks.add(example, validator, "application/json", _CONSEQUENCE)
        return ResponseHeader(
            name=name,
            required=place.child("required").value is True,
            examples=tuple(example.value for example in examples[:1]),
            schema=validator,
            explode=place.child("explode").value is True,
            is_json=bool(content),
        )

    def _content(self, place: Place) -> Iterator[ResponseMedia]:
        for media_type, member in place.child("content").members():
            if http.media_type(media_type).is_usable:
                yield self._media(media_type, self._resolve(member))
            else:
                message = f"{media_type[:40]!r} is not a media type, such as application/json"
                self.problems.append(warning("MS120", member.source, message, "it is ignored"))

    def _media(self, media_type: str, place: Place) -> ResponseMedia:
        name = http.essence(media_type)
        schema, is_item = place.child("schema"), False
        if place.child("itemSchema").value is not None:
            schema, is_item = place.child("itemSchema"), True
        resolved = self.schemas.resolve(schema)
        examples = tuple(self._examples(place, media_type))
        if not examples and not is_item:
            examples = tuple(_schema_examples(resolved))
        holds = _held(resolved.value, examples) if name.endswith("/*") else Holds.ANYTHING
        may_be_xml = http.is_xml(name) or name.endswith("/*")
        write_xml = self._xml_writer(schema) if may_be_xml else None
        if schema.value is None:
            return ResponseMedia(
                media_type, examples, None, write_xml=write_xml, holds=holds, source=place.source
            )
        validator = self.schemas.validator(schema, "response")
        is_stream = is_item or (http.is_stream(name) and not _is_array(resolved.value))
        for example in examples:
            self.example_checks.add(
                example, validator, media_type, _CONSEQUENCE, is_sequence=is_stream
            )
        return ResponseMedia(
            media_type,
            examples,
            validator,
            is_stream=is_stream,
            write_xml=write_xml,
            holds=holds,
            source=place.source,
        )

    def _xml_writer(self, schema: Place) -> Callable[[JsonValue], str]:
        from mockserver.wire.xml_writing import XmlWriter  # noqa: PLC0415 - few APIs answer XML

        return XmlWriter(schema, self.schemas)

    def _examples(self, place: Place, media_type: str) -> Iterator[Example]:
        value = place.value
        if isinstance(value, dict) and "example" in value:
            yield Example("", value["example"], place.child("example").source)
        for name, member in place.child("examples").members():
            example = self._resolve(member)
            given = example.value if isinstance(example.value, dict) else {}
            if isinstance(serialized := given.get("serializedValue"), str):
                yield Example(name, serialized.encode(), example.child("serializedValue").source)
            elif key := next((key for key in VALUE_KEYS if key in given), None):
                yield Example(name, given[key], example.child(key).source)
            elif isinstance(given.get("externalValue"), str):
                yield from self._external(name, example.child("externalValue"), media_type)
            elif example.value is not None:
                message = "an example needs a `value`, `serializedValue` or `externalValue`"
                self.problems.append(warning("MS402", example.source, message))

    def _external(self, name: str, place: Place, media_type: str) -> Iterator[Example]:
        """Yield the example in the file that `externalValue` names, if it can be read."""
        try:
            content = self.references.content(place)
            yield Example(name, _read(content, str(place.value), media_type), place.source)
        except SpecError as error:
            self.problems.extend(as_warnings(error.problems))


def _read(content: bytes, file: str, media_type: str) -> JsonValue:
    """Read an example's file: a parsed value for JSON media types, else the bytes."""
    if not http.is_json(http.essence(media_type)):
        return content
    is_yaml = file.lower().endswith((".yaml", ".yml"))
    return parse_document(content, file if is_yaml else f"{file}.json").value


def _held(schema: JsonValue, examples: Sequence[Example]) -> Holds:
    """Return what the body of a media range is, by its examples or else by its schema."""
    if examples:
        is_text = isinstance(examples[0].value, str | bytes)
        return Holds.ANYTHING if is_text else Holds.VALUE
    rules: Mapping[str, Any] = schema if isinstance(schema, dict) else {}
    types = rules.get("type")
    types = {str(one) for one in (types if isinstance(types, list) else [types] if types else ())}
    if types <= {"string", "null"} and rules.get("format") == "binary":
        return Holds.OCTETS
    if (
        types <= {"string", "null"}
        and "contentMediaType" in rules
        and not rules.get("contentEncoding")
    ):
        return Holds.OCTETS
    return Holds.ANYTHING if not rules or "string" in types else Holds.VALUE


def _is_array(schema: JsonValue) -> bool:
    kind = schema.get("type") if isinstance(schema, dict) else None
    return kind == "array" or (isinstance(kind, list) and "array" in kind)


def _schema_examples(place: Place) -> Iterator[Example]:
    """Yield one example from a schema: of `example`, `examples` or `default`, the first it has."""
    schema: Mapping[str, Any] = place.value if isinstance(place.value, dict) else {}
    examples = schema.get("examples")
    if "example" in schema:
        yield Example("", as_text(schema, schema["example"]), place.child("example").source)
    elif isinstance(examples, list) and examples:
        yield Example("", as_text(schema, examples[0]), place.descend("examples", 0).source)
    elif "default" in schema:
        yield Example("", as_text(schema, schema["default"]), place.child("default").source)
