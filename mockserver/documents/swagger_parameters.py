"""Parameters of Swagger 2.0, which hold their schema themselves, as OpenAPI 3.0 has them."""

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
_IN_ONE_TEXT = ("path", "header")


def schema_of(place: Place) -> JsonValue:
    """Return the schema that a parameter or a header holds."""
    schema = {key: value for key, value in place.value.items() if key not in _PARAMETER}
    if schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    return schema


def encoding_of(place: Place) -> dict[str, JsonValue] | None:
    """Return how a form's field writes an array; None if it is none."""
    if place.value.get("type") != "array":
        return None
    style = _STYLES.get(str(place.value.get("collectionFormat", "csv")))
    return None if style is None else {"style": style[0], "explode": style[1]}


def parameter_of(place: Place, problems: list[SpecProblem]) -> dict[str, JsonValue]:
    """Convert a parameter in path, query or header."""
    given = place.value
    kept = ("name", "in", "required", "description", "allowEmptyValue")
    converted = {key: given[key] for key in kept if key in given}
    if given.get("type") != "array":
        return {**converted, "schema": schema_of(place)}
    form = str(given.get("collectionFormat", "csv"))
    style = _STYLES.get(form)
    if given["in"] in _IN_ONE_TEXT:
        style = ("simple", False) if form == "csv" else None
    if style is None:
        message = f"arrays written as {form[:20]!r} cannot be read in the {str(given['in'])[:20]}"
        problem = warning(place.child("collectionFormat").source, message, "it is taken as text")
        problems.append(problem)
        return {**converted, "schema": {}}
    return {**converted, "style": style[0], "explode": style[1], "schema": schema_of(place)}
