"""Where the values of a text begin, found by their JSON Pointers."""

from dataclasses import dataclass

from mockserver.base.json import escape
from mockserver.base.places import Position

ROOT = (-1, "")
PositionIndex = dict[tuple[int, str], tuple[int, Position]]
"""From the number of a collection and a key in it to the member's number and position.

The whole document stands under `ROOT`; an item's key is its index as text.
"""


@dataclass(slots=True)
class _Open:
    """A collection that is being indexed."""

    number: int
    is_mapping: bool
    met: int = 0
    """Items so far."""
    key: str = ""
    member: int | None = None
    """The number of the member whose key was met and whose value comes next."""


class Indexer:
    """Numbers the values of a text in the order they are met, and notes where each begins."""

    def __init__(self) -> None:
        self.index: PositionIndex = {}
        self._stack: list[_Open] = []
        self._met = 0

    @property
    def awaits_key(self) -> bool:
        """Whether the next thing is the key of a mapping."""
        return bool(self._stack) and self._stack[-1].is_mapping and self._stack[-1].member is None

    def seen(self, key: str) -> Position | None:
        """Return where the open mapping has this key already."""
        found = self.index.get((self._stack[-1].number, key))
        return found[1] if found else None

    def key(self, key: str, here: Position) -> None:
        """Note a member."""
        top = self._stack[-1]
        top.key, top.member = key, self._number((top.number, key), here)

    def value(self, here: Position) -> int:
        """Note a value and return its number."""
        if not self._stack:
            return self._number(ROOT, here)
        top = self._stack[-1]
        if top.member is not None:
            number, top.member = top.member, None
            return number
        top.key = str(top.met)
        top.met += 1
        return self._number((top.number, top.key), here)

    def open(self, number: int, *, is_mapping: bool) -> None:
        """Enter the collection with this number."""
        self._stack.append(_Open(number, is_mapping))

    def close(self) -> None:
        """Leave the innermost collection."""
        self._stack.pop()

    def pointer(self) -> str:
        """Return the JSON Pointer of the value that was met last."""
        return "".join(f"/{escape(top.key)}" for top in self._stack)

    def _number(self, entry: tuple[int, str], here: Position) -> int:
        self._met += 1
        self.index[entry] = (self._met, here)
        return self._met
