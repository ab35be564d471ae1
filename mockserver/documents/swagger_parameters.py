"""Conversion of Swagger 2.0 parameters, whose schema keywords stand in the parameter itself."""

from mockserver.base.http import FORM
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, warning
from mockserver.documents.references import Place

MULTIPART = "multipart/form-data"
FORMS = (FORM, MULTIPART)
_PARAMETER = frozenset(
    ("name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "schema")
)
_STYLES: dict[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}
_SIMPLE_STYLE_ONLY = ("path", "header")


def schema_of(place: Place) -> JsonValue:
    """Return the schema keywords of a parameter or a header as a schema."""
    schema = {key: value for key, value in place.value.items() if key not in _PARAMETER}
    if schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    return schema


def encoding_of(place: Place) -> dict[str, JsonValue] | None:
    """Return the style of an array in a form field; None if it is not an array."""
    if place.value.get("type") != "array":
        return None
    style = _STYLES.get(str(place.value.get("collectionFormat", "csv")))
    return None if style is None else {"style": style[0], "explode": style[1]}


def parameter_of(place: Place, problems: list[SpecProblem]) -> dict[str, JsonValue]:
    """Return a parameter in path, query or header in the form of OpenAPI 3.0."""
    given = place.value
    kept = ("name", "in", "required", "description", "allowEmptyValue")
    converted = {key: given[key] for key in kept if key in given}
    if given.get("type") != "array":
        return {**converted, "schema": schema_of(place)}
    name = str(given.get("collectionFormat", "csv"))
    style = _STYLES.get(name)
    if given["in"] in _SIMPLE_STYLE_ONLY:
        style = ("simple", False) if name == "csv" else None
    if style is None:
        where = str(given["in"])[:20]
        message = f"{name[:20]!r} is not supported in the {where}; the array is read as text"
        hint = "use 'csv'"
        problems.append(warning("MS117", place.child("collectionFormat").source, message, hint))
        return {**converted, "schema": {}}
    return {**converted, "style": style[0], "explode": style[1], "schema": schema_of(place)}
