from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    """A client that has invited somebody, and has asked for businesses without a key."""
    async with client_of(world) as client:
        await client.post(PARTOO, json={**INVITE, "extra": [1, {"a": 2}]}, headers=KEY)
        await client.get("/cloutly/api/v1/businesses?page=2&tag=a&tag=b", headers={"x-one": "1"})
        yield client


async def verify(client: Client, match: object, **bounds: int) -> Any:
    reply = await client.post("/_mock/requests/verify", json={"match": match, **bounds})
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    "match",
    [
        {"api": "partoo"},
        {"operation": "sendReviewInvitation"},
        {"method": "POST"},
        {"path": PARTOO},
        {"path": "/partoo/*/send_*"},
        {"path": "*send_invitation"},
        {"status": 200},
        {"headers": {"X-ApiKey": "demo-partoo-key"}},
        {"headers": {"x-apikey": {"$regex": "^demo-"}, "x-absent": None}},
        {"body": {"target_phone": "+33647385968"}},
        {"body": {"target_phone": {"$regex": r"^\+33\d+$"}, "business_id": {"$type": "string"}}},
        {"body": {"extra": [{"$type": "integer"}, {"a": 2}]}},
        {"body": {"extra": {"$any": True}}},
    ],
    ids=str,
)
async def test_a_request_is_found_by_each_part_of_it(client: Client, match: object) -> None:
    assert await verify(client, match) == {"ok": True, "matched": ["r1"], "nearest": []}


@pytest.mark.parametrize(
    "match",
    [
        {"reason": "unauthenticated"},
        {"query": {"page": "2"}},
        {"query": {"tag": "b"}},
        {"query": {"tag": ["a", "b"]}},
        {"query": {"page": {"$regex": "2"}, "none": None}},
        {"body": None},
        {"headers": {"x-one": {"$any": True}}},
    ],
    ids=str,
)
async def test_a_request_is_found_by_what_only_it_has(client: Client, match: object) -> None:
    assert (await verify(client, match))["matched"] == ["r2"]


@pytest.mark.parametrize(
    "match",
    [
        {"path": "/partoo"},
        {"path": "/partoo/*/partoo/*"},
        {"method": "post"},
        {"query": {"page": 2}},
        {"query": {"none": {"$any": True}}},
        {"body": {"extra": [1]}},
        {"body": {"extra": [True, {"a": 2}]}},
        {"body": {"extra": {"$type": "object"}}},
        {"body": {"target_phone": {"$type": "number"}}},
        {"body": {"absent": None}},
        {"body": "text"},
        {"headers": {"x-apikey": None}, "api": "partoo"},
    ],
    ids=str,
)
async def test_a_request_that_differs_is_not_found(client: Client, match: object) -> None:
    found = await verify(client, match)
    assert (found["ok"], found["matched"]) == (False, [])
    assert found["nearest"]


@pytest.mark.parametrize(
    ("bounds", "ok"),
    [
        ({}, True),
        ({"count": 2}, True),
        ({"count": 1}, False),
        ({"count": 3}, False),
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"at_most": 2}, True),
        ({"at_most": 1}, False),
        ({"at_least": 1, "at_most": 2}, True),
    ],
    ids=str,
)
async def test_requests_are_counted(client: Client, bounds: dict[str, int], ok: bool) -> None:
    assert (await verify(client, {}, **bounds))["ok"] is ok


async def test_none_at_all_can_be_expected(client: Client) -> None:
    assert (await verify(client, {"api": "walr"}, count=0))["ok"]


async def test_the_nearest_misses_say_how_they_differ(client: Client) -> None:
    wanted = {"method": "POST", "api": "partoo", "body": {"target_phone": "+44", "new": 1}}
    found = await verify(client, wanted)
    assert found["nearest"] == [
        {
            "id": "r1",
            "differences": [
                {
                    "where": "body",
                    "pointer": "/target_phone",
                    "expected": "+44",
                    "found": "+33647385968",
                },
                {"where": "body", "pointer": "/new", "expected": 1, "found": None},
            ],
        },
        {
            "id": "r2",
            "differences": [
                {"where": "api", "pointer": "", "expected": "partoo", "found": "cloutly"},
                {"where": "method", "pointer": "", "expected": "POST", "found": "GET"},
                {"where": "body", "pointer": "", "expected": wanted["body"], "found": None},
            ],
        },
    ]


async def test_at_most_three_near_misses_are_told_the_latest_first(client: Client) -> None:
    for _ in range(5):
        await client.get("/nowhere")
    found = await verify(client, {"path": "/somewhere"})
    assert [miss["id"] for miss in found["nearest"]] == ["r7", "r6", "r5"]


async def test_secrets_are_compared_but_not_shown(client: Client) -> None:
    await client.post(
        "/justanudge/api/oauth/zapier/token?token=hush", data={"client_secret": "hush"}
    )
    await client.get("/nowhere?code=hush", headers={"authorization": "hush"})
    parts: list[dict[str, object]] = [
        {"headers": {"x-apikey": "other"}},
        {"headers": {"authorization": "other"}},
        {"query": {"code": "other", "token": "other"}},
        {"body": {"client_secret": "other"}},
        {"body": []},
    ]
    for part in parts:
        found = await verify(client, part)
        assert not found["ok"]
        assert "hush" not in str(found)
        assert "demo-partoo-key" not in str(found)
    assert (await verify(client, {"body": {"client_secret": "hush"}}))["ok"]


@pytest.mark.parametrize(
    ("match", "pointer"),
    [
        ({"body": {"a": {"$regex": "("}}}, "/match/body/a/$regex"),
        ({"body": {"a": {"$regex": "(?=a)"}}}, "/match/body/a/$regex"),
        ({"body": {"a": {"$regex": "(a)\\1"}}}, "/match/body/a/$regex"),
        ({"body": {"a": {"$regex": "a" * 1_001}}}, "/match/body/a/$regex"),
        ({"body": {"a": {"$regex": "(a{1000}){1000}"}}}, "/match/body/a/$regex"),
        ({"body": {"a": {"$regex": 1}}}, "/match/body/a/$regex"),
        ({"body": [{"$type": "text"}]}, "/match/body/0/$type"),
        ({"body": {"$any": False}}, "/match/body/$any"),
        ({"body": {"$regexp": "a"}}, "/match/body/$regexp"),
        ({"body": {"$any": True, "a": 1}}, "/match/body"),
        ({"headers": {"x~y": {"$regex": "("}}}, "/match/headers/x~0y/$regex"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_matcher_that_is_wrong_is_refused(
    client: Client, match: object, pointer: str
) -> None:
    reply = await client.post("/_mock/requests/verify", json={"match": match})
    assert reply.status_code == 422
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


async def test_a_misspelt_field_is_refused_with_the_one_that_was_meant(client: Client) -> None:
    reply = await client.post("/_mock/requests/verify", json={"match": {"operatoin": "a"}})
    assert reply.status_code == 422
    assert "match.operatoin is not known; did you mean 'operation'?" in reply.json()["detail"]


async def test_two_ways_to_count_are_refused(client: Client) -> None:
    reply = await client.post(
        "/_mock/requests/verify", json={"match": {}, "count": 1, "at_least": 1}
    )
    assert reply.status_code == 422


async def test_a_pattern_that_backtracks_elsewhere_takes_no_time(client: Client) -> None:
    await client.post(PARTOO, json={"a": "a" * 50_000 + "!"}, headers=KEY)
    assert not (await verify(client, {"body": {"a": {"$regex": "^(a+)+$"}}}))["ok"]
