"""Compile request body objects to a `RequestBody`, with a reader for each media type.

`operations.py` and `review_pages.py` call `BodyCompiler.request`, which returns None if there is no
usable content; invalid parts are left out with a warning. `takes_objects` says whether every valid
body is an object, for checks of expressions. `compiler.py` makes one `BodyCompiler` for a document;
it also holds what all compilers share: references, schemas, shapes, checks of examples, the
compiler of parameters and the list of problems. Bodies are read in `wire/media.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from mockserver.base import http
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place, References, resolve_or_warn
from mockserver.model.contents import RequestBody, RequestMedia
from mockserver.openapi.parameter_objects import ParameterCompiler
from mockserver.schemas.dialects import VERSIONS_BEFORE_3_1
from mockserver.schemas.example_checks import ExampleChecks
from mockserver.schemas.shapes import Shapes
from mockserver.schemas.validators import Schemas
from mockserver.wire.forms import Encoding
from mockserver.wire.media import MediaContent, reader_of
from mockserver.wire.media_families import VALIDATED_FAMILIES, family_of
from mockserver.wire.parameter_styles import SEPARATORS, STYLES, style_of
from mockserver.wire.parameters import ParameterSet


@dataclass(frozen=True, slots=True)
class BodyCompiler:
    """Compiles request body objects."""

    references: References
    schemas: Schemas
    problems: list[SpecProblem]
    shapes: Shapes = field(init=False)
    example_checks: ExampleChecks = field(init=False)
    parameters: ParameterCompiler = field(init=False)

    def __post_init__(self) -> None:
        shapes = Shapes(self.schemas, self.schemas.version not in VERSIONS_BEFORE_3_1)
        checks = ExampleChecks(self.references, self.problems)
        compiler = ParameterCompiler(self.schemas, shapes, checks, self.problems)
        fields = {"shapes": shapes, "example_checks": checks, "parameters": compiler}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def resolve(self, place: Place) -> Place:
        """Resolve a reference; for an invalid one, add a problem and return an empty place."""
        return resolve_or_warn(place, self.references, self.problems)

    def request(self, place: Place) -> RequestBody | None:
        """Compile a request body object."""
        if place.value is None:
            return None
        body = self.resolve(place)
        media = tuple(self._request_media(body.child("content")))
        if not media:
            if body.value is not None:
                problem = "a request body needs `content` with at least one media type"
                self.problems.append(
                    warning("MS119", body.source, problem, "bodies of requests are ignored")
                )
            return None
        return RequestBody(required=body.child("required").value is True, media=media)

    def takes_objects(self, place: Place) -> bool:
        """Return True if every valid request body is an object."""
        content = self.resolve(place).child("content").members()
        return all(self._is_object(*item) for item in content)

    def _is_object(self, media_type: str, place: Place) -> bool:
        schema = self.schemas.resolve(self.resolve(place).child("schema")).value
        is_validated = family_of(http.media_type(media_type).name) in VALIDATED_FAMILIES
        return is_validated and isinstance(schema, dict) and schema.get("type") == "object"

    def _request_media(self, place: Place) -> Iterator[RequestMedia]:
        for media_type, member in place.members():
            accepts = http.media_type(media_type)
            if not accepts.is_usable:
                message = f"{media_type[:40]!r} is not a media type, such as application/json"
                self.problems.append(warning("MS120", member.source, message, "it is ignored"))
                continue
            resolved = self.resolve(member)
            read = reader_of(accepts.name, self._content(accepts.name, resolved))
            yield RequestMedia(media_type.lower(), accepts, read, self._schema_of(resolved))

    def _schema_of(self, place: Place) -> Callable[[], JsonValue] | None:
        """Return a function that makes the JSON Schema of a media type, if it has one."""
        schema = place.child("schema")
        return None if schema.value is None else self.schemas.needed(schema, "request")

    def _content(self, name: str, place: Place) -> MediaContent:
        schema, item = place.child("schema"), place.child("itemSchema")
        if family_of(name) == "sequence" and (schema.value is not None or item.value is not None):
            return self._sequence(name, place)
        if family_of(name) == "parts":
            return self._parts(name, place)
        self._warn_of_positions(name, place)
        if item.value is not None:
            message = f"{name} is not read as a sequence, and its items are not checked"
            self.problems.append(warning("MS121", item.source, message))
        if schema.value is None:
            return MediaContent()
        validator = self.schemas.validator(schema, "request")
        self.example_checks.add_examples(place, validator, name)
        encodings = dict(self._encodings(place.child("encoding")))
        return MediaContent(self.shapes.of(schema), validator, None, encodings)

    def _sequence(self, name: str, place: Place) -> MediaContent:
        """Compile the schema of a sequence: of the whole if it is an array, else of each item."""
        schema, item = place.child("schema"), place.child("itemSchema")
        shape = self.shapes.of(schema)
        each = item if item.value is not None else schema
        validator = self.schemas.validator(each, "request")
        if each is schema and (shape.is_array or not shape.types):
            self.example_checks.add_examples(place, validator, name)
            return MediaContent(shape, validator)
        return MediaContent(self.shapes.of(each), validator, validator)

    def _parts(self, name: str, place: Place) -> MediaContent:
        """Compile a multipart type other than form-data."""
        schema, item = place.child("schema"), place.child("itemSchema")
        each = item if item.value is not None and schema.value is None else schema
        shape, other = self.shapes.of(each), place.child("itemEncoding")
        content = MediaContent(
            shape,
            encodings=dict(self._encodings(place.child("encoding"))),
            prefix_encodings=tuple(map(self._encoding, place.child("prefixEncoding").items())),
            item_encoding=None if other.value is None else self._encoding(other),
        )
        if each.value is None:
            return content
        validator = self.schemas.validator(each, "request")
        if each is item:
            return replace(content, item_validator=validator)
        self.example_checks.add_examples(place, validator, name)
        return replace(content, validator=validator)

    def _warn_of_positions(self, name: str, place: Place) -> None:
        for key in ("prefixEncoding", "itemEncoding"):
            if (member := place.child(key)).value is not None:
                message = f"{name} has no parts by position, so `{key}` is ignored"
                hint = "use `encoding`, or a multipart type other than multipart/form-data"
                self.problems.append(warning("MS131", member.source, message, hint))

    def _encodings(self, place: Place) -> Iterator[tuple[str, Encoding]]:
        """Yield the encodings of a form's properties."""
        for name, member in place.members():
            yield name, self._encoding(member)

    def _encoding(self, place: Place) -> Encoding:
        style, explode = self._style(place)
        content_types = str(place.child("contentType").value or "")
        fields = [
            self.parameters.compile(key, "header", header)
            for key, reference in place.child("headers").members()
            if isinstance((header := self.resolve(reference)).value, dict)
            and key.lower() != "content-type"
        ]
        return Encoding(
            tuple(item.strip() for item in content_types.split(",") if item.strip()),
            style if style in SEPARATORS else None,
            explode,
            ParameterSet(fields) if fields else None,
        )

    def _style(self, place: Place) -> tuple[str, bool]:
        """Return the style of a form's property, and True if it is exploded."""
        value = place.value if isinstance(place.value, dict) else {}
        style, explode = style_of("query", value)
        if style in STYLES["query"]:
            return style, explode
        message = f"a form cannot have the style {style[:40]!r}: use {' or '.join(STYLES['query'])}"
        self.problems.append(
            warning("MS117", place.child("style").source, message, "the style form is used")
        )
        return style_of("query", {})
