"""Request bodies and documented answers of an operation, compiled."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mockserver import headers
from mockserver.errors import SpecProblem, warning
from mockserver.exchange import JsonValue
from mockserver.model import (
    DocumentedResponse,
    Example,
    RequestBody,
    RequestMedia,
    ResponseMedia,
)
from mockserver.spec.dialects import OLD
from mockserver.spec.examples import VALUES, Shown
from mockserver.spec.forms import Encoding
from mockserver.spec.media import COMPARED, Content, family_of, reader_of
from mockserver.spec.parameter_objects import ParameterCompiler
from mockserver.spec.parameters import ParameterSet
from mockserver.spec.references import Place, References, followed
from mockserver.spec.schemas import Schemas
from mockserver.spec.shapes import Shapes
from mockserver.spec.styles import CUTS, STYLES, style_of

_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)|default", re.IGNORECASE)
_MISPLACED = ("example", "examples", "schema")
"""What a media type has, and no response."""


@dataclass(frozen=True, slots=True)
class BodyCompiler:
    """Compiles what a document says of bodies."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]
    shapes: Shapes = field(init=False)
    shown: Shown = field(init=False)
    parameters: ParameterCompiler = field(init=False)

    def __post_init__(self) -> None:
        shapes = Shapes(self.schemas, self.schemas.version not in OLD)
        shown = Shown(self.references, self.problems)
        compiler = ParameterCompiler(self.schemas, shapes, shown, self.problems)
        for name, value in (("shapes", shapes), ("shown", shown), ("parameters", compiler)):
            object.__setattr__(self, name, value)

    def resolve(self, place: Place) -> Place:
        """Follow a reference; a bad one is noted and gives an empty place."""
        return followed(place, self.references, self.problems)

    def request(self, place: Place) -> RequestBody | None:
        """Compile a request body object."""
        if place.value is None:
            return None
        body = self.resolve(place)
        media = tuple(self._request_media(body.child("content")))
        if not media:
            if body.value is not None:
                problem = "a request body needs `content` with at least one media type"
                self.problems.append(warning(body.source, problem, "none is read"))
            return None
        return RequestBody(required=body.child("required").value is True, media=media)

    def takes_objects(self, place: Place) -> bool:
        """Tell whether every request body that passes validation is an object."""
        content = self.resolve(place).child("content").members()
        return all(self._is_object(*item) for item in content)

    def _is_object(self, media_type: str, place: Place) -> bool:
        schema = self.schemas.resolve(self.resolve(place).child("schema")).value
        is_compared = family_of(headers.media_type(media_type).name) in COMPARED
        return is_compared and isinstance(schema, dict) and schema.get("type") == "object"

    def _request_media(self, place: Place) -> Iterator[RequestMedia]:
        for media_type, member in place.members():
            accepts = headers.media_type(media_type)
            if not accepts.is_usable:
                message = f"{media_type[:40]!r} is not a media type, such as application/json"
                self.problems.append(warning(member.source, message, "it is left out"))
                continue
            read = reader_of(accepts.name, self._content(accepts.name, self.resolve(member)))
            yield RequestMedia(media_type.lower(), accepts, read)

    def _content(self, name: str, place: Place) -> Content:
        schema, item = place.child("schema"), place.child("itemSchema")
        if family_of(name) == "sequence" and (schema.value is not None or item.value is not None):
            return self._sequence(place)
        if item.value is not None:
            message = f"{name} is not read as a sequence, and its items are not checked"
            self.problems.append(warning(item.source, message))
        if schema.value is None:
            return Content()
        validator = self.schemas.validator(schema, "request")
        self.shown.show(place, validator)
        encodings = dict(self._encodings(place.child("encoding")))
        return Content(self.shapes.of(schema), validator, None, encodings)

    def _sequence(self, place: Place) -> Content:
        """Compile the schema of a sequence: of the whole if it describes an array, else of each."""
        schema, item = place.child("schema"), place.child("itemSchema")
        shape = self.shapes.of(schema)
        each = item if item.value is not None else schema
        validator = self.schemas.validator(each, "request")
        if each is schema and (shape.is_array or not shape.types):
            self.shown.show(place, validator)
            return Content(shape, validator)
        return Content(self.shapes.of(each), validator, validator)

    def _encodings(self, place: Place) -> Iterator[tuple[str, Encoding]]:
        """Yield how the properties of a form are written."""
        for name, member in place.members():
            style, explode = self._style(member)
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

    def _style(self, place: Place) -> tuple[str, bool]:
        """Return the style of a form's property, and whether it explodes."""
        value = place.value if isinstance(place.value, dict) else {}
        style, explode = style_of("query", value)
        if style in STYLES["query"]:
            return style, explode
        message = f"a form has no style {style[:40]!r}: {' or '.join(STYLES['query'])}"
        self.problems.append(warning(place.child("style").source, message, "form is taken"))
        return style_of("query", {})

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
        self.shown.show(place, self.schemas.validator(schema, "response"))
        return ResponseMedia(media_type.lower(), examples, bundle.schema)

    def _examples(self, place: Place) -> Iterator[Example]:
        if isinstance(place.value, dict) and "example" in place.value:
            yield Example("", place.value["example"])
        for name, member in place.child("examples").members():
            example = self.resolve(member)
            value = example.value if isinstance(example.value, dict) else {}
            if key := next((key for key in VALUES if key in value), None):
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
