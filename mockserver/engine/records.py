"""Store records: collections with keys and indexes, and transactions that can be rolled back.

- In and out: records, which are JSON objects. `Sandbox.store` makes the collections of an API.
- Callers: a request and a call of the control API each write through a `Transaction`, which logs
  every write as a `RecordChange`; fixtures and snapshots write to a new `Collection` directly.
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
- A transaction writes at once and logs each write. Rollback goes from the latest write to the
  first: each undo then finds the collection as it was directly after its own write. `keep` marks
  what a rollback leaves, such as hits on rate limits.
- Undo restores exactly: a removed record gets back its serial and its position, a replaced record
  its old version, and an inserted record frees its serial for the next insertion. A record that
  comes back is sorted in when the collection is next read in order.
- A fork shares the dictionaries of its original; the first write of either one copies them, except
  the sets of keys in an index: each is copied when it is first written to (`_KeySet.owner`).
- All records count in the `RecordBudget`, and `Transaction` checks it.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

from mockserver.base.errors import ConflictError, SandboxFullError
from mockserver.base.json import JsonValue, equal, hashable, key_text
from mockserver.engine.memory_estimates import MOST_MEASURED, value_size
from mockserver.engine.record_budget import RecordBudget
from mockserver.model.api import CollectionSpec
from mockserver.model.record_change import Place, RecordChange, Write
from mockserver.model.scope import Record

DEFAULT_CAPACITY = 2_000_000
_RECORD_BYTES = 350
"""Bytes of a record with its key, and its places in the collection and its indexes."""
_MEMBER_BYTES = 75
"""Bytes of a member of a small record."""
_PLAIN = frozenset((str, int))
"""Types of values that Python compares as JSON does; most values have one of them."""


class _KeySet(dict[str, None]):
    """Keys of the records that have the same value, in order, and who may write to it."""

    __slots__ = ("owner",)

    def __init__(self, owner: object, keys: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(keys))
        self.owner = owner


class Collection:
    """Records by key, in the order of insertion, with hash indexes on some fields."""

    __slots__ = (
        "_indexes",
        "_is_shared",
        "_is_unsorted",
        "_key",
        "_large",
        "_owner",
        "_serials",
        "_unique",
        "budget",
        "capacity",
        "is_plain",
        "place",
        "rows",
        "serial",
        "size",
        "spec",
    )

    def __init__(
        self,
        spec: CollectionSpec,
        records: Iterable[Record] = (),
        capacity: int = DEFAULT_CAPACITY,
        api: str = "",
        budget: RecordBudget | None = None,
    ) -> None:
        self.budget = RecordBudget() if budget is None else budget
        self.size = 0
        """About how many bytes the records need."""
        self._large: dict[str, int] | None = None
        """What large records need more than small ones, by key; None until there is one."""
        self.spec = spec
        self.place: Place = (api, spec.name)
        self._key = spec.key
        self.capacity = capacity
        self.rows: dict[str, Record] = {}
        """The records by key, for reading; in any order after an undo."""
        self._serials: dict[str, int] = {}
        self.serial = 0
        """The serial of the latest insertion."""
        self._unique = spec.unique
        self._indexes: dict[str, dict[Hashable, str | _KeySet]] = {
            name: {} for name in (*spec.indexed, *spec.unique)
        }
        self._owner = object()
        """What the sets of keys that only this collection has are marked with."""
        self._is_shared = self._is_unsorted = False
        self.is_plain = not self._indexes
        """True if another version of a record can be stored without any of these cares."""
        for record in records:
            self.insert(record)

    def __del__(self) -> None:
        self.budget.used -= self.size

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._ordered().values())

    def newest(self) -> Iterator[Record]:
        """Yield the records, the latest insertion first."""
        return reversed(self._ordered().values())

    def _ordered(self) -> dict[str, Record]:
        if self._is_unsorted:
            keys = sorted(self.rows, key=self._serials.__getitem__)
            self.rows = {key: self.rows[key] for key in keys}
            self._is_unsorted = False
        return self.rows

    def fork(self) -> "Collection":
        """Return an independent collection with the same records."""
        other = Collection(self.spec, (), self.capacity, self.place[0], self.budget)
        other._count(self.size)
        other._large = None if self._large is None else self._large.copy()
        other.rows, other._serials, other._indexes = self.rows, self._serials, self._indexes
        other.serial, other._is_unsorted = self.serial, self._is_unsorted
        self._is_shared = other._is_shared = True
        self.is_plain = other.is_plain = False
        self._owner = object()
        return other

    def _own(self) -> None:
        """Copy the dictionaries that a fork shares."""
        self.rows, self._serials = self.rows.copy(), self._serials.copy()
        self._indexes = {name: index.copy() for name, index in self._indexes.items()}
        self._is_shared = False
        self.is_plain = not self._indexes and not self._large

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
        return self._ordered().values()

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
        if self._is_shared:
            self._own()
        self.serial += 1
        self._serials[key] = self.serial
        self.rows[key] = record
        size = _RECORD_BYTES + _MEMBER_BYTES * len(record)  # as in `_count`, without the call
        self.size += size
        self.budget.used += size
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
        self.exchange(key, record)

    def exchange(self, key: str, record: Record) -> None:
        """Store another version of a record that is known to be valid."""
        if self._is_shared:
            self._own()
        self._count(_MEMBER_BYTES * (len(record) - len(self.rows[key])))
        self._unindex(key)
        self.rows[key] = record
        self._index(key, record)
        if self._large and key in self._large:
            self.measure(key)

    def remove(self, key: str) -> int:
        """Delete a record and return its serial, the position to which an undo puts it back."""
        if self._is_shared:
            self._own()
        self._unindex(key)
        self._count(-_RECORD_BYTES - _MEMBER_BYTES * len(self.rows.pop(key)))
        if self._large:
            self._count(-self._large.pop(key, 0))
        return self._serials.pop(key)

    def _count(self, size: int) -> None:
        self.size += size
        self.budget.used += size

    def measure(self, key: str) -> None:
        """Count what a record needs more than a small one."""
        record = self.rows[key]
        more = value_size(record) - _MEMBER_BYTES * len(record)
        if self._large is None:
            self._large, self.is_plain = {}, False
        self._count(-self._large.pop(key, 0))
        if more > 0:
            self._large[key] = more
            self._count(more)

    def undo(self, change: RecordChange) -> None:
        """Take the latest change of this collection back."""
        if change.before is None:
            self.remove(change.key)
            self.serial = change.serial - 1
        elif change.after is None:
            self.put_back(change.key, change.before, change.serial)
        else:
            self.exchange(change.key, change.before)

    def apply(self, change: RecordChange) -> None:
        """Make a change that was made elsewhere to the same records."""
        if change.after is None:
            self.remove(change.key)
        elif change.key in self.rows:
            self.exchange(change.key, change.after)
        else:
            self.put_back(change.key, change.after, change.serial)

    def serial_of(self, key: str) -> int | None:
        """Return the position of a record, or None if there is no record with this key."""
        return self._serials.get(key)

    def put_back(self, key: str, record: Record, serial: int) -> None:
        """Store a record that was here before, or elsewhere, at its position."""
        if self._is_shared:
            self._own()
        self._is_unsorted = self._is_unsorted or serial < self.serial
        self.serial = max(self.serial, serial)
        self._serials[key] = serial
        self.rows[key] = record
        self._count(_RECORD_BYTES + _MEMBER_BYTES * len(record))
        if self._large is not None:
            self.measure(key)
        self._index(key, record)

    def _index(self, key: str, record: Record) -> None:
        for name, index in self._indexes.items():
            value = record.get(name)
            if type(value) is not str and value is not None:
                value = hashable(value)
            known = index.get(value)
            if known is None:
                index[value] = key  # most values have one record: a dictionary each needs memory
            elif isinstance(known, str):
                index[value] = _KeySet(self._owner, (known, key))
            elif known.owner is self._owner:
                known[key] = None
            else:
                index[value] = _KeySet(self._owner, (*known, key))

    def _unindex(self, key: str) -> None:
        record = self.rows[key]
        for name, index in self._indexes.items():
            value = hashable(record.get(name))
            keys = index[value]
            if isinstance(keys, str) or len(keys) == 1:
                del index[value]
            else:
                if keys.owner is not self._owner:
                    keys = index[value] = _KeySet(self._owner, keys)
                del keys[key]

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


def _keys(entry: str | _KeySet | None) -> Iterable[str]:
    """Return the keys of an entry of an index."""
    if entry is None:
        return ()
    return (entry,) if isinstance(entry, str) else entry


class Transaction:
    """Writes to collections, logged as changes, that can be rolled back."""

    __slots__ = ("_find", "_is_large", "_kept", "_removed", "log", "removed_size")

    def __init__(self, find: Callable[[Place], Collection], *, is_large: bool = False) -> None:
        """Begin without writes.

        Args:
            find: Returns the collections that a rollback writes to.
            is_large: True if the records may be large, and so are measured.
        """
        self._find = find
        self._is_large = is_large
        self.log: list[Write] = []
        """The writes so far, in order."""
        self._kept = self._removed = 0
        self.removed_size = 0
        """About how many bytes the records need that were removed."""

    def insert(self, collection: Collection, record: Record) -> str:
        """Store a new record and return its key; raises as `Collection.insert` does."""
        budget = collection.budget
        if budget.used > budget.most:
            budget.check()
        key = collection.insert(record)
        self.log.append((collection.place, key, None, record, collection.serial))
        if self._is_large:
            self._measure(collection, key)
        return key

    def _measure(self, collection: Collection, key: str) -> None:
        before = collection.size
        collection.measure(key)
        if collection.size > before:
            collection.budget.check()

    def replace(self, collection: Collection, key: str, record: Record) -> None:
        """Store another version of a record."""
        old = collection.rows[key]
        collection.replace(key, record)
        self.log.append((collection.place, key, old, record, 0))
        if self._is_large:
            self._measure(collection, key)

    def put(self, collection: Collection, key: str, record: Record) -> None:
        """Insert a record, or replace the one with the same key."""
        rows = collection.rows
        old = rows.get(key)
        if old is None:
            if collection.budget.used > collection.budget.most:
                collection.budget.check()
            collection.insert(record)
        elif collection.is_plain and len(old) == len(record):
            rows[key] = record
        else:
            collection.replace(key, record)
        self.log.append((collection.place, key, old, record, collection.serial))
        if self._is_large:
            self._measure(collection, key)

    def remove(self, collection: Collection, key: str) -> None:
        """Delete a record."""
        old = collection.rows[key]
        self.removed_size += self._removed_bytes(old)
        self.log.append((collection.place, key, old, None, collection.remove(key)))

    def _removed_bytes(self, record: Record) -> int:
        """Return the size of a removed record; of many, only the first ones are measured."""
        self._removed += 1
        if self._removed <= MOST_MEASURED:
            return value_size(record)
        return self.removed_size // (self._removed - 1)

    def keep(self) -> None:
        """Let a rollback leave all writes so far."""
        self._kept = len(self.log)

    def roll_back(self) -> None:
        """Undo all writes, latest first, except those that are kept."""
        while len(self.log) > self._kept:
            change = RecordChange._make(self.log.pop())
            self._find(change.place).undo(change)


def completed(spec: CollectionSpec, record: Record, seed: int) -> Record:
    """Return a new record, completed with the members that the collection's schema requires."""
    if spec.schema is None:
        return record
    from mockserver.schemas.schema_conformer import conformer_of  # noqa: PLC0415 - costs start time

    key = f"{seed}/{spec.name}/{record.get(spec.key)}"
    return conformer_of(spec.schema).complete(record, key)
