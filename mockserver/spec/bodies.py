"""Request bodies and documented answers of an operation, compiled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mockserver.errors import SpecProblem, warning
from mockserver.exchange import JsonValue
from mockserver.model import (
    DocumentedResponse,
    Example,
    RequestBody,
    RequestMedia,
    ResponseMedia,
)
from mockserver.spec.parameters import FormDecoder, shape_of
from mockserver.spec.references import Place, References, followed
from mockserver.spec.schemas import Schemas, SchemaValidator

FORM = "application/x-www-form-urlencoded"
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)|default", re.IGNORECASE)
_VALUES = ("value", "dataValue")
"""Where an example object has its value, up to OpenAPI 3.1 and since 3.2."""
_MISPLACED = ("example", "examples", "schema")
"""What a media type has, and no response."""


@dataclass(frozen=True, slots=True)
class BodyCompiler:
    """Compiles what a document says of bodies."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]
    _shown: list[tuple[Place, SchemaValidator]] = field(default_factory=list)
    """Examples, and what they should conform to."""

    def resolve(self, place: Place) -> Place:
        """Follow a reference; a bad one is noted and gives an empty place."""
        return followed(place, self.references, self.problems)

    def show(self, place: Place, validator: SchemaValidator) -> None:
        """Note the examples of a media type or a parameter, for `misfits`."""
        members = [self.resolve(member) for _, member in place.child("examples").members()]
        for example, keys in ((place, ("example",)), *((member, _VALUES) for member in members)):
            for key in keys:
                if isinstance(example.value, dict) and key in example.value:
                    self._shown.append((example.child(key), validator))

    def misfits(self) -> Iterator[SpecProblem]:
        """Yield the examples that do not conform to their schemas."""
        for place, validator in self._shown:
            for found in validator.violations(place.value, "")[:1]:
                source = place.document.source(place.pointer + found.pointer)
                yield warning(source, f"the example does not conform: {found.message}")

    def request(self, place: Place) -> RequestBody | None:
        """Compile a request body object."""
        if place.value is None:
            return None
        body = self.resolve(place)
        media = tuple(self._request_media(*item) for item in body.child("content").members())
        if not media:
            if body.value is not None:
                problem = "a request body needs `content` with at least one media type"
                self.problems.append(warning(body.source, problem, "none is read"))
            return None
        return RequestBody(required=body.child("required").value is True, media=media)

    def _request_media(self, media_type: str, place: Place) -> RequestMedia:
        place = self.resolve(place)
        schema = self._schema(place)
        if schema.value is None:
            return RequestMedia(media_type.lower(), None)
        validator = self.schemas.validator(schema, "request")
        self.show(place, validator)
        form = None
        if media_type.lower() == FORM:
            form = FormDecoder(shape_of(schema, self.schemas))
        return RequestMedia(media_type.lower(), validator, form)

    def responses(self, place: Place) -> tuple[DocumentedResponse, ...]:
        """Compile a responses object."""
        if not isinstance(place.value, dict):
            message = "the operation describes no responses"
            self.problems.append(warning(place.source, message, "it answers 200 without a body"))
        responses = []
        for status, member in place.members():
            if _STATUS.fullmatch(status):
                responses.append(self._response(status, self.resolve(member)))
            elif not status.startswith("x-"):
                message = f"{status[:40]!r} is not a status, such as 200, 4XX or default"
                self.problems.append(warning(member.source, message))
        return tuple(responses)

    def _schema(self, place: Place) -> Place:
        """Return the schema of a media type; of the items of a sequence there is none to read."""
        if isinstance(place.value, dict) and "itemSchema" in place.value:
            source = place.child("itemSchema").source
            self.problems.append(warning(source, "the items of a sequence are not checked"))
        return place.child("schema")

    def _response(self, status: str, place: Place) -> DocumentedResponse:
        for key in _MISPLACED if isinstance(place.value, dict) else ():
            if key in place.value:
                message = f"a response has no `{key}`"
                hint = "put it under `content` and a media type"
                self.problems.append(warning(place.child(key).source, message, hint))
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
            schema = self.schemas.resolve(header.child("schema")).value
            if not examples and isinstance(schema, dict):
                examples = [schema[key] for key in ("example", "default") if key in schema]
            if examples:
                yield name, examples[0]

    def _response_media(self, media_type: str, place: Place) -> ResponseMedia:
        place = self.resolve(place)
        schema = self._schema(place)
        examples = tuple(self._examples(place))
        if schema.value is None:
            return ResponseMedia(media_type.lower(), examples, None)
        resolved = self.schemas.resolve(schema).value
        if not examples and isinstance(resolved, dict):
            examples = tuple(_schema_examples(resolved))
        bundle = self.schemas.bundle(schema, "response")
        self.show(place, self.schemas.validator(schema, "response"))
        return ResponseMedia(media_type.lower(), examples, bundle.schema)

    def _examples(self, place: Place) -> Iterator[Example]:
        if isinstance(place.value, dict) and "example" in place.value:
            yield Example("", place.value["example"])
        for name, member in place.child("examples").members():
            example = self.resolve(member)
            value = example.value if isinstance(example.value, dict) else {}
            if key := next((key for key in _VALUES if key in value), None):
                yield Example(name, value[key])
            elif example.value is not None:
                message = "an example needs a `value`; nothing is fetched"
                self.problems.append(warning(example.source, message))


def _schema_examples(schema: dict[str, JsonValue]) -> Iterator[Example]:
    if "example" in schema:
        yield Example("", schema["example"])
    elif isinstance(schema.get("examples"), list) and schema["examples"]:
        yield Example("", schema["examples"][0])
    elif "default" in schema:
        yield Example("", schema["default"])
