"""An OpenAPI document as one self-contained value, as others can read it."""

from collections.abc import Iterator
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, escape
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References

FILES = "x-files"
"""The member in which a bundled document keeps the files that it refers to."""
_BEHAVIOUR = "x-mock"
_LITERAL = frozenset(("example", "value", "default", "enum", "const", "x-example"))
"""Members whose values are data, in which `$ref` means nothing."""


def bundled(whole: Place, references: References) -> dict[str, JsonValue]:
    """Return a document with the files that it refers to, and without `x-mock`.

    References between files become references within the document.
    """
    bundle = _Bundle(whole.document, references)
    return bundle.all(whole)


class _Bundle:
    """A document that is being made self-contained."""

    def __init__(self, root: Document, references: References) -> None:
        self._root = root
        self._references = references
        self._files: dict[str, Document] = {}

    def all(self, whole: Place) -> dict[str, JsonValue]:
        """Copy the document, then the files that it turns out to need."""
        copied: dict[str, JsonValue] = self._copy(whole)
        files: dict[str, JsonValue] = {}
        while missing := list(self._files.keys() - files.keys()):
            for name in missing:
                document = self._files[name]
                files[name] = self._copy(Place(document, "", document.value))
        return {**copied, FILES: files} if files else copied

    def _copy(self, place: Place) -> JsonValue:
        if isinstance(place.value, dict):
            return dict(self._members(place))
        if isinstance(place.value, list):
            return [self._copy(item) for item in place.items()]
        return place.value

    def _members(self, place: Place) -> Iterator[tuple[str, JsonValue]]:
        for key, member in place.members():
            if key == "$ref" and isinstance(member.value, str):
                yield key, self._reference(place, member.value)
            elif key in _LITERAL:
                yield key, member.value
            elif key != _BEHAVIOUR:
                yield key, self._copy(member)

    def _reference(self, place: Place, reference: str) -> str:
        if reference.startswith("#") and place.document is self._root:
            return reference
        try:
            target = self._references.follow(place)
        except SpecError:
            return reference  # an identifier of the schema's own, not a file
        if target.document is self._root:
            return f"#{target.pointer}"
        name = self._name(target.document)
        return f"#/{FILES}/{escape(name)}{target.pointer}"

    def _name(self, document: Document) -> str:
        """Call a file as no other one is called."""
        for name, known in self._files.items():
            if known is document:
                return name
        name = Path(document.file).name
        while name in self._files:
            name = f"_{name}"
        self._files[name] = document
        return name
