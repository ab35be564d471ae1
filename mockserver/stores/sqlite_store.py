"""Keep histories in a file of SQLite, which several processes of one machine may share.

Each batch is one transaction in write-ahead mode: what was committed is there after the process was
killed. After a power cut the latest batches may be missing, unless `synchronous` is FULL. The file
is readable by its owner only, because it holds credentials as they came.

Calls do their work at once, on the thread of the event loop: a batch takes less time than handing
it to another thread.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from mockserver.base.time import SECOND, Instant, system_now
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
    StoreError,
    UnusableStoreError,
)
from mockserver.stores.packing import pack, unpack

FORMAT = 1
"""The version of the tables."""
_APPLICATION = 0x6D6F636B
"""Identifies our files among those of SQLite: `mock`."""
_PAGES = 4_000
"""Pages of the write-ahead log after which they are moved into the file."""
_WAIT = 5.0
"""Seconds to wait for another process that writes."""
_TABLES = """
create table sandboxes (
    name text primary key, version integer not null, id text not null, meta blob not null,
    rival text, rival_until integer not null default 0, settled integer not null,
    size integer not null, used integer not null
) without rowid;
create table rows (
    sandbox text not null, name text not null, value blob not null, unique (sandbox, name)
);
create table log (
    sandbox text not null, version integer not null, id text not null, entries blob not null,
    unique (sandbox, version)
)
"""
Synchronous = Literal["NORMAL", "FULL"]


class SqliteStore:
    """A store in a file."""

    def __init__(
        self,
        path: Path,
        synchronous: Synchronous = "NORMAL",
        retention: Retention = DEFAULT_RETENTION,
        clock: Callable[[], Instant] = system_now,
    ) -> None:
        self._path = path
        self._synchronous = synchronous
        self._retention = retention
        self._clock = clock
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file, and make it if there is none.

        Raises:
            StoreError: If another process has it locked for too long.
            UnusableStoreError: If it is no file of ours, or cannot be written.
        """
        if self._connection is not None:
            return
        try:
            self._connection = self._connect()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreError(f"{self._path}: {error}") from None
            raise UnusableStoreError(f"{self._path} cannot be used: {error}") from None
        except (sqlite3.Error, OSError) as error:
            raise UnusableStoreError(f"{self._path} cannot be used: {error}") from None

    def _connect(self) -> sqlite3.Connection:
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("begin immediate")  # fails now if the file cannot be written
        is_new = self._is_new(connection)
        if is_new:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"pragma application_id = {_APPLICATION}")
            connection.execute(f"pragma user_version = {FORMAT}")
        self._drop_unused(connection)
        connection.execute("commit")
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"pragma synchronous = {self._synchronous}")
        connection.execute(f"pragma wal_autocheckpoint = {_PAGES}")

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Return True if the file is empty; raise UnusableStoreError if it is not ours."""
        (application,) = connection.execute("pragma application_id").fetchone()
        (version,) = connection.execute("pragma user_version").fetchone()
        (tables,) = connection.execute("select count(*) from sqlite_master").fetchone()
        is_other = application not in (0, _APPLICATION) or (application == 0 and tables)
        if is_other:
            raise UnusableStoreError(
                f"{self._path} is a database of another program; name another file"
            )
        if version > FORMAT:
            raise UnusableStoreError(
                f"{self._path} was written by a newer mockserver (format {version}, "
                f"this one knows {FORMAT}); use that version, or another file"
            )
        return not tables

    def _drop_unused(self, connection: sqlite3.Connection) -> None:
        since = self._clock() - self._retention.seconds * SECOND
        unused = connection.execute("select name from sandboxes where used < ?", (since,))
        for (name,) in unused.fetchall():
            _remove(connection, name)

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        """Run statements that are all done, or none.

        Raises:
            StoreError: If the file cannot be read or written.
        """
        connection = self._connection
        if connection is None:
            raise StoreError(f"{self._path} is closed")
        try:
            connection.execute(f"begin {kind}")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("rollback")
            raise StoreError(f"{self._path}: {error}") from None

    async def load(self, name: str, rows: Sequence[str] | None = None) -> StoredSandbox | None:
        """Return a sandbox, or None if there is none with this name; see `HistoryStore`."""
        with self._transaction("deferred") as connection:
            found = connection.execute(
                "select version, id, meta, settled from sandboxes where name = ?", (name,)
            ).fetchone()
            if found is None:
                return None
            state = State(_rows(connection, name, rows), found[2])
            log = connection.execute(
                "select version, entries from log where sandbox = ? and version > ? "
                "order by version",
                (name, 0 if rows is None else found[3]),
            ).fetchall()
        settled = found[3]
        earlier = [entry for version, batch in log if version <= settled for entry in unpack(batch)]
        later = [entry for version, batch in log if version > settled for entry in unpack(batch)]
        return StoredSandbox(Head(found[0], found[1]), state, earlier, later)

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        """Write a batch after a head; a head of None makes a sandbox that must not exist."""
        with self._transaction("immediate") as connection:
            found = connection.execute(
                "select version, id, size, settled, meta, rival, rival_until "
                "from sandboxes where name = ?",
                (name,),
            ).fetchone()
            current = None if found is None else Head(found[0], found[1])
            now = self._clock()
            if current != head:
                return self._too_late(connection, name, current, head, batch.id[:WRITER])
            before = (0, 0, b"") if found is None or batch.fresh else found[2:5]
            has_rivals = found is not None and now < found[6] and found[5] != batch.id[:WRITER]
            new = self._write(connection, name, head, batch, before)
            return Committed(new, has_rivals)

    def _too_late(
        self,
        connection: sqlite3.Connection,
        name: str,
        current: Head | None,
        head: Head | None,
        writer: str,
    ) -> Newer | Lost:
        if current is None or head is None:
            return Lost()
        connection.execute(
            "update sandboxes set rival = ?, rival_until = ? where name = ?",
            (writer, self._clock() + RIVAL_TIME, name),
        )
        return _newer(connection, name, head)

    def _write(
        self,
        connection: sqlite3.Connection,
        name: str,
        head: Head | None,
        batch: Batch,
        before: tuple[int, int, bytes],
    ) -> Head:
        new = Head(1 if head is None else head.version + 1, batch.id)
        size, settled, meta = before
        if batch.fresh:
            _remove(connection, name)
        if batch.state is not None:
            settled, meta = new.version, batch.state.meta
            connection.executemany(
                "insert into rows values (?, ?, ?) "
                "on conflict (sandbox, name) do update set value = excluded.value",
                [(name, row, value) for row, value in sorted(batch.state.rows.items())],
            )
        packed = pack(batch.entries)
        connection.execute("insert into log values (?, ?, ?, ?)", (name, *new, packed))
        size += len(packed)
        if batch.state is not None:
            size = self._trim(connection, name, new.version, size)
        connection.execute(
            "insert into sandboxes (name, version, id, meta, settled, size, used) "
            "values (?, ?, ?, ?, ?, ?, ?) on conflict (name) do update set version = "
            "excluded.version, id = excluded.id, meta = excluded.meta, "
            "settled = excluded.settled, size = excluded.size, used = excluded.used",
            (name, *new, meta, settled, size, self._clock()),
        )
        return new

    def _trim(self, connection: sqlite3.Connection, name: str, version: int, size: int) -> int:
        """Remove the oldest batches beyond the retention; return the size of the others.

        The state must be that of `version`.
        """
        oldest = version - self._retention.entries
        removed = connection.execute(
            "select total(length(entries)) from log where sandbox = ? and version <= ?",
            (name, oldest),
        ).fetchone()
        connection.execute("delete from log where sandbox = ? and version <= ?", (name, oldest))
        size -= int(removed[0])
        while size > self._retention.size:
            first = connection.execute(
                "select version, length(entries) from log where sandbox = ? "
                "order by version limit 1",
                (name,),
            ).fetchone()
            if first[0] == version:
                break
            connection.execute(
                "delete from log where sandbox = ? and version = ?", (name, first[0])
            )
            size -= first[1]
        return size

    async def since(self, name: str, head: Head) -> Newer | Lost:
        """Return the entries after a head."""
        with self._transaction("deferred") as connection:
            found = connection.execute(
                "select version, id from sandboxes where name = ?", (name,)
            ).fetchone()
            if found is None:
                return Lost()
            return Newer(head, ()) if Head(*found) == head else _newer(connection, name, head)

    async def names(self) -> list[str]:
        """Return the names of all sandboxes, in any order."""
        with self._transaction("deferred") as connection:
            return [name for (name,) in connection.execute("select name from sandboxes")]

    async def delete(self, name: str) -> bool:
        """Delete a sandbox; return True if it existed."""
        with self._transaction("immediate") as connection:
            return _remove(connection, name)

    async def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _rows(
    connection: sqlite3.Connection, sandbox: str, names: Sequence[str] | None
) -> dict[str, bytes]:
    if names is None:
        found = connection.execute("select name, value from rows where sandbox = ?", (sandbox,))
        return dict(found.fetchall())
    one = "select name, value from rows where sandbox = ? and name = ?"
    every = (connection.execute(one, (sandbox, name)).fetchone() for name in names)
    return dict(row for row in every if row is not None)


def _remove(connection: sqlite3.Connection, name: str) -> bool:
    connection.execute("delete from rows where sandbox = ?", (name,))
    connection.execute("delete from log where sandbox = ?", (name,))
    return connection.execute("delete from sandboxes where name = ?", (name,)).rowcount > 0


def _newer(connection: sqlite3.Connection, name: str, head: Head) -> Newer | Lost:
    """Return what was written after a head, if the log still has the batch of the head."""
    found = connection.execute(
        "select version, id, entries from log where sandbox = ? and version >= ? order by version",
        (name, head.version),
    ).fetchall()
    if not found or Head(found[0][0], found[0][1]) != head:
        return Lost()
    latest = Head(found[-1][0], found[-1][1])
    return Newer(latest, [entry for batch in found[1:] for entry in unpack(batch[2])])
