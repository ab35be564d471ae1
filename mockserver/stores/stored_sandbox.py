"""Write a sandbox as the rows and meta of a store, and make a sandbox of them again.

- `changed_rows` returns the rows of what was touched, `all_rows` those of a whole sandbox. A row
  is a record with its serial, or null if there is none. First records of an API are not written:
  they follow from the beginning of the run.
- `meta_of` returns what no record holds: run, numbers, seed, settings at the beginning.
- `load_sandbox` makes the copy of a sandbox from what a store kept.
- Caller: `committer.py`. Nothing is read from or written to a store here.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mockserver.base.errors import ConflictError
from mockserver.base.json import key_text
from mockserver.base.time import Instant, VirtualClock
from mockserver.engine.history import HistoryEntry, Mark
from mockserver.engine.records import Collection
from mockserver.engine.sandbox import IdGenerator, Sandbox, SandboxState
from mockserver.model.api import Api
from mockserver.model.control_entry import ControlEntry
from mockserver.model.record_change import WORLD, Place
from mockserver.stores.entry_codec import decode_entry, from_bytes, to_bytes
from mockserver.stores.history_store import StoredSandbox

_LOG = logging.getLogger("mockserver")
_MISFITS = "sandbox %r: the store has records that the documents cannot have; left out: %s"


def _row_name(place: Place, key: str) -> str:
    return to_bytes([*place, key]).decode()


def _row(collection: Collection, key: str) -> bytes:
    record = collection.rows.get(key)
    return to_bytes([collection.serial_of(key) or 0, record])


Touched = set[tuple[Place, str]]
"""Places and keys of records that were written."""


def touched_by(entry: HistoryEntry) -> Touched:
    """Return what an entry wrote."""
    is_rewind = isinstance(entry, ControlEntry) and entry.cut is not None
    writes = entry.net if is_rewind else entry.writes  # type: ignore[union-attr] # a rewind is a call
    return {(place, key) for place, key, *_ in writes}


def changed_rows(sandbox: Sandbox, touched: Touched) -> dict[str, bytes]:
    """Return the present rows of what was touched."""
    return {_row_name(place, key): _row(sandbox.collection(place), key) for place, key in touched}


def all_rows(sandbox: Sandbox) -> dict[str, bytes]:
    """Return the rows of all records that differ from the first ones."""
    rows: dict[str, bytes] = {}
    for collection in sandbox.world.values():
        rows |= {_row_name(collection.place, key): _row(collection, key) for key in collection.rows}
    for name, store in sandbox.stores.items():
        first = sandbox.first_store(sandbox.apis[name])
        for collection in store:
            rows |= _differences(first.collection(collection.spec.name), collection)
    return rows


def _differences(first: Collection, collection: Collection) -> dict[str, bytes]:
    keys = {**dict.fromkeys(first.rows), **dict.fromkeys(collection.rows)}
    return {
        _row_name(collection.place, key): _row(collection, key)
        for key in keys
        if first.rows.get(key) != collection.rows.get(key)
        or first.serial_of(key) != collection.serial_of(key)
    }


def meta_of(sandbox: Sandbox) -> bytes:
    """Return what no record of a sandbox holds."""
    history, floor = sandbox.history, sandbox.history.floor
    settings = {
        name: {**sandbox.initial_settings(name), **sandbox.first_settings.get(name, {})}
        for name in sandbox.apis
    }
    return to_bytes(
        {
            "collections": {name: _forms(api) for name, api in sandbox.apis.items()},
            "entry": history.name_at(history.position),
            "run": history.run,
            "requests": history.count,
            "controls": history.controls,
            "position": history.position,
            "latest": history.latest,
            "floor": list(floor),
            "ids": sandbox.ids.count,
            "seed": sandbox.seed,
            "settings": settings,
        }
    )


class SandboxBrief(NamedTuple):
    """What a list of sandboxes shows of one."""

    name: str
    clock: VirtualClock
    latest: Instant
    """The time of its latest entry."""
    requests: int
    entry: str
    """The name of its latest entry, with its run."""


CLOCK_ROW = _row_name((WORLD, "clock"), "clock")
"""The only row that a brief needs."""


def brief_of(name: str, stored: StoredSandbox) -> SandboxBrief:
    """Return what a list shows of a sandbox, without making a copy of it."""
    meta = from_bytes(stored.state.meta)
    clock = from_bytes(stored.state.rows[CLOCK_ROW])[1]
    requests, latest, entry = meta["requests"], meta["latest"], meta["entry"]
    for found in map(from_bytes, stored.later):
        requests += "call" not in found
        latest, entry = found["at"], found["id"]
        for place, _, _, after, _ in found["writes"]:
            clock = after if tuple(place) == (WORLD, "clock") else clock
    shown = VirtualClock(clock["began"], clock["offset"], clock["frozen_at"])
    return SandboxBrief(name, shown, latest, requests, f"{meta['run']}.{entry}")


def _forms(api: Api) -> dict[str, list[str]]:
    """Return what records must have to be in the collections of an API."""
    return {name: [spec.key, *spec.unique] for name, spec in api.collections.items()}


def load_sandbox(sandbox: Sandbox, stored: StoredSandbox) -> list[HistoryEntry]:
    """Let a sandbox be what a store kept; return the entries after the stored state.

    Records that do not fit into the served documents are left out, and a warning names them. The
    sandbox cannot go back to an entry that wrote such records.

    Raises:
        FixtureError: If the documents make no valid first records.
    """
    state = stored.state
    meta = from_bytes(state.meta)
    rows = [(from_bytes(name.encode()), from_bytes(row)) for name, row in state.rows.items()]
    rows.sort(key=lambda row: row[1][0])
    ids = IdGenerator(meta["seed"], meta["ids"])
    settings = {api: values for api, values in meta["settings"].items() if api in sandbox.apis}
    clock = VirtualClock(Instant(0))
    began = SandboxState(clock, meta["seed"], ids, meta["requests"], {}, {})
    sandbox.begin_run(began, Instant(0))
    sandbox.first_settings = settings
    own = [row for row in rows if row[0][0] == WORLD]
    for (api, collection, key), (serial, record) in own:
        _overlay(sandbox.collection((api, collection)), key, serial, record)
    sandbox.refresh()
    left_out = _load_records(sandbox, (row for row in rows if row[0][0] != WORLD))
    _load_history(sandbox, stored.earlier, meta)
    later = [decode_entry(text, sandbox.name, sandbox.apis) for text in stored.later]
    for entry in later:
        sandbox.apply(entry)
    left_out |= _drop_misfits(sandbox, meta["collections"])
    if left_out:
        sandbox.history.raise_floor(sandbox.history.mark(sandbox.history.position))
        places = ", ".join(f"{api}.{name}" for api, name in sorted(left_out))
        _LOG.warning(_MISFITS, sandbox.name, places)
    return later


def _load_records(sandbox: Sandbox, rows: Iterable[Any]) -> set[Place]:
    """Store rows of APIs; return the places that the served documents do not have."""
    unknown: set[Place] = set()
    for (api, name, key), (serial, record) in rows:
        if sandbox.has((api, name)):
            _overlay(sandbox.collection((api, name)), key, serial, record)
        else:
            unknown.add((api, name))
    return unknown


def _drop_misfits(sandbox: Sandbox, forms: Mapping[str, Mapping[str, list[str]]]) -> set[Place]:
    """Begin collections again whose records do not fit a new description; return their places."""
    misfits: set[Place] = set()
    for api in sandbox.stores.keys() & forms.keys():
        for name, form in _forms(sandbox.apis[api]).items():
            collection = sandbox.collection((api, name))
            if forms[api].get(name, form) != form and not _fits(collection):
                misfits.add((api, name))
        sandbox.begin_collections(api, {name for other, name in misfits if other == api})
    return misfits


def _fits(collection: Collection) -> bool:
    spec = collection.spec
    if any(key_text(record.get(spec.key)) != key for key, record in collection.rows.items()):
        return False
    try:
        Collection(spec, collection)
    except ConflictError:
        return False
    return True


def _overlay(collection: Collection, key: str, serial: int, record: Any) -> None:  # noqa: ANN401 - a record or None
    if key in collection.rows:
        collection.remove(key)
    if record is not None:
        collection.put_back(key, record, serial)


def _load_history(sandbox: Sandbox, texts: Iterable[bytes], meta: Mapping[str, Any]) -> None:
    history = sandbox.history
    entries = [decode_entry(text, sandbox.name, sandbox.apis) for text in texts]
    kept: list[HistoryEntry] = []
    for entry in entries:
        if isinstance(entry, ControlEntry) and entry.cut is not None:
            while kept and kept[-1].position > entry.cut:
                kept.pop()
        kept.append(entry)
    for entry in kept:
        history.position = entry.position - 1
        history.append(entry)
    history.run, history.count, history.controls = meta["run"], meta["requests"], meta["controls"]
    history.position, history.latest = meta["position"], Instant(meta["latest"])
    floor = Mark(*meta["floor"])
    if kept and entries[0].position > floor.position + 1:
        floor = Mark(kept[0].position, kept[0].at, kept[0].ids)
    history.raise_floor(floor)
