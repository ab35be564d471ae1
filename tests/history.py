"""The state of a sandbox as one value that can be compared, and the fold of a history."""

from typing import Any

from mockserver.base.time import Instant
from mockserver.engine.sandbox import IdGenerator, Sandbox


def state_of(sandbox: Sandbox, system: Instant) -> dict[str, Any]:
    """Return the whole state of a sandbox but its history; first records count as made."""
    clock = sandbox.clock
    return {
        "now": sandbox.now(system),
        "clock": (clock.began, clock.frozen_at is None),
        "ids": sandbox.ids.count,
        "seed": sandbox.seed,
        "settings": {name: sandbox.settings(name) for name in sandbox.apis},
        "world": {name: list(sandbox.world[name]) for name in ("settings", "faults", "counters")},
        "records": {
            name: {collection.spec.name: list(collection) for collection in sandbox.store(name)}
            for name in sandbox.apis
        },
    }


def fold(sandbox: Sandbox, began: Instant) -> Sandbox:
    """Return a sandbox that begins as another one, and gets only the changes of its entries."""
    copy = Sandbox("copy", sandbox.apis, sandbox.seed, {}, sandbox.bounds)
    copy.begin(began)
    for entry in sandbox.history.entries():
        for change in entry.changes:
            copy.collection(change.place).apply(change)
        copy.ids = IdGenerator(copy.seed, entry.ids)
        copy.history.latest = entry.at
        copy.refresh()
    return copy
