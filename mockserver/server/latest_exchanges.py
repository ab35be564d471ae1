"""Remember the latest exchanges of all sandboxes of a process, in the order of their answers.

`cli/run_command.py` gives `add` every exchange, and writes the report and the archive of the run
from what is left at the end, also of sandboxes that were deleted or reset. A number of exchanges
and of bytes bounds it; the oldest are forgotten, but counted.
"""

from collections import deque
from collections.abc import Iterator

from mockserver.engine.history import entry_size
from mockserver.model.exchange import Exchange


class LatestExchanges:
    """The latest exchanges, up to a number of them and of bytes."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._kept: deque[tuple[int, Exchange, int]] = deque()
        self._most = most
        self._room = most_bytes
        self.count = 0
        """Number of all exchanges."""

    def add(self, exchange: Exchange, position: int) -> None:
        """Remember an exchange and its position; forget the oldest ones if there is no room."""
        size = entry_size(exchange)
        self.count += 1
        self._kept.append((position, exchange, size))
        self._room -= size
        while self._kept and (self._room < 0 or len(self._kept) > self._most):
            self._room += self._kept.popleft()[2]

    def __iter__(self) -> Iterator[tuple[int, Exchange]]:
        """Yield the positions and the exchanges that are remembered, oldest first."""
        return ((position, exchange) for position, exchange, _ in self._kept)

    def __len__(self) -> int:
        return len(self._kept)
