"""Keep the history of a sandbox: its entries in order, with what each of them changed.

- In: the pipeline adds each exchange when its answer is complete, and a sandbox a `ControlEntry`
  for each call of the control API that changed something.
- Out: the entries that are kept, oldest first. The oldest are dropped beyond `capacity`, or when
  all histories of the process together need more than their `Budget`. Counts of answers and
  parameters are for `coverage.py`; neither `hide` nor a rewind changes them.
- `sandboxes.py` makes one for each sandbox. Event streams set `listener`, which is called with
  each new exchange; if it fails, that is only logged.

A reset and a restore begin a new run, in which numbers of entries count from the start again. A
rewind removes entries, and their numbers are not used again. What is before `floor` was dropped, or
belongs to other documents, so that a sandbox cannot go back to it.
"""

import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from operator import attrgetter
from typing import NamedTuple

from mockserver.base.time import Instant
from mockserver.engine.memory_estimates import SMALL_BODY, writes_size
from mockserver.engine.parameter_counts import ParameterCounts
from mockserver.model.control_entry import ControlEntry
from mockserver.model.exchange import MOCK_FAILURE, Exchange

_LOG = logging.getLogger("mockserver")
MOST_BYTES = 256_000_000
"""Maximum total size of all histories of a process, if no other is given."""
_KEPT_SHARE = 0.95
"""Share of the budget that is used after entries were dropped because it was exceeded."""
_ENTRY = 1_900
"""Bytes of an entry with its request and answer, but without what follows."""
_DECISION = 100
"""Bytes of a decision in a trace."""
_CHANGE = 450
"""Bytes of a change with a small record."""
_FIELD = 120
_REFUSAL = 500
_VIOLATION = 600

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
    *("run", "begun", "count", "controls", "position", "latest", "_floor", "_dropped"),
    *("hidden", "dropped", "last_dropped_request", "last_dropped_call", "is_held"),
)
"""What a fork has like its original; it has no listener and no counts of answers."""


def entry_size(entry: HistoryEntry) -> int:
    """Return about how many bytes an entry needs."""
    size = _ENTRY + _CHANGE * len(entry.writes) + entry.removed_size
    if type(entry) is Exchange:
        request = entry.request
        body = len(request.body)
        size += 2 * request.head_size + _FIELD * len(request.fields)  # as text and as it came
        size += body + len(entry.answer.body) + _DECISION * len(entry.trace)
        if entry.refusal is not None:
            size += _REFUSAL + _VIOLATION * len(entry.refusal.violations)
        if not entry.is_traced:  # read from a store, and shares no text with other entries
            size += size // 2
    else:
        assert isinstance(entry, ControlEntry)
        body = len(entry.sent.body)
        size += len(entry.sent.target) + body + _CHANGE * len(entry.net)
    return size + writes_size(entry.writes) if body > SMALL_BODY else size


@dataclass(slots=True)
class Budget:
    """The bytes that the histories of a process may need together."""

    most: int = MOST_BYTES
    used: int = 0
    histories: "list[History]" = field(default_factory=list)

    def shrink(self) -> None:
        """If the budget is exceeded, drop the oldest entries of the largest histories.

        There is room for some more entries then, as to find the largest ones takes time.
        """
        if self.used <= self.most:
            return
        enough = self.most * _KEPT_SHARE
        largest = [(-history.size, number) for number, history in enumerate(self.histories)]
        heapify(largest)
        while self.used > enough and largest:
            number = largest[0][1]
            history = self.histories[number]
            if history.drop():
                heapreplace(largest, (-history.size, number))
            else:
                heappop(largest)


class Mark(NamedTuple):
    """A position in a history, with what the changes of entries do not contain."""

    position: int
    at: Instant
    ids: int


class History:
    """The latest entries of a sandbox, up to a maximum; exchanges that are dropped stay counted."""

    __slots__ = (
        "_budget",
        "_dropped",
        "_entries",
        "_floor",
        "answer_counts",
        "begun",
        "capacity",
        "controls",
        "count",
        "dropped",
        "hidden",
        "is_held",
        "last_dropped_call",
        "last_dropped_request",
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
        self._floor = self.begun = Mark(0, Instant(0), 0)
        self._dropped: HistoryEntry | None = None
        self.last_dropped_request = self.last_dropped_call = ""
        self.hidden = 0
        """The position up to which exchanges are hidden."""
        self.dropped = 0
        """Number of exchanges, since they were last hidden, for which there was no room."""
        self.is_held = False
        """True if new entries let none be dropped until `trim` is called."""
        self.listener: Callable[[HistoryEntry], None] | None = None
        """Called with every exchange, and with the calls of other processes; None for none."""
        self.on_close: Callable[[], None] | None = None  # called when the sandbox is deleted
        self.reset_counts()

    @property
    def count_before(self) -> int:
        """Number of exchanges before the run; a restored snapshot says how many there were."""
        return self.count - (self.position - self.controls)

    @property
    def room(self) -> int:
        """The bytes that all histories of the process may need together."""
        return self._budget.most

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
        if self.listener is not None:
            self.notify(exchange)

    def notify(self, entry: HistoryEntry) -> None:
        """Call the listener, if there is one, with an entry."""
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
        entry.size = size = entry_size(entry)
        self.size += size
        self._budget.used += size
        if not self.is_held:
            if len(entries) > self.capacity:
                self.drop()
            if self._budget.used > self._budget.most:
                self._budget.shrink()

    def trim(self) -> None:
        """Drop the oldest entries beyond the limits."""
        while len(self._entries) > self.capacity:
            self.drop()
        self._budget.shrink()

    def drop(self) -> bool:
        """Drop the oldest entry; return False if there is none."""
        if not self._entries:
            return False
        entry = self._dropped = self._entries.popleft()
        self.size -= entry.size
        self._budget.used -= entry.size
        if type(entry) is Exchange:
            self.last_dropped_request = entry.id
            self.dropped += entry.position > self.hidden
        else:
            self.last_dropped_call = entry.id
        return True

    @property
    def floor(self) -> Mark:
        """The earliest position to which the sandbox can go back."""
        entry = self._dropped
        if entry is None or entry.position <= self._floor.position:  # other documents raised it
            return self._floor
        return Mark(entry.position, entry.at, entry.ids)

    def _release(self, entry: HistoryEntry) -> None:
        self.size -= entry.size
        self._budget.used -= entry.size

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
        self.last_dropped_request = self.last_dropped_call = ""
        self.position, self.latest = mark.position, mark.at
        self._floor = self.begun = mark
        self._dropped = None

    def raise_floor(self, mark: Mark) -> None:
        """Let nobody go back before a mark; the entries before it are still shown."""
        self._floor, self._dropped = mark, None

    def fork(self) -> "History":
        """Return another history with the same entries, without their counts."""
        other = History(self.capacity, self._budget)
        other._entries, other.size = self._entries.copy(), self.size
        self._budget.used += self.size
        for name in _FORKED:
            setattr(other, name, getattr(self, name))
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
