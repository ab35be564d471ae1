"""Request bodies and documented answers of an operation, compiled."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mockserver import headers
from mockserver.errors import SpecError, SpecProblem
from mockserver.exchange import JsonValue
from mockserver.model import (
    DocumentedResponse,
    Example,
    RequestBody,
    RequestMedia,
    ResponseMedia,
)
from mockserver.spec.forms import Encoding
from mockserver.spec.media import Content, family_of, reader_of
from mockserver.spec.parameter_objects import ParameterCompiler
from mockserver.spec.parameters import ParameterSet
from mockserver.spec.references import Place, References
from mockserver.spec.schemas import Schemas
from mockserver.spec.shapes import Shapes
from mockserver.spec.styles import CUTS, style_of


@dataclass(frozen=True, slots=True)
class BodyCompiler:
    """Compiles what a document says of bodies."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]
    shapes: Shapes = field(init=False)
    parameters: ParameterCompiler = field(init=False)

    def __post_init__(self) -> None:
        shapes = Shapes(self.references, self.schemas.version != "3.0")
        object.__setattr__(self, "shapes", shapes)
        compiler = ParameterCompiler(self.schemas, shapes, self.problems)
        object.__setattr__(self, "parameters", compiler)

    def resolve(self, place: Place) -> Place:
        """Follow a reference; a bad one is noted and gives an empty place."""
        try:
            return self.references.resolve(place)
        except SpecError as error:
            self.problems.extend(error.problems)
            return Place(place.document, place.pointer, None)

    def request(self, place: Place) -> RequestBody | None:
        """Compile a request body object."""
        if place.value is None:
            return None
        body = self.resolve(place)
        media = tuple(self._request_media(*item) for item in body.child("content").members())
        if not media:
            if body.value is not None:
                problem = "a request body needs `content` with at least one media type"
                self.problems.append(SpecProblem(body.source, problem))
            return None
        return RequestBody(required=body.child("required").value is True, media=media)

    def _request_media(self, media_type: str, place: Place) -> RequestMedia:
        accepts = headers.media_type(media_type)
        read = reader_of(accepts.name, self._content(accepts.name, place))
        return RequestMedia(media_type.lower(), accepts, read)

    def _content(self, name: str, place: Place) -> Content:
        schema, item = place.child("schema"), place.child("itemSchema")
        if schema.value is None and item.value is None:
            return Content()
        if family_of(name) == "sequence":
            return self._sequence(schema, item)
        shape = self.shapes.of(schema)
        validator = self.schemas.validator(schema, "request")
        encodings = dict(self._encodings(place.child("encoding")))
        return Content(shape, validator, None, encodings)

    def _sequence(self, schema: Place, item: Place) -> Content:
        """Compile the schema of a sequence: of the whole if it describes an array, else of each."""
        shape = self.shapes.of(schema)
        each = item if item.value is not None else schema
        if each is schema and (shape.is_array or not shape.types):
            return Content(shape, self.schemas.validator(schema, "request"))
        validator = self.schemas.validator(each, "request")
        return Content(self.shapes.of(each), validator, validator)

    def _encodings(self, place: Place) -> Iterator[tuple[str, Encoding]]:
        """Yield how the properties of a form are written."""
        for name, member in place.members():
            value = member.value if isinstance(member.value, dict) else {}
            style, explode = style_of("query", value)
            content_types = str(member.child("contentType").value or "")
            fields = [
                self.parameters.compile(key, "header", header)
                for key, reference in member.child("headers").members()
                if isinstance((header := self.resolve(reference)).value, dict)
                and key.lower() != "content-type"
            ]
            yield (
                name,
                Encoding(
                    tuple(item.strip() for item in content_types.split(",") if item.strip()),
                    style if style in CUTS else None,
                    explode,
                    ParameterSet(fields) if fields else None,
                ),
            )

    def responses(self, place: Place) -> tuple[DocumentedResponse, ...]:
        """Compile a responses object."""
        return tuple(
            self._response(str(status), self.resolve(member))
            for status, member in place.members()
            if not status.startswith("x-")
        )

    def _response(self, status: str, place: Place) -> DocumentedResponse:
        media = tuple(self._response_media(*item) for item in place.child("content").members())
        fields = dict(self._headers(place.child("headers")))
        description = str(place.child("description").value or "")
        return DocumentedResponse(status, description, media, fields)

    def _headers(self, place: Place) -> Iterator[tuple[str, JsonValue]]:
        """Yield the headers for which the document gives a value to send."""
        for name, member in place.members():
            header = self.resolve(member)
            if name.lower() == "content-type":
                continue
            examples = [example.value for example in self._examples(header)]
            schema = self.resolve(header.child("schema")).value
            if not examples and isinstance(schema, dict):
                examples = [schema[key] for key in ("example", "default") if key in schema]
            if examples:
                yield name, examples[0]

    def _response_media(self, media_type: str, place: Place) -> ResponseMedia:
        schema = place.child("schema")
        examples = tuple(self._examples(place))
        if schema.value is None:
            return ResponseMedia(media_type.lower(), examples, None)
        resolved = self.resolve(schema).value
        if not examples and isinstance(resolved, dict):
            examples = tuple(_schema_examples(resolved))
        bundle = self.schemas.bundle(schema, "response")
        return ResponseMedia(media_type.lower(), examples, bundle.schema)

    def _examples(self, place: Place) -> Iterator[Example]:
        if isinstance(place.value, dict) and "example" in place.value:
            yield Example("", place.value["example"])
        for name, member in place.child("examples").members():
            example = self.resolve(member).value
            if isinstance(example, dict) and "value" in example:
                yield Example(name, example["value"])


def _schema_examples(schema: dict[str, JsonValue]) -> Iterator[Example]:
    if "example" in schema:
        yield Example("", schema["example"])
    elif isinstance(schema.get("examples"), list) and schema["examples"]:
        yield Example("", schema["examples"][0])
    elif "default" in schema:
        yield Example("", schema["default"])
