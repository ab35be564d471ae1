"""Name a place in a document: file, JSON Pointer, line and column (computed when they are read).

`documents/document.py` makes a `Source`, with a function that returns the position of a pointer;
`child` returns the source of a value below. Problems, operations, steps, trace entries and refusals
keep one, so that people find the cause. Without such a function, the position is line 1, column 1.
Nothing checks that a pointer leads to a value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from mockserver.base.json import escape

Position = tuple[int, int]
"""Line and column, both from 1."""


def _nowhere(_pointer: str) -> Position:
    """Return the start of the file: the position of a value that was not read from a file."""
    return (1, 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a document; line and column are computed on access."""

    file: str
    pointer: str
    """JSON Pointer (RFC 6901) into the document; empty for the whole document."""
    locate: Callable[[str], Position] = field(default=_nowhere, repr=False, compare=False)

    @property
    def line(self) -> int:
        """The line where the value starts, from 1."""
        return self.locate(self.pointer)[0]

    @property
    def column(self) -> int:
        """The column where the value starts, from 1."""
        return self.locate(self.pointer)[1]

    def child(self, *keys: str | int) -> "Source":
        """Return the place of a value below this one."""
        tail = "".join("/" + escape(str(key)) for key in keys)
        return Source(self.file, self.pointer + tail, self.locate)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
