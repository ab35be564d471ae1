"""A request is sent again, as it was or with changes."""

from typing import Any

import pytest

from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client

pytestmark = pytest.mark.anyio
CLOUTLY = "/cloutly/api/v1/businesses"
CLOUTLY_KEY = {"x-api-key": "demo-cloutly-key"}


async def replay(client: Client, body: Any, sandbox: str = "default") -> Any:
    path = f"/_mock/requests/r1/replay?sandbox={sandbox}"
    reply = await client.post(path, json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()


@pytest.mark.parametrize("body", [None, {}])
async def test_without_changes_the_same_request_is_sent(client: Client, body: Any) -> None:
    await client.get(CLOUTLY, headers=CLOUTLY_KEY)
    given = {} if body is None else {"json": body}
    reply = await client.post("/_mock/requests/r1/replay", **given)
    assert (reply.status_code, reply.json()["id"], reply.json()["status"]) == (201, "r2", 200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Api-Key": "wrong"}, 401),
        ({"X-API-KEY": None}, 401),
        ({"accept": "text/html"}, 200),
        ({"x-none": None}, 200),
    ],
)
async def test_headers_are_changed_and_removed(
    client: Client, headers: dict[str, Any], status: int
) -> None:
    await client.get(CLOUTLY, headers=CLOUTLY_KEY)
    again = await replay(client, {"headers": headers})
    assert again["status"] == status
    shown = again["request"]["headers"]
    assert shown.get("accept") == headers.get("accept", "*/*")
    assert ("x-api-key" in shown) is (headers.get("X-API-KEY", "") is not None)


async def test_the_request_in_the_journal_stays_as_it_was(client: Client) -> None:
    await client.get(CLOUTLY, headers=CLOUTLY_KEY)
    before = (await client.get("/_mock/requests/r1")).json()
    await replay(client, {"headers": {"x-api-key": None}, "query": "a=1", "body": {"a": 1}})
    assert (await client.get("/_mock/requests/r1")).json() == before


async def test_method_path_and_query_are_changed(client: Client) -> None:
    await client.get(f"{CLOUTLY}?page=1", headers=CLOUTLY_KEY)
    changes = {"method": "post", "path": "/cloutly/api/v1/é t", "query": "a=b c&é"}
    request = (await replay(client, changes))["request"]
    assert request["method"] == "POST"
    assert request["path"] == "/cloutly/api/v1/%C3%A9%20t"
    assert request["query"] == "a=b%20c&%C3%A9"


async def test_a_json_body_is_sent_with_its_type_and_length(world: World, client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    other = {**INVITE, "target_phone": "+33612345678"}
    again = await replay(client, {"body": other})
    assert (again["status"], again["request"]["body"]) == (200, other)
    *_, sent = world.sandbox().history
    assert sent.request.headers["content-length"] == str(len(sent.request.body))
    assert sent.request.headers["content-type"] == "application/json"


async def test_a_text_is_sent_as_it_is(world: World, client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    again = await replay(client, {"body": "{broken é"})
    assert again["status"] == 400
    *_, sent = world.sandbox().history
    assert sent.request.body == "{broken é".encode()
    assert sent.request.headers["content-type"] == "application/json"


async def test_a_json_body_gets_the_type_of_json(world: World, client: Client) -> None:
    await client.get(CLOUTLY, headers={"content-encoding": "gzip"})
    await replay(client, {"method": "POST", "body": [1, None]})
    *_, sent = world.sandbox().history
    assert sent.request.body == b"[1,null]"
    assert sent.request.headers["content-type"] == "application/json"
    assert "content-encoding" not in sent.request.headers


async def test_the_type_of_a_json_body_can_be_another(world: World, client: Client) -> None:
    await client.get(CLOUTLY)
    await replay(client, {"body": {"a": 1}, "headers": {"content-type": "application/x+json"}})
    *_, sent = world.sandbox().history
    assert sent.request.headers["content-type"] == "application/x+json"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"header": {}}, "/header"),
        ({"method": ""}, "/method"),
        ({"method": "GET /"}, "/method"),
        ({"path": "cloutly"}, "/path"),
        ({"path": "/a?b=1"}, "/path"),
        ({"path": "/a\nb"}, "/path"),
        ({"path": "/~other/a"}, "/path"),
        ({"query": "a\nb"}, "/query"),
        ({"query": "a#b"}, "/query"),
        ({"headers": {"a b": "c"}}, "/headers/a b"),
        ({"headers": {"a": "b\r\nc: d"}}, "/headers/a"),
        ({"headers": {"a": 1}}, "/headers/a"),
        ({"headers": {"a": "\u20ac"}}, "/headers/a"),
        ({"method": None}, "/method"),
    ],
)
async def test_changes_that_no_request_can_have_are_refused(
    client: Client, changes: Any, pointer: str
) -> None:
    await client.get(CLOUTLY)
    reply = await client.post("/_mock/requests/r1/replay", json=changes)
    assert reply.status_code == 422
    assert pointer in [error["pointer"] for error in reply.json()["errors"]], reply.json()
    assert (await client.get("/_mock/requests")).json()["total"] == 1


async def test_a_misspelt_change_says_which_may_be_meant(client: Client) -> None:
    await client.get(CLOUTLY)
    reply = await client.post("/_mock/requests/r1/replay", json={"header": {}})
    assert "did you mean 'headers'?" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/~ci{CLOUTLY}", CLOUTLY_KEY),
        (CLOUTLY, {**CLOUTLY_KEY, "mock-sandbox": "ci"}),
        (CLOUTLY, {"x-api-key": "demo-cloutly-key~ci"}),
    ],
)
async def test_a_changed_request_stays_in_its_sandbox(
    client: Client, path: str, headers: dict[str, str]
) -> None:
    await client.get(path, headers=headers)
    changes = {"path": CLOUTLY, "headers": {"x-api-key": None, "mock-sandbox": None}}
    assert (await replay(client, changes, "ci"))["status"] == 401
    assert (await client.get("/_mock/requests?sandbox=ci")).json()["total"] == 2
    assert (await client.get("/_mock/requests")).json()["total"] == 0
