"""Documents: files of JSON values in which every value knows its line and column."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, unescape
from mockserver.base.places import Position, Source
from mockserver.base.problems import Severity, SpecProblem, as_warnings
from mockserver.documents.json_text import json_positions, read_json
from mockserver.documents.positions import ROOT, PositionIndex
from mockserver.documents.yaml_text import Trouble, UnreadableError, read_yaml, yaml_positions

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LARGEST = 20_000_000
"""Bytes of a document."""


@dataclass(slots=True)
class Document:
    """One file's value; positions are looked for only when one is asked for."""

    file: str
    """Its name as people are told it."""
    path: Path | None
    value: JsonValue
    places: Callable[[], PositionIndex]
    origins: dict[str, Source] = field(default_factory=dict)
    """Where what stands under a pointer comes from, if it is from elsewhere: an overlay, or the
    document before it was converted."""
    identity: str = ""
    """Tells it from all others that a document refers to: its file, unless it was converted."""
    flaws: tuple[SpecProblem, ...] = ()
    """What is wrong with its text, which has a value all the same."""
    original: "Document | None" = None
    """Itself before it was converted: references without a file lead into that."""
    _index: PositionIndex | None = None

    def __post_init__(self) -> None:
        self.identity = self.identity or self.file

    def source(self, pointer: str = "") -> Source:
        """Return the place of the value under a JSON Pointer."""
        if self.origins and (origin := self._origin(pointer)):
            return origin
        return Source(self.file, pointer, self.position)

    def position(self, pointer: str) -> Position:
        """Return line and column of a value, or of the nearest value above it."""
        if self._index is None:
            self._index = self.places()
        number, position = self._index.get(ROOT, (0, (1, 1)))
        for token in pointer.split("/")[1:]:
            if (found := self._index.get((number, unescape(token)))) is None:
                break
            number, position = found
        return position

    def _origin(self, pointer: str) -> Source | None:
        """Follow the pointer upwards to the nearest value that an overlay put there."""
        above, below = pointer, ""
        while above:
            if (origin := self.origins.get(above)) is not None:
                return Source(origin.file, origin.pointer + below, origin.locate)
            head, _, tail = above.rpartition("/")
            above, below = head, f"/{tail}{below}"
        return None


def flawless(document: Document) -> Document:
    """Return a document whose text has no flaw.

    Raises:
        SpecError: With all its flaws, if it has any.
    """
    if document.flaws:
        raise SpecError(replace(flaw, severity=Severity.ERROR) for flaw in document.flaws)
    return document


def load_document(path: Path, file: str | None = None) -> Document:
    """Read a file.

    Raises:
        SpecError: With everything that is wrong with it as JSON or YAML.
    """
    name = file or str(path)
    try:
        if path.is_dir():
            raise _wrong(name, [Trouble((1, 1), "is a folder", "name a file in it")])
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise _wrong(name, [Trouble((1, 1), message, _how_to_find(name))]) from None
    except ValueError:
        raise _wrong(name, [Trouble((1, 1), "is not the name of a file")]) from None
    return parse_document(content, name, path)


def _how_to_find(name: str) -> str:
    if name.startswith(("http:", "https:")):
        return "nothing is fetched; save it first, with curl -O, and name the file"
    return "check the path"


def parse_document(content: bytes, file: str, path: Path | None = None) -> Document:
    """Read a document's bytes, as JSON or as YAML.

    Raises:
        SpecError: With everything that is wrong with it.
    """
    if len(content) > LARGEST:
        raise _wrong(file, [Trouble((1, 1), f"larger than {LARGEST:,} bytes", "split the file")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong(file, [_undecodable(content, error.start)]) from None
    is_json = file.lower().endswith(".json") or text.lstrip()[:1] == "{"
    try:
        return _read(text, file, path, is_json=is_json)
    except UnreadableError as error:
        if is_json and not file.lower().endswith(".json"):
            return _flow_style(text, file, path)
        raise _wrong(file, error.troubles) from None


def _flow_style(text: str, file: str, path: Path | None) -> Document:
    """Read YAML that begins with a brace but is not JSON."""
    try:
        return _read(text, file, path, is_json=False)
    except UnreadableError as error:
        raise _wrong(file, error.troubles) from None


def _read(text: str, file: str, path: Path | None, *, is_json: bool) -> Document:
    places = json_positions if is_json else yaml_positions
    flaws: tuple[SpecProblem, ...] = ()
    try:
        value = read_json(text) if is_json else read_yaml(text)
    except UnreadableError as error:
        if not error.is_bearable:
            raise
        value, flaws = error.value, tuple(as_warnings(_wrong(file, error.troubles).problems))
    return Document(file, path, value, lambda: places(text), flaws=flaws)


def _undecodable(content: bytes, offset: int) -> Trouble:
    line = content.count(b"\n", 0, offset) + 1
    column = offset - content.rfind(b"\n", 0, offset)
    if content[:2] in _UTF_16:
        message = "this is UTF-16, not UTF-8"
    else:
        message = (
            f"not UTF-8: the byte 0x{content[offset]:02X} is {chr(content[offset])!r} in Latin-1"
        )
    return Trouble((line, column), message, "save it as UTF-8")


def _wrong(file: str, troubles: list[Trouble]) -> SpecError:
    return SpecError(
        SpecProblem(_at(file, trouble), trouble.message, trouble.hint) for trouble in troubles
    )


def _at(file: str, trouble: Trouble) -> Source:
    return Source(file, trouble.pointer, lambda _pointer: trouble.position)
