"""Pages of lists: their order and totals, and that only what is shown is made."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockserver.control import api_views, request_calls, timed_pages
from mockserver.model.scope import Record
from tests.conftest import START, World
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio
NAMES = ("partoo", "cloutly", "partoo", "walr", "partoo", "cloutly")


@pytest.fixture
async def client(world: World) -> Any:
    async with client_of(world) as connected:
        yield connected


def message(name: str, api: str, at: int, **others: object) -> Record:
    times = dict.fromkeys(("created_at", "send_at", "sent_at", "delivered_at"), START + at)
    empty = ("operation", "request_id", "text", "from", "subject", "link", "data")
    texts = dict.fromkeys(empty, "")
    return {"id": name, "api": api, "channel": "sms", "to": "+331", **texts, **times} | {
        "outcome": "delivered",
        **others,
    }


def put(world: World, *records: Record, collection: str = "messages") -> None:
    for record in records:
        world.sandbox().store(record["api"]).collection(collection).insert(record)


def sent(world: World, times: list[int]) -> None:
    """Put messages m0, m1 … with these times into the outboxes of several APIs."""
    pairs = enumerate(zip(NAMES, times, strict=True))
    put(world, *(message(f"m{number}", api, at) for number, (api, at) in pairs))


async def names(client: Client, query: str = "") -> list[str]:
    found = (await client.get(f"/_mock/messages?{query}")).json()
    return [one["id"] for one in found["messages"]]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([1, 2, 3, 4, 5, 6], ["m0", "m1", "m2", "m3", "m4", "m5"]),
        ([1, 1, 1, 1, 1, 1], ["m1", "m5", "m0", "m2", "m4", "m3"]),
        ([6, 5, 4, 3, 2, 1], ["m5", "m4", "m3", "m2", "m1", "m0"]),
        ([1, 2, 1, 0, 3, 2], ["m3", "m0", "m2", "m1", "m5", "m4"]),
    ],
    ids=["later and later", "at once", "the clock went back", "mixed"],
)
async def test_messages_of_all_apis_come_by_their_time(
    client: Client, world: World, times: list[int], expected: list[str]
) -> None:
    sent(world, times)
    found = await names(client)
    assert found == expected
    assert await names(client, "order=newest") == found[::-1]
    for offset in range(7):
        assert await names(client, f"limit=2&offset={offset}") == found[offset : offset + 2]
        assert (
            await names(client, f"limit=2&offset={offset}&order=newest")
            == found[::-1][offset : offset + 2]
        )


async def test_a_page_says_how_many_messages_there_are(client: Client, world: World) -> None:
    sent(world, [1, 2, 3, 4, 5, 6])
    for query, total in (("limit=1", 6), ("limit=0&api=partoo", 3), ("offset=9", 6)):
        assert (await client.get(f"/_mock/messages?{query}")).json()["total"] == total


async def test_filters_of_messages_are_for_all_and_not_only_for_a_page(
    client: Client, world: World
) -> None:
    sent(world, [1, 2, 3, 4, 5, 6])
    put(
        world,
        message("mail", "walr", 7, channel="email", to="a+b@c"),
        message("lost", "walr", 8, outcome="failed_send"),
        message("later", "walr", 10**12),
    )
    world.now = type(world.now)(world.now + 10**9)
    assert await names(client, "channel=email&limit=1") == ["mail"]
    assert await names(client, "to=a+b@c") == ["mail"]
    assert await names(client, "status=failed") == ["lost"]
    assert await names(client, "status=scheduled") == ["later"]
    assert await names(client, "status=delivered&order=newest&limit=2") == ["mail", "m5"]
    assert await names(client, "api=walr&limit=2&offset=1") == ["mail", "lost"]


async def test_a_message_is_found_by_its_id_in_any_api(client: Client, world: World) -> None:
    sent(world, [1, 2, 3, 4, 5, 6])
    assert (await client.get("/_mock/messages/m3")).json()["api"] == "walr"
    assert (await client.get("/_mock/messages/none")).status_code == 404


async def test_reviews_of_all_apis_come_by_their_time(client: Client, world: World) -> None:
    for number, api in enumerate(("walr", "partoo", "walr")):
        record = {"id": f"v{number}", "page": "/r", "rating": 5, "at": START + number}
        record |= dict.fromkeys(("about", "text", "name", "message_id"))
        world.sandbox().store(api).collection("left_reviews").insert(record)
    pages = (
        ("", "v0 v1 v2"),
        ("order=newest&limit=2", "v2 v1"),
        ("offset=2", "v2"),
    )
    for query, expected in pages:
        found = (await client.get(f"/_mock/reviews?{query}")).json()
        assert ([one["id"] for one in found["reviews"]], found["total"]) == (expected.split(), 3)


async def test_records_are_read_in_pages(client: Client, world: World) -> None:
    put(world, *(message(f"m{number}", "walr", 1) for number in range(5)))
    for query, expected in (("limit=2", "m0 m1"), ("offset=3", "m3 m4"), ("offset=9", "")):
        found = (await client.get(f"/_mock/records/walr/messages?{query}")).json()
        assert ([one["id"] for one in found["records"]], found["total"]) == (expected.split(), 5)


def counting(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> Callable[[], Iterator[int]]:
    calls: list[int] = []
    original = getattr(module, name)

    def counted(*arguments: object) -> object:
        calls.append(1)
        return original(*arguments)

    monkeypatch.setattr(module, name, counted)
    return lambda: iter(calls)


@pytest.mark.parametrize("query", ["limit=2", "limit=2&order=newest", "limit=2&channel=sms"])
async def test_only_the_messages_of_a_page_are_described(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    sent(world, [1, 2, 3, 4, 5, 6])
    calls = counting(monkeypatch, api_views, "message")
    await names(client, query)
    assert sum(calls()) == 2


@pytest.mark.parametrize("query", ["limit=2", "limit=2&order=newest", "limit=2&method=GET"])
async def test_only_the_requests_of_a_page_are_described(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    for _ in range(5):
        world.get("/nowhere")
    calls = counting(monkeypatch, request_calls, "exchange_summary")
    found = (await client.get(f"/_mock/requests?{query}")).json()
    assert (len(found["requests"]), found["total"], sum(calls())) == (2, 5, 2)


async def test_messages_in_order_are_not_copied(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(world, [1, 2, 3, 4, 5, 6])
    calls = counting(monkeypatch, timed_pages, "_sorted")
    await names(client, "limit=2")
    assert sum(calls()) == 0
