"""Repair schemas that use keywords of another OpenAPI version, each repair with a warning.

`dialects.py` calls `repair_for_version` for each schema object in the dialect of an OpenAPI
version; it returns the place unchanged, or one with a changed copy of the value. Such a schema has
an obvious meaning, so it is read as if it were written for its own version. Lists of types and
keywords next to a `$ref` in OpenAPI 3.0 get only the warning. Subschemas are not repaired with it:
each is converted on its own.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place

_AFFECTED = frozenset(
    ("type", "nullable", "exclusiveMinimum", "exclusiveMaximum", "required", "$ref")
)
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_ANNOTATIONS = frozenset(
    [
        "title",
        "description",
        "default",
        "example",
        "examples",
        "deprecated",
        "externalDocs",
        "readOnly",
        "writeOnly",
    ]
)
_NULLABLE_HINT = "write `nullable: true` for a type with null"


class Warn(Protocol):
    """Reports a problem of a schema that was repaired."""

    def __call__(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Add a warning."""


def repair_for_version(place: Place, warn: Warn, *, is_openapi_3_0: bool) -> Place:
    """Return a schema object that uses only the keywords of its own OpenAPI version.

    Args:
        place: The schema object.
        warn: Called for every repair.
        is_openapi_3_0: Whether the document is of OpenAPI 3.0 or Swagger 2.0.
    """
    if _AFFECTED.isdisjoint(place.value):
        return place
    changes: dict[str, JsonValue] = {}
    for repair in _REPAIRS:
        changes |= repair(place, warn, is_openapi_3_0)
    if not changes:
        return place
    value = {**place.value, **changes}
    kept = {key: member for key, member in value.items() if member is not _REMOVED}
    return Place(place.document, place.pointer, kept)


_REMOVED = object()
_Changes = dict[str, JsonValue]
"""New values of keywords; `_REMOVED` for a keyword to remove."""


def _type(place: Place, warn: Warn, is_openapi_3_0: bool) -> _Changes:  # noqa: FBT001 - as all repairs
    given = place.value.get("type", "")
    names = given if isinstance(given, list) else [given]
    has_null = None in names
    if has_null:
        warn(
            "MS305", place.child("type"), "`type` must be text, not null", "write 'null' in quotes"
        )
        names = ["null" if name is None else name for name in names]
    if is_openapi_3_0 and names != [given]:
        message = "OpenAPI supports a list of types only since 3.1"
        warn("MS305", place.child("type"), message, _NULLABLE_HINT)
    if has_null:
        return {"type": names if isinstance(given, list) else names[0]}
    return {}


def _nullable(place: Place, warn: Warn, is_openapi_3_0: bool) -> _Changes:  # noqa: FBT001 - as all repairs
    if is_openapi_3_0 or place.value.get("nullable") is not True:
        return {}
    types = place.value.get("type")
    message, hint = "OpenAPI does not have `nullable` since 3.1", "write `type: [..., 'null']`"
    warn("MS306", place.child("nullable"), message, hint)
    if isinstance(types, str):
        return {"type": [types, "null"]}
    return {"type": [*types, "null"]} if isinstance(types, list) and "null" not in types else {}


def _exclusive_bounds(place: Place, warn: Warn, is_openapi_3_0: bool) -> _Changes:  # noqa: FBT001 - as all repairs
    changes: _Changes = {}
    for keyword, bound in _BOUNDS.items():
        given, limit = place.value.get(keyword), place.value.get(bound)
        is_boolean = isinstance(given, bool)
        if given is None or is_boolean is is_openapi_3_0 or not isinstance(given, int | float):
            continue
        needed = "a number since OpenAPI 3.1" if is_boolean else "true or false before OpenAPI 3.1"
        warn("MS307", place.child(keyword), f"`{keyword}` must be {needed}")
        if is_boolean:
            changes[keyword] = limit if given and limit is not None else _REMOVED
            if given and limit is not None:
                changes[bound] = _REMOVED
        else:
            changes |= _narrower_bound(keyword, given, limit)
    return changes


def _narrower_bound(keyword: str, exclusive: float, inclusive: JsonValue) -> _Changes:
    """Return the narrower one of two bounds in the form of OpenAPI 3.0."""
    is_minimum = keyword == "exclusiveMinimum"
    if isinstance(inclusive, int | float) and (
        inclusive > exclusive if is_minimum else inclusive < exclusive
    ):
        return {keyword: False}
    return {_BOUNDS[keyword]: exclusive, keyword: True}


def _required(place: Place, warn: Warn, is_openapi_3_0: bool) -> _Changes:  # noqa: ARG001, FBT001 - as all repairs
    if not isinstance(place.value.get("required"), bool):
        return {}
    message = "`required` must be a list of names; it is ignored"
    hint = "add the name of the property to the `required` list of its object"
    warn("MS308", place.child("required"), message, hint)
    return {"required": _REMOVED}


def _reference_siblings(place: Place, warn: Warn, is_openapi_3_0: bool) -> _Changes:  # noqa: FBT001 - as all repairs
    if is_openapi_3_0 and isinstance(place.value.get("$ref"), str):
        for key in _asserting_siblings(place.value):
            message = f"OpenAPI before 3.1 ignores {key!r} next to a $ref"
            warn(
                "MS309", place.child(key), message, f"put the $ref into an `allOf` next to {key!r}"
            )
    return {}


def _asserting_siblings(value: dict[str, JsonValue]) -> Iterator[str]:
    for key in value:
        if key != "$ref" and key not in _ANNOTATIONS and not key.startswith("x-"):
            yield key


_REPAIRS: tuple[Callable[[Place, Warn, bool], _Changes], ...] = (
    _type,
    _nullable,
    _exclusive_bounds,
    _required,
    _reference_siblings,
)
