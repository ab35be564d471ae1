"""A sandbox as one JSON value, and back: what comes back goes on exactly as it would have."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.base.errors import (
    ClockError,
    ConflictError,
    MockserverError,
    SandboxFullError,
    SettingsError,
)
from mockserver.base.json import JsonValue, escape
from mockserver.base.time import (
    Instant,
    VirtualClock,
    format_duration,
    format_instant,
    parse_instant,
)
from mockserver.engine.builtin_collections import BUILT_IN, wrong_fields
from mockserver.engine.records import Collection, key_text
from mockserver.engine.sandbox import Ids, Sandbox, State, Store, check_settings
from mockserver.model.api import Api, CollectionSpec
from mockserver.model.scope import Record

VERSION = 1
LARGEST_COUNT = 2**53
"""Of identifiers and requests: more is not exact in every reader of JSON."""


MOST_WRONG = 1_000
"""Problems that one error lists."""


class Wrong(NamedTuple):
    """One thing that is wrong in a snapshot."""

    pointer: str
    message: str


class SnapshotError(MockserverError):
    """A snapshot that cannot be restored, with everything that is wrong in it."""

    def __init__(self, problems: list[Wrong]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{pointer} {message}" for pointer, message in problems))


def take(sandbox: Sandbox, system: Instant) -> dict[str, JsonValue]:
    """Return what a sandbox is like; it is neither changed nor copied.

    APIs that were not used yet are left out: they begin with their fixtures here and there.
    """
    return {
        "mockserver": VERSION,
        "clock": {
            "now": format_instant(sandbox.clock.now(system)),
            "frozen": sandbox.clock.frozen_at is not None,
        },
        "seed": sandbox.seed,
        "ids": sandbox.ids.count,
        "requests": sandbox.journal.count,
        "settings": {name: _settings(sandbox, api) for name, api in sandbox.apis.items()},
        "records": {
            name: {collection.spec.name: list(collection) for collection in store}
            for name, store in sandbox.stores.items()
        },
    }


def _settings(sandbox: Sandbox, api: Api) -> dict[str, JsonValue]:
    values = sandbox.settings(api.name)
    return {
        name: format_duration(values[name]) if setting.type == "duration" else values[name]
        for name, setting in api.settings.items()
    }


def restore(sandbox: Sandbox, snapshot: Mapping[str, Any], system: Instant) -> None:
    """Make a sandbox as it was at a snapshot, but for its journal, which is emptied.

    Args:
        sandbox: Is changed as a whole or not at all.
        snapshot: Of the types that `take` gives; its names and values are checked here.
        system: The time that the system's clock shows.

    Raises:
        SnapshotError: With everything that is wrong.
    """
    reading = _SnapshotReading(sandbox, [])
    state = reading.state(snapshot, system)
    if reading.problems:
        raise SnapshotError(reading.problems)
    sandbox.become(state)


class _SnapshotReading(NamedTuple):
    """A snapshot that is being read."""

    sandbox: Sandbox
    problems: list[Wrong]

    def state(self, snapshot: Mapping[str, Any], system: Instant) -> State:
        """Return what the snapshot says; it is of use only if there are no problems."""
        if snapshot["mockserver"] != VERSION:
            self._wrong("/mockserver", f"is not {VERSION}, the version that is read here")
        for name in ("ids", "requests"):
            if not 0 <= snapshot[name] <= LARGEST_COUNT:
                self._wrong(f"/{name}", f"is not from 0 to {LARGEST_COUNT:,}")
        return State(
            clock=self._clock(snapshot["clock"], system),
            seed=snapshot["seed"],
            ids=Ids(snapshot["seed"], snapshot["ids"]),
            requests=snapshot["requests"],
            settings={
                name: self._settings(api, snapshot["settings"][name])
                for name, api in self._apis("/settings", snapshot["settings"])
            },
            stores={
                name: self._store(api, snapshot["records"][name])
                for name, api in self._apis("/records", snapshot["records"])
            },
        )

    def _wrong(self, pointer: str, message: str) -> None:
        if len(self.problems) < MOST_WRONG:
            self.problems.append(Wrong(pointer, message))

    def _clock(self, given: Mapping[str, Any], system: Instant) -> VirtualClock:
        clock = VirtualClock()
        try:
            clock.place(parse_instant(given["now"]), system)
        except (ClockError, ValueError) as error:
            self._wrong("/clock/now", str(error))
        if given["frozen"]:
            clock.freeze(system)
        return clock

    def _apis(self, pointer: str, given: Mapping[str, Any]) -> Iterator[tuple[str, Api]]:
        """Yield the APIs that are named."""
        known = self.sandbox.apis
        for name in given:
            if name in known:
                yield name, known[name]
            else:
                message = f"no API {name!r} is served; there are: {', '.join(known)}"
                self._wrong(f"{pointer}/{escape(name)}", message)

    def _settings(self, api: Api, given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        values = self.sandbox.first_settings(api.name)
        for name, value in given.items():
            try:
                values.update(check_settings(api, {name: value}))
            except SettingsError as error:
                self._wrong(f"/settings/{escape(api.name)}/{escape(name)}", str(error))
        return values

    def _store(self, api: Api, given: Mapping[str, list[Record]]) -> Store:
        specs = {**BUILT_IN, **api.collections}
        start = f"/records/{escape(api.name)}"
        for name in given.keys() - specs.keys():
            message = f"{api.name} has no collection {name!r}; it has: {', '.join(specs)}"
            self._wrong(f"{start}/{escape(name)}", message)
        return Store(
            {
                name: self._collection(spec, given.get(name, []), f"{start}/{escape(name)}")
                for name, spec in specs.items()
            }
        )

    def _collection(self, spec: CollectionSpec, given: list[Record], pointer: str) -> Collection:
        collection = Collection(spec, (), self.sandbox.bounds.records)
        for index, record in enumerate(given):
            for name, message in wrong_record(spec, record):
                self._wrong(f"{pointer}/{index}/{escape(name)}", message)
            try:
                collection.insert(record)
            except ConflictError as conflict:
                message = (
                    f"another of {spec.name} has the {conflict.field} {key_text(conflict.value)}"
                )
                self._wrong(f"{pointer}/{index}/{escape(conflict.field)}", message[:300])
            except SandboxFullError as error:
                self._wrong(pointer, str(error))
                break
        return collection


def wrong_record(spec: CollectionSpec, record: Record) -> Iterator[tuple[str, str]]:
    """Yield the fields that keep a record out of a collection, and what each has to be."""
    key = record.get(spec.key)
    if key is None or key == "":
        yield spec.key, f"a record needs its key, {spec.key!r}"
    elif isinstance(key, bool) or not isinstance(key, str | int):
        yield spec.key, f"a record's key, {spec.key!r}, is a text or a whole number"
    if spec.name in BUILT_IN:
        yield from wrong_fields(spec.name, record)
