"""Find what a call names by the name of an entry, or answer why there is no such entry.

- In: a sandbox and a name, such as `r17`, `c3` or, with the run, `2.r17`. Out: an entry, a request,
  or the mark of an entry to which the sandbox can go back. Names are read in
  `engine/entry_lookup.py`, which says why an entry is gone; here that is a `ControlError` (404), as
  is a request that was cleared from the journal. An entry before the floor of the history is a 409.
- Callers: `request_calls.py`, `change_calls.py`, `rewind_calls.py`, `sandbox_calls.py`.
"""

from mockserver.control.problem_responses import ControlError
from mockserver.engine import entry_lookup
from mockserver.engine.entry_lookup import NoEntryError, TooEarlyError
from mockserver.engine.history import HistoryEntry, Mark
from mockserver.engine.sandbox import Sandbox
from mockserver.model.exchange import Exchange


def find_entry(sandbox: Sandbox, name: str) -> HistoryEntry:
    """Return the entry with a name.

    Raises:
        ControlError: 404, which says why there is none.
    """
    try:
        entry = entry_lookup.find_entry(sandbox.history, name)
    except NoEntryError as error:
        raise ControlError(404, str(error)) from None
    if isinstance(entry, Exchange) and entry.position <= sandbox.history.hidden:
        raise ControlError(404, f"the entry {name!r} is gone: the journal was cleared since")
    return entry


def find_exchange(sandbox: Sandbox, name: str) -> Exchange:
    """Return the request with a name.

    Raises:
        ControlError: 404, if there is none, or the entry is a control call.
    """
    entry = find_entry(sandbox, name)
    if not isinstance(entry, Exchange):
        raise ControlError(404, f"{name!r} is a control call, not a request")
    return entry


def find_mark(sandbox: Sandbox, name: str) -> Mark:
    """Return the mark of an entry, also of a request that was cleared from the journal.

    Raises:
        ControlError: 404 if there is no such entry, 409 if the sandbox cannot go back so far.
    """
    try:
        return entry_lookup.entry_mark(sandbox.history, name)
    except NoEntryError as error:
        raise ControlError(404, str(error)) from None
    except TooEarlyError as error:
        raise ControlError(409, str(error)) from None
