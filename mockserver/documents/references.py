"""Follow references (`$ref`) between the files below one folder, and read values by `Place`.

A `Place` is a value with its document and pointer. Most of `openapi/`, `schemas/` and `inference/`,
and parts of `contract/`, read documents by it; an absent value reads as None. `References.resolve`
follows a chain, `follow` one step, `content` reads the file of an external example; they raise
SpecError with the place and a hint. `resolve_or_warn` adds warnings instead. No file outside the
folder is read, no URL is fetched. `schemas/identifiers.py` resolves `$id` and `$anchor`.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, escape, unescape
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem, as_warnings
from mockserver.documents.document import Document, load_document

_LONGEST, _MOST_COMPARED = 100, 500
"""The maximum length and number of names that are compared for a "did you mean"."""
_LARGEST_CONTENT = 5_000_000
"""The maximum size of a file that an example names, in bytes."""
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document, with its JSON Pointer."""

    document: Document
    pointer: str
    value: JsonValue

    @property
    def key(self) -> tuple[str, str]:
        """Identifies the place among all documents that are read together."""
        return self.document.identity, self.pointer

    @property
    def source(self) -> Source:
        """Its file, line and column."""
        return self.document.source(self.pointer)

    def child(self, key: str | int) -> "Place":
        """Return the place of a member or an item; its value is None if it is absent."""
        value: JsonValue = None
        if isinstance(self.value, dict):
            value = self.value.get(str(key))
        elif isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            value = self.value[key]
        return Place(self.document, f"{self.pointer}/{escape(str(key))}", value)

    def descend(self, *keys: str | int) -> "Place":
        """Return the place of a value several levels down."""
        place = self
        for key in keys:
            place = place.child(key)
        return place

    def members(self) -> "list[tuple[str, Place]]":
        """Return the members of a mapping by their keys; none if it is not a mapping."""
        value = self.value
        return [(key, self.child(key)) for key in value] if isinstance(value, dict) else []

    def items(self) -> "list[Place]":
        """Return the items of a sequence; none if it is not a sequence."""
        value = self.value
        return [self.child(index) for index in range(len(value))] if isinstance(value, list) else []


@dataclass(slots=True)
class References:
    """Follows references between the files below one folder."""

    root: Path
    read: Callable[[Path, str], Document] = load_document
    _loaded: dict[Path, Document] = field(default_factory=dict)
    _broken: dict[Path, SpecError] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        """Use this document, with its overlays applied, for references to its path."""
        if document.path is not None:
            self._loaded[document.path.resolve()] = document

    def documents(self) -> list[Document]:
        """Return all files read so far."""
        return list(self._loaded.values())

    def text_warnings(self) -> list[SpecProblem]:
        """Return the text warnings of all files read so far."""
        return [item for document in self._loaded.values() for item in document.text_warnings]

    def resolve(self, place: Place) -> Place:
        """Follow a chain of `$ref` to its end; return a place without `$ref` unchanged.

        Raises:
            SpecError: If a reference is circular, or its target is absent or outside the folder.
        """
        seen: set[tuple[str, str]] = set()
        while isinstance(place.value, dict) and isinstance(place.value.get("$ref"), str):
            here = place.key
            if here in seen:
                message, hint = "the reference points back to itself", "point it at a definition"
                raise _error("MS203", place, message, hint)
            seen.add(here)
            place = self._target(place, place.value["$ref"])
        return place

    def follow(self, place: Place) -> Place:
        """Follow one `$ref`; raise the errors of `resolve`."""
        return self._target(place, place.value["$ref"])

    def content(self, place: Place) -> bytes:
        """Return the content of the file that a text names.

        Raises:
            SpecError: If the file is absent, outside the folder or too large.
        """
        path = self._path(place, place.value)
        if not _is_file(path):
            raise _error("MS201", place, f"there is no file {place.value!r}", _file_hint(path))
        try:
            with path.open("rb") as stream:
                content = stream.read(_LARGEST_CONTENT + 1)
        except OSError as error:
            raise _error(
                "MS201", place, f"cannot be read: {error.strerror}", "check the path"
            ) from None
        if len(content) > _LARGEST_CONTENT:
            raise _error(
                "MS206", place, f"larger than {_LARGEST_CONTENT:,} bytes", "use a smaller file"
            )
        return content

    def _target(self, place: Place, reference: str) -> Place:
        file, _, fragment = reference.partition("#")
        if file in ("", _self_address(place.document)):
            document = place.document.original or place.document
        else:
            document = self._document(place, file)
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            hint = "write #/components/…"
            raise _error("MS204", place, f"{reference!r} has no JSON Pointer after its #", hint)
        return self._walk(place, document, pointer)

    def _walk(self, place: Place, document: Document, pointer: str) -> Place:
        value: Any = document.value
        for token in pointer.split("/")[1:]:
            key = unescape(token)
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and _INDEX.fullmatch(key) and int(key) < len(value):
                value = value[int(key)]
            else:
                raise _error(
                    "MS201", place, f"there is nothing at {pointer!r}", _key_hint(key, value)
                )
        return Place(document, pointer, value)

    def _document(self, place: Place, file: str) -> Document:
        path = self._path(place, file)
        if (known := self._loaded.get(path)) is None:
            name = str(Path(place.document.file).parent / unquote(file))
            known = self._loaded[path] = self._load(place, path, name)
        return known

    def _path(self, place: Place, file: str) -> Path:
        """Return the absolute path of a file in the folder, with symbolic links resolved."""
        outside = f"move the file into {self.root.name or 'the folder'}"
        try:
            parts, name = urlsplit(file), Path(unquote(file))
            if parts.scheme or parts.netloc:
                hint = "copy the file into the folder and refer to the copy"
                raise _error(
                    "MS202", place, f"{file!r} is not a relative path; nothing is fetched", hint
                )
            if name.is_absolute():
                raise _error("MS202", place, f"{file!r} is not a relative path", outside)
            base = place.document.path
            path = ((base.parent if base else self.root) / name).resolve()
        except (OSError, RuntimeError, ValueError):  # RuntimeError: circular symbolic links
            raise _error(
                "MS202", place, f"{file!r} is not a valid file name", "check the path"
            ) from None
        if not path.is_relative_to(self.root.resolve()):
            raise _error("MS202", place, f"{file!r} lies outside the document's folder", outside)
        return path

    def _load(self, place: Place, path: Path, name: str) -> Document:
        """Read a file; if that fails, raise the same error at every later call."""
        if path in self._broken:
            raise self._broken[path]
        missing = not _is_file(path)
        try:
            if missing and _exists(path):
                raise _error("MS201", place, f"{name!r} is not a file", "name a file in the folder")
            return self.read(path, name)
        except SpecError as error:
            if missing and not _exists(path):
                raise _error(
                    "MS201", place, f"there is no file {name!r}", _file_hint(path)
                ) from None
            self._broken[path] = error
            raise


def resolve_or_warn(place: Place, references: References, problems: list[SpecProblem]) -> Place:
    """Return the target of a reference; if it is invalid, warn and return an empty place."""
    try:
        return references.resolve(place)
    except SpecError as error:
        problems += as_warnings(error.problems)
        return Place(place.document, place.pointer, None)


def _self_address(document: Document) -> str:
    """Return the `$self` of a document (OpenAPI 3.2); empty if it has none."""
    address = document.value.get("$self") if isinstance(document.value, dict) else None
    return address.partition("#")[0] if isinstance(address, str) else ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _file_hint(path: Path) -> str:
    try:
        names = [file.name for file in path.parent.iterdir()]
    except OSError:
        names = []
    return _did_you_mean(path.name, names) or "check the path"


def _key_hint(key: str, value: JsonValue) -> str:
    return _did_you_mean(key, list(value) if isinstance(value, dict) else [])


def _did_you_mean(name: str, names: list[str]) -> str:
    found = difflib.get_close_matches(name[:_LONGEST], names[:_MOST_COMPARED], n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else ""


def _error(code: str, place: Place, message: str, hint: str = "") -> SpecError:
    source = place.child("$ref").source if isinstance(place.value, dict) else place.source
    return SpecError([SpecProblem(code, source, message, hint)])
