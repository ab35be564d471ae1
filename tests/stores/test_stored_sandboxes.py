"""A sandbox that is read from a store is the sandbox that was written, whatever was done to it."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.time import Instant
from mockserver.engine import snapshot
from mockserver.engine.sandbox import Sandbox
from mockserver.stores.history_store import HistoryStore
from mockserver.stores.memory_store import MemoryStore
from tests.conftest import World
from tests.history import state_of
from tests.properties.test_history_properties import MOVES, act, bundled_apis
from tests.stores_world import Worker, worker

GOING_BACK = ("rewind", "reset", "restore", "fork")
ACTIONS = st.lists(
    st.tuples(st.sampled_from((*MOVES, *GOING_BACK)), st.integers(0, 3)), max_size=12
)
QUICK = settings(max_examples=60, suppress_health_check=list(HealthCheck))
Action = tuple[str, int]


def sandbox_of(one: Worker, name: str = "default") -> Sandbox:
    return one.committer.engine.sandboxes.by_name[name]


def go_back(one: Worker, action: str, number: int) -> None:
    """Do what a call of the control API does, to the default sandbox."""
    sandboxes = one.committer.engine.sandboxes
    sandbox = sandboxes.get("default", one.now)
    entries = list(sandbox.history.entries())
    if action == "rewind" and entries:
        chosen = entries[number % len(entries)]
        if chosen.position >= sandbox.history.floor.position:
            sandbox.rewind(sandbox.history.mark(chosen.position), one.now)
    elif action == "reset":
        sandbox.reset(one.now)
    elif action == "restore":
        snapshot.restore(sandbox, snapshot.take(sandbox, one.now), one.now)


async def do(one: Worker, action: str, number: int) -> None:
    world = World(one.committer.engine, one.now)
    if action == "fork":
        name = f"fork{number}"
        await one.committer.perform(name, one.now, lambda: fork(one, name), only_reads=False)
        return
    move = go_back if action in GOING_BACK else None

    def run() -> None:
        if move is None:
            act(world, action, number)
        else:
            move(one, action, number)

    await one.committer.perform("default", one.now, run, only_reads=False)
    one.now = Instant(max(one.now, world.now))


def fork(one: Worker, name: str) -> None:
    sandboxes = one.committer.engine.sandboxes
    if name not in sandboxes:
        sandboxes.fork(sandboxes.get("default", one.now), name, None, one.now)


async def see(one: Worker, name: str = "default") -> Sandbox:
    await one.committer.perform(name, one.now, lambda: None, only_reads=True)
    return sandbox_of(one, name)


async def played(actions: Sequence[Action], most_unsettled: int) -> None:
    store = MemoryStore()
    first, second = (worker(bundled_apis(), store, most_unsettled) for _ in range(2))
    await do(first, "unknown", 0)
    for place, (action, number) in enumerate(actions):
        one, other = (first, second) if place % 2 else (second, first)
        await do(one, action, number)
        other.now = one.now
    late = worker(bundled_apis(), store)
    now = late.now = first.now
    for name in await store.names():
        seen = [await see(one, name) for one in (first, second, late)]
        states = [state_of(sandbox, now) for sandbox in seen]
        assert states[0] == states[1] == states[2]
        entries = [[entry.id for entry in sandbox.history.entries()] for sandbox in seen]
        assert entries[0] == entries[1] == entries[2]


@QUICK
@given(actions=ACTIONS, most_unsettled=st.sampled_from([0, 1, 3, 100]))
def test_copies_that_take_turns_and_a_late_one_are_equal(
    actions: list[Action], most_unsettled: int
) -> None:
    asyncio.run(played(actions, most_unsettled))


@pytest.mark.anyio
async def test_the_same_history_gives_the_same_bytes_on_every_store(store: HistoryStore) -> None:
    async def history(kept: HistoryStore) -> list[object]:
        one = worker(bundled_apis(), kept)
        moves: list[Action] = [("invite", 1), ("invite", 1), ("advance", 0), ("setting", 2)]
        for action, number in [*moves, ("invite", 2), ("rewind", 1), ("invite", 3)]:
            await do(one, action, number)
        return [
            (entry.id, entry.at, entry.answer.body, entry.answer.headers)
            for entry in sandbox_of(one).history
        ]

    assert await history(store) == await history(MemoryStore())


@pytest.mark.anyio
async def test_a_history_played_twice_from_a_reset_gives_the_same_bytes(
    store: HistoryStore,
) -> None:
    one = worker(bundled_apis(), store)
    await do(one, "invite", 9)
    moves: list[Action] = [("reset", 0), ("invite", 1), ("invite", 1), ("advance", 0)]
    moves += [("setting", 2), ("invite", 2), ("rewind", 1), ("fault", 0), ("invite", 3)]
    runs = []
    for _ in range(2):
        for action, number in moves:
            await do(one, action, number)
        history = sandbox_of(one).history
        runs.append([(entry.id, entry.at, entry.answer) for entry in history])
    assert len(runs[0]) > 1
    assert runs[0] == runs[1]
