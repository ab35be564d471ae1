"""Convert parameters, form fields and headers of Swagger 2.0, whose schema stands in themselves.

Caller: `swagger.py`. Out come parameter objects, schemas and encodings of OpenAPI 3.0. An array in
one text that no style of 3.0 can express keeps its `collectionFormat` under `COLLECTION_FORMAT`,
which `schemas/shapes.py` reads. `parameter_of` adds a warning for an unknown format to `problems`:
the parameter is then read as text. Nothing is raised.
"""

from mockserver.base.http import FORM
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, near, warning
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
COLLECTION_FORMAT = "x-collection-format"
"""The keyword of converted schemas for the format of an array that is one text."""
_COLLECTION_FORMATS = ("csv", "ssv", "tsv", "pipes")
"""Formats of an array that is one text."""
_DEEPEST = 20
_SIMPLE_STYLE_ONLY = ("path", "header")


def schema_of(place: Place) -> JsonValue:
    """Return the schema keywords of a parameter or a header as a schema.

    Arrays inside an array keep their `collectionFormat`, which is `csv` by default (Items Object),
    under a keyword of ours, because OpenAPI 3.0 has nothing like it.
    """
    schema = {key: value for key, value in place.value.items() if key not in _PARAMETER}
    if schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    if isinstance(schema.get("items"), dict):
        schema["items"] = _items(schema["items"])
    return schema


def _items(value: dict[str, JsonValue], depth: int = 0) -> dict[str, JsonValue]:
    """Return an Items Object in which every array has a `collectionFormat`."""
    if value.get("type") != "array" or depth > _DEEPEST:
        return value
    inner = value.get("items")
    items = _items(inner, depth + 1) if isinstance(inner, dict) else inner
    separated = {COLLECTION_FORMAT: value.get("collectionFormat", "csv")}
    return {**value, **separated, **({} if items is None else {"items": items})}


def _separated_schema_of(place: Place) -> JsonValue:
    """Return the schema of an array that is one text, with its `collectionFormat`."""
    schema = schema_of(place)
    return {**schema, COLLECTION_FORMAT: str(place.value.get("collectionFormat", "csv"))}


def encoding_of(place: Place) -> dict[str, JsonValue] | None:
    """Return the style of an array in a form field; None if it is not an array."""
    if place.value.get("type") != "array":
        return None
    style = _STYLES.get(str(place.value.get("collectionFormat", "csv")))
    return None if style is None else {"style": style[0], "explode": style[1]}


def form_schema_of(place: Place) -> JsonValue:
    """Return the schema of a form field; that of an array in one text has a `collectionFormat`."""
    name = str(place.value.get("collectionFormat", "csv"))
    is_separated = place.value.get("type") == "array" and name in _COLLECTION_FORMATS
    return _separated_schema_of(place) if is_separated else schema_of(place)


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
    if style is not None:
        return {**converted, "style": style[0], "explode": style[1], "schema": schema_of(place)}
    if name in _COLLECTION_FORMATS:
        return {**converted, "schema": _separated_schema_of(place)}
    where = str(given["in"])[:20]
    message = f"{name[:20]!r} is not supported in the {where}; the array is read as text"
    hint = near(name, _COLLECTION_FORMATS) or "use 'csv'"
    problems.append(warning("MS117", place.child("collectionFormat").source, message, hint))
    return {**converted, "schema": {}}
