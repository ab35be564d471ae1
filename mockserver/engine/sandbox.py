"""Hold the state of a sandbox: clock, records, settings, identifiers, faults, and their history.

- Out: `Sandbox.store` returns the records of one API, which the first call makes from the fixtures,
  or raises `FixtureError`; `Sandbox.published` returns records as the fixtures gave them, whatever
  was changed later. `rewind` and `fork` go back to an entry of the history.
- Callers: `pipeline.py`, the control API and `snapshot.py`. `sandboxes.py` makes all sandboxes and
  calls `replace` after a reload, which keeps records and settings that are still valid.
- The caller gives the time; nothing here reads the system's clock. Nothing is written to disk.

The state is the fold of its history: what a request or a call of the control API changes are
records, those of the APIs and those of the sandbox itself (`world`: clock, settings, faults,
counters). Attributes such as `clock` are read from `world`; `refresh` reads them again. Not records
are the number of identifiers and the time, which every entry has, and the first records of an API,
which depend only on the beginning of the run.
"""

from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from mockserver.base.errors import ConflictError
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, VirtualClock
from mockserver.engine.builtin_collections import BUILT_IN, WORLD_COLLECTIONS
from mockserver.engine.faults import Faults
from mockserver.engine.history import MOST_BYTES, REWIND, History, HistoryEntry, Mark
from mockserver.engine.record_budget import MOST_RECORD_BYTES, RecordBudget
from mockserver.engine.records import DEFAULT_CAPACITY, Collection, Transaction
from mockserver.engine.setting_values import check_settings
from mockserver.model.api import Api, CollectionSpec
from mockserver.model.control_entry import NOT_SENT, ControlEntry, SentCall
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import WORLD, Place, RecordChange, Write
from mockserver.model.scope import Record

DEFAULT_SANDBOX = "default"
_CLOCK = "clock"
_HIDDEN = "hidden"


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class IdGenerator:
    """Makes the identifiers of a sandbox: hashes of a counter, with the seed as the key.

    The same seed and count give the same identifiers.
    """

    __slots__ = ("_keyed", "count")

    def __init__(self, seed: int | str, count: int = 0) -> None:
        key = blake2b(str(seed).encode(), digest_size=32).digest()
        self._keyed = {size: blake2b(key=key, digest_size=size) for size in (12, 16, 64)}
        self.count = count

    def _digest(self, size: int) -> str:
        """Return the hexadecimal digits of the next `size` bytes."""
        self.count += 1
        keyed = self._keyed[size].copy()
        keyed.update(self.count.to_bytes(8, "big"))
        return keyed.hexdigest()

    def uuid(self) -> str:
        """Return a UUID of version 4 (RFC 9562, section 5.4)."""
        text = self._digest(16)
        variant = _VARIANTS[text[16]]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def object_id(self) -> str:
        """Return 24 hexadecimal digits, the format of identifiers in MongoDB."""
        return self._digest(12)

    def token(self, length: int = 32) -> str:
        """Return `length` URL-safe characters; the maximum is 86."""
        return urlsafe_b64encode(bytes.fromhex(self._digest(64))).decode()[:length]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of what a process keeps.

    Sandboxes and records above their limit are refused. Entries above it replace the oldest ones.
    """

    sandboxes: int = 1_000
    records: int = DEFAULT_CAPACITY
    """Maximum number of records of one collection."""
    exchanges: int = 10_000
    """Maximum number of entries in the history of one sandbox."""
    history_bytes: int = MOST_BYTES
    """Maximum size of all histories together; see `history.py`."""
    record_bytes: int = MOST_RECORD_BYTES
    """Maximum size of all records together; see `record_budget.py`."""


DEFAULT_BOUNDS = Bounds()


class Point(NamedTuple):
    """Where a sandbox is in its history."""

    run: int
    position: int
    requests: int
    controls: int
    latest: Instant
    dropped: int
    ids: int


class Store:
    """The collections of one API in one sandbox."""

    __slots__ = ("_collections", "began", "collection", "rate_limits")

    def __init__(self, collections: Mapping[str, Collection], began: Instant) -> None:
        self._collections = dict(collections)
        self.collection: Callable[[str], Collection] = self._collections.__getitem__
        """Returns a collection by its name; KeyError if there is none."""
        self.rate_limits = collections["rate_limits"]
        self.began = began
        """The instant by which the first records are dated."""

    def __iter__(self) -> Iterator[Collection]:
        return iter(self._collections.values())

    def __contains__(self, name: str) -> bool:
        return name in self._collections

    def fork(self) -> "Store":
        """Return an independent store with the same records."""
        copies = {name: collection.fork() for name, collection in self._collections.items()}
        return Store(copies, self.began)


@dataclass(frozen=True, slots=True)
class SandboxState:
    """The state with which a run of a sandbox begins."""

    clock: VirtualClock
    seed: int
    ids: IdGenerator
    requests: int
    """Number of requests so far; the id of the next request has the number after it."""
    settings: Mapping[str, Mapping[str, JsonValue]]
    """Values of settings, by API; others have their initial values."""
    collections: Mapping[str, Mapping[str, Collection]]
    """The records by API and collection; other APIs begin with their fixtures."""


class Sandbox:
    """The state of one sandbox; other sandboxes do not see it."""

    def __init__(  # noqa: PLR0913 - what all sandboxes share comes last
        self,
        name: str,
        apis: Mapping[str, Api],
        seed: int,
        overrides: Mapping[str, Mapping[str, JsonValue]],
        bounds: Bounds,
        history: History | None = None,
        *,
        record_budget: RecordBudget | None = None,
    ) -> None:
        self.name = name
        self.apis = apis
        self._initial_seed = seed
        self.bounds = bounds
        self._overrides = overrides
        self.history = History(bounds.exchanges) if history is None else history
        self.record_budget = RecordBudget() if record_budget is None else record_budget

    # --- runs ---

    def begin(self, system: Instant) -> None:
        """Start with the records of the fixtures; `system` is the time of the system's clock."""
        seed = self._initial_seed
        state = SandboxState(VirtualClock(system), seed, IdGenerator(seed), 0, {}, {})
        self.begin_run(state, system)

    def reset(self, system: Instant) -> None:
        """Begin a new run with the state at the start of the sandbox."""
        self.begin(system)
        self.history.reset_counts()
        self.record("resetSandbox", system, self.transaction())

    def restore(self, state: SandboxState, system: Instant) -> None:
        """Begin a new run with another state; remove all entries and faults."""
        self.begin_run(state, system)
        self.record("restoreState", system, self.transaction())

    def begin_run(self, state: SandboxState, system: Instant) -> None:
        """Begin a run with a state."""
        self.seed, self.ids = state.seed, state.ids
        self.world = {spec.name: Collection(spec, api=WORLD) for spec in WORLD_COLLECTIONS}
        self.world["clock"].insert(_clock_record(state.clock))
        for api, values in state.settings.items():
            self.world["settings"].insert({"id": api, "values": dict(values)})
        for api in state.collections:
            self._note_beginning(self.transaction(), api, state.clock.began)
        self.first_settings = state.settings
        began = state.clock.began
        self.stores = {api: Store(given, began) for api, given in state.collections.items()}
        mark = Mark(0, state.clock.now(system), state.ids.count)
        self.history.begin_run(state.requests, mark)
        self.faults = Faults(state.seed, self.world, self.apis)
        self.refresh()

    def refresh(self) -> None:
        """Read what is kept as records of the sandbox itself, after they were changed."""
        found = self.world["clock"].rows[_CLOCK]
        self.clock = VirtualClock(found["began"], found["offset"], found["frozen_at"])
        self._settings: dict[str, dict[str, JsonValue]] = {}
        self._published: dict[str, dict[str, list[Record]]] = {}
        self.faults.refresh()
        self.history.hidden = self._counter(_HIDDEN)
        self.stores = {
            name: store for name, store in self.stores.items() if store.began == self._began(name)
        }

    def _counter(self, name: str) -> int:
        record = self.world["counters"].rows.get(name)
        return 0 if record is None else record["value"]

    # --- what requests and calls of the control API change ---

    def now(self, system: Instant) -> Instant:
        """Return the sandbox's time, which is never before that of its latest entry."""
        now, latest = self.clock.now(system), self.history.latest
        return latest if latest > now else now  # noqa: FURB136 - max() takes three times as long

    def clock_at(self, system: Instant) -> VirtualClock:
        """Return the clock, set to the sandbox's time if this machine is behind another one."""
        now = self.now(system)
        return self.clock if self.clock.now(system) == now else self.clock.shown(now, system)

    def transaction(self) -> Transaction:
        """Return a transaction for the collections of this sandbox."""
        return Transaction(self.collection)

    def record(
        self,
        call: str,
        system: Instant,
        writes: Transaction,
        detail: str = "",
        sent: SentCall = NOT_SENT,
    ) -> ControlEntry:
        """Add the entry of a call of the control API to the history, and return it."""
        history, at = self.history, self.now(system)
        history.controls += 1
        name = f"c{history.controls}"
        entry = ControlEntry(name, call, at, system, detail, sent, writes.log, ids=self.ids.count)
        entry.removed_size = writes.removed_size
        history.append(entry)
        return entry

    def set_clock(self, writes: Transaction, clock: VirtualClock, system: Instant) -> None:
        """Use another clock, which may also be earlier."""
        if clock.began != self.clock.began:
            for api in self._changed_apis():
                self._note_beginning(writes, api, self.clock.began)
        writes.put(self.world["clock"], _CLOCK, _clock_record(clock))
        self.history.latest = clock.now(system)
        self.refresh()

    def _changed_apis(self) -> set[str]:
        entries = self.history.entries()
        changed = {place[0] for entry in entries for place, *_ in entry.writes} - {WORLD}
        has_lost = self.history.floor.position > 0  # what the dropped entries changed is not known
        return changed.union(self.stores) if has_lost else changed

    def _note_beginning(self, writes: Transaction, api: str, began: Instant) -> None:
        """Let the first records of an API stay dated as they are if the beginning moves."""
        name = f"began:{api}"
        if name not in self.world["counters"].rows:
            writes.put(self.world["counters"], name, {"id": name, "value": began})

    def settings(self, api: str) -> dict[str, JsonValue]:
        """Return the current value of every setting of an API."""
        if (known := self._settings.get(api)) is None:
            record = self.world["settings"].rows.get(api)
            known = self.initial_settings(api) | (record["values"] if record else {})
            self._settings[api] = known
        return known

    def initial_settings(self, api: str) -> dict[str, JsonValue]:
        """Return the value of every setting of an API at the start of the sandbox."""
        declared = self.apis[api].settings
        defaults = {name: setting.default for name, setting in declared.items()}
        return {**defaults, **self._overrides.get(api, {})}

    def change_settings(
        self, writes: Transaction, api: str, changes: Mapping[str, JsonValue]
    ) -> None:
        """RecordChange settings: all of them, or none if one is invalid.

        Raises:
            SettingsError: If a setting does not exist or its value is invalid.
        """
        checked = check_settings(self.apis[api], changes)
        record = self.world["settings"].rows.get(api)
        values = {**(record["values"] if record else {}), **checked}
        writes.put(self.world["settings"], api, {"id": api, "values": values})
        self._settings.pop(api, None)

    def hide_exchanges(self, writes: Transaction) -> None:
        """Hide all exchanges so far; what they changed stays, and their ids are not used again."""
        record = {"id": _HIDDEN, "value": self.history.position}
        writes.put(self.world["counters"], _HIDDEN, record)
        self.history.hidden, self.history.dropped = self.history.position, 0

    # --- records ---

    def store(self, api: str) -> Store:
        """Return the collections of an API; the first call makes them from the fixtures."""
        if (store := self.stores.get(api)) is None:
            store = self.stores[api] = self.first_store(self.apis[api])
        return store

    def first_store(self, api: Api) -> Store:
        """Make the collections of an API from the fixtures."""
        from mockserver.engine.fixtures import first_records  # noqa: PLC0415 - not for each request

        beginning = self._beginning(api.name)
        made = first_records(api, beginning, self.bounds.records, self.record_budget)
        self.record_budget.check()
        return Store(made, beginning.began)

    def begin_collections(self, api: str, names: set[str]) -> None:
        """Let collections of an API have their first records again."""
        if names:
            store, first = self.store(api), self.first_store(self.apis[api])
            kept = {collection.spec.name: collection for collection in store}
            self.stores[api] = Store(
                kept | {name: first.collection(name) for name in names}, store.began
            )

    def _began(self, api: str) -> Instant:
        record = self.world["counters"].rows.get(f"began:{api}")
        return self.clock.began if record is None else record["value"]

    def _beginning(self, api: str) -> Any:  # noqa: ANN401 - a `Beginning`, which is imported late
        from mockserver.engine.fixtures import Beginning  # noqa: PLC0415 - not for each request

        settings = {**self.initial_settings(api), **self.first_settings.get(api, {})}
        ids = IdGenerator(f"{self.seed}/{api}")
        return Beginning(self._began(api), self.seed, settings, ids)

    def published(self, api: str, collection: str) -> list[Record]:
        """Return the records that the document itself gives to a collection, as they were first."""
        from mockserver.engine.fixtures import published_records  # noqa: PLC0415 - not for each request

        if (known := self._published.get(api)) is None:
            known = published_records(self.apis[api], self._beginning(api))
            self._published[api] = known
        return known.get(collection, [])

    # --- going back ---

    def has(self, place: Place) -> bool:
        """Return True if there is a collection, with the documents that are served."""
        api, name = place
        if api == WORLD:
            return name in self.world
        return api in self.apis and name in self.store(api)

    def collection(self, place: Place) -> Collection:
        """Return a collection of an API, or of the sandbox itself."""
        api, name = place
        return self.world[name] if api == WORLD else self.store(api).collection(name)

    def take_back(self, changes: list[RecordChange]) -> None:
        """Undo the latest changes, and read the state of the sandbox again."""
        for change in reversed(changes):
            self.collection(change.place).undo(change)

    def rewind(self, mark: Mark, system: Instant, sent: SentCall = NOT_SENT) -> ControlEntry:
        """Go back to an entry; the time goes on from there, running or frozen as it was.

        Args:
            mark: A position in the history that is not before its floor.
            system: The time of the system's clock.
            sent: The request for it.
        """
        writes = self.transaction()
        undone = self.go_back(mark, system, writes)
        number = "1 entry" if len(undone) == 1 else f"{len(undone)} entries"
        detail = f"to {self.history.name_at(mark.position)}, {number} undone"
        rewind = self.record(REWIND, system, writes, detail, sent)
        rewind.cut, rewind.net = mark.position, [*_inverted(undone), *writes.log]
        return rewind

    def go_back(self, mark: Mark, system: Instant, writes: Transaction) -> list[HistoryEntry]:
        """Undo the entries after a mark, set the clock, and return them, the latest first."""
        undone = []
        for entry in self.history.cut(mark.position):
            self.take_back(entry.changes)
            undone.append(entry)
        self.ids.count = mark.ids
        self.refresh()
        self.set_clock(writes, self.clock.shown(mark.at, system), system)
        return undone

    def apply(self, entry: HistoryEntry) -> None:
        """Add an entry that was made with another copy of this sandbox, and make its changes."""
        changes = entry.changes
        if isinstance(entry, Exchange):
            self.history.count += 1
        else:
            self.history.controls += 1
            if entry.cut is not None:
                deque(self.history.cut(entry.cut), 0)
                changes = list(map(RecordChange._make, entry.net))
        known = [change for change in changes if self.has(change.place)]
        for change in known:
            self.collection(change.place).apply(change)
        self.ids.count = entry.ids
        self.history.append(entry)
        if len(known) < len(changes):  # it cannot be undone
            self.history.raise_floor(Mark(entry.position, entry.at, entry.ids))
        if any(change.place[0] == WORLD for change in changes):
            self.refresh()

    def point(self) -> Point:
        """Return where the sandbox is, to which `withdraw` can go back."""
        history = self.history
        return Point(
            history.run,
            history.position,
            history.count,
            history.controls,
            history.latest,
            history.dropped,
            self.ids.count,
        )

    def withdraw(self, point: Point) -> bool:
        """Take entries back as if they had never been; return False if that is impossible."""
        history = self.history
        if history.run != point.run or point.position < history.floor.position:
            return False
        entries = list(history.cut(point.position))
        if any(isinstance(entry, ControlEntry) and entry.cut is not None for entry in entries):
            return False
        for entry in entries:
            self.take_back(entry.changes)
        history.position, history.count = point.position, point.requests
        history.controls, history.latest = point.controls, point.latest
        history.dropped, self.ids.count = point.dropped, point.ids
        self.refresh()
        return True

    def fork(self, name: str) -> "Sandbox":
        """Return another sandbox with the same state and history; it costs no copy of records."""
        history = self.history.fork()
        given = (name, self.apis, self._initial_seed, self._overrides, self.bounds, history)
        other = Sandbox(*given, record_budget=self.record_budget)
        other.seed, other.ids = self.seed, IdGenerator(self.seed, self.ids.count)
        other.world = {key: collection.fork() for key, collection in self.world.items()}
        other.stores = {key: store.fork() for key, store in self.stores.items()}
        other.first_settings = self.first_settings
        other.faults = Faults(self.seed, other.world, self.apis)
        other.refresh()
        return other

    # --- other documents ---

    def replace(
        self,
        apis: Mapping[str, Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
    ) -> None:
        """Use other versions of the APIs, and keep records and settings where they are still valid.

        A collection keeps its records if they have its new key and are unique where they must be;
        otherwise it begins with its fixtures. A setting keeps its value if its declaration is the
        same. The sandbox cannot go back to an entry before.
        """
        from mockserver.engine.fixtures import FixtureError  # noqa: PLC0415 - not for each request

        before, stores = self.apis, self.stores
        self.apis, self._overrides, self.stores = apis, overrides, {}
        self.history.reset_counts()
        for record in list(self.world["settings"]):
            self._keep_settings(record, before)
        self.faults = Faults(self.seed, self.world, self.apis)
        self.refresh()
        for name in apis.keys() & stores.keys():
            with suppress(FixtureError):  # reported by the first request that needs the records
                self.stores[name] = self._migrate(stores[name], apis[name])
        self.history.raise_floor(Mark(self.history.position, self.history.latest, self.ids.count))

    def _keep_settings(self, record: Record, before: Mapping[str, Api]) -> None:
        name = record["id"]
        new = self.apis[name].settings if name in self.apis else {}
        old = before[name].settings if name in before else {}
        kept = {
            key: value
            for key, value in record["values"].items()
            if key in new and new[key] == old.get(key)
        }
        self.world["settings"].exchange(name, {"id": name, "values": kept})

    def _migrate(self, store: Store, api: Api) -> Store:
        """Move the records of a store to the collections of a new version of the API."""
        specs = {**BUILT_IN, **api.collections}
        moved = {name: _with_spec(store, spec, api.name) for name, spec in specs.items()}
        kept = {name: collection for name, collection in moved.items() if collection is not None}
        if len(kept) < len(specs):
            fresh = self.first_store(api)
            kept = {name: kept.get(name) or fresh.collection(name) for name in specs}
        return Store(kept, store.began)


def _inverted(entries: Iterable[HistoryEntry]) -> Iterator[Write]:
    """Yield the writes that take those of entries back, in order."""
    for entry in entries:
        for place, key, before, after, serial in reversed(entry.writes):
            yield place, key, after, before, serial


def _clock_record(clock: VirtualClock) -> Record:
    return {
        "id": _CLOCK,
        "began": clock.began,
        "offset": clock.offset,
        "frozen_at": clock.frozen_at,
    }


def _with_spec(store: Store, spec: CollectionSpec, api: str) -> Collection | None:
    """Return a store's collection with another description; None if its records are not valid."""
    if spec.name not in store:
        return None
    collection = store.collection(spec.name)
    if collection.spec == spec:
        return collection
    if any(spec.key not in record for record in collection):
        return None
    try:
        return Collection(spec, collection, collection.capacity, api, collection.budget)
    except ConflictError:
        return None
