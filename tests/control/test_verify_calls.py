from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from mockserver import create_app
from mockserver.base.errors import SettingsError
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
        {"method": "post"},
        {"path": PARTOO},
        {"path": "/v2/review_booster/send_invitation"},
        {"path": "/review_booster/send_invitation"},
        {"path": "/~default/partoo/v2/review_booster/send_invitation"},
        {"path": "/review_booster/{anything}", "method": "*"},
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
    assert await verify(client, match) == {
        "ok": True,
        "matched": ["r1"],
        "dropped": 0,
        "cannot_tell": None,
        "nearest": [],
    }


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
        {"path": "/partoo/*/partoo/*"},
        {"path": "/partoo/v2/*", "method": "put"},
        {"path": "/cloutly/api/v1/businesses", "status": 200},
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
    found = await verify(client, {"path": "/some*"})
    assert [miss["id"] for miss in found["nearest"]] == ["r7", "r6", "r5"]


@pytest.mark.parametrize(
    ("match", "pointer", "message"),
    [
        ({"api": "parto"}, "/match/api", "there is no API 'parto'; did you mean 'partoo'?"),
        (
            {"operation": "sendReviewInvitations"},
            "/match/operation",
            "there is no operation 'sendReviewInvitations'; did you mean 'sendReviewInvitation'?",
        ),
        (
            {"operation": "sendReviewInvitation", "api": "walr"},
            "/match/operation",
            "there is no operation 'sendReviewInvitation'",
        ),
        ({"method": "gte"}, "/match/method", "there is no method 'GTE'; did you mean 'GET'?"),
        ({"reason": "cool_down"}, "/match/reason", "did you mean 'cooldown'?"),
        ({"status": 20}, "/match/status", "there is no status 20"),
        ({"status": 2000}, "/match/status", "there is no status 2000"),
        (
            {"path": "/partoo/v2/review_booster/send_invitatoin"},
            "/match/path",
            "; did you mean '/partoo/v2/review_booster/send_invitation'?",
        ),
        ({"path": "review_booster/*"}, "/match/path", "path begins with / or *"),
        ({"path": "/*/{id}"}, "/match/path", "path has both * and a parameter"),
        ({"path": "/~other/partoo/*"}, "/match/path", "path names the sandbox 'other'"),
        (
            {"operation": "sendReviewInvitation", "path": "/cloutly/api/v1/businesses"},
            "/match/path",
            "no operation here is at '/cloutly/api/v1/businesses'",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("bounds", [{"count": 0}, {"at_most": 5}, {}], ids=str)
async def test_a_name_that_no_request_can_have_is_refused(
    client: Client, match: object, pointer: str, message: str, bounds: dict[str, int]
) -> None:
    reply = await client.post("/_mock/requests/verify", json={"match": match, **bounds})
    assert reply.status_code == 422
    (error,) = reply.json()["errors"]
    assert (error["pointer"], error["where"]) == (pointer, "body")
    assert message in error["message"]
    assert message in reply.json()["detail"]


async def test_all_unknown_names_are_told_at_once(client: Client) -> None:
    match = {"operation": "x", "method": "y", "status": 1, "reason": "z"}
    reply = await client.post("/_mock/requests/verify", json={"match": match, "count": 0})
    pointers = [error["pointer"] for error in reply.json()["errors"]]
    assert pointers == ["/match/operation", "/match/method", "/match/status", "/match/reason"]


async def test_what_was_really_sent_is_known(client: Client) -> None:
    await client.request("BREW", "/pot/of/tea")
    for match in ({"method": "brew"}, {"path": "/pot/of/tea"}, {"path": "/pot/{of}/tea"}):
        assert (await verify(client, match))["matched"] == ["r3"]
        assert not (await verify(client, match, count=0))["ok"]


async def test_a_method_that_no_operation_has_is_known(client: Client) -> None:
    assert (await verify(client, {"api": "partoo", "method": "delete"}, count=0))["ok"]


@pytest.mark.parametrize(
    "prefix", ["/~box", "/~box/partoo/v2", "/~box/v2", "/partoo/v2", "/partoo", "/v2", ""]
)
async def test_a_path_is_found_without_the_prefix_of_the_sandbox(
    client: Client, prefix: str
) -> None:
    await client.post("/~box" + PARTOO, json=INVITE, headers=KEY)
    prefix = {"/~box": "/~box/partoo/v2"}.get(prefix, prefix)
    path = f"{prefix}/review_booster/send_invitation"
    query = {"sandbox": "box"}
    found = (await client.get("/_mock/requests", params={**query, "path": path})).json()
    assert [one["id"] for one in found["requests"]] == ["r1"]
    for count, ok in ((1, True), (0, False)):
        body = {"match": {"path": path}, "count": count}
        reply = await client.post("/_mock/requests/verify", json=body, params=query)
        assert reply.json()["ok"] is ok
    fault = {"path": path, "status": 503}
    assert (await client.post("/_mock/faults", json=fault, params=query)).status_code == 201
    assert (await client.post("/~box" + PARTOO, json=INVITE, headers=KEY)).status_code == 503


async def test_a_path_is_found_as_it_was_sent_and_decoded(client: Client) -> None:
    await client.get("/partoo/v2/business/a%20b")
    for path in ("/partoo/v2/business/a%20b", "/partoo/v2/business/a b", "/business/a b"):
        assert (await verify(client, {"path": path}))["matched"] == ["r3"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("api", "parto", "did you mean 'partoo'?"),
        ("operation", "sendReviewInvitations", "did you mean 'sendReviewInvitation'?"),
        ("method", "pots", "did you mean 'POST'?"),
        ("path", "/partoo/v2/review_booster/send_invitatoin", "did you mean '/partoo/v2/"),
        ("reason", "cool_down", "did you mean 'cooldown'?"),
    ],
)
async def test_a_filter_of_the_journal_with_an_unknown_name_is_refused(
    client: Client, name: str, value: str, message: str
) -> None:
    reply = await client.get("/_mock/requests", params={name: value})
    assert reply.status_code == 422
    assert message in reply.json()["detail"]
    assert reply.json()["errors"][0] == {
        "where": "query",
        "field": name,
        "pointer": f"/{name}",
        "message": reply.json()["detail"],
    }


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"method": "post"}, ["r1"]),
        ({"method": "GET"}, ["r2"]),
        ({"method": "*"}, ["r1", "r2"]),
        ({"path": "/businesses"}, ["r2"]),
        ({"path": "*/v2/*"}, ["r1"]),
        ({"method": "get", "path": PARTOO}, []),
    ],
    ids=str,
)
async def test_the_journal_is_filtered_by_method_and_path(
    client: Client, query: dict[str, str], ids: list[str]
) -> None:
    found = (await client.get("/_mock/requests", params=query)).json()
    assert [one["id"] for one in found["requests"]] == ids
    har = (await client.get("/_mock/requests", params={**query, "format": "har"})).json()
    assert [entry["_id"] for entry in har["log"]["entries"]] == ids


@pytest.mark.parametrize(
    ("match", "bounds", "ok", "is_known"),
    [
        ({"method": "POST"}, {"count": 0}, False, False),
        ({"method": "POST"}, {"at_most": 1}, True, True),
        ({"method": "POST"}, {}, False, False),
        ({"method": "POST"}, {"count": 1}, False, False),
        ({"method": "POST"}, {"at_least": 3}, False, True),
        ({"method": "GET"}, {}, True, True),
        ({"method": "GET"}, {"at_least": 2}, True, True),
        ({"method": "GET"}, {"count": 2}, False, False),
        ({"method": "GET"}, {"at_most": 1}, False, True),
        ({"method": "GET"}, {"at_most": 3}, True, True),
        ({"method": "GET"}, {"at_least": 2, "at_most": 2}, False, False),
    ],
    ids=str,
)
async def test_what_the_journal_dropped_cannot_be_told(
    match: dict[str, str], bounds: dict[str, int], ok: bool, is_known: bool
) -> None:
    app = create_app(journal=2)
    transport = httpx.ASGITransport(app=app)
    async with Client(transport=transport, base_url="http://127.0.0.1:8000") as client:
        await client.post(PARTOO, json=INVITE, headers=KEY)
        for _ in range(2):
            await client.get("/cloutly/api/v1/businesses")
        found = await verify(client, match, **bounds)
        assert (found["ok"], found["dropped"]) == (ok, 1)
        assert (found["cannot_tell"] is None) is is_known
        if not is_known:
            assert found["cannot_tell"].startswith("cannot tell: 1 entry was dropped")
        assert (await client.get("/_mock/requests")).json()["dropped"] == 1


async def test_a_thousand_requests_do_not_hide_the_first_one(world: World) -> None:
    world.sandbox().history.capacity = 1_000
    async with client_of(world) as client:
        world.at("/partoo", x_apikey="demo-partoo-key").send("POST", "/v2/review_booster")
        for _ in range(1_005):
            world.send("GET", "/cloutly/api/v1/businesses")
        found = await verify(client, {"method": "POST"}, count=0)
        assert (found["ok"], found["dropped"]) == (False, 6)
        assert "6 entries were dropped" in found["cannot_tell"]


async def test_a_journal_that_was_cleared_can_tell_again(client: Client) -> None:
    await client.delete("/_mock/requests")
    assert (await verify(client, {"method": "POST"}, count=0))["ok"]


async def test_a_journal_without_room_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        create_app(journal=0)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"$$ref": "#/a"}, True),
        ({"$$ref": "#/b"}, False),
        ({"$$ref": {"$regex": "^#"}, "plain": 1}, True),
        ({"$$$$eq": {"$type": "integer"}}, False),
        ({"$$$eq": {"$type": "integer"}}, True),
        ({"$$regex": None}, True),
        ({"nested": {"$$any": {"$$type": "x"}}}, True),
        ({"nested": [{"$$any": 1}]}, False),
        ({"$$absent": {"$any": True}}, False),
    ],
    ids=str,
)
async def test_a_member_whose_name_begins_with_a_dollar_is_written_with_two(
    client: Client, pattern: object, matches: bool
) -> None:
    body = {
        "$ref": "#/a",
        "$$eq": 3,
        "$regex": None,
        "plain": 1,
        "nested": {"$any": {"$type": "x", "more": 1}},
    }
    await client.post("/anywhere", json=body)
    found = await verify(client, {"path": "/anywhere", "body": pattern})
    assert found["ok"] is matches


async def test_a_difference_has_the_name_that_was_sent(client: Client) -> None:
    await client.post("/anywhere", json={"$ref": "#/a"})
    found = await verify(client, {"path": "/anywhere", "body": {"$$ref": "#/b", "$$id": 1}})
    differences = found["nearest"][0]["differences"]
    assert [one["pointer"] for one in differences] == ["/$ref", "/$id"]
    assert [one["expected"] for one in differences] == ["#/b", 1]


@pytest.mark.parametrize("pattern", [{"$ref": "#/a"}, {"$type": "string", "plain": 1}], ids=str)
async def test_a_name_that_is_no_matcher_gets_the_way_to_write_it(
    client: Client, pattern: dict[str, object]
) -> None:
    reply = await client.post("/_mock/requests/verify", json={"match": {"body": pattern}})
    assert reply.status_code == 422
    assert f"write '${next(iter(pattern))}'" in reply.json()["detail"]


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
    ("content_type", "body"),
    [
        (
            "multipart/form-data; boundary=b",
            '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhush-hush\r\n--b--',
        ),
        ("application/xml", "<login><password>hush-hush</password></login>"),
        ("text/plain", "password: hush-hush"),
        ("application/json", '{"password": "hush-hush"'),
        ("application/json", '{"note": "my key is key-hush-1"}'),
        ("text/plain", "my key is key-hush-1"),
        ("application/json", '{"pin": 424242}'),
    ],
)
@pytest.mark.parametrize("expected", ["other", {"note": "other", "pin": "other"}])
async def test_a_body_is_shown_without_secrets_as_in_the_journal(
    client: Client, content_type: str, body: str, expected: object
) -> None:
    headers = {"content-type": content_type, "x-api-key": "key-hush-1"}
    await client.post("/login", content=body, headers=headers)
    near = (await verify(client, {"path": "/login", "body": expected}))["nearest"][0]
    assert "hush" not in str(near)
    assert "424242" not in str(near)
    assert "[redacted]" in str(near)


@pytest.mark.parametrize("part", ["headers", "query"])
@pytest.mark.parametrize("number", [1, 2])
async def test_urls_are_shown_without_secrets_as_in_the_journal(
    client: Client, part: str, number: int
) -> None:
    pairs = [("referer", "https://ann:hush@a.test/?token=hush&page=2")] * number
    if part == "headers":
        await client.get("/login", headers=pairs)
    else:
        await client.get("/login?" + urlencode(pairs))
    near = (await verify(client, {"path": "/login", part: {"referer": "other"}}))["nearest"][0]
    assert "hush" not in str(near)
    assert "https://[redacted]@a.test/?token=[redacted]&page=2" in str(near)


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
