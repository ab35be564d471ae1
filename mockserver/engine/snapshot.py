"""Write the state of a sandbox as one JSON value, restore a sandbox from it, and check records.

- `take` gets a sandbox and returns a dictionary: clock, seed, counts of ids and requests, settings,
  and the records of the APIs that were used. The records are not copied.
- `restore` gets such a dictionary and begins a new run of a sandbox with it. It collects all
  problems in one `SnapshotError`, and changes the sandbox only if there are none. Entries and
  faults are removed.
- Callers: `control/state_calls.py`, which checks the types of a snapshot first;
  `control/record_calls.py` uses `record_problems` for records that a client writes.
- A snapshot contains neither the history nor faults. Files and JSON text are left to the callers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mockserver.base.errors import (
    ConflictError,
    MockserverError,
    SandboxFullError,
    SettingsError,
)
from mockserver.base.json import JsonValue, escape, key_text
from mockserver.base.time import (
    Instant,
    VirtualClock,
    format_duration,
    format_instant,
    parse_clock_time,
)
from mockserver.engine.builtin_collections import BUILT_IN, field_problems
from mockserver.engine.records import Collection
from mockserver.engine.sandbox import IdGenerator, Sandbox, SandboxState
from mockserver.engine.setting_values import check_settings
from mockserver.model.api import Api, CollectionSpec
from mockserver.model.scope import Record

VERSION = 1
LARGEST_COUNT = 2**53
"""Maximum count of identifiers and requests; some JSON parsers read larger numbers inexactly."""


MOST_WRONG = 1_000
"""Maximum number of problems in one error."""


class SnapshotProblem(NamedTuple):
    """One problem of a snapshot, with the JSON Pointer to its place."""

    pointer: str
    message: str


class SnapshotError(MockserverError):
    """A snapshot that cannot be restored, with its problems."""

    def __init__(self, problems: list[SnapshotProblem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{pointer} {message}" for pointer, message in problems))


def take(sandbox: Sandbox, system: Instant) -> dict[str, JsonValue]:
    """Return the state of a sandbox; do not change its records, which are not copied.

    The records of APIs that were not used yet are left out: these begin with their fixtures.
    """
    return {
        "mockserver": VERSION,
        "clock": {
            "now": format_instant(sandbox.now(system)),
            "frozen": sandbox.clock.frozen_at is not None,
            "began": format_instant(sandbox.clock.began),
        },
        "seed": sandbox.seed,
        "ids": sandbox.ids.count,
        "requests": sandbox.history.count,
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
    """Begin a new run with the state of a snapshot; remove all entries and all faults.

    Args:
        sandbox: The sandbox to change; it stays as it is if the snapshot is invalid.
        snapshot: A value with the members and types that `take` returns.
        system: The time of the system's clock.

    Raises:
        SnapshotError: With all problems, up to `MOST_WRONG`.
    """
    reading = _SnapshotReading(sandbox, [])
    state = reading.state(snapshot, system)
    if reading.problems:
        raise SnapshotError(reading.problems)
    sandbox.restore(state, system)


class _SnapshotReading(NamedTuple):
    """Reads one snapshot and collects its problems."""

    sandbox: Sandbox
    problems: list[SnapshotProblem]

    def state(self, snapshot: Mapping[str, Any], system: Instant) -> SandboxState:
        """Return the state; use it only if there are no problems."""
        if snapshot["mockserver"] != VERSION:
            self._add_problem(
                "/mockserver", f"must be {VERSION}, the version of snapshots that this server reads"
            )
        for name in ("ids", "requests"):
            if not 0 <= snapshot[name] <= LARGEST_COUNT:
                self._add_problem(f"/{name}", f"must be from 0 to {LARGEST_COUNT:,}")
        return SandboxState(
            clock=self._clock(snapshot["clock"], system),
            seed=snapshot["seed"],
            ids=IdGenerator(snapshot["seed"], snapshot["ids"]),
            requests=snapshot["requests"],
            settings={
                name: self._settings(api, snapshot["settings"][name])
                for name, api in self._apis("/settings", snapshot["settings"])
            },
            collections={
                name: self._collections(api, snapshot["records"][name])
                for name, api in self._apis("/records", snapshot["records"])
            },
        )

    def _add_problem(self, pointer: str, message: str) -> None:
        if len(self.problems) < MOST_WRONG:
            self.problems.append(SnapshotProblem(pointer, message))

    def _clock(self, given: Mapping[str, Any], system: Instant) -> VirtualClock:
        clock = VirtualClock(system)
        for name in ("now", "began"):
            try:
                instant = parse_clock_time(given[name]) if given.get(name) is not None else None
            except ValueError as error:
                self._add_problem(f"/clock/{name}", str(error))
                continue
            if instant is None:
                continue
            if name == "now":
                clock = clock.placed(instant, system)
            else:
                clock = replace(clock, began=instant)
        return clock.frozen(system) if given["frozen"] else clock

    def _apis(self, pointer: str, given: Mapping[str, Any]) -> Iterator[tuple[str, Api]]:
        """Yield the named APIs that are served; add a problem for each other name."""
        known = self.sandbox.apis
        for name in given:
            if name in known:
                yield name, known[name]
            else:
                message = f"no API {name!r} is served; there are: {', '.join(known)}"
                self._add_problem(f"{pointer}/{escape(name)}", message)

    def _settings(self, api: Api, given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        values = self.sandbox.initial_settings(api.name)
        for name, value in given.items():
            try:
                values.update(check_settings(api, {name: value}))
            except SettingsError as error:
                self._add_problem(f"/settings/{escape(api.name)}/{escape(name)}", str(error))
        return values

    def _collections(self, api: Api, given: Mapping[str, list[Record]]) -> dict[str, Collection]:
        specs = {**BUILT_IN, **api.collections}
        start = f"/records/{escape(api.name)}"
        for name in given.keys() - specs.keys():
            message = f"{api.name} has no collection {name!r}; it has: {', '.join(specs)}"
            self._add_problem(f"{start}/{escape(name)}", message)
        return {
            name: self._collection(
                Collection(
                    spec, (), self.sandbox.bounds.records, api.name, self.sandbox.record_budget
                ),
                given.get(name, []),
                f"{start}/{escape(name)}",
            )
            for name, spec in specs.items()
        }

    def _collection(self, collection: Collection, given: list[Record], pointer: str) -> Collection:
        spec = collection.spec
        for index, record in enumerate(given):
            for name, message in record_problems(spec, record):
                self._add_problem(f"{pointer}/{index}/{escape(name)}", message)
            try:
                collection.budget.check()
                collection.measure(collection.insert(record))
            except ConflictError as conflict:
                taken = f"{conflict.field} {key_text(conflict.value)}"
                message = f"another record of {spec.name} has the {taken}"
                self._add_problem(f"{pointer}/{index}/{escape(conflict.field)}", message[:300])
            except SandboxFullError as error:
                self._add_problem(pointer, str(error))
                break
        return collection


def record_problems(spec: CollectionSpec, record: Record) -> Iterator[tuple[str, str]]:
    """Yield name and message for each field that makes a record invalid for a collection."""
    if record.get(spec.key) is None:
        yield spec.key, f"a record needs its key, {spec.key!r}"
    if spec.name in BUILT_IN:
        yield from field_problems(spec.name, record)
