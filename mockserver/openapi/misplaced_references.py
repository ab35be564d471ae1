"""Follow references where OpenAPI has none, such as in the `paths` of a document or an operation.

`compiler.py` calls `with_references_followed`, which returns the document itself, or a copy in
which targets stand in place of these references, each reported in `problems`. Other tools follow a
`$ref` wherever it stands. So do we, within the folder of the document, and report it, because the
specification says otherwise. One that is broken stays, one that contains itself or comes after
1,000 others becomes an empty object, with a warning. Usual references stay, as do those in schemas.
"""

from collections.abc import Iterator
from copy import copy
from os.path import relpath
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem, as_warnings, note, warning
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References

if TYPE_CHECKING:
    from mockserver.openapi.object_kinds import ObjectKind

_WITH_REFERENCES = frozenset(
    (
        "callbacks",
        "examples",
        "headers",
        "links",
        "mediaTypes",
        "parameters",
        "pathItems",
        "paths",
        "requestBodies",
        "responses",
        "securitySchemes",
        "webhooks",
    )
)
"""Keys whose members may be references in every version; others are looked at closely."""
_NOT_WALKED = frozenset(
    ("schema", "schemas", "definitions", "example", "examples", "default", "value", "x-mock")
)
_MAPS = frozenset(("schemas", "definitions"))
_MOST_EXPANDED = 1000
"""The maximum number of references that are replaced by their targets."""


def with_references_followed(
    document: Document, version: str, references: References, problems: list[SpecProblem]
) -> Document:
    """Return a document with its misplaced references replaced by their targets."""
    if not any(_suspects(document.value, "", "")):
        return document
    draft = copy(document)
    draft.origins = dict(document.origins)
    return _Expansion(draft, references, problems).expanded(version)


def _suspects(value: JsonValue, key: str, parent: str) -> Iterator[bool]:
    """Yield True for each reference that stands in no place where references are usual."""
    if isinstance(value, list):
        for item in value:
            yield from _suspects(item, "", key)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            usual = parent in _WITH_REFERENCES or key == "requestBody"
            yield from () if usual else (True,)
        for name, member in value.items():
            if name not in _NOT_WALKED and isinstance(member, dict | list):
                yield from _suspects(member, name, key)
            elif name in _MAPS and isinstance(member, dict) and isinstance(member.get("$ref"), str):
                yield True


class _Expansion:
    """Replaces references in a draft of a document, whose origins it completes."""

    def __init__(
        self, draft: Document, references: References, problems: list[SpecProblem]
    ) -> None:
        self._draft = draft
        self._references = references
        self._problems = problems
        self._active: list[tuple[str, str]] = []
        self._count = 0

    def expanded(self, version: str) -> Document:
        """Return the draft with its references replaced."""
        from mockserver.openapi.object_kinds import document_kind  # noqa: PLC0415 - seldom needed

        self._draft.value = self._value("", self._draft.value, document_kind(version))
        self._references.add(self._draft)
        return self._draft

    def _value(self, pointer: str, value: JsonValue, kind: "ObjectKind") -> JsonValue:
        if kind.is_schema or kind.name == "schema" or kind.is_free:
            return value
        place = Place(self._draft, pointer, value)
        if isinstance(value, list) and kind.items is not None:
            items = [self._value(item.pointer, item.value, kind.items) for item in place.items()]
            return items if any(map(_differ, items, value)) else value
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str) and not _may_refer(kind):
            return self._replaced(place, kind)
        changes = {}
        for key, member in place.members():
            child = None if key.startswith("x-") else kind.member(key)
            if child is not None and isinstance(member.value, dict | list):
                new = self._value(member.pointer, member.value, child)
                if new is not member.value:
                    changes[key] = new
        return {**value, **changes} if changes else value

    def _replaced(self, place: Place, kind: "ObjectKind") -> JsonValue:
        """Return the target of a reference, with the other members of the reference object."""
        self._count += 1
        try:
            target = self._references.resolve(place)
        except SpecError as error:
            self._problems += as_warnings(error.problems)
            return place.value
        source = place.child("$ref").source
        if target.key in self._active or self._count > _MOST_EXPANDED:
            message = "the reference contains itself, or too many others"
            self._problems.append(warning("MS203", source, message))
            return {}
        message = f"{kind.title} cannot be a reference; it is followed all the same"
        hint = "write the object here; other tools may ignore the reference"
        self._problems.append(note("MS205", source, message, hint))
        value = self._local(target)
        siblings = {key: member for key, member in place.value.items() if key != "$ref"}
        if isinstance(value, dict):
            value = {**value, **siblings}
        self._draft.origins[place.pointer] = target.source
        for key in siblings:
            self._draft.origins[place.child(key).pointer] = place.child(key).source
        self._active.append(target.key)
        value = self._value(place.pointer, value, kind)
        self._active.pop()
        return value

    def _local(self, target: Place) -> JsonValue:
        """Return a value whose relative references are those of the draft's file."""
        here, there = self._draft.path, target.document.path
        if here is None or there is None or here.resolve() == there.resolve():
            return target.value
        file = Path(relpath(there.resolve(), here.resolve().parent)).as_posix()
        return _rebased(target.value, file)


def _differ(new: JsonValue, old: JsonValue) -> bool:
    return new is not old


def _may_refer(kind: "ObjectKind") -> bool:
    """Return True if a reference, or a member that is named `$ref`, may stand here."""
    return "$ref" in kind.keys or (kind.rest is not None and kind.rest.is_free)


def _rebased(value: JsonValue, file: str) -> JsonValue:
    """Return a value of another file, with its references relative to the draft."""
    if isinstance(value, list):
        return [_rebased(item, file) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _address(member, file)
        if key in ("$ref", "externalValue") and isinstance(member, str)
        else _rebased(member, file)
        for key, member in value.items()
    }


def _address(reference: str, file: str) -> str:
    """Return a reference in a file as one relative to the folder of the draft."""
    path, mark, fragment = reference.partition("#")
    if ":" in path or path.startswith("/"):
        return reference
    target = f"{PurePosixPath(file).parent / path}" if path else file
    return f"{target}{mark}{fragment}"
