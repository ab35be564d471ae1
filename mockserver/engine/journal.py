"""The journal: the latest exchanges of a sandbox, each with the trace of its decisions."""

import logging
from collections import deque
from collections.abc import Callable, Iterator

from mockserver.engine.parameter_counts import Sent
from mockserver.model.exchange import MOCK_FAILURE, Exchange

_LOG = logging.getLogger("mockserver")
MOST_BYTES = 50_000_000
"""Of the bodies that one journal keeps."""


Seen = dict[tuple[int, int, str | None], int]
"""How often an operation (its `id()`) was answered with a status and a documented example; where
the mock failed the status is 0."""


class Journal:
    """A bounded memory of exchanges; the oldest go first, and are counted."""

    __slots__ = ("_bytes", "_capacity", "_entries", "count", "heard", "seen", "sent")

    def __init__(self, capacity: int) -> None:
        self._entries: deque[Exchange] = deque()
        self._capacity = capacity
        self._bytes = 0
        self.count = 0
        """Exchanges since the sandbox began, also those no longer kept."""
        self.heard: Callable[[Exchange], None] | None = None
        """Called with every exchange, if anybody listens."""
        self.seen: Seen = {}
        """What was answered since the sandbox began, also by those no longer kept."""
        self.sent = Sent()
        """Which parameters were sent since then."""

    def next_id(self) -> str:
        """Name the exchange that is about to be added."""
        return f"r{self.count + 1}"

    def add(self, exchange: Exchange) -> None:
        """Remember an exchange, and forget the oldest that there is no more room for."""
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
        while len(entries) > self._capacity or (self._bytes > MOST_BYTES and len(entries) > 1):
            self._bytes -= _size(entries.popleft())
        if self.heard is not None:
            try:
                self.heard(exchange)
            except Exception:  # noqa: BLE001 - who watches must not fail what is watched
                _LOG.exception("an exchange could not be told to those who listen")

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, exchange_id: str) -> Exchange | None:
        """Return an exchange that is still kept, or None."""
        return next((entry for entry in self._entries if entry.id == exchange_id), None)

    def restart(self, count: int) -> None:
        """Forget all exchanges, and go on as after so many of them."""
        self.clear()
        self.count = count

    def uncount(self) -> None:
        """Forget what was seen and sent."""
        self.seen = {}
        self.sent = Sent()

    def clear(self) -> None:
        """Forget all exchanges; their ids are not used again."""
        self._entries.clear()
        self._bytes = 0


def _size(exchange: Exchange) -> int:
    return len(exchange.request.body) + len(exchange.answer.body)
