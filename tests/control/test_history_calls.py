"""The history of a sandbox lists requests and control calls, and finds them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mockserver.base.secrets import REDACTED
from mockserver.control import history_search
from mockserver.engine.history import Mark
from tests.conftest import START, World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    """A client that has changed a setting, invited somebody, waited, and forgotten its key."""
    async with client_of(world) as client:
        await client.patch("/_mock/settings/partoo", json={"sms_quota": 5})
        await client.post(PARTOO, json={**INVITE, "target_name": "Zoë"}, headers=KEY)
        await client.post("/_mock/clock", json={"advance": "P1D"})
        await client.get("/cloutly/api/v1/businesses?page=2", headers={"x-one": "Uno"})
        yield client


async def history(client: Client, query: str = "") -> Any:
    reply = await client.get(f"/_mock/history?{query}")
    assert reply.status_code == 200, reply.text
    return reply.json()


async def names(client: Client, query: str = "") -> list[str]:
    return [entry["id"] for entry in (await history(client, query))["history"]]


async def test_requests_and_calls_come_in_order(client: Client) -> None:
    found = await history(client)
    assert [entry["id"] for entry in found["history"]] == ["c1", "r1", "c2", "r2"]
    assert [entry["position"] for entry in found["history"]] == [1, 2, 3, 4]
    assert (found["total"], found["dropped"], found["unsearched"], found["run"]) == (4, 0, 0, 1)
    assert found["floor"] == {"position": 0, "id": "c1"}


async def test_a_call_tells_what_was_sent(client: Client) -> None:
    first = (await history(client))["history"][0]
    assert first == {
        "id": "c1",
        "kind": "call",
        "run": 1,
        "position": 1,
        "at": "2026-03-10T12:00:00Z",
        "arrived": "2026-03-10T12:00:00Z",
        "changes": 1,
        "call": "changeSettings",
        "detail": "partoo",
        "method": "PATCH",
        "target": "/_mock/settings/partoo",
    }


async def test_a_request_tells_what_the_journal_tells(client: Client) -> None:
    listed = (await client.get("/_mock/requests")).json()["requests"][1]
    entry = (await history(client))["history"][3]
    assert listed.items() <= entry.items()
    assert (entry["kind"], entry["at"]) == ("request", "2026-03-11T12:00:00Z")
    assert entry["arrived"] == "2026-03-10T12:00:00Z"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order=newest", ["r2", "c2", "r1", "c1"]),
        ("limit=2&offset=1", ["r1", "c2"]),
        ("order=newest&limit=1", ["r2"]),
        ("kind=request", ["r1", "r2"]),
        ("kind=call", ["c1", "c2"]),
        ("api=partoo", ["r1"]),
        ("operation=sendReviewInvitation", ["r1"]),
        ("call=moveClock", ["c2"]),
        ("status=401", ["r2"]),
        ("reason=unauthenticated", ["r2"]),
        ("since=2026-03-11T12:00:00Z", ["c2", "r2"]),
        ("until=2026-03-10T12:00:00Z", ["c1", "r1"]),
        ("recipient=%2B33647385968", ["r1"]),
        ("recipient=%2B33000000000", []),
        ("kind=call&api=partoo", []),
    ],
)
async def test_entries_are_selected(client: Client, query: str, expected: list[str]) -> None:
    assert await names(client, query) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PAGE=2", ["r2"]),
        ("uno", ["r2"]),
        ("zoë", ["r1"]),
        ("ZOË", ["r1"]),
        ("sms_QUOTA", ["c1"]),
        ("advance", ["c2"]),
        ("moveclock", ["c2"]),
        ("unauthenticated", ["r2"]),
        ("33647385968", ["r1"]),
        ("demo-partoo-key", []),
        ("nowhere", []),
    ],
)
async def test_a_text_is_found(client: Client, text: str, expected: list[str]) -> None:
    assert await names(client, f"text={text}") == expected


async def test_a_search_that_is_too_long_says_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_search.TextSearch.__init__, "__defaults__", (1,))
    found = await history(client, "text=2&order=newest")
    assert [entry["id"] for entry in found["history"]] == ["r2"]
    assert found["unsearched"] == 3


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("api=parto", "partoo"),
        ("call=moveClok", "moveClock"),
        ("operation=sendReviewInvitatio", "sendReviewInvitation"),
        ("reason=cooldow", "cooldown"),
        ("status=99", "status"),
        ("kind=other", "request"),
        ("text=", "text"),
        ("since=yesterday", "RFC 3339"),
    ],
)
async def test_a_filter_that_nothing_can_meet_is_refused(
    client: Client, query: str, advice: str
) -> None:
    reply = await client.get(f"/_mock/history?{query}")
    assert reply.status_code in {400, 422}
    assert advice in reply.text


async def test_requests_that_were_cleared_are_left_out(client: Client) -> None:
    await client.delete("/_mock/requests")
    assert await names(client) == ["c1", "c2", "c3"]


async def test_the_floor_is_the_first_entry_to_go_back_to(client: Client, world: World) -> None:
    world.sandbox().history.raise_floor(Mark(3, START, 0))
    assert (await history(client))["floor"] == {"position": 3, "id": "c2"}


@pytest.mark.parametrize("key", ["demo-partoo-key", "key%20of%2Fmine", "a"])
async def test_a_credential_in_the_target_of_a_call_is_not_shown(client: Client, key: str) -> None:
    path = "/_mock/records/partoo/keys"
    await client.put(f"{path}/{key}?sandbox=default", json={"user": 1})
    last = (await history(client))["history"][-1]
    assert last["target"] == f"{path}/{REDACTED}?sandbox=default"
    assert last["detail"] == f"partoo/keys/{REDACTED}"


async def test_a_reset_begins_a_run(client: Client) -> None:
    await client.post("/_mock/reset")
    found = await history(client)
    assert (found["run"], [entry["call"] for entry in found["history"]]) == (2, ["resetSandbox"])
