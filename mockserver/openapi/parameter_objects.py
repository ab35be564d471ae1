"""Compile parameter objects and header objects.

In: a parameter object. Out: a `Parameter` with style, shape and validator. Callers:
`operations.py`, and `request_bodies.py` for headers of multipart parts. Values are read in
`wire/parameters.py`.
"""

from dataclasses import dataclass

from mockserver.base.http import FORM, media_type
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place, resolve_or_warn
from mockserver.schemas.example_checks import ExampleChecks
from mockserver.schemas.shapes import TEXT, Shapes
from mockserver.schemas.validators import Schemas, SchemaValidator
from mockserver.wire.forms import is_json
from mockserver.wire.parameter_styles import Parameter, usable_style


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
        """Compile a parameter with a media type: JSON and forms are parsed, others stay text."""
        media = resolve_or_warn(content[1], self.example_checks.references, self.problems)
        shape = self.shapes.of(media.child("schema"))
        is_json_content = is_json(content[0])
        is_form = where == "querystring" and media_type(content[0]).name == FORM
        is_validated = is_json_content or is_form or not shape.is_structured
        return Parameter(
            name=name.lower() if where == "header" else name,
            where=where,
            required=place.child("required").value is True or where == "path",
            style="form" if is_form else "simple",
            explode=False,
            shape=shape if is_form or not shape.is_structured else TEXT,
            validator=self._validator(media) if is_validated else None,
            default=shape.default,
            is_json=is_json_content,
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
