"""Keep histories in the memory of one process, by the same rules as the stores outside of it.

A server without a store does not use it: its sandboxes are in memory already. It is the reference
for the conformance suite of stores, and it lets tests run several workers in one process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mockserver.base.time import Instant, system_now
from mockserver.stores.history_store import (
    DEFAULT_RETENTION,
    RIVAL_TIME,
    WRITER,
    Batch,
    Committed,
    Head,
    Lost,
    Newer,
    Retention,
    State,
    StoredSandbox,
)


@dataclass(slots=True)
class _Kept:
    head: Head
    rows: dict[str, bytes]
    log: list[tuple[Head, list[bytes]]]
    meta: bytes = b""
    settled: int = 0
    """The version of the state."""
    rival: str = ""
    rival_until: int = 0


@dataclass(slots=True)
class MemoryStore:
    """A store in memory."""

    retention: Retention = DEFAULT_RETENTION
    clock: Callable[[], Instant] = system_now
    _kept: dict[str, _Kept] = field(default_factory=dict)

    async def open(self) -> None:
        """Do nothing."""

    async def load(self, name: str, rows: Sequence[str] | None = None) -> StoredSandbox | None:
        """Return a sandbox, or None if there is none with this name."""
        if (kept := self._kept.get(name)) is None:
            return None
        earlier = [
            entry for head, batch in kept.log if head.version <= kept.settled for entry in batch
        ]
        later = [
            entry for head, batch in kept.log if head.version > kept.settled for entry in batch
        ]
        if rows is not None:
            state = State({row: kept.rows[row] for row in rows if row in kept.rows}, kept.meta)
            return StoredSandbox(kept.head, state, (), later)
        return StoredSandbox(kept.head, State(dict(kept.rows), kept.meta), earlier, later)

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        """Write a batch after a head; a head of None makes a sandbox that must not exist."""
        kept = self._kept.get(name)
        if kept is None and head is None:
            kept = self._kept[name] = _Kept(Head(0, ""), {}, [])
        elif kept is None or head is None:
            return Lost()
        elif kept.head != head:
            kept.rival, kept.rival_until = batch.id[:WRITER], self.clock() + RIVAL_TIME
            return _newer(kept, head)
        if batch.fresh:
            kept.rows.clear()
            kept.log.clear()
        kept.head = Head(kept.head.version + 1, batch.id)
        if batch.state is not None:
            kept.rows.update(batch.state.rows)
            kept.meta, kept.settled = batch.state.meta, kept.head.version
        kept.log.append((kept.head, list(batch.entries)))
        self._trim(kept)
        is_other = kept.rival != batch.id[:WRITER]
        return Committed(kept.head, is_other and self.clock() < kept.rival_until)

    def _trim(self, kept: _Kept) -> None:
        size = sum(len(entry) for _, batch in kept.log for entry in batch)
        while kept.log[0][0].version < kept.settled and (
            len(kept.log) > self.retention.entries or size > self.retention.size
        ):
            size -= sum(map(len, kept.log.pop(0)[1]))

    async def since(self, name: str, head: Head) -> Newer | Lost:
        """Return the entries after a head."""
        kept = self._kept.get(name)
        if kept is None:
            return Lost()
        return Newer(head, ()) if kept.head == head else _newer(kept, head)

    async def names(self) -> list[str]:
        """Return the names of all sandboxes, in any order."""
        return list(self._kept)

    async def delete(self, name: str) -> bool:
        """Delete a sandbox; return True if it existed."""
        return self._kept.pop(name, None) is not None

    async def close(self) -> None:
        """Do nothing."""


def _newer(kept: _Kept, head: Head) -> Newer | Lost:
    """Return what was written after a head, if the log still has the batch of the head."""
    heads = [one for one, _ in kept.log]
    if head not in heads:
        return Lost()
    batches = kept.log[heads.index(head) + 1 :]
    return Newer(kept.head, [entry for _, entries in batches for entry in entries])
