"""Places in documents: file, JSON Pointer, line and column."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mockserver.base.json import escape

Position = tuple[int, int]
"""Line and column, both counted from 1."""


def nowhere(_pointer: str) -> Position:
    """Locate nothing: the position of what never stood in a file."""
    return (1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a document; line and column are looked up only when they are read."""

    file: str
    pointer: str
    """JSON Pointer (RFC 6901) into the document; empty for the whole of it."""
    locate: Callable[[str], Position] = field(default=nowhere, repr=False, compare=False)

    @property
    def line(self) -> int:
        """The line the value starts on, from 1."""
        return self.locate(self.pointer)[0]

    @property
    def column(self) -> int:
        """The column the value starts in, from 1."""
        return self.locate(self.pointer)[1]

    def child(self, *keys: str | int) -> "Source":
        """Return the place of a value below this one."""
        tail = "".join("/" + escape(str(key)) for key in keys)
        return Source(self.file, self.pointer + tail, self.locate)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
