"""The journal: the latest exchanges of a sandbox, each with the trace of its decisions."""

import logging
from collections import deque
from collections.abc import Callable, Iterator

from mockserver.engine.parameter_counts import Sent
from mockserver.model.exchange import MOCK_FAILURE, Exchange

_LOG = logging.getLogger("mockserver")
MOST_BYTES = 50_000_000
"""Maximum total size of the bodies that one journal keeps."""


Seen = dict[tuple[int, int, str | None], int]
"""Number of answers by operation (its `id()`), status code and documented example. The status is 0
if the mock failed."""


class Journal:
    """The latest exchanges, up to a limit; the oldest are dropped, but stay counted."""

    __slots__ = ("_bytes", "_entries", "capacity", "count", "dropped", "heard", "seen", "sent")

    def __init__(self, capacity: int) -> None:
        self._entries: deque[Exchange] = deque()
        self.capacity = capacity
        """Largest number of exchanges that are kept."""
        self._bytes = 0
        self.count = 0
        """Number of exchanges since the start of the sandbox, including dropped ones."""
        self.dropped = 0
        """Number of exchanges, since the journal was last cleared, for which there was no room."""
        self.heard: Callable[[Exchange], None] | None = None
        """Called with every exchange; None if there is no listener."""
        self.seen: Seen = {}
        """Counts of answers since the start of the sandbox, including dropped exchanges."""
        self.sent = Sent()
        """Counts of parameters that were sent since then."""

    def next_id(self) -> str:
        """Return the id of the next exchange."""
        return f"r{self.count + 1}"

    def add(self, exchange: Exchange) -> None:
        """Add an exchange; drop the oldest ones if a limit is exceeded."""
        entries = self._entries
        self.count += 1
        self._bytes += _size(exchange)
        entries.append(exchange)
        if exchange.operation is not None:
            status = 0 if exchange.reason == MOCK_FAILURE else exchange.answer.status
            key = (id(exchange.operation), status, exchange.answer.example)
            self.seen[key] = self.seen.get(key, 0) + 1
            parameters = exchange.operation.parameters
            if parameters is not None and (exchange.request.query or parameters.header_names):
                self.sent.count(parameters, exchange.request)
        while len(entries) > self.capacity or (self._bytes > MOST_BYTES and len(entries) > 1):
            self._bytes -= _size(entries.popleft())
            self.dropped += 1
        if self.heard is not None:
            try:
                self.heard(exchange)
            except Exception:  # noqa: BLE001 - a failing listener must not break serving
                _LOG.exception("a listener of the journal failed")

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, exchange_id: str) -> Exchange | None:
        """Return an exchange that is still kept, or None."""
        return next((entry for entry in self._entries if entry.id == exchange_id), None)

    def restart(self, count: int) -> None:
        """Drop all exchanges, and continue the count from `count`."""
        self.clear()
        self.count = count

    def reset_counts(self) -> None:
        """Reset the counts of answers and parameters."""
        self.seen = {}
        self.sent = Sent()

    def clear(self) -> None:
        """Remove all exchanges; their ids are not used again."""
        self._entries.clear()
        self.dropped = 0
        self._bytes = 0


def _size(exchange: Exchange) -> int:
    return len(exchange.request.body) + len(exchange.answer.body)
