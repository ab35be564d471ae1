"""What is chosen while a value is made: by no chance at all, or in another way at every turn."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from mockserver.base.json import JsonValue

_MOST_PROBES = 300
_T = TypeVar("_T")


class Still(random.Random):
    """Chance that always gives the first or the least."""

    def random(self) -> float:
        """Return 0."""
        return 0.0

    def getrandbits(self, _bits: int, /) -> int:
        """Return 0."""
        return 0

    def choice(self, seq: "Sequence[_T]") -> _T:  # type: ignore[override] # what is chosen from here is a sequence
        """Return the first."""
        return seq[0]

    def randint(self, a: int, _b: int) -> int:
        """Return the least."""
        return a

    def randrange(self, start: int, stop: int | None = None, _step: int = 1) -> int:
        """Return the least."""
        return 0 if stop is None else start


class Way(NamedTuple):
    """How one value is made."""

    depth: int = 0
    """Containers around it."""
    given: bool = True
    """Take examples and defaults where there are any."""
    turn: int = 0
    """How often it was tried before: another turn chooses other alternatives."""
    name: str = ""
    """The property that it is for."""

    @property
    def is_lean(self) -> bool:
        """Make only what is required."""
        return self.turn % 4 in (2, 3)

    def inside(self, name: str) -> "Way":
        """Return the way to make a member or an item."""
        return Way(self.depth + 1, self.given, 0, name)


_PLAIN: tuple[JsonValue, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    0.5,
    "",
    "a",
    [],
    {},
    [0],
    [0, 0],
    {"a": 0},
)


def probes(schema: JsonValue) -> Iterator[JsonValue]:
    """Yield plain values, and those that a schema names anywhere inside."""
    yield from _PLAIN
    waiting = [schema]
    for _ in range(_MOST_PROBES):
        if not waiting:
            return
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield from _named(part)
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _named(schema: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
    for key in ("const", "default", "example"):
        if key in schema:
            yield schema[key]
    for key in ("enum", "examples"):
        if isinstance(values := schema.get(key), list):
            yield from values[:10]
