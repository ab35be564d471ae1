"""Keep sandboxes: each has its own clock, records, settings, identifiers, journal and faults.

- Out: `Sandboxes.get` returns a `Sandbox` by its name, made on first use; `ValueError` for a bad
  name, `SandboxFullError` for too many. `Sandbox.store` returns the records of one API, which the
  first call fills from the fixtures, or raises `FixtureError`. `Sandbox.published` returns records
  as the fixtures gave them, whatever was changed later. `check_settings` converts values.
- Callers: `pipeline.py`, the control API, `snapshot.py`, and `server/sources.py`, which makes
  `Sandboxes`. A reload calls `replace`, which keeps records and settings that are still valid.
- Sandboxes share nothing but `Bounds`, the limits on their number and size. The caller gives the
  time; nothing here reads the system's clock. Nothing is written to disk.
"""

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
from mockserver.engine.journal import AnswerCounts, Journal
from mockserver.engine.parameter_counts import ParameterCounts
from mockserver.engine.records import DEFAULT_CAPACITY, Collection, completed
from mockserver.model.api import Api, CollectionSpec, Fixture
from mockserver.model.scope import Record, Scope

DEFAULT_SANDBOX = "default"
BAD_SANDBOX_NAME = (
    "a sandbox name has 1 to 64 letters, digits, dots, dashes and underscores, "
    "and begins with a letter or digit"
)
SANDBOX_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class IdGenerator:
    """Makes the identifiers of a sandbox: hashes of a counter, with the seed as the key.

    The same seed and count give the same identifiers.
    """

    __slots__ = ("_keyed", "count")

    def __init__(self, seed: int, count: int = 0) -> None:
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

    Sandboxes and records above their limit are refused. Exchanges above it replace the oldest ones.
    """

    sandboxes: int = 1_000
    records: int = DEFAULT_CAPACITY
    """Maximum number of records of one collection."""
    exchanges: int = 1_000
    """Maximum number of exchanges in the journal of one sandbox."""


DEFAULT_BOUNDS = Bounds()


class FixtureError(ExpressionError):
    """A fixture whose records cannot be stored."""

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
class SandboxState:
    """The state of a sandbox that a snapshot contains."""

    clock: VirtualClock
    seed: int
    ids: IdGenerator
    requests: int
    """Number of requests so far; the id of the next request has the number after it."""
    settings: dict[str, dict[str, JsonValue]]
    stores: dict[str, Store]
    """The records of APIs that were used; other APIs begin with their fixtures."""


class Sandbox:
    """The state of one sandbox; other sandboxes do not see it."""

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
        self._initial_seed = seed
        self.bounds = bounds
        self._overrides = overrides
        self.journal = Journal(bounds.exchanges)
        self.reset()

    def reset(self) -> None:
        """Restore the state at the start of the sandbox."""
        seed = self._initial_seed
        self.set_state(SandboxState(VirtualClock(), seed, IdGenerator(seed), 0, {}, {}))
        self.journal.reset_counts()

    def set_state(self, state: SandboxState) -> None:
        """Restore a state; remove the exchanges of the journal and all faults."""
        self.clock = state.clock
        self.seed = state.seed
        self.ids = state.ids
        self.journal.restart(state.requests)
        self.faults = Faults(state.seed)
        self._settings = state.settings
        self.stores = state.stores
        self._published: dict[str, dict[str, list[Record]]] = {}

    def settings(self, api: str) -> dict[str, JsonValue]:
        """Return the current value of every setting of an API."""
        if (known := self._settings.get(api)) is None:
            known = self._settings[api] = self.initial_settings(api)
        return known

    def initial_settings(self, api: str) -> dict[str, JsonValue]:
        """Return the value of every setting of an API at the start of the sandbox."""
        declared = self.apis[api].settings
        defaults = {name: setting.default for name, setting in declared.items()}
        return {**defaults, **self._overrides.get(api, {})}

    def change_settings(self, api: str, changes: Mapping[str, JsonValue]) -> None:
        """Change settings: all of them, or none if one is invalid.

        Raises:
            SettingsError: If a setting does not exist or its value is invalid.
        """
        checked = check_settings(self.apis[api], changes)
        self._settings[api] = {**self.settings(api), **checked}

    def store(self, api: str, now: int) -> Store:
        """Return the collections of an API; the first call fills them from the fixtures.

        In the fixtures, `now` is the beginning of the sandbox: `now`, if it was not used before.
        """
        if (store := self.stores.get(api)) is None:
            store = self.stores[api] = self._fill(self.apis[api], self.clock.begin(now))
        return store

    def published(self, api: str, collection: str, now: int) -> list[Record]:
        """Return the records that the document itself gives to a collection, as they were first.

        Members with generated values, such as `uuid()`, are left out if the sandbox does not know
        them, as after a reload.
        """
        if (known := self._published.get(api)) is None:
            known = self._published[api] = self._written(self.apis[api], now)
        return known.get(collection, [])

    def _written(self, api: Api, now: int) -> dict[str, list[Record]]:
        """Return the records of all fixtures without generated members."""
        scope: Scope = {"now": self.clock.begin(now), "settings": self.settings(api.name)}
        found: dict[str, list[Record]] = {}
        for fixture in api.fixtures:
            with suppress(ExpressionError):  # reported by the first use of the records
                # A generated value is one that differs between two generators.
                first, second = (
                    fixture.records({**scope, "_world": IdGenerator(seed)}) for seed in (0, 1)
                )
                pairs = zip(first, second, strict=False)
                found.setdefault(fixture.collection, []).extend(_same(*pair) for pair in pairs)
        return found

    def replace(
        self,
        apis: Mapping[str, Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
        system: Instant,
    ) -> None:
        """Use other versions of the APIs, and keep records and settings where they are still valid.

        A collection keeps its records if they have its new key and are unique where they must be;
        otherwise it begins with its fixtures. A setting keeps its value if its declaration is the
        same.
        """
        before, stores = self.apis, self.stores
        settings, self._settings = self._settings, {}
        self.apis, self._overrides, self.stores = apis, overrides, {}
        self._published = {}
        self.journal.reset_counts()
        now = self.clock.begin(self.clock.now(system))
        for name in apis.keys() & settings.keys():
            declared, kept = apis[name].settings, before[name].settings
            self.settings(name).update(
                (key, value)
                for key, value in settings[name].items()
                if key in declared and declared[key] == kept[key]
            )
        for name in apis.keys() & stores.keys():
            with suppress(FixtureError):  # reported by the first request that needs the records
                self.stores[name] = self._migrate(stores[name], apis[name], now)

    def _migrate(self, store: Store, api: Api, now: int) -> Store:
        """Move the records of a store to the collections of a new version of the API."""
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
        published: dict[str, list[Record]] = {}
        for fixture in api.fixtures:
            try:
                given = _insert_fixture(fixture, scope, collections[fixture.collection], self.seed)
            except (ConflictError, ExpressionError) as error:
                raise FixtureError(fixture, str(error)) from None
            published.setdefault(fixture.collection, []).extend(given)
        self._published[api.name] = published
        return Store(collections)


def _same(first: Record, second: Record) -> Record:
    """Return the members that are equal in both records."""
    return {name: value for name, value in first.items() if second.get(name) == value}


def _with_spec(store: Store, spec: CollectionSpec) -> Collection | None:
    """Return a store's collection with another description; None if its records are not valid."""
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


def _insert_fixture(
    fixture: Fixture, scope: Scope, collection: Collection, seed: int
) -> list[Record]:
    """Insert the records of a fixture; return them as the document has them."""
    key = collection.spec.key
    records: list[Record] = fixture.records(scope)
    for record in records:
        if record.get(key) is None:
            raise ExpressionError(f"a record of {fixture.collection} needs its key, {key!r}")
        collection.insert(completed(collection.spec, record, seed))
    return records


MOST_WRONG = 50
"""Maximum number of unknown settings in one error message."""


def check_settings(api: Api, changes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Convert new values of settings, from JSON or from the text of a command line.

    Raises:
        SettingsError: With a message for each setting that does not exist or is invalid.
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
    """All sandboxes of a process; each is made on first use."""

    apis: Mapping[str, Api]
    seed: int = 0
    overrides: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    _by_name: dict[str, Sandbox] = field(default_factory=dict)
    _deleted_counts: tuple[AnswerCounts, ParameterCounts] = field(
        default_factory=lambda: ({}, ParameterCounts())
    )
    """Counts of answers and parameters in sandboxes that were deleted."""

    def get(self, name: str) -> Sandbox:
        """Return a sandbox; make it if it does not exist.

        Raises:
            ValueError: If the name is invalid.
            SandboxFullError: If the maximum number exists; the default sandbox is not refused.
        """
        sandbox = self._by_name.get(name)
        return sandbox if sandbox is not None else self._make(name)

    def _make(self, name: str) -> Sandbox:
        if not SANDBOX_NAME.fullmatch(name):
            raise ValueError(BAD_SANDBOX_NAME)
        if name != DEFAULT_SANDBOX and len(self._by_name) >= self.bounds.sandboxes:
            raise SandboxFullError(
                f"there are already {self.bounds.sandboxes:,} sandboxes; delete one of them"
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
        """Use other versions of the APIs in all sandboxes."""
        self.apis, self.overrides = apis, overrides
        self._deleted_counts = ({}, ParameterCounts())
        for sandbox in self._by_name.values():
            sandbox.replace(apis, overrides, system)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def names(self) -> list[str]:
        """List the sandboxes that exist, oldest first."""
        return list(self._by_name)

    def delete(self, name: str) -> bool:
        """Delete a sandbox with its state; return True if it existed."""
        sandbox = self._by_name.pop(name, None)
        if sandbox is None:
            return False
        self._deleted_counts = _sum_counts(
            [
                self._deleted_counts,
                (sandbox.journal.answer_counts, sandbox.journal.parameter_counts),
            ]
        )
        return True

    def total_counts(self) -> tuple[AnswerCounts, ParameterCounts]:
        """Return the counts of all sandboxes, including deleted ones."""
        journals = [sandbox.journal for sandbox in self._by_name.values()]
        return _sum_counts(
            [self._deleted_counts, *((one.answer_counts, one.parameter_counts) for one in journals)]
        )


def _sum_counts(
    counts: Iterable[tuple[AnswerCounts, ParameterCounts]],
) -> tuple[AnswerCounts, ParameterCounts]:
    answers: Counter[tuple[int, int, str | None]] = Counter()
    parameters = ParameterCounts()
    for one_answers, one_parameters in counts:
        answers.update(one_answers)
        parameters.add(one_parameters)
    return dict(answers), parameters
