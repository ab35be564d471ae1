"""Request bodies and documented answers of an operation, compiled."""

from collections.abc import Iterator
from dataclasses import dataclass

from mockserver.errors import SpecError, SpecProblem
from mockserver.exchange import JsonValue
from mockserver.model import (
    DocumentedResponse,
    Example,
    RequestBody,
    RequestMedia,
    ResponseMedia,
)
from mockserver.spec.parameters import FormDecoder, shape_of
from mockserver.spec.references import Place, References
from mockserver.spec.schemas import Schemas

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class BodyCompiler:
    """Compiles what a document says of bodies."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]

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
        schema = place.child("schema")
        if schema.value is None:
            return RequestMedia(media_type.lower(), None)
        validator = self.schemas.validator(schema, "request")
        form = None
        if media_type.lower() == FORM:
            form = FormDecoder(shape_of(self.resolve(schema), self.references))
        bundle = self.schemas.bundle(schema, "request")
        return RequestMedia(media_type.lower(), validator, form, bundle.schema)

    def responses(self, place: Place) -> tuple[DocumentedResponse, ...]:
        """Compile a responses object."""
        return tuple(
            self._response(str(status), self.resolve(member))
            for status, member in place.members()
            if not status.startswith("x-")
        )

    def _response(self, status: str, place: Place) -> DocumentedResponse:
        media = tuple(self._response_media(*item) for item in place.child("content").members())
        headers = dict(self._headers(place.child("headers")))
        description = str(place.child("description").value or "")
        return DocumentedResponse(status, description, media, headers)

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
        validator = self.schemas.validator(schema, "response")
        return ResponseMedia(media_type.lower(), examples, bundle.schema, validator)

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
