"""Calls about the clock on a machine whose own clock is behind that of another one."""

from typing import Any

import pytest

from mockserver.base.time import SECOND, Instant
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client

pytestmark = pytest.mark.anyio


async def at_noon_then_behind(client: Client, world: World) -> None:
    """Let an entry be at 12:00, and the clock of the system ten minutes before it."""
    assert (await client.post(PARTOO, json=INVITE, headers=KEY)).status_code == 200
    world.now = Instant(world.now - 600 * SECOND)


@pytest.mark.parametrize(
    ("change", "now"),
    [
        ({"advance": "PT1M"}, "2026-03-10T12:01:00Z"),
        ({"frozen": True}, "2026-03-10T12:00:00Z"),
        ({"frozen": False}, "2026-03-10T12:00:00Z"),
        ({"set": "2026-03-10T12:00:30Z"}, "2026-03-10T12:00:30Z"),
    ],
    ids=str,
)
async def test_the_clock_is_moved_from_the_time_of_the_latest_entry(
    client: Client, world: World, change: dict[str, Any], now: str
) -> None:
    await at_noon_then_behind(client, world)
    assert (await client.post("/_mock/clock", json=change)).json()["now"] == now
    assert (await client.get("/_mock/clock")).json()["now"] == now


async def test_a_time_before_the_latest_entry_cannot_be_set(client: Client, world: World) -> None:
    await at_noon_then_behind(client, world)
    reply = await client.post("/_mock/clock", json={"set": "2026-03-10T11:55:00Z"})
    assert reply.status_code == 422
    assert "only moves forwards" in reply.json()["detail"]
