"""Describe how a value is to be made: its depth, attempt and name; and a fixed random source.

`value_sampling.py` passes a `SamplingContext` down, also to `object_sampling.py` and
`array_sampling.py`, as does `plans.py`. `FixedRandom` always returns the first or lowest choice: it
makes the first attempts without a seed simple. `text_sampling.py` recognises it, and then makes
fixed texts.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from mockserver.base.trails import Trail

_T = TypeVar("_T")


class FixedRandom(random.Random):
    """A random source that always returns the first or the lowest value."""

    def random(self) -> float:
        """Return 0."""
        return 0.0

    def getrandbits(self, _bits: int, /) -> int:
        """Return 0."""
        return 0

    def choice(self, seq: "Sequence[_T]") -> _T:  # type: ignore[override] # what is chosen from here is a sequence
        """Return the first item."""
        return seq[0]

    def randint(self, a: int, _b: int) -> int:
        """Return the lower bound."""
        return a

    def randrange(self, start: int, stop: int | None = None, _step: int = 1) -> int:
        """Return the lower bound."""
        return 0 if stop is None else start


class SamplingContext(NamedTuple):
    """How one value is to be made."""

    depth: int = 0
    """The number of containers around the value."""
    uses_examples: bool = True
    """Whether examples and defaults of the schema are used."""
    attempt: int = 0
    """The number of earlier attempts; each attempt chooses other types and alternatives."""
    name: str = ""
    """The property that the value is for."""
    trail: Trail = ""
    """The place of the value."""

    @property
    def only_required(self) -> bool:
        """Whether only required members and items are made."""
        return self.attempt % 4 in (2, 3)

    def child(self, name: str) -> "SamplingContext":
        """Return the context of a member, at its first attempt."""
        return SamplingContext(self.depth + 1, self.uses_examples, 0, name, (self.trail, name))

    def item(self, index: int) -> "SamplingContext":
        """Return the context of an item of an array, at its first attempt."""
        trail = (self.trail, index)
        return SamplingContext(self.depth + 1, self.uses_examples, 0, self.name, trail)
