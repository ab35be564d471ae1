"""Read a file as JSON or YAML into a `Document`: its value, and line and column of every part.

`document_files.py` and `references.py` call `load_document`, `openapi/answers.py` `parse_document`.
A file named .json is JSON only; other text with a brace first is tried as JSON, then as YAML.
Unreadable text (UTF-8, up to 20 MB) is a SpecError with all problems, or the format's name, such as
GraphQL; duplicate keys and the like are `text_warnings`, which `require_clean_text` raises for
fixtures, overlays and interactions. Valid JSON that is not OpenAPI (a HAR) passes. No fetching.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, unescape
from mockserver.base.places import Position, Source
from mockserver.base.problems import Severity, SpecProblem, as_warnings
from mockserver.documents.json_text import json_positions, read_json
from mockserver.documents.positions import ROOT, PositionIndex
from mockserver.documents.unrepresentable_numbers import remove_numbers
from mockserver.documents.yaml_text import (
    TextProblem,
    UnreadableError,
    read_yaml,
    yaml_positions,
)

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LARGEST = 20_000_000
"""The maximum size of a document, in bytes."""


@dataclass(slots=True)
class Document:
    """The value of one file; positions are indexed when the first one is needed."""

    file: str
    """The name of the file in messages."""
    path: Path | None
    value: JsonValue
    read_positions: Callable[[], PositionIndex]
    origins: dict[str, Source] = field(default_factory=dict)
    """By JSON Pointer, the sources of values that come from elsewhere: from an overlay, or from
    the Swagger 2.0 document that was converted."""
    identity: str = ""
    """Identifies the document among those read together: its file, unless it was converted."""
    text_warnings: tuple[SpecProblem, ...] = ()
    """Problems of its text that do not prevent reading it."""
    original: "Document | None" = None
    """The document before conversion; local references point into this one."""
    _index: PositionIndex | None = None

    def __post_init__(self) -> None:
        self.identity = self.identity or self.file

    def source(self, pointer: str = "") -> Source:
        """Return the source of the value at a JSON Pointer."""
        if self.origins and (origin := self._origin(pointer)):
            return origin
        return Source(self.file, pointer, self.position)

    def position(self, pointer: str) -> Position:
        """Return line and column of a value; if it is absent, those of the nearest parent."""
        if self._index is None:
            self._index = self.read_positions()
        number, position = self._index.get(ROOT, (0, (1, 1)))
        for token in pointer.split("/")[1:]:
            if (found := self._index.get((number, unescape(token)))) is None:
                break
            number, position = found
        return position

    def _origin(self, pointer: str) -> Source | None:
        """Return the source of a value whose nearest ancestor, or itself, has an origin."""
        ancestor, rest = pointer, ""
        while ancestor:
            if (origin := self.origins.get(ancestor)) is not None:
                return Source(origin.file, origin.pointer + rest, origin.locate)
            parent, _, token = ancestor.rpartition("/")
            ancestor, rest = parent, f"/{token}{rest}"
        return None


def require_clean_text(document: Document) -> Document:
    """Return the document.

    Raises:
        SpecError: If its text has warnings; they become errors.
    """
    if document.text_warnings:
        raise SpecError(replace(item, severity=Severity.ERROR) for item in document.text_warnings)
    return document


def load_document(path: Path, file: str | None = None) -> Document:
    """Read a file.

    Args:
        path: The file.
        file: Its name in messages; the path by default.

    Raises:
        SpecError: If it cannot be read, or is not valid JSON or YAML; with all problems.
    """
    name = file or str(path)
    try:
        if path.is_dir():
            raise _error(name, [TextProblem("MS001", (1, 1), "is a folder", "name a file in it")])
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise _error(name, [TextProblem("MS001", (1, 1), message, _path_hint(name))]) from None
    except ValueError:
        raise _error(name, [TextProblem("MS001", (1, 1), "is not a valid file name")]) from None
    return parse_document(content, name, path)


def _path_hint(name: str) -> str:
    if name.startswith(("http:", "https:")):
        return "nothing is fetched; save it with curl -O, then name the file"
    return "check the path"


def parse_document(content: bytes, file: str, path: Path | None = None) -> Document:
    """Read the bytes of a document, as JSON or as YAML.

    Raises:
        SpecError: If they are not valid JSON or YAML; with all problems.
    """
    if len(content) > LARGEST:
        problem = TextProblem("MS002", (1, 1), f"larger than {LARGEST:,} bytes", "split the file")
        raise _error(file, [problem])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(file, [_encoding_problem(content, error.start)]) from None
    is_json = file.lower().endswith(".json") or text.lstrip()[:1] == "{"
    try:
        document = _read(text, file, path, is_json=is_json)
    except UnreadableError as error:
        if is_json and not file.lower().endswith(".json"):
            return _read_flow_yaml(text, file, path)
        raise _error(file, _recognised(text, file) or error.problems) from None
    is_text = isinstance(document.value, str) or text.startswith(("#%", "FORMAT:"))
    if is_text and (problems := _recognised(text, file)):
        raise _error(file, problems)
    return document


def _recognised(text: str, file: str) -> list[TextProblem]:
    """Return the problem of a text in another format, if it is recognised."""
    from mockserver.documents.other_formats import format_of_text  # noqa: PLC0415 - seldom needed

    if (found := format_of_text(text, file)) is None:
        return []
    return [TextProblem("MS015", (1, 1), f"this is {found.name}, not OpenAPI", found.hint)]


def _read_flow_yaml(text: str, file: str, path: Path | None) -> Document:
    """Read YAML whose first character is a brace, but which is not JSON."""
    try:
        return _read(text, file, path, is_json=False)
    except UnreadableError as error:
        raise _error(file, error.problems) from None


def _read(text: str, file: str, path: Path | None, *, is_json: bool) -> Document:
    positions = json_positions if is_json else yaml_positions
    warnings: tuple[SpecProblem, ...] = ()
    try:
        value = read_json(text) if is_json else read_yaml(text)
    except UnreadableError as error:
        if not error.is_recoverable:
            raise
        value, warnings = error.value, tuple(as_warnings(_error(file, error.problems).problems))
        numbers = [problem.pointer for problem in error.problems if problem.code == "MS007"]
        if numbers and not remove_numbers(value, numbers):
            raise
    return Document(file, path, value, lambda: positions(text), text_warnings=warnings)


def _encoding_problem(content: bytes, offset: int) -> TextProblem:
    line = content.count(b"\n", 0, offset) + 1
    column = offset - content.rfind(b"\n", 0, offset)
    if content[:2] in _UTF_16:
        message = "this is UTF-16, not UTF-8"
    else:
        message = (
            f"not UTF-8: the byte 0x{content[offset]:02X} is {chr(content[offset])!r} in Latin-1"
        )
    return TextProblem("MS003", (line, column), message, "save it as UTF-8")


def _error(file: str, problems: list[TextProblem]) -> SpecError:
    return SpecError(
        SpecProblem(problem.code, _source(file, problem), problem.message, problem.hint)
        for problem in problems
    )


def _source(file: str, problem: TextProblem) -> Source:
    return Source(file, problem.pointer, lambda _pointer: problem.position)
