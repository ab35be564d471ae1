"""From paths and folders to documents, each with the overlays that extend it."""

import re
from collections.abc import Sequence
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document, flawless, load_document
from mockserver.documents.overlay import apply_overlays, extended_file, is_overlay

_SUFFIXES = (".yaml", ".yml", ".json")
_KEYS = ("openapi", "swagger", "overlay")
_HAS_KEY = re.compile(rb"""(?:^|[\s{,"'])(?:openapi|swagger|overlay)["']?\s*:""")


Stamp = tuple[int, int, int] | None
"""What changes with a file's content: its time, size and number; None if there is no file."""


def stamp(path: Path) -> Stamp:
    """Return the stamp of a file or a folder."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Files:
    """Reads documents, and remembers every path it looked at."""

    def __init__(self) -> None:
        self._read: dict[Path, Document] = {}
        self.seen: dict[Path, Stamp] = {}
        """Files and folders whose change may change what is loaded, as they were before."""
        self.skipped: list[str] = []
        """Files of the given folders that are no documents."""

    def read(self, path: Path, name: str) -> Document:
        """Read one file, once.

        Raises:
            SpecError: With everything that is wrong with it as JSON or YAML.
        """
        self.see(path)
        if (document := self._read.get(path)) is None:
            document = self._read[path] = load_document(path, name)
        return document

    def see(self, path: Path) -> None:
        """Remember a file or a folder that was looked at."""
        if path not in self.seen:
            self.seen[path] = stamp(path)

    def documents(
        self, paths: Sequence[Path], problems: list[SpecProblem]
    ) -> list[tuple[Document, Path]]:
        """Return the documents that paths name, after their overlays, each with its folder."""
        found = _Found(self)
        for path in paths:
            if not path.is_dir():
                self._add(path, found, problems)
            elif not self._add_folder(path, found, problems):
                source = Document(str(path), None, None, dict).source()
                problems.append(SpecProblem(source, "no OpenAPI document is in this folder"))
        return found.merged(problems)

    def _add(self, path: Path, found: "_Found", problems: list[SpecProblem]) -> None:
        try:
            found.add(path.resolve(), self.read(path.resolve(), str(path)))
        except SpecError as error:
            problems += error.problems

    def _add_folder(self, folder: Path, found: "_Found", problems: list[SpecProblem]) -> bool:
        """Add the documents of a folder, or what may be meant to be one; tell if there is any."""
        self.see(folder.resolve())
        any_found = False
        for file in sorted(folder.iterdir()):
            if file.suffix.lower() not in _SUFFIXES:
                continue
            self.see(file.resolve())
            if self._is_fragment(file):
                self.skipped.append(str(file))
            else:
                any_found = True
                self._add(file, found, problems)
        return any_found

    def _is_fragment(self, file: Path) -> bool:
        """Tell whether a file is readable and no document: one that a document refers to."""
        try:
            if not _HAS_KEY.search(file.read_bytes()):
                return True
            value = self.read(file.resolve(), str(file)).value
        except (OSError, SpecError):
            return False  # told where it is added
        return not (isinstance(value, dict) and any(key in value for key in _KEYS))


class _Found:
    """The documents so far, and the overlays that extend them."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._documents: dict[Path, Document] = {}
        self._overlays: dict[Path, list[Document]] = {}

    def add(self, path: Path, document: Document) -> None:
        if not is_overlay(document):
            self._documents.setdefault(path, document)
            return
        file = extended_file(flawless(document))
        target = _beside(path, file or "")
        if file is None or target is None:
            hint = "name a file in the overlay's own folder"
            message = "`extends` names no document"
            raise SpecError([SpecProblem(document.source("/extends"), message, hint)])
        self._overlays.setdefault(target, []).append(document)
        if target not in self._documents:
            name = str(Path(document.file).parent / file)
            self._documents[target] = self._files.read(target, name)

    def merged(self, problems: list[SpecProblem]) -> list[tuple[Document, Path]]:
        merged = []
        for path, document in self._documents.items():
            try:
                whole = apply_overlays(document, self._overlays.get(path, []))
            except SpecError as error:
                problems += error.problems
            else:
                merged.append((whole, path.parent))
        return merged


def _beside(path: Path, file: str) -> Path | None:
    """Return the file of a name that lies in another one's folder, if there is one."""
    try:
        target = (path.parent / file).resolve()
        return target if target.is_relative_to(path.parent) and target.is_file() else None
    except (OSError, ValueError):
        return None
