"""Tries to break shared sandboxes over real sockets: `python -m tests.reliability.run [PART …]`.

The parts are the keys of `PARTS`, and all of them are run without an argument. Each prints its
figures, and fails with an AssertionError at the first wrong count.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from mockserver.model.api import Api
from mockserver.server.sources import Sources
from tests.reliability import event_readers, store_outages
from tests.reliability.contended_quota import (
    exact_quota,
    one_code,
    one_cooldown,
    one_refresh,
    seen_at_once,
)
from tests.reliability.differing_clocks import (
    MINUTE,
    apart,
    cooldowns_hold,
    entries_in_order,
    only_forwards,
)
from tests.reliability.killed_processes import (
    check,
    kill_a_machine,
    kill_a_worker,
    kill_redis,
    under_load,
)
from tests.reliability.large_store import fill, use
from tests.reliability.machines import Machine, machines
from tests.stores.redis_server import RedisServer

QUOTAS = (0, 1, 100, 999, 1000, 1001)
TIMES = 20
KILLS = {"a worker": 200, "a machine": 40, "Redis": 100}


class Store:
    """A store of one kind, and the Redis server beside it."""

    def __init__(self, kind: str, address: str, redis: RedisServer) -> None:
        self.kind, self.address, self.redis = kind, address, redis

    def say(self, text: str) -> None:
        """Print a figure at once."""
        print(f"{self.kind}: {text}", flush=True)


@contextlib.asynccontextmanager
async def stores() -> AsyncIterator[list[Store]]:
    """Yield an empty file and an empty Redis server."""
    with tempfile.TemporaryDirectory(prefix="mockserver-reliability-") as name:
        folder = Path(name)
        redis = RedisServer.started(folder)
        found = [Store("sqlite", str(folder / "state.db"), redis), Store("redis", redis.url, redis)]
        try:
            yield found
        finally:
            redis.stop()


async def quota(_: Sequence[Api]) -> None:
    """Part A: the last of something has one winner, and writes are seen at once."""
    async with stores() as both:
        for store in both:
            with machines(store.address) as started:
                await _contended(store, started)


async def _contended(store: Store, started: Sequence[Machine]) -> None:
    for most in QUOTAS:
        taken = [await exact_quota(started, most, 1_000) for _ in range(TIMES)]
        seconds = f"{min(taken):.2f} to {max(taken):.2f} s"
        store.say(f"quota {most} of 1,000 is exact {TIMES} times, {seconds}")
    for each in (one_cooldown, one_code, one_refresh):
        for _ in range(TIMES):
            await each(started)
        store.say(f"{each.__name__} {TIMES} times")
    await seen_at_once(started)
    store.say("200 writes were read at once by every worker")


async def crashes(apis: Sequence[Api]) -> None:
    """Part B: processes are killed."""
    for what, times in KILLS.items():
        async with stores() as both:
            for store in both[what == "Redis" :]:
                await _killed(apis, store, what, times)


async def _killed(apis: Sequence[Api], store: Store, what: str, times: int) -> None:
    with machines(store.address) as started:
        kills = {
            "a worker": partial(kill_a_worker, started),
            "a machine": partial(kill_a_machine, started),
            "Redis": partial(kill_redis, store.redis),
        }
        load = await under_load(started, kills[what], times)
        figures = await check(apis, store.address, load)
        store.say(f"{what} killed {times} times: {figures}")


async def outages(apis: Sequence[Api]) -> None:
    """Part C: Redis stands still, is full, restarts or is cut off."""
    kinds = (
        store_outages.paused,
        store_outages.without_memory,
        store_outages.restarted,
        store_outages.disconnected,
    )
    for kind in kinds:
        async with stores() as (_, store):
            await _outage(apis, store, store.address, partial(kind, store.redis), kind.__name__)
    for every in (2, 5, 50):
        async with stores() as (_, store), store_outages.a_proxy(store.redis.port) as proxy:
            outage = partial(store_outages.losing_answers, proxy, every)
            url = f"redis://127.0.0.1:{proxy.port}/0"
            await _outage(apis, store, url, outage, f"each {every}. answer lost")


async def _outage(
    apis: Sequence[Api], store: Store, url: str, outage: store_outages.Outage, name: str
) -> None:
    started = await asyncio.gather(*(asyncio.to_thread(Machine, url) for _ in range(2)))
    try:
        load, wait = await store_outages.during(started, outage)
        figures = await check(apis, store.address, load)
        store.say(f"{name}: {figures}; health after {wait:.2f} s, slowest {load.slowest:.2f} s")
    finally:
        for machine in started:
            machine.stop()


async def clocks(_: Sequence[Api]) -> None:
    """Part D: the clocks of machines are equal, or 1 or 10 minutes apart."""
    for minutes in (0, 1, 10):
        async with stores() as both:
            for store in both:
                with apart(store.address, 0, minutes * MINUTE) as ports:
                    for each in (entries_in_order, cooldowns_hold, only_forwards):
                        await each(ports)
                        store.say(f"{minutes} minutes apart: {each.__name__}")


async def streams(_: Sequence[Api]) -> None:
    """Part E: events show what another machine did."""
    async with stores() as both:
        for store in both:
            with machines(store.address) as started:
                first, second = (machine.port for machine in started)
                wait = await event_readers.seen_elsewhere(first, second)
                await event_readers.reset_seen(first, second)
                await event_readers.restore_seen(first, second)
                await event_readers.deletion_seen(first, second)
                store.say(f"events are seen elsewhere within {wait:.2f} s")


async def scale(apis: Sequence[Api]) -> None:
    """Part F: a thousand sandboxes and a million entries."""
    async with stores() as (store, _):
        await fill(apis, Path(store.address), 999, 1_000)
        for name, figure in (await use(Path(store.address), 50)).items():
            store.say(f"{name}: {figure:.2f}")


PARTS: dict[str, Callable[[Sequence[Api]], Awaitable[None]]] = {
    "quota": quota,
    "crashes": crashes,
    "outages": outages,
    "clocks": clocks,
    "streams": streams,
    "scale": scale,
}


async def main(names: Sequence[str]) -> None:
    """Run the parts with these names, or all."""
    apis, _ = Sources([], {}).load()
    for name in names or PARTS:
        print(f"--- {name}", flush=True)
        await PARTS[name](apis)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
