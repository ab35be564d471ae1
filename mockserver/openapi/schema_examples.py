"""Check examples and defaults inside schemas against the schema that they belong to.

`unknown_keys.py` walks over a document and adds each schema; at the end it asks for the problems:
warnings and notes, for at most 10,000 schemas. It is enough if a value conforms as a part of
answers or of requests. Values of another type are left to `value_types.py`, examples of media types
and parameters to `schemas/`. Only `check` and `--strict` do this. Nothing is changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, note, warning
from mockserver.base.trails import Trail, pointer_of
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References
from mockserver.model.refusal import Violation
from mockserver.openapi.value_types import has_type_of
from mockserver.schemas.sampling.given_examples import as_text
from mockserver.schemas.validators import Schemas, SchemaValidator

_KEYWORDS = ("example", "examples", "default")
_MOST = 10_000
"""The maximum number of schemas whose examples are validated."""
_TEXT = {"type": "string"}
_HINT = "correct the value or the schema; sampled answers use it as it is written"
_UNCHECKED = frozenset(
    (*_KEYWORDS, "type", "nullable", "title", "description", "deprecated", "readOnly", "writeOnly")
)
"""Keywords that need no validator: the type of a scalar is checked elsewhere."""
_OF_PARAMETERS = frozenset(
    (
        *("type", "format", "items", "collectionFormat", "default", "enum", "pattern"),
        *("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "multipleOf"),
        *("maxLength", "minLength", "maxItems", "minItems", "uniqueItems"),
    )
)
"""The keywords of schemas that parameters, headers and items of Swagger 2.0 have."""


@dataclass(slots=True)
class SchemaExamples:
    """Collects the schemas with examples while a document is walked, and checks them at the end.

    They are converted apart from the schemas that are served, so that those stay as small as they
    are; problems of the conversion are known already.
    """

    version: str
    references: References
    _places: list[Place] = field(default_factory=list)
    _is_full: bool = False

    def add(
        self, document: Document, trail: Trail, schema: dict[str, JsonValue], *, is_whole: bool
    ) -> None:
        """Add a schema, if it has examples that need a validator.

        Args:
            document: The document that contains the schema.
            trail: Its place.
            schema: The schema object.
            is_whole: Whether it is a schema object, and not a parameter of Swagger 2.0.
        """
        if not _has_checkable_examples(schema):
            return
        if len(self._places) >= _MOST:
            self._is_full = True
            return
        if not is_whole:
            schema = {key: schema[key] for key in schema.keys() & _OF_PARAMETERS}
        self._places.append(Place(document, pointer_of(trail), schema))

    def problems(self) -> Iterator[SpecProblem]:
        """Yield a problem for each example that does not conform, and is not of another type."""
        schemas = Schemas(self.references, self.version, [])
        validators = [
            [schemas.validator(place, direction) for direction in ("response", "request")]
            for place in self._places
        ]
        for place, found in zip(self._places, validators, strict=True):
            for example in _examples(place):
                if (violation := _violation(example.value, found)) is not None:
                    yield _problem(example, violation, found)
        if self._is_full:
            source = self._places[-1].source
            message = f"only the examples of {_MOST:,} schemas were checked"
            yield note("MS405", source, message, "split the document to check the others")


def _has_checkable_examples(schema: dict[str, JsonValue]) -> bool:
    if not any(key in schema for key in _KEYWORDS):
        return False
    is_scalar = schema.get("type") in ("string", "integer", "number", "boolean")
    return not is_scalar or not all(key in _UNCHECKED or key[:2] == "x-" for key in schema)


def _examples(place: Place) -> Iterator[Place]:
    """Yield the examples of a schema that have its type, in the form in which they are used."""
    schema: dict[str, Any] = place.value
    given = [place.child(key) for key in ("example", "default") if key in schema]
    if isinstance(schema.get("examples"), list):
        given += place.child("examples").items()
    for one in given:
        value = as_text(schema, one.value)
        if has_type_of(schema, value):
            yield Place(one.document, one.pointer, value)


def _violation(value: JsonValue, validators: list[SchemaValidator]) -> Violation | None:
    """Return a violation by an example; None if it conforms as a part of answers or requests."""
    if any(validator.is_valid(value) for validator in validators):
        return None
    return next(iter(validators[0].violations(value, "")), None)


def _problem(
    example: Place, violation: Violation, validators: list[SchemaValidator]
) -> SpecProblem:
    if not isinstance(example.value, str) and any(
        validator.is_valid(text := as_text(_TEXT, example.value)) for validator in validators
    ):
        message = f"this example is not text, which its schema wants: {violation.message}"
        return note("MS310", example.source, message, f'quote it; it is used as the text "{text}"')
    source = example.document.source(example.pointer + violation.pointer)
    tokens = example.pointer.split("/")
    keyword = "examples" if tokens[-2:-1] == ["examples"] and tokens[-1].isdigit() else tokens[-1]
    message = f"this value of `{keyword}` does not conform to its schema: {violation.message}"
    return warning("MS405", source, message, _HINT)
