"""Index where the values of a text begin, while a reader goes through the text.

`json_text.py` and `yaml_text.py` drive an `Indexer` with keys, values, openings and closings, in
the order of the text; `document.py` looks places up in the resulting `PositionIndex`. No text is
read here, and no value is kept.
"""

from dataclasses import dataclass

from mockserver.base.json import escape
from mockserver.base.places import Position

ROOT = (-1, "")
PositionIndex = dict[tuple[int, str], tuple[int, Position]]
"""Maps the number of a collection and a key in it to the number and position of that member.

The whole document has the entry `ROOT`; the key of an item is its index as text. Numbers keep the
index small: full pointers as keys would repeat long parents.
"""


@dataclass(slots=True)
class _OpenCollection:
    """A mapping or a sequence whose end was not reached yet."""

    number: int
    is_mapping: bool
    items: int = 0
    """The number of items so far."""
    key: str = ""
    pending: int | None = None
    """The number of the member whose key was read and whose value comes next."""


class Indexer:
    """Numbers the values of a text in reading order and records where each begins."""

    def __init__(self) -> None:
        self.index: PositionIndex = {}
        self._stack: list[_OpenCollection] = []
        self._last_number = 0

    @property
    def awaits_key(self) -> bool:
        """Whether the next token is a key of a mapping."""
        return bool(self._stack) and self._stack[-1].is_mapping and self._stack[-1].pending is None

    def earlier(self, key: str) -> Position | None:
        """Return the position of a key that the open mapping already has."""
        found = self.index.get((self._stack[-1].number, key))
        return found[1] if found else None

    def key(self, key: str, position: Position) -> None:
        """Record the key of a member."""
        top = self._stack[-1]
        top.key, top.pending = key, self._record((top.number, key), position)

    def value(self, position: Position) -> int:
        """Record a value and return its number."""
        if not self._stack:
            return self._record(ROOT, position)
        top = self._stack[-1]
        if top.pending is not None:
            number, top.pending = top.pending, None
            return number
        top.key = str(top.items)
        top.items += 1
        return self._record((top.number, top.key), position)

    def open(self, number: int, *, is_mapping: bool) -> None:
        """Enter the collection with this number."""
        self._stack.append(_OpenCollection(number, is_mapping))

    def close(self) -> None:
        """Leave the innermost collection."""
        self._stack.pop()

    def pointer(self) -> str:
        """Return the JSON Pointer of the last recorded value."""
        return "".join(f"/{escape(top.key)}" for top in self._stack)

    def _record(self, entry: tuple[int, str], position: Position) -> int:
        self._last_number += 1
        self.index[entry] = (self._last_number, position)
        return self._last_number
