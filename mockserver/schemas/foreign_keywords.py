"""Schemas written in the words of another OpenAPI: read as they are meant, and told about."""

from collections.abc import Callable, Iterator
from typing import Protocol

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place

_TOUCHED = frozenset(
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
_TYPES_HINT = "OpenAPI 3.0 writes `nullable: true`"


class Note(Protocol):
    """Takes down a flaw, where it is and what became of it."""

    def __call__(self, place: Place, message: str, hint: str = "") -> None:
        """Take down one."""


def repaired(place: Place, note: Note, *, is_old: bool) -> Place:
    """Return a schema object in the words of its own OpenAPI.

    Args:
        place: The schema object.
        note: Told of every flaw.
        is_old: Whether it is of OpenAPI 3.0 or Swagger 2.0.
    """
    if _TOUCHED.isdisjoint(place.value):
        return place
    changes: dict[str, JsonValue] = {}
    for find in _FINDERS:
        changes |= find(place, note, is_old)
    if not changes:
        return place
    value = {**place.value, **changes}
    kept = {key: member for key, member in value.items() if member is not _GONE}
    return Place(place.document, place.pointer, kept)


_GONE = object()
_Changes = dict[str, JsonValue]


def _type(place: Place, note: Note, is_old: bool) -> _Changes:  # noqa: FBT001 - as all finders
    given = place.value.get("type", "")
    names = given if isinstance(given, list) else [given]
    if None in names:
        note(place.child("type"), "null without quotes is no type", "write 'null'")
        names = ["null" if name is None else name for name in names]
    if is_old and names != [given]:
        note(place.child("type"), "a schema of this version has one type", _TYPES_HINT)
    if None in (given if isinstance(given, list) else [given]):
        return {"type": names if isinstance(given, list) else names[0]}
    return {}


def _null(place: Place, note: Note, is_old: bool) -> _Changes:  # noqa: FBT001 - as all finders
    if is_old or place.value.get("nullable") is not True:
        return {}
    kind = place.value.get("type")
    note(place.child("nullable"), "OpenAPI 3.1 has no `nullable`", "write `type: [..., 'null']`")
    if isinstance(kind, str):
        return {"type": [kind, "null"]}
    return {"type": [*kind, "null"]} if isinstance(kind, list) and "null" not in kind else {}


def _exclusive(place: Place, note: Note, is_old: bool) -> _Changes:  # noqa: FBT001 - as all finders
    changes: _Changes = {}
    for keyword, bound in _BOUNDS.items():
        given, limit = place.value.get(keyword), place.value.get(bound)
        is_switch = isinstance(given, bool)
        if given is None or is_switch is is_old or not isinstance(given, int | float):
            continue
        needed = "a number in OpenAPI 3.1" if is_switch else "true or false in OpenAPI 3.0"
        note(place.child(keyword), f"`{keyword}` is {needed}")
        if is_switch:
            changes[keyword] = limit if given and limit is not None else _GONE
            if given and limit is not None:
                changes[bound] = _GONE
        else:
            changes |= _narrower(keyword, given, limit)
    return changes


def _narrower(keyword: str, given: float, limit: JsonValue) -> _Changes:
    """Write an exclusive bound beside an inclusive one as the one of them that excludes more."""
    is_minimum = keyword == "exclusiveMinimum"
    if isinstance(limit, int | float) and (limit > given if is_minimum else limit < given):
        return {keyword: False}
    return {_BOUNDS[keyword]: given, keyword: True}


def _required(place: Place, note: Note, is_old: bool) -> _Changes:  # noqa: ARG001, FBT001 - as all finders
    if not isinstance(place.value.get("required"), bool):
        return {}
    hint = "name the property in the `required` of the object it is in"
    note(place.child("required"), "`required` is a list of names, and is left out", hint)
    return {"required": _GONE}


def _beside(place: Place, note: Note, is_old: bool) -> _Changes:  # noqa: FBT001 - as all finders
    if is_old and isinstance(place.value.get("$ref"), str):
        for key in _asserting(place.value):
            message = f"what stands beside a $ref is left out: {key!r}"
            note(place.child(key), message, "put the $ref into an `allOf` beside it")
    return {}


def _asserting(value: dict[str, JsonValue]) -> Iterator[str]:
    for key in value:
        if key != "$ref" and key not in _ANNOTATIONS and not key.startswith("x-"):
            yield key


_FINDERS: tuple[Callable[[Place, Note, bool], _Changes], ...] = (
    _type,
    _null,
    _exclusive,
    _required,
    _beside,
)
