"""Find an entry of a history by its name: `r17` or `c3`, or with the run, `2.r17`.

- In: a sandbox and a name. Out: the entry, or a `ControlError` (404) that says why there is none:
  it never was, or it is gone, because the sandbox was reset or restored, was taken back to before
  it (a rewind), had no room for it any more, or its journal was cleared.
- Callers: `request_calls.py`, `change_calls.py`, and other calls that name an entry.
- A name without a run means the present one. A name never finds another entry: numbers are not used
  again within a run, and an earlier run is gone as a whole.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mockserver.control.problem_responses import ControlError
from mockserver.engine.history import History, HistoryEntry
from mockserver.engine.sandbox import Sandbox
from mockserver.model.exchange import Exchange

_NAME = re.compile(r"(?:([1-9]\d{0,17})\.)?([rc])([1-9]\d{0,17})", re.ASCII)
_KINDS = {"r": "request", "c": "control call"}


class EntryName(NamedTuple):
    """The parts of a name."""

    run: int | None
    """None if the name has no run."""
    kind: str
    """`r` for a request, `c` for a call of the control API."""
    number: int


def read_name(name: str) -> EntryName | None:
    """Return the parts of a name; None if no entry can have it."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return EntryName(None if found[1] is None else int(found[1]), found[2], int(found[3]))


def find_entry(sandbox: Sandbox, name: str) -> HistoryEntry:
    """Return the entry with a name.

    Raises:
        ControlError: 404, which says why there is none.
    """
    found = read_name(name)
    history = sandbox.history
    if found is None:
        raise ControlError(
            404,
            f"the history of this sandbox has no entry {name[:100]!r}; names are like r17 or c3",
        )
    if found.run in (None, history.run):
        entry = history.get(f"{found.kind}{found.number}")
        if entry is not None and not _is_hidden(history, entry):
            return entry
    raise ControlError(404, _Missing(history, found, name[:100]).reason())


def find_exchange(sandbox: Sandbox, name: str) -> Exchange:
    """Return the request with a name.

    Raises:
        ControlError: 404, if there is none, or the entry is a control call.
    """
    entry = find_entry(sandbox, name)
    if not isinstance(entry, Exchange):
        raise ControlError(404, f"{name!r} is a control call, not a request")
    return entry


def _is_hidden(history: History, entry: HistoryEntry) -> bool:
    return isinstance(entry, Exchange) and entry.position <= history.hidden


class _Missing(NamedTuple):
    """A name without an entry to show."""

    history: History
    name: EntryName
    text: str

    def reason(self) -> str:
        """Return why there is none."""
        history, name = self.history, self.name
        latest = history.count if name.kind == "r" else history.controls
        if name.run is not None and name.run < history.run:
            return self._gone(f"{_RESET}; this is run {history.run}")
        if name.run is not None and name.run > history.run:
            return self._none(f"this is run {history.run}")
        if name.number > latest:
            return self._none(f"the latest is {name.kind}{latest}" if latest else "it had none yet")
        if name.number <= self._before_run():
            return self._gone(_RESET)
        return self._gone(self._taken_away())

    def _none(self, why: str) -> str:
        begun = "; a reset begins a new run" if self.history.run > 1 else ""
        kind = _KINDS[self.name.kind]
        return f"the journal of this sandbox has no {kind} {self.text!r}: {why}{begun}"

    def _gone(self, why: str) -> str:
        return f"the {_KINDS[self.name.kind]} {self.text!r} is gone: {why}"

    def _before_run(self) -> int:
        """Return the number of the last request before the run, which a snapshot brings along."""
        history = self.history
        return history.count - (history.position - history.controls) if self.name.kind == "r" else 0

    def _taken_away(self) -> str:
        """Return whether the entry was hidden, undone or dropped."""
        if self.history.get(f"{self.name.kind}{self.name.number}") is not None:
            return "the journal was cleared since"
        first = next(self._kept_numbers(), None)
        is_oldest = first is None or self.name.number < first
        if is_oldest and self.history.floor.position:
            return "it was dropped, because the history had no more room"
        return "the sandbox was taken back to before it (a rewind)"

    def _kept_numbers(self) -> Iterator[int]:
        kind = self.name.kind
        return (int(entry.id[1:]) for entry in self.history.entries() if entry.id[0] == kind)


_RESET = "the sandbox was reset or restored since"
