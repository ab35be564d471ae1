"""`$ref`: from a reference to the place it points at, inside one folder and nowhere else."""

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
"""What is compared to guess a name that was meant."""
LARGEST_CONTENT = 5_000_000
"""Bytes of a file that an example names."""
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document."""

    document: Document
    pointer: str
    value: JsonValue

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other place."""
        return self.document.identity, self.pointer

    @property
    def source(self) -> Source:
        """Its line and column."""
        return self.document.source(self.pointer)

    def child(self, key: str | int) -> "Place":
        """Return the place of a member or an item; its value is None if there is none."""
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
        """List the members of a mapping; none of anything else."""
        value = self.value
        return [(key, self.child(key)) for key in value] if isinstance(value, dict) else []

    def items(self) -> "list[Place]":
        """List the items of a sequence; none of anything else."""
        value = self.value
        return [self.child(index) for index in range(len(value))] if isinstance(value, list) else []


@dataclass(slots=True)
class References:
    """Follows references between the files of one folder."""

    root: Path
    read: Callable[[Path, str], Document] = load_document
    _loaded: dict[Path, Document] = field(default_factory=dict)
    _broken: dict[Path, SpecError] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        """Use this document for references to its path, as it is after its overlays."""
        if document.path is not None:
            self._loaded[document.path.resolve()] = document

    def flaws(self) -> list[SpecProblem]:
        """List what is wrong with the texts of all files so far."""
        return [flaw for document in self._loaded.values() for flaw in document.flaws]

    def resolve(self, place: Place) -> Place:
        """Follow a `$ref`, and those it leads to; anything else is returned as it is.

        Raises:
            SpecError: If a reference leads nowhere, round in a circle or out of the folder.
        """
        seen: set[tuple[str, str]] = set()
        while isinstance(place.value, dict) and isinstance(place.value.get("$ref"), str):
            here = place.key
            if here in seen:
                raise _bad(place, "the reference leads back to itself", "point it at a definition")
            seen.add(here)
            place = self._target(place, place.value["$ref"])
        return place

    def follow(self, place: Place) -> Place:
        """Follow one `$ref`; raises as `resolve` does."""
        return self._target(place, place.value["$ref"])

    def content(self, place: Place) -> bytes:
        """Read the file that a text names, in the folder and of bounded size.

        Raises:
            SpecError: If there is no such file, or it is too large.
        """
        path = self._path(place, place.value)
        if not _is_file(path):
            raise _bad(place, f"there is no file {place.value!r}", _near_file(path))
        try:
            with path.open("rb") as stream:
                content = stream.read(LARGEST_CONTENT + 1)
        except OSError as error:
            raise _bad(place, f"cannot be read: {error.strerror}", "check the path") from None
        if len(content) > LARGEST_CONTENT:
            raise _bad(place, f"larger than {LARGEST_CONTENT:,} bytes", "use a smaller file")
        return content

    def _target(self, place: Place, reference: str) -> Place:
        file, _, fragment = reference.partition("#")
        if file in ("", _own_address(place.document)):
            document = place.document.original or place.document
        else:
            document = self._document(place, file)
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            hint = "write #/components/…"
            raise _bad(place, f"{reference!r} has no JSON Pointer after its #", hint)
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
                raise _bad(place, f"there is nothing at {pointer!r}", _near(key, value))
        return Place(document, pointer, value)

    def _document(self, place: Place, file: str) -> Document:
        path = self._path(place, file)
        if (known := self._loaded.get(path)) is None:
            name = str(Path(place.document.file).parent / unquote(file))
            known = self._loaded[path] = self._load(place, path, name)
        return known

    def _path(self, place: Place, file: str) -> Path:
        """Return the file that a reference names, all symbolic links followed."""
        outside = f"move the file into {self.root.name or 'the folder'}"
        try:
            parts, name = urlsplit(file), Path(unquote(file))
            if parts.scheme or parts.netloc:
                hint = "copy the file beside this one and point at the copy"
                raise _bad(place, f"{file!r} is not a relative path; nothing is fetched", hint)
            if name.is_absolute():
                raise _bad(place, f"{file!r} is not a relative path", outside)
            base = place.document.path
            path = ((base.parent if base else self.root) / name).resolve()
        except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle
            raise _bad(place, f"{file!r} is not the name of a file", "check the path") from None
        if not path.is_relative_to(self.root.resolve()):
            raise _bad(place, f"{file!r} lies outside the document's folder", outside)
        return path

    def _load(self, place: Place, path: Path, name: str) -> Document:
        """Read a file; one that cannot be read is read only once."""
        if path in self._broken:
            raise self._broken[path]
        missing = not _is_file(path)
        try:
            if missing and _exists(path):
                raise _bad(place, f"{name!r} is not a file", "name a file in it")
            return self.read(path, name)
        except SpecError as error:
            if missing and not _exists(path):
                raise _bad(place, f"there is no file {name!r}", _near_file(path)) from None
            self._broken[path] = error
            raise


def followed(place: Place, references: References, problems: list[SpecProblem]) -> Place:
    """Follow a reference; a bad one is noted, and gives a place without a value."""
    try:
        return references.resolve(place)
    except SpecError as error:
        problems += as_warnings(error.problems)
        return Place(place.document, place.pointer, None)


def _own_address(document: Document) -> str:
    """Return how a document calls itself (OpenAPI 3.2, `$self`)."""
    own = document.value.get("$self") if isinstance(document.value, dict) else None
    return own.partition("#")[0] if isinstance(own, str) else ""


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


def _near_file(path: Path) -> str:
    try:
        names = [file.name for file in path.parent.iterdir()]
    except OSError:
        names = []
    return _did_you_mean(path.name, names) or "check the path"


def _near(key: str, value: JsonValue) -> str:
    return _did_you_mean(key, list(value) if isinstance(value, dict) else [])


def _did_you_mean(name: str, names: list[str]) -> str:
    found = difflib.get_close_matches(name[:_LONGEST], names[:_MOST_COMPARED], n=1, cutoff=0.5)
    return f"did you mean {found[0]!r}?" if found else ""


def _bad(place: Place, message: str, hint: str = "") -> SpecError:
    source = place.child("$ref").source if isinstance(place.value, dict) else place.source
    return SpecError([SpecProblem(source, message, hint)])
