"""Two servers with two workers each share a store; `make reliability` tries more, and longer."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mockserver.model.api import Api
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
from tests.reliability.event_readers import deletion_seen, reset_seen, seen_elsewhere
from tests.reliability.killed_processes import check, kill_a_worker, under_load
from tests.reliability.machines import Machine, machines
from tests.stores.redis_server import RedisServer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers in /proc"),
]


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("shared") / "state.db")
        return
    server = RedisServer.started(tmp_path_factory.mktemp("shared"))
    yield server.url
    server.stop()


@pytest.fixture(scope="module")
def shared(address: str) -> Iterator[list[Machine]]:
    with machines(address) as started:
        yield started


@pytest.mark.parametrize("quota", [0, 1, 99, 150])
async def test_a_quota_is_exact(shared: list[Machine], quota: int) -> None:
    await exact_quota(shared, quota, 150)


async def test_a_cooldown_has_one_winner(shared: list[Machine]) -> None:
    await one_cooldown(shared)


async def test_an_authorization_code_has_one_winner(shared: list[Machine]) -> None:
    await one_code(shared)


async def test_a_refresh_token_has_one_winner(shared: list[Machine]) -> None:
    await one_refresh(shared)


async def test_what_was_answered_is_seen_by_every_worker(shared: list[Machine]) -> None:
    await seen_at_once(shared, times=10)


async def test_events_show_what_another_machine_did(shared: list[Machine]) -> None:
    first, second = (machine.port for machine in shared)
    await seen_elsewhere(first, second)
    await reset_seen(first, second)
    await deletion_seen(first, second)


async def test_nothing_is_lost_or_counted_twice_when_workers_are_killed(
    bundled: list[Api], address: str, shared: list[Machine]
) -> None:
    load = await under_load(shared, partial(kill_a_worker, shared), times=6)
    assert load.answered
    await check(bundled, address, load)


async def test_clocks_of_machines_may_differ(tmp_path: Path) -> None:
    with apart(str(tmp_path / "state.db"), 0, 10 * MINUTE) as ports:
        await entries_in_order(ports)
        await cooldowns_hold(ports)
        await only_forwards(ports, steps=50)
