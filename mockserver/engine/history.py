"""Keep the history of a sandbox: its entries in order, with what each of them changed.

- In: the pipeline adds each exchange when its answer is complete, and a sandbox a `ControlEntry`
  for each call of the control API that changed something.
- Out: the entries that are kept, oldest first. The oldest are dropped beyond `capacity`, or when
  all histories of the process together need more than their `Budget`. Counts of answers and
  parameters are for `coverage.py`; neither `hide` nor a rewind changes them.
- `sandboxes.py` makes one for each sandbox. Event streams set `listener`, which is called with each
  new exchange; if it fails, that is only logged.

A reset and a restore begin a new run, in which numbers of entries count from the start again. A
rewind removes entries, and their numbers are not used again. What is before `floor` was dropped, or
belongs to other documents, so that a sandbox cannot go back to it.
"""

import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from mockserver.base.time import Instant
from mockserver.engine.parameter_counts import ParameterCounts
from mockserver.model.control_entry import ControlEntry
from mockserver.model.exchange import MOCK_FAILURE, Exchange

_LOG = logging.getLogger("mockserver")
MOST_BYTES = 256_000_000
"""Maximum total size of all histories of a process, as `entry_size` counts it."""
_KEPT_SHARE = 0.9
"""Share of the budget that is used after entries were dropped because it was exceeded."""
_ENTRY_BYTES = 2_500
_CHANGE_BYTES = 900

AnswerCounts = dict[tuple[str, str, int, str | None], int]
"""Number of answers by API, operation, status code and documented example.

The status is 0 if the mock failed."""
HistoryEntry = Exchange | ControlEntry
_POSITION = attrgetter("position")
START = "start"
"""The name of the beginning of a run, before its first entry."""
REWIND = "rewind"
FORK = "forkSandbox"
"""Calls whose entries take the place of those that they undid."""


_FORKED = (
    *("run", "begun", "count", "controls", "position", "latest", "floor"),
    *("hidden", "dropped"),
)
"""What a fork has like its original; it has no listener and no counts of answers."""


def entry_size(entry: HistoryEntry) -> int:
    """Return about how many bytes of memory an entry needs."""
    size = _ENTRY_BYTES + _CHANGE_BYTES * len(entry.writes)
    if isinstance(entry, Exchange):
        request = entry.request
        return size + request.head_size + 2 * len(request.body) + len(entry.answer.body)
    return size + len(entry.sent.body)


@dataclass(slots=True)
class Budget:
    """The bytes that the histories of a process may need together."""

    most: int = MOST_BYTES
    used: int = 0
    histories: "list[History]" = field(default_factory=list)

    def shrink(self) -> None:
        """Drop the oldest entries of the largest history, until there is room again."""
        while self.used > self.most * _KEPT_SHARE:
            largest = max(self.histories, key=lambda history: history.size)
            if not largest.drop():
                return


class Mark(NamedTuple):
    """A position in a history, with what the changes of entries do not contain."""

    position: int
    at: Instant
    ids: int


class History:
    """The latest entries of a sandbox, up to a maximum; exchanges that are dropped stay counted."""

    __slots__ = (
        "_budget",
        "_entries",
        "answer_counts",
        "begun",
        "capacity",
        "controls",
        "count",
        "dropped",
        "floor",
        "hidden",
        "last_dropped",
        "latest",
        "listener",
        "on_close",
        "parameter_counts",
        "position",
        "run",
        "size",
    )

    def __init__(self, capacity: int, budget: Budget | None = None) -> None:
        self._budget = Budget() if budget is None else budget
        self._budget.histories.append(self)
        self._entries: deque[HistoryEntry] = deque()
        self.capacity = capacity
        """Largest number of entries that are kept."""
        self.size = 0
        """About how many bytes the entries need."""
        self.run = 0
        """Number of the run; a reset and a restore begin another one."""
        self.count = 0
        """Number of exchanges, including dropped ones; the next id follows from it."""
        self.controls = 0
        """Number of control entries of this run, including dropped ones."""
        self.position = 0
        """The position of the latest entry."""
        self.latest = Instant(0)
        """The time of the latest entry; no later one is before it."""
        self.floor = self.begun = Mark(0, Instant(0), 0)
        """The earliest position to which the sandbox can go back; `begun` began the run."""
        self.last_dropped: dict[str, str] = {}  # ids, by their first letter
        self.hidden = 0
        """The position up to which exchanges are hidden."""
        self.dropped = 0
        """Number of exchanges, since they were last hidden, for which there was no room."""
        self.listener: Callable[[HistoryEntry], None] | None = None
        """Called with every exchange, and with the calls of other processes; None for none."""
        self.on_close: Callable[[], None] | None = None  # called when the sandbox is deleted
        self.reset_counts()

    @property
    def count_before(self) -> int:
        """Number of exchanges before the run; a restored snapshot says how many there were."""
        return self.count - (self.position - self.controls)

    def next_id(self) -> str:
        """Return the id of the next exchange."""
        return f"r{self.count + 1}"

    def add(self, exchange: Exchange) -> None:
        """Add an exchange; drop the oldest entries if a limit is exceeded."""
        self.count += 1
        self.append(exchange)

    def tell(self, exchange: Exchange) -> None:
        """Count an exchange for the coverage, and call the listener."""
        operation = exchange.operation
        if operation is not None:
            assert exchange.api is not None
            status = 0 if exchange.reason == MOCK_FAILURE else exchange.answer.status
            key = (exchange.api.name, operation.id, status, exchange.answer.example)
            self.answer_counts[key] = self.answer_counts.get(key, 0) + 1
            parameters = operation.parameters
            if parameters is not None and (exchange.request.query or parameters.header_names):
                self.parameter_counts.count(parameters, exchange.request)
        self.notify(exchange)

    def notify(self, entry: HistoryEntry) -> None:
        """Call the listener with an entry."""
        if self.listener is not None:
            try:
                self.listener(entry)
            except Exception:  # noqa: BLE001 - a failing listener must not break serving
                _LOG.exception("a listener of the history failed")

    def append(self, entry: HistoryEntry) -> None:
        """Add an entry without counting it; drop the oldest ones if a limit is exceeded."""
        entries = self._entries
        self.position += 1
        entry.position = self.position
        self.latest = entry.at
        entries.append(entry)
        size = entry_size(entry)
        self.size += size
        self._budget.used += size
        if len(entries) > self.capacity:
            self.drop()
        if self._budget.used > self._budget.most:
            self._budget.shrink()

    def drop(self) -> bool:
        """Drop the oldest entry, unless it is the only one; return False in that case."""
        if len(self._entries) <= 1:
            return False
        entry = self._entries.popleft()
        self._release(entry)
        if entry.position > self.floor.position:  # other documents may have raised it
            self.floor = Mark(entry.position, entry.at, entry.ids)
        self.last_dropped[entry.id[0]] = entry.id
        self.dropped += type(entry) is Exchange and entry.position > self.hidden
        return True

    def _release(self, entry: HistoryEntry) -> None:
        size = entry_size(entry)
        self.size -= size
        self._budget.used -= size

    def __iter__(self) -> Iterator[Exchange]:
        """Yield the exchanges that are not hidden, oldest first."""
        hidden = self.hidden
        return (
            entry
            for entry in self._entries
            if entry.position > hidden and isinstance(entry, Exchange)
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def entries(self) -> Iterator[HistoryEntry]:
        """Yield all entries, oldest first."""
        return iter(self._entries)

    def after(self, position: int) -> list[HistoryEntry]:
        """Return the entries after a position, oldest first."""
        found = []
        for entry in reversed(self._entries):
            if entry.position <= position:
                break
            found.append(entry)
        return found[::-1]

    def get(self, entry_id: str) -> HistoryEntry | None:
        """Return an entry that is still kept, or None."""
        return next((entry for entry in self._entries if entry.id == entry_id), None)

    def exchange(self, exchange_id: str) -> Exchange | None:
        """Return an exchange that is kept and not hidden, or None."""
        found = self.get(exchange_id)
        is_shown = isinstance(found, Exchange) and found.position > self.hidden
        return found if is_shown and isinstance(found, Exchange) else None

    def cut(self, position: int) -> Iterator[HistoryEntry]:
        """Remove the entries after a position, and yield each, latest first."""
        while self._entries and self._entries[-1].position > position:
            entry = self._entries.pop()
            self._release(entry)
            yield entry

    def mark(self, position: int) -> Mark:
        """Return the mark of the last entry up to a position, which is not before the floor."""
        index = bisect_right(self._entries, position, key=_POSITION)
        if index == 0:
            return self.floor
        entry = self._entries[index - 1]
        return Mark(entry.position, entry.at, entry.ids)

    def count_after(self, position: int) -> int:
        """Return the number of entries after a position."""
        return len(self._entries) - bisect_right(self._entries, position, key=_POSITION)

    def name_at(self, position: int) -> str:
        """Return the id of the last entry up to a position, or `start`."""
        index = bisect_right(self._entries, position, key=_POSITION)
        return self._entries[index - 1].id if index else START

    def begin_run(self, count: int, mark: Mark) -> None:
        """Remove all entries, and begin a run whose requests are numbered after `count`."""
        self.clear()
        self.run += 1
        self.count, self.controls, self.hidden = count, 0, 0
        self.last_dropped = {}
        self.position, self.latest = mark.position, mark.at
        self.floor = self.begun = mark

    def raise_floor(self, mark: Mark) -> None:
        """Let nobody go back before a mark; the entries before it are still shown."""
        self.floor = mark

    def fork(self) -> "History":
        """Return another history with the same entries, without their counts."""
        other = History(self.capacity, self._budget)
        other._entries, other.size = self._entries.copy(), self.size
        self._budget.used += self.size
        for name in _FORKED:
            setattr(other, name, getattr(self, name))
        other.last_dropped = self.last_dropped.copy()
        return other

    def reset_counts(self) -> None:
        """Set the counts of answers and parameters to zero; dropped exchanges stay counted."""
        self.answer_counts: AnswerCounts = {}
        self.parameter_counts = ParameterCounts()

    def clear(self) -> None:
        """Remove all entries."""
        self._budget.used -= self.size
        self._entries.clear()
        self.dropped = self.size = 0

    def close(self) -> None:
        """Give the budget back; the history is not used any more."""
        self.clear()
        self._budget.histories.remove(self)
        if self.on_close is not None:
            self.on_close()
