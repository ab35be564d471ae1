"""Keep the latest exchanges of a sandbox, each with the trace of its decisions, and count them.

- In: `Engine.handle` in `pipeline.py` adds each exchange when its answer is complete.
- Out: the exchanges that are kept, oldest first; older ones are dropped beyond `capacity` or
  `MOST_BYTES` of bodies. Counts of answers and parameters are for `coverage.py`; `clear` keeps
  them. It is in memory only, and does not change the exchanges.
- `sandbox.py` makes one for each sandbox; `cli/run_command.py` has another for the whole process.
  `control/listeners.py` sets `listener`, which is called with each new exchange; if it fails, that
  is only logged.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator

from mockserver.engine.parameter_counts import ParameterCounts
from mockserver.model.exchange import MOCK_FAILURE, Exchange

_LOG = logging.getLogger("mockserver")
MOST_BYTES = 50_000_000
"""Maximum total size of the bodies that one journal keeps."""


AnswerCounts = dict[tuple[int, int, str | None], int]
"""Number of answers by operation (its `id()`), status code and documented example.

The status is 0 if the mock failed."""


class Journal:
    """The latest exchanges, up to a maximum; exchanges that are dropped stay counted."""

    __slots__ = (
        "_bytes",
        "_entries",
        "answer_counts",
        "capacity",
        "count",
        "dropped",
        "listener",
        "parameter_counts",
    )

    def __init__(self, capacity: int) -> None:
        self._entries: deque[Exchange] = deque()
        self.capacity = capacity
        """Largest number of exchanges that are kept."""
        self._bytes = 0
        self.count = 0
        """Number of exchanges, including dropped ones; the next id follows from it."""
        self.dropped = 0
        """Number of exchanges, since the journal was last cleared, for which there was no room."""
        self.listener: Callable[[Exchange], None] | None = None
        """Called with every exchange; None if there is no listener."""
        self.answer_counts: AnswerCounts = {}
        """Counts of answers since the latest reset of the counts, including dropped exchanges."""
        self.parameter_counts = ParameterCounts()
        """Counts of the parameters of requests since the latest reset of the counts."""

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
            self.answer_counts[key] = self.answer_counts.get(key, 0) + 1
            parameters = exchange.operation.parameters
            if parameters is not None and (exchange.request.query or parameters.header_names):
                self.parameter_counts.count(parameters, exchange.request)
        while len(entries) > self.capacity or (self._bytes > MOST_BYTES and len(entries) > 1):
            self._bytes -= _size(entries.popleft())
            self.dropped += 1
        if self.listener is not None:
            try:
                self.listener(exchange)
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
        """Set the counts of answers and parameters to zero."""
        self.answer_counts = {}
        self.parameter_counts = ParameterCounts()

    def clear(self) -> None:
        """Remove all exchanges; their ids are not used again."""
        self._entries.clear()
        self.dropped = 0
        self._bytes = 0


def _size(exchange: Exchange) -> int:
    return len(exchange.request.body) + len(exchange.answer.body)
