"""Compile parameter objects and header objects to a `Parameter` with style, shape and validator.

Callers: `operations.py`, through `BodyCompiler.parameters`, and `request_bodies.py` for headers of
multipart parts. Undefined styles, a missing schema and media types that are not read in parameters
are warnings; a `Parameter` always comes out, which then reads text. Examples are handed to the
`ExampleChecks`. Headers of answers are compiled in `answers.py`. Values are read in
`wire/parameters.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mockserver.base.http import media_type
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place, resolve_or_warn
from mockserver.schemas.example_checks import ExampleChecks
from mockserver.schemas.shapes import TEXT, Shape, Shapes
from mockserver.schemas.validators import Schemas, SchemaValidator
from mockserver.wire.media_families import family_of
from mockserver.wire.parameter_styles import Parameter, form_content, usable_style, xml_content

_CONTENT_READERS: Mapping[str, Callable[[Shape], Callable[[str], JsonValue]]] = {
    "form": form_content,
    "xml": xml_content,
}
"""Functions that make the reader of a parameter's text, by the family of its media type."""


@dataclass(frozen=True, slots=True)
class ParameterCompiler:
    """Compiles parameter objects, and header objects, which have the same form."""

    schemas: Schemas
    shapes: Shapes
    example_checks: ExampleChecks
    problems: list[SpecProblem]

    def compile(self, name: str, where: str, place: Place) -> Parameter:
        """Compile a parameter with a style, or with a media type under `content`."""
        content = place.child("content").members()
        if content:
            return self._of_content(name, where, place, content[0])
        schema = place.child("schema")
        if schema.value is None:
            message = f"the {where} parameter {name!r} has neither `schema` nor `content`"
            self.problems.append(warning("MS116", place.source, message, "any text is accepted"))
        shape = self.shapes.of(schema)
        style, explode, style_problem = usable_style(where, place.value, shape)
        if style_problem:
            source = place.child("style").source if "style" in place.value else place.source
            hint = f"use the style {style}" if style != place.value.get("style") else ""
            self.problems.append(warning("MS117", source, style_problem, hint))
        validator = self._validator(place)
        return Parameter(
            name=name.lower() if where == "header" else name,
            where=where,
            required=place.child("required").value is True or where == "path",
            style=style,
            explode=explode,
            shape=shape,
            validator=validator,
            default=shape.default,
            may_be_empty=place.child("allowEmptyValue").value is True,
            deprecated=place.child("deprecated").value is True,
        )

    def _of_content(
        self, name: str, where: str, place: Place, content: tuple[str, Place]
    ) -> Parameter:
        """Compile a parameter with a media type; types other than JSON, forms and XML stay text."""
        media = resolve_or_warn(content[1], self.example_checks.references, self.problems)
        shape = self.shapes.of(media.child("schema"))
        kind = family_of(media_type(content[0]).name)
        is_form = where == "querystring" and kind == "form"
        read = _CONTENT_READERS[kind](shape) if kind in _CONTENT_READERS and not is_form else None
        is_read = kind in ("json", "form") or (kind == "xml" and shape.is_structured)
        if not is_read and shape.is_structured:
            message = f"{content[0][:40]} is not read in a {where} parameter"
            hint = "its schema is not checked; use application/json"
            self.problems.append(warning("MS130", content[1].source, message, hint))
        is_validated = is_read or not shape.is_structured
        return Parameter(
            name=name.lower() if where == "header" else name,
            where=where,
            required=place.child("required").value is True or where == "path",
            style="form" if is_form else "simple",
            explode=False,
            shape=shape if is_validated else TEXT,
            validator=self._validator(media) if is_validated else None,
            default=shape.default,
            is_json=kind == "json",
            read_content=read if is_read else None,
            deprecated=place.child("deprecated").value is True,
        )

    def _validator(self, place: Place) -> SchemaValidator | None:
        """Return the validator of the values, and let it check the examples too."""
        schema = place.child("schema")
        if schema.value is None:
            return None
        validator = self.schemas.validator(schema, "request")
        self.example_checks.add_examples(place, validator, "application/json")
        return validator
