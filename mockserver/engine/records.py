"""Store records: collections with keys and indexes, and transactions that can be rolled back.

- In and out: records, which are JSON objects. `Sandbox.store` makes the collections of an API.
- Callers: the steps of a request write through the `Transaction` of their `Run`; the control API,
  fixtures and snapshots write to a `Collection` directly.
- Records are in memory only. They are not validated against a schema here; `completed` adds what a
  schema requires, for steps and fixtures.

Rules of this module:

- A record is never changed in place; a write stores another dictionary under the same key. So a
  record in the undo log, a trace or a snapshot stays as it was, and no copies are needed.
- Keys are text: a number is stored under the text of its digits. `find`, `by_key` and `matching`
  compare the value as JSON, so that 1 does not find "1".
- An index maps a value to one key or, from the second record on, to an ordered set of keys (a
  dictionary without values). Most values have one record, and a set for each would cost memory.
- Serials give the order of insertion. A collection iterates in this order, also after a rollback.
- A transaction writes at once and logs how to undo each write. Rollback goes from the latest write
  to the first: each undo then finds the collection as it was directly after its own write.
- Rollback restores exactly: a removed record gets back its serial and its position, a replaced
  record its old version, and an inserted record frees its serial for the next insertion. What
  does not go through a transaction (hits on rate limits) is not rolled back.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping

from mockserver.base.errors import ConflictError, SandboxFullError
from mockserver.base.json import JsonValue, equal, hashable, key_text
from mockserver.model.api import CollectionSpec
from mockserver.model.scope import Record

DEFAULT_CAPACITY = 2_000_000
_PLAIN = frozenset((str, int))
"""Types of values that Python compares as JSON does; most values have one of them."""


class Collection:
    """Records by key, in the order of insertion, with hash indexes on some fields."""

    __slots__ = ("_indexes", "_key", "_serial", "_serials", "_unique", "capacity", "rows", "spec")

    def __init__(
        self,
        spec: CollectionSpec,
        records: Iterable[Record] = (),
        capacity: int = DEFAULT_CAPACITY,
    ) -> None:
        self.spec = spec
        self._key = spec.key
        self.capacity = capacity
        self.rows: dict[str, Record] = {}
        self._serials: dict[str, int] = {}
        self._serial = 0
        self._unique = spec.unique
        self._indexes: dict[str, dict[Hashable, str | dict[str, None]]] = {
            name: {} for name in (*spec.indexed, *spec.unique)
        }
        for record in records:
            self.insert(record)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.rows.values())

    def get(self, key: JsonValue) -> Record | None:
        """Return the record with a key, or None."""
        return self.rows.get(key_text(key))

    def find(self, where: Mapping[str, JsonValue]) -> Record | None:
        """Return the first record whose fields have these values, or None."""
        key = where.get(self._key)
        if key is None:
            return next(self._candidates(where), None)
        record = self.by_key(key)
        return record if record is not None and _has_values(record, where) else None

    def by_key(self, key: JsonValue) -> Record | None:
        """Return the record whose key equals this value as JSON, or None."""
        kind = type(key)
        text = key if kind is str else str(key) if kind is int else key_text(key)
        record = self.rows.get(text)
        # A key of the same type needs no comparison; a number is not the text of its digits.
        if record is None or (kind in _PLAIN and type(record[self._key]) is kind):
            return record
        return record if equal(record[self._key], key) else None

    def matching(self, where: Mapping[str, JsonValue]) -> list[Record]:
        """Return the records whose fields have these values, in the order of insertion."""
        return list(self._candidates(where))

    def _candidates(self, where: Mapping[str, JsonValue]) -> Iterator[Record]:
        for record in self._preselected(where):
            if _has_values(record, where):
                yield record

    def _preselected(self, where: Mapping[str, JsonValue]) -> Iterable[Record]:
        """Return the records that a key or an index selects; without these, all records."""
        if self.spec.key in where:
            found = self.rows.get(key_text(where[self.spec.key]))
            return () if found is None else (found,)
        for name, index in self._indexes.items():
            if name in where:
                keys = _keys(index.get(hashable(where[name])))
                return [self.rows[key] for key in sorted(keys, key=self._serials.__getitem__)]
        return self.rows.values()

    def insert(self, record: Record) -> str:
        """Store a new record and return its key.

        Raises:
            ConflictError: If the key or a unique field is taken.
            SandboxFullError: If the collection has reached its capacity.
        """
        key = record.get(self._key)
        if type(key) is not str:
            key = key_text(key)
        if key in self.rows:
            raise ConflictError(self.spec.name, self.spec.key, key)
        if len(self.rows) >= self.capacity:
            raise SandboxFullError(
                f"collection {self.spec.name!r} already holds {self.capacity:,} records"
            )
        if self._unique:
            self._check_unique(record, key)
        self._serial += 1
        self._serials[key] = self._serial
        self.rows[key] = record
        if self._indexes:
            self._index(key, record)
        return key

    def replace(self, key: str, record: Record) -> None:
        """Store another version of a record, at the same position.

        Raises:
            ConflictError: If the key would change or a unique field is taken.
        """
        if key_text(record.get(self.spec.key)) != key:
            raise ConflictError(self.spec.name, self.spec.key, record.get(self.spec.key))
        if self._unique:
            self._check_unique(record, key)
        self._unindex(key)
        self.rows[key] = record
        self._index(key, record)

    @property
    def is_indexed(self) -> bool:
        """True if a replacement must also update indexes."""
        return bool(self._indexes)

    def remove(self, key: str) -> int:
        """Delete a record and return its serial, which `restore` needs for the position."""
        self._unindex(key)
        del self.rows[key]
        return self._serials.pop(key)

    def restore(self, key: str, record: Record, serial: int) -> None:
        """Put a removed record back at its position."""
        self._serials[key] = serial
        self.rows[key] = record
        self._index(key, record)
        ordered = sorted(self.rows, key=self._serials.__getitem__)
        self.rows = {name: self.rows[name] for name in ordered}

    def undo_insert(self, key: str) -> None:
        """Undo the latest insertion, and free its serial."""
        self.remove(key)
        self._serial -= 1

    def _index(self, key: str, record: Record) -> None:
        for name, index in self._indexes.items():
            value = record.get(name)
            if type(value) is not str and value is not None:
                value = hashable(value)
            known = index.get(value)
            if known is None:
                index[value] = key  # most values have one record: a dictionary each needs memory
            elif type(known) is str:
                index[value] = {known: None, key: None}
            else:
                known[key] = None  # type: ignore[index] # a str is handled above

    def _unindex(self, key: str) -> None:
        record = self.rows[key]
        for name, index in self._indexes.items():
            value = hashable(record.get(name))
            keys = index[value]
            if isinstance(keys, dict) and len(keys) > 1:
                del keys[key]
            else:
                del index[value]

    def _check_unique(self, record: Record, key: str) -> None:
        for name in self._unique:
            value = record.get(name)
            holders = _keys(self._indexes[name].get(hashable(value)))
            if value is not None and any(holder != key for holder in holders):
                raise ConflictError(self.spec.name, name, value)


def _has_values(record: Record, where: Mapping[str, JsonValue]) -> bool:
    for name, value in where.items():
        found = record.get(name)
        kind = type(value)
        if kind is type(found) and kind in _PLAIN:
            if found != value:
                return False
        elif not equal(found, value):
            return False
    return True


def _keys(entry: str | dict[str, None] | None) -> Iterable[str]:
    """Return the keys of an entry of an index."""
    if entry is None:
        return ()
    return (entry,) if isinstance(entry, str) else entry


class Transaction:
    """Writes to collections that can be rolled back."""

    __slots__ = ("_undo",)

    def __init__(self) -> None:
        self._undo: list[tuple[Collection, str, Record | None, int]] = []

    def insert(self, collection: Collection, record: Record) -> str:
        """Store a new record and return its key; raises as `Collection.insert` does."""
        key = collection.insert(record)
        self._undo.append((collection, key, None, 0))
        return key

    def replace(self, collection: Collection, key: str, record: Record) -> None:
        """Store another version of a record."""
        old = collection.rows[key]
        collection.replace(key, record)
        self._undo.append((collection, key, old, 0))

    def put(self, collection: Collection, key: str, record: Record) -> None:
        """Insert a record, or replace the one with the same key."""
        old = collection.rows.get(key)
        if old is None:
            collection.insert(record)
        elif collection.is_indexed:
            collection.replace(key, record)
        else:
            collection.rows[key] = record
        self._undo.append((collection, key, old, 0))

    def remove(self, collection: Collection, key: str) -> None:
        """Delete a record."""
        old = collection.rows[key]
        self._undo.append((collection, key, old, collection.remove(key)))

    def commit(self) -> None:
        """Keep all writes."""
        self._undo.clear()

    def roll_back(self) -> None:
        """Undo all writes, latest first."""
        for collection, key, old, serial in reversed(self._undo):
            if old is None:
                collection.undo_insert(key)
            elif serial:
                collection.restore(key, old, serial)
            else:
                collection.replace(key, old)
        self._undo.clear()


def completed(spec: CollectionSpec, record: Record, seed: int) -> Record:
    """Return a new record, completed with the members that the collection's schema requires."""
    if spec.schema is None:
        return record
    from mockserver.schemas.schema_conformer import conformer_of  # noqa: PLC0415 - costs start time

    key = f"{seed}/{spec.name}/{record.get(spec.key)}"
    return conformer_of(spec.schema).complete(record, key)
