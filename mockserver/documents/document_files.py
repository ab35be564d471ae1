"""Read the documents in given files and folders, apply their overlays, and record the read paths.

`Files.documents` returns each document with its folder; problems are added to a list, and faulty
documents are left out. Files of a folder without `openapi`, `swagger` or `overlay` are only listed
in `skipped`. Callers: `openapi/compiler.py` and `contract/document_changes.py`;
`contract/interaction_files.py` uses `read` and `see`. `server/reloading.py` compares the stamps in
`seen` with new ones, to load again after a change. An overlay extends a file in or below its own
folder only. Nothing is watched here.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document, load_document, require_clean_text
from mockserver.documents.overlay import apply_overlays, extended_file, is_overlay

_SUFFIXES = (".yaml", ".yml", ".json")
_KEYS = ("openapi", "swagger", "overlay")
_HAS_KEY = re.compile(rb"""(?:^|[\s{,"'])(?:openapi|swagger|overlay)["']?\s*:""")


Stamp = tuple[int, int, int] | None
"""Modification time, size and inode of a file, to detect changes; None if there is no file."""


def stamp(path: Path) -> Stamp:
    """Return the stamp of a file or a folder."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Files:
    """Reads documents, each once, and records every path that it accessed."""

    def __init__(self) -> None:
        self._read: dict[Path, Document] = {}
        self.seen: dict[Path, Stamp] = {}
        """The accessed files and folders with their stamps at the first access: a change of any
        of them may change what is loaded."""
        self.skipped: list[str] = []
        """Files in the given folders that are not documents."""

    def read(self, path: Path, name: str) -> Document:
        """Return the document in a file, read at the first call.

        Raises:
            SpecError: If it cannot be read, or is not valid JSON or YAML; with all problems.
        """
        self.see(path)
        if (document := self._read.get(path)) is None:
            document = self._read[path] = load_document(path, name)
        return document

    def see(self, path: Path) -> None:
        """Record a file or a folder as accessed."""
        if path not in self.seen:
            self.seen[path] = stamp(path)

    def listed(self, folder: Path) -> list[Path]:
        """Return the sorted paths in a folder; SpecError if it cannot be read."""
        self.see(folder.resolve())
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            source = Document(str(folder), None, None, dict).source()
            message = f"this folder cannot be read: {error.strerror or error}"
            hint = "check its permissions"
            raise SpecError([SpecProblem("MS001", source, message, hint)]) from None

    def documents(
        self, paths: Sequence[Path], problems: list[SpecProblem]
    ) -> list[tuple[Document, Path]]:
        """Return the documents at the paths, with overlays applied, each with its folder."""
        found = _DocumentSet(self)
        for path in paths:
            if not path.is_dir():
                self._add(path, found, problems)
            elif not self._add_folder(path, found, problems):
                source = Document(str(path), None, None, dict).source()
                message = "this folder contains no OpenAPI document"
                problems.append(
                    SpecProblem("MS013", source, message, "name another folder or a file")
                )
        return found.with_overlays(problems)

    def _add(self, path: Path, found: "_DocumentSet", problems: list[SpecProblem]) -> None:
        try:
            found.add(path.resolve(), self.read(path.resolve(), str(path)))
        except SpecError as error:
            problems += error.problems

    def _add_folder(self, folder: Path, found: "_DocumentSet", problems: list[SpecProblem]) -> bool:
        """Add the documents of a folder; return True if it has any, readable or not."""
        try:
            listed = self.listed(folder)
        except SpecError as error:
            problems += error.problems
            return True
        any_found = False
        for file in listed:
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
        """Return True if a file is not a document itself, but may be a part of one."""
        try:
            if not _HAS_KEY.search(file.read_bytes()):
                return True
            value = self.read(file.resolve(), str(file)).value
        except (OSError, SpecError):
            return False  # `_add` reports the problem
        return not (isinstance(value, dict) and any(key in value for key in _KEYS))


class _DocumentSet:
    """Documents, and the overlays that extend them."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._documents: dict[Path, Document] = {}
        self._overlays: dict[Path, list[Document]] = {}

    def add(self, path: Path, document: Document) -> None:
        """Add a document, or an overlay together with the document that it extends."""
        if not is_overlay(document):
            self._documents.setdefault(path, document)
            return
        file = extended_file(require_clean_text(document))
        target = _file_in_same_folder(path, file or "")
        if file is None or target is None:
            hint = "name a file in the folder of the overlay"
            message = "`extends` does not name a document"
            raise SpecError([SpecProblem("MS806", document.source("/extends"), message, hint)])
        self._overlays.setdefault(target, []).append(document)
        if target not in self._documents:
            name = str(Path(document.file).parent / file)
            self._documents[target] = self._files.read(target, name)

    def with_overlays(self, problems: list[SpecProblem]) -> list[tuple[Document, Path]]:
        """Return the documents with their overlays applied; leave out those with errors."""
        merged = []
        for path, document in self._documents.items():
            try:
                whole = apply_overlays(document, self._overlays.get(path, []))
            except SpecError as error:
                problems += error.problems
            else:
                merged.append((whole, path.parent))
        return merged


def _file_in_same_folder(path: Path, file: str) -> Path | None:
    """Return the file with a relative name; None if it is absent or outside the folder."""
    try:
        target = (path.parent / file).resolve()
        return target if target.is_relative_to(path.parent) and target.is_file() else None
    except (OSError, ValueError):
        return None
