"""Sandboxes: isolated worlds with a clock, records, a journal, settings and faults of their own."""

import re
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b

from mockserver.base.errors import ConflictError, ExpressionError, SandboxFullError, SettingsError
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, VirtualClock
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.faults import Faults
from mockserver.engine.journal import Journal, Seen
from mockserver.engine.parameter_counts import Sent
from mockserver.engine.records import DEFAULT_CAPACITY, Collection, completed
from mockserver.model.api import Api, CollectionSpec, Fixture
from mockserver.model.scope import Scope

DEFAULT_SANDBOX = "default"
BAD_SANDBOX_NAME = (
    "a sandbox name has 1 to 64 letters, digits, dots, dashes and underscores, "
    "and begins with a letter or digit"
)
SANDBOX_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Ids:
    """A sandbox's source of identifiers: a keyed hash of a counter, so its state is one number."""

    __slots__ = ("_keyed", "count")

    def __init__(self, seed: int, count: int = 0) -> None:
        key = blake2b(str(seed).encode(), digest_size=32).digest()
        self._keyed = {size: blake2b(key=key, digest_size=size) for size in (12, 16, 64)}
        self.count = count

    def _digest(self, size: int) -> str:
        """Return hexadecimal digits for so many bytes."""
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
        """Return 24 hexadecimal digits, as document databases make them."""
        return self._digest(12)

    def token(self, length: int = 32) -> str:
        """Return URL-safe characters; `length` is 1 to 86."""
        return urlsafe_b64encode(bytes.fromhex(self._digest(64))).decode()[:length]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a process keeps; what would exceed it is refused, never forgotten silently."""

    sandboxes: int = 1_000
    records: int = DEFAULT_CAPACITY
    """Most records of one collection."""
    exchanges: int = 1_000
    """Journal entries of a sandbox; the oldest are dropped, and counted."""


DEFAULT_BOUNDS = Bounds()


class FixtureError(ExpressionError):
    """A fixture of which no records can be made."""

    def __init__(self, fixture: Fixture, message: str) -> None:
        super().__init__(message)
        self.fixture = fixture


class Store:
    """The collections of one API in one sandbox."""

    __slots__ = ("_collections", "collection", "rate_limits")

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        self._collections = dict(collections)
        self.collection: Callable[[str], Collection] = self._collections.__getitem__
        """Returns a collection by its name; KeyError if there is none."""
        self.rate_limits = collections["rate_limits"]

    def __iter__(self) -> Iterator[Collection]:
        return iter(self._collections.values())

    def __contains__(self, name: str) -> bool:
        return name in self._collections


@dataclass(frozen=True, slots=True)
class State:
    """What a sandbox can be restored to."""

    clock: VirtualClock
    seed: int
    ids: Ids
    requests: int
    """Handled so far: the number that the next one's id goes on from."""
    settings: dict[str, dict[str, JsonValue]]
    stores: dict[str, Store]
    """Of the APIs that were used; the others begin with their fixtures."""


class Sandbox:
    """One isolated world."""

    def __init__(
        self,
        name: str,
        apis: Mapping[str, Api],
        seed: int,
        overrides: Mapping[str, Mapping[str, JsonValue]],
        bounds: Bounds,
    ) -> None:
        self.name = name
        self.apis = apis
        self._first_seed = seed
        self.bounds = bounds
        self._overrides = overrides
        self.journal = Journal(bounds.exchanges)
        self.reset()

    def reset(self) -> None:
        """Make it as it was at start."""
        seed = self._first_seed
        self.become(State(VirtualClock(), seed, Ids(seed), 0, {}, {}))
        self.journal.reset_counts()

    def become(self, state: State) -> None:
        """Make it as it was at another moment; journal and faults are empty then."""
        self.clock = state.clock
        self.seed = state.seed
        self.ids = state.ids
        self.journal.restart(state.requests)
        self.faults = Faults(state.seed)
        self._settings = state.settings
        self.stores = state.stores

    def settings(self, api: str) -> dict[str, JsonValue]:
        """Return the current value of every setting of an API."""
        if (known := self._settings.get(api)) is None:
            known = self._settings[api] = self.first_settings(api)
        return known

    def first_settings(self, api: str) -> dict[str, JsonValue]:
        """Return the value that every setting of an API has at start."""
        declared = self.apis[api].settings
        defaults = {name: setting.default for name, setting in declared.items()}
        return {**defaults, **self._overrides.get(api, {})}

    def change_settings(self, api: str, changes: Mapping[str, JsonValue]) -> None:
        """Change settings, all or none.

        Raises:
            SettingsError: If one does not exist or its value does not fit.
        """
        checked = check_settings(self.apis[api], changes)
        self._settings[api] = {**self.settings(api), **checked}

    def store(self, api: str, now: int) -> Store:
        """Return an API's collections, filled from its fixtures when they are first used."""
        if (store := self.stores.get(api)) is None:
            store = self.stores[api] = self._fill(self.apis[api], now)
        return store

    def replace(
        self,
        apis: Mapping[str, Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
        system: Instant,
    ) -> None:
        """Serve other versions of the APIs; records and settings stay where they still belong.

        A collection keeps its records if they fit its new description, else it starts anew, as do
        new collections. A setting keeps its value if its declaration is the same.
        """
        before, stores = self.apis, self.stores
        settings, self._settings = self._settings, {}
        self.apis, self._overrides, self.stores = apis, overrides, {}
        self.journal.reset_counts()
        now = self.clock.now(system)
        for name in apis.keys() & settings.keys():
            declared, kept = apis[name].settings, before[name].settings
            self.settings(name).update(
                (key, value)
                for key, value in settings[name].items()
                if key in declared and declared[key] == kept[key]
            )
        for name in apis.keys() & stores.keys():
            with suppress(FixtureError):  # reported by the first request that needs the records
                self.stores[name] = self._moved(stores[name], apis[name], now)

    def _moved(self, store: Store, api: Api, now: int) -> Store:
        """Put the records of a store into the collections that an API has now."""
        specs = {**BUILT_IN, **api.collections}
        moved = {name: _with_spec(store, spec) for name, spec in specs.items()}
        kept = {name: collection for name, collection in moved.items() if collection is not None}
        if len(kept) < len(specs):
            fresh = {collection.spec.name: collection for collection in self._fill(api, now)}
            kept = {name: kept.get(name, fresh[name]) for name in specs}
        return Store(kept)

    def _fill(self, api: Api, now: int) -> Store:
        specs = {**BUILT_IN, **api.collections}
        capacity = self.bounds.records
        collections = {name: Collection(spec, (), capacity) for name, spec in specs.items()}
        scope: Scope = {"now": now, "settings": self.settings(api.name), "_world": self.ids}
        for fixture in api.fixtures:
            try:
                _insert(fixture, scope, collections[fixture.collection], self.seed)
            except (ConflictError, ExpressionError) as error:
                raise FixtureError(fixture, str(error)) from None
        return Store(collections)


def _with_spec(store: Store, spec: CollectionSpec) -> Collection | None:
    """Return a store's collection under another description; None if its records do not fit."""
    if spec.name not in store:
        return None
    collection = store.collection(spec.name)
    if collection.spec == spec:
        return collection
    if any(spec.key not in record for record in collection):
        return None
    try:
        return Collection(spec, collection, collection.capacity)
    except ConflictError:
        return None


def _insert(fixture: Fixture, scope: Scope, collection: Collection, seed: int) -> None:
    key = collection.spec.key
    for record in fixture.records(scope):
        if record.get(key) is None:
            raise ExpressionError(f"a record of {fixture.collection} needs its key, {key!r}")
        collection.insert(completed(collection.spec, record, seed))


MOST_WRONG = 50
"""Wrong settings that one error lists."""


def check_settings(api: Api, changes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Read new values of settings, from JSON or from a command line's text.

    Raises:
        SettingsError: Naming every setting that does not exist or does not fit.
    """
    checked: dict[str, JsonValue] = {}
    wrong: list[str] = []
    for name, value in changes.items():
        setting = api.settings.get(name)
        if setting is None:
            known = ", ".join(api.settings) or "none"
            wrong.append(f"{api.name} has no setting {name[:100]!r} (it has: {known})")
            if len(wrong) == MOST_WRONG:
                break
            continue
        try:
            checked[name] = setting.read(value)
        except ValueError as error:
            wrong.append(f"{api.name}.{name}: {error}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    return checked


@dataclass(slots=True)
class Sandboxes:
    """All sandboxes of a process, made on first use."""

    apis: Mapping[str, Api]
    seed: int = 0
    overrides: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    _by_name: dict[str, Sandbox] = field(default_factory=dict)
    _deleted: tuple[Seen, Sent] = field(default_factory=lambda: ({}, Sent()))
    """What was seen in sandboxes that are no more."""

    def get(self, name: str) -> Sandbox:
        """Return a sandbox, making it if it is new.

        Raises:
            ValueError: If the name is not one.
            SandboxFullError: If there are as many as there may be.
        """
        sandbox = self._by_name.get(name)
        return sandbox if sandbox is not None else self._make(name)

    def _make(self, name: str) -> Sandbox:
        if not SANDBOX_NAME.fullmatch(name):
            raise ValueError(BAD_SANDBOX_NAME)
        if name != DEFAULT_SANDBOX and len(self._by_name) >= self.bounds.sandboxes:
            raise SandboxFullError(
                f"there are {self.bounds.sandboxes:,} sandboxes; delete one before making another"
            )
        sandbox = Sandbox(name, self.apis, self.seed, self.overrides, self.bounds)
        self._by_name[name] = sandbox
        return sandbox

    def replace(
        self,
        apis: Mapping[str, Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
        system: Instant,
    ) -> None:
        """Let all sandboxes serve other versions of the APIs."""
        self.apis, self.overrides = apis, overrides
        self._deleted = ({}, Sent())
        for sandbox in self._by_name.values():
            sandbox.replace(apis, overrides, system)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def names(self) -> list[str]:
        """List the sandboxes that exist, oldest first."""
        return list(self._by_name)

    def delete(self, name: str) -> bool:
        """Delete a sandbox with all it holds; return True if it existed."""
        sandbox = self._by_name.pop(name, None)
        if sandbox is None:
            return False
        self._deleted = _added([self._deleted, (sandbox.journal.seen, sandbox.journal.sent)])
        return True

    def everything_seen(self) -> tuple[Seen, Sent]:
        """Add up what was seen in all sandboxes, also in those that were deleted."""
        journals = [sandbox.journal for sandbox in self._by_name.values()]
        return _added([self._deleted, *((one.seen, one.sent) for one in journals)])


def _added(counts: Iterable[tuple[Seen, Sent]]) -> tuple[Seen, Sent]:
    seen: Counter[tuple[int, int, str | None]] = Counter()
    sent = Sent()
    for one_seen, one_sent in counts:
        seen.update(one_seen)
        sent.add(one_sent)
    return dict(seen), sent
