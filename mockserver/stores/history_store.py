"""Define what a store of histories does, in memory, in a file of SQLite, or in Redis.

A store keeps for each sandbox a head, the latest batches of its log, and now and then its state:
rows, and `meta` for what is in no row. A sandbox is its latest state and the batches after it.
`committer.py` writes a `Batch` by `commit`, which succeeds only if nobody wrote since the writer's
head; otherwise the store returns what is newer, or says that the writer must load the sandbox
again. A store knows nothing of sandboxes: rows, meta and entries are bytes. All methods raise
`StoreError` if the store cannot be used at the moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mockserver.base.errors import MockserverError


class StoreError(MockserverError):
    """A store that cannot be reached, is full, or answers errors; nothing was written."""


class UnusableStoreError(MockserverError):
    """A store that never can be used: another format, another version, no permission."""


class Head(NamedTuple):
    """The latest batch of a sandbox."""

    version: int
    """Number of batches so far."""
    id: str
    """The id of the latest batch; two histories with the same version differ by it."""


class State(NamedTuple):
    """The state of a sandbox, or how it differs from the one that a store has."""

    rows: Mapping[str, bytes]
    """New values by the name of the row."""
    meta: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that are written together, or not at all."""

    id: str
    """A new text, by which a writer recognises its own batch after a lost answer.

    Its first `WRITER` characters are those of all batches of the writer.
    """
    entries: Sequence[bytes]
    state: "State | None" = None
    """The state after the entries, if it is written with them."""
    fresh: bool = False
    """True if the sandbox begins again: earlier rows and entries are removed."""


@dataclass(frozen=True, slots=True)
class StoredSandbox:
    """All that a store keeps of a sandbox."""

    head: Head
    state: State
    earlier: Sequence[bytes] = ()
    """The entries that the state contains, as far as they are kept."""
    later: Sequence[bytes] = ()
    """The entries after the state."""


class Committed(NamedTuple):
    """The batch was written."""

    head: Head
    has_rivals: bool = False
    """True if another process came too late in the last moments, and may be let go first."""


class Newer(NamedTuple):
    """Others were first; nothing was written."""

    head: Head
    entries: Sequence[bytes]
    """Their entries, in order; empty if nothing is newer."""


class Lost(NamedTuple):
    """The sandbox must be loaded again: it began again, was deleted, or is not what it was."""


class HistoryStore(Protocol):
    """Keeps the histories of sandboxes by name."""

    async def open(self) -> None:
        """Connect, and check that the store can be used.

        Raises:
            StoreError: If it cannot be reached.
            UnusableStoreError: If it cannot be used at all.
        """

    async def load(self, name: str, rows: Sequence[str] | None = None) -> StoredSandbox | None:
        """Return a sandbox, or None if there is none with this name.

        If rows are named, only they are read, and no entries that the state contains.
        """

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        """Write a batch after a head; a head of None makes a sandbox that must not exist."""

    async def since(self, name: str, head: Head) -> Newer | Lost:
        """Return the entries after a head."""

    async def names(self) -> list[str]:
        """Return the names of all sandboxes, in any order."""

    async def delete(self, name: str) -> bool:
        """Delete a sandbox; return True if it existed."""

    async def close(self) -> None:
        """Give connections and files back."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of each history a store keeps."""

    entries: int = 10_000
    """Number of the latest batches of a sandbox; those after its state are kept in any case."""
    size: int = 64_000_000
    """Bytes of the latest batches of a sandbox; those after its state are kept in any case."""
    seconds: int = 7 * 24 * 3600
    """Time after its last use, in seconds, after which a sandbox is dropped."""


DEFAULT_RETENTION = Retention()
WRITER = 8
RIVAL_TIME = 50_000
"""Microseconds for which a store remembers that a process came too late."""
