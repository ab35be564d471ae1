"""Help a sandbox to go back: names of entries, what a block undid, and free names for forks.

`sandbox_client.py` calls `entry_name` for what a test gives as an entry, `undone_note` for the
error that ends a block of `undone`, and `fork_name`. Nothing here calls the server.
"""

from collections.abc import Collection, Sequence
from itertools import count

from mockserver.testing.history_client import SeenEntry
from mockserver.testing.request_client import SeenExchange

START = "start"
_MOST_NOTED = 30
_LONGEST_BASE = 50


def entry_name(entry: str | SeenExchange | SeenEntry) -> str:
    """Return the name of an entry for the control API."""
    return entry if isinstance(entry, str) else entry.name


def undone_note(sandbox: str, history: Sequence[SeenEntry], since: str) -> str:
    """Describe the requests after an entry, for an error; empty if there are none."""
    names = [entry_name(entry) for entry in history]
    begun = names.index(since) + 1 if since in names else 0
    lines = [repr(entry) for entry in history[begun:] if entry.request is not None]
    hidden = len(lines) - _MOST_NOTED
    if hidden > 0:
        lines = [f"… {hidden} earlier requests", *lines[hidden:]]
    return "\n".join([f"undone in sandbox {sandbox!r}:", *lines]) if lines else ""


def fork_name(sandbox: str, taken: Collection[str]) -> str:
    """Return a name for a fork that no sandbox has."""
    names = (f"{sandbox[:_LONGEST_BASE]}-fork-{number}" for number in count(1))
    return next(name for name in names if name not in taken)
