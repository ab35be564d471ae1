"""What an archive has beyond HAR: order, times, decisions and control calls, without secrets."""

from typing import Any

import pytest

from mockserver.base.time import DAY, Instant
from tests.conftest import START, World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio


async def log_of(client: Client, **query: str) -> Any:
    reply = await client.get("/_mock/requests", params={"format": "har", **query})
    assert reply.status_code == 200, reply.text
    return reply.json()["log"]


def members(log: Any) -> list[Any]:
    return [entry["_mockserver"] for entry in log["entries"]]


async def test_requests_and_calls_have_one_order(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.post("/_mock/clock", json={"advance": "P1D"})
    await client.post(PARTOO, json=INVITE, headers=KEY)
    log = await log_of(client)
    first, move = log["_mockserver"]["calls"]
    assert [one["position"] for one in (first, *members(log), move)] == [0, 1, 3, 2]
    assert (first["method"], first["target"]) == ("PUT", "/_mock/sandboxes/default")
    assert (move["target"], move["text"]) == ("/_mock/clock", '{"advance": "P1D"}')


async def test_an_entry_has_both_times_and_its_decisions(world: World) -> None:
    client = client_of(world)
    await client.post("/_mock/clock", json={"advance": "P1D"})
    await client.post(PARTOO, json=INVITE, headers=KEY)
    (entry,) = members(await log_of(client))
    assert (entry["at"], entry["arrived"]) == ("2026-03-11T12:00:00Z", "2026-03-10T12:00:00Z")
    assert entry["ids"] == world.sandbox().ids.count > 0
    matched, authenticated, *_ = entry["trace"]
    assert list(matched) == ["what", "sentence", "source"]
    assert authenticated["schemes"] == ["ApiKeyAuth"]
    assert "demo-partoo-key" not in str(entry)


async def test_secrets_in_bodies_of_calls_are_redacted(client: Client) -> None:
    record = {"key": "hush-hush", "organisation": "demo-org"}
    await client.post("/_mock/records/partoo/keys", json=record)
    (call,) = (await log_of(client))["_mockserver"]["calls"][1:]
    assert call["text"] == '{"key": "[redacted]", "organisation": "demo-org"}'


async def test_a_sandbox_begins_when_it_began_before_its_clock_was_set(world: World) -> None:
    client = client_of(world)
    await client.post("/_mock/clock", json={"set": "2020-01-01T00:00:00Z"})
    world.now = Instant(world.now + DAY)
    first, _ = (await log_of(client))["_mockserver"]["calls"]
    assert first["arrived"] == "2026-03-10T12:00:00Z"
    assert world.now > START


async def test_a_body_that_a_text_cannot_hold_is_partial(client: Client) -> None:
    await client.post(PARTOO, content=b"\xff\x00", headers=KEY)
    await client.post(PARTOO, content=b'{"a":  1}', headers=KEY)
    broken, spaced = members(await log_of(client))
    assert broken["body"] == "partial"
    assert "body" not in spaced


async def test_a_whole_history_lacks_nothing(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.post("/_mock/reset")
    await client.post(PARTOO, json=INVITE, headers=KEY)
    assert (await log_of(client))["_mockserver"]["incomplete"] is None


async def test_a_filter_and_what_is_hidden_are_said_to_be_missing(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.get("/nothing")
    lacks = "1 requests of the sandbox are not in it"
    assert (await log_of(client, status="200"))["_mockserver"]["incomplete"] == lacks
    await client.delete("/_mock/requests")
    lacks = "2 requests of the sandbox are not in it"
    assert (await log_of(client))["_mockserver"]["incomplete"] == lacks


async def test_a_restored_snapshot_and_a_fork_are_said_to_be_beginnings(world: World) -> None:
    client = client_of(world)
    await client.post(PARTOO, json=INVITE, headers=KEY)
    world.engine.sandboxes.fork(world.sandbox(), "b", None, world.now)
    fork = (await log_of(client, sandbox="b"))["_mockserver"]["incomplete"]
    assert fork == "it begins as that of another sandbox, from which this one was forked"
    state = (await client.get("/_mock/state")).json()
    await client.put("/_mock/state", json=state)
    restored = (await log_of(client))["_mockserver"]["incomplete"]
    assert restored == "it begins with a snapshot that was restored"


async def test_dropped_entries_are_said_to_be_missing(world: World) -> None:
    client = client_of(world)
    for _ in range(2):
        await client.post(PARTOO, json=INVITE, headers=KEY)
    world.sandbox().history.drop()
    lacks = (await log_of(client))["_mockserver"]["incomplete"]
    assert lacks == "its earliest entries were dropped, or belong to other documents"
