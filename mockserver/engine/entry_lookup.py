"""Find an entry of a history by its name, or say why it is not there.

- In: a history and a name: `r17` for a request and `c3` for a call of the control API in the
  present run, `2.r17` with the number of its run, `start` for the beginning of a run.
- Out: `find_entry` returns the entry, `entry_mark` the mark to which the sandbox can go back. An
  entry that never was or is gone (dropped, undone, of an earlier run) is a `NoEntryError`, one
  before the floor of the history a `TooEarlyError`.
- Caller: `control/entry_names.py`.

A name means the same entry for ever: numbers are not used again in a run, and runs are numbered.
"""

import re

from mockserver.base.errors import MockserverError
from mockserver.base.problems import near
from mockserver.engine.history import FORK, REWIND, START, History, HistoryEntry, Mark
from mockserver.model.control_entry import ControlEntry

_NAME = re.compile(r"(?:([1-9][0-9]{0,8})\.)?(start|[rc][1-9][0-9]{0,11})")
_LONGEST_NAME = 100


class NoEntryError(MockserverError):
    """A name that no entry has, or has no more."""


class TooEarlyError(MockserverError):
    """An entry to which the sandbox cannot go back."""


def find_entry(history: History, name: str) -> HistoryEntry:
    """Return the entry with a name.

    Raises:
        NoEntryError: If there is none.
    """
    entry_id = _id(history, name)
    if entry_id == START:
        raise NoEntryError(f"{name!r} is the beginning of the run, before its first entry")
    entry = history.get(entry_id)
    if entry is None:
        raise NoEntryError(_why_none(history, name, entry_id))
    return entry


def entry_mark(history: History, name: str) -> Mark:
    """Return the mark of an entry, to which the sandbox can go back.

    Raises:
        NoEntryError: If there is no such entry.
        TooEarlyError: If the sandbox cannot go back so far.
    """
    is_start = _id(history, name) == START
    position = history.begun.position if is_start else find_entry(history, name).position
    if position < history.floor.position:
        raise TooEarlyError(_beginning(history))
    return history.mark(position)


def _id(history: History, name: str) -> str:
    """Return a name without its run; NoEntryError if it is not that of the present run."""
    found = _NAME.fullmatch(name)
    short = repr(name[:_LONGEST_NAME])
    if found is None:
        form = near(name[:_LONGEST_NAME], [START]) or (
            "an entry is named r17 or c3, with its run 2.r17; start is the beginning of the run"
        )
        raise NoEntryError(f"there is no entry {short}; {form}")
    run, entry_id = found.groups()
    if run is not None and int(run) > history.run:
        raise NoEntryError(f"there is no entry {short}; the sandbox is in its run {history.run}")
    if run is not None and int(run) < history.run:
        begun = f"a reset or a restore began run {history.run}"
        raise NoEntryError(f"the entry {short} is gone: {begun}")
    return entry_id


def _why_none(history: History, name: str, entry_id: str) -> str:
    kind, number = entry_id[0], _number(entry_id)
    latest = history.count if kind == "r" else history.controls
    before = history.count_before if kind == "r" else 0
    if number > latest:
        known = f"the latest is {kind}{latest}" if latest > before else "this run has none yet"
        return f"there is no entry {name!r}; {known}"
    return f"the entry {name!r} is gone{_why_gone(history, kind, number, before)}"


def _why_gone(history: History, kind: str, number: int, before: int) -> str:
    if number <= before:
        return f": a reset or a restore began run {history.run} after it"
    undoing = _undoing(history, kind, number)
    if undoing is None or number <= _number(_last_dropped(history, kind)):
        return f"; {_beginning(history)}"
    return f": {undoing.id} undid it ({undoing.call} {undoing.detail})"


def _last_dropped(history: History, kind: str) -> str:
    return history.last_dropped_request if kind == "r" else history.last_dropped_call


def _number(entry_id: str) -> int:
    return int(entry_id[1:] or 0)


def _undoing(history: History, kind: str, number: int) -> ControlEntry | None:
    """Return the call that undid an entry: the last one before the entry with a higher number."""
    found = None
    for entry in history.entries():
        if isinstance(entry, ControlEntry) and entry.call in {REWIND, FORK}:
            found = entry
        if entry.id[0] == kind and _number(entry.id) > number:
            break
    return found


def _beginning(history: History) -> str:
    """Say where the history begins, and why not earlier."""
    entries, floor = list(history.entries()), history.floor.position
    first = next((entry.id for entry in entries if entry.position >= floor), START)
    if entries and entries[0].position < floor:
        return f"other documents were loaded after {first}, which is the earliest possible entry"
    if entries and entries[0].position == floor:
        return f"the history begins at {first}: what was before is not kept, or of other documents"
    return f"the history begins at {first}: older entries were dropped"
