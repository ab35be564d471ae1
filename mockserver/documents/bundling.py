"""Bundle an OpenAPI document and the files it refers to into one value, for other tools.

`openapi/compiler.py` makes it available as `Api.document`, so it runs only when the document is
asked for. `x-mock` is left out; files are copied below `x-files`, and references to them are
rewritten. A reference that cannot be followed is kept as it is. Values of examples, `default`,
`enum` and `const` are copied unchanged. Nothing is written to disk.
"""

from collections.abc import Iterator
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, escape
from mockserver.base.problem_switches import SWITCHES
from mockserver.documents.document import Document
from mockserver.documents.references import Place, References

_FILES = "x-files"
"""The member of a bundled document that holds the files it refers to, by name."""
_BEHAVIOUR = frozenset(("x-mock", SWITCHES))
_LITERAL = frozenset(("example", "value", "default", "enum", "const", "x-example"))
"""Members whose values are data: a `$ref` inside is not a reference."""


def bundle_document(whole: Place, references: References) -> dict[str, JsonValue]:
    """Return a copy of a document that includes the files it refers to, without `x-mock`.

    References between files become references within the document.
    """
    return _DocumentBundler(whole.document, references).bundle(whole)


class _DocumentBundler:
    def __init__(self, root: Document, references: References) -> None:
        self._root = root
        self._references = references
        self._files: dict[str, Document] = {}

    def bundle(self, whole: Place) -> dict[str, JsonValue]:
        """Copy the document, then every file that a copied part refers to."""
        copied: dict[str, JsonValue] = self._copy(whole)
        files: dict[str, JsonValue] = {}
        while missing := list(self._files.keys() - files.keys()):
            for name in missing:
                document = self._files[name]
                files[name] = self._copy(Place(document, "", document.value))
        return {**copied, _FILES: files} if files else copied

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
            elif key not in _BEHAVIOUR:
                yield key, self._copy(member)

    def _reference(self, place: Place, reference: str) -> str:
        if reference.startswith("#") and place.document is self._root:
            return reference
        try:
            target = self._references.follow(place)
        except SpecError:
            return reference  # the `$id` of a schema, not a file
        if target.document is self._root:
            return f"#{target.pointer}"
        name = self._name(target.document)
        return f"#/{_FILES}/{escape(name)}{target.pointer}"

    def _name(self, document: Document) -> str:
        """Return a unique name for a file; two files in different folders may share theirs."""
        for name, known in self._files.items():
            if known is document:
                return name
        name = Path(document.file).name
        while name in self._files:
            name = f"_{name}"
        self._files[name] = document
        return name
