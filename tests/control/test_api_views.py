"""The calls that a person's view of a sandbox is made of."""

from typing import Any

import pytest

from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def shown(client: Client, path: str) -> Any:
    return (await client.get(f"/_mock/{path}")).json()


async def leave_review(client: Client, text: str = "Lovely") -> Any:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    message = (await shown(client, "messages"))["messages"][-1]
    content = f"rating=5&text={text}&name=Ann"
    reply = await client.post(message["link"], content=content, headers=FORM)
    assert reply.status_code == 200
    return message


async def test_limits_are_told_with_their_ends(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    limits = await shown(client, "limits?api=partoo")
    assert limits["quotas"][0] == {
        "api": "partoo",
        "name": "sms",
        "subject": "demo-org",
        "used": 1,
        "limit": 500,
        "left": 499,
        "renews": "2026-04-01T00:00:00Z",
    }
    assert limits["rate_limits"][0]["left"] == 299
    assert limits["cooldowns"][0]["until"] == "2026-03-20T12:00:00Z"


async def test_limits_of_an_unknown_api_are_a_problem(client: Client) -> None:
    reply = await client.get("/_mock/limits?api=parto")
    assert reply.status_code == 404
    assert "partoo" in reply.json()["detail"]


async def test_tokens_are_told_with_their_life(client: Client) -> None:
    found = {token["value"]: token for token in (await shown(client, "tokens"))["tokens"]}
    assert found["demo-nudge-expired"] == {
        "api": "justanudge",
        "kind": "oauth2",
        "value": "demo-nudge-expired",
        "owner": "a169451c-8525-4352-b8ca-070dd449a1a5",
        "description": "expired an hour before the sandbox began",
        "scopes": ["read", "write"],
        "created_at": "2026-03-10T10:00:00Z",
        "expires_at": "2026-03-10T11:00:00Z",
        "is_over": True,
    }
    assert found["demo-walr-expired"]["is_over"] is True
    assert found["demo-walr-token"]["expires_at"] is None


async def test_a_token_whose_end_is_no_instant_is_still_listed(client: Client) -> None:
    record = {"token": "t", "expires_at": "some day", "created_at": -(10**18)}
    await client.post("/_mock/records/justanudge/tokens", json=record)
    (token,) = [item for item in (await shown(client, "tokens"))["tokens"] if item["value"] == "t"]
    assert (token["expires_at"], token["created_at"], token["is_over"]) == (None, None, False)


async def test_a_review_is_told_with_the_message_that_asked_for_it(client: Client) -> None:
    message = await leave_review(client)
    found = await shown(client, "reviews")
    assert found["reviews"] == [
        {
            "id": "r2",
            "api": "partoo",
            "page": message["link"].removeprefix("http://127.0.0.1:8000/partoo"),
            "about": "Chez Marie",
            "rating": 5,
            "text": "Lovely",
            "name": "Ann",
            "at": "2026-03-10T12:00:00Z",
            "message_id": message["id"],
        }
    ]


async def test_a_review_that_is_refused_is_not_kept(client: Client) -> None:
    message = await leave_review(client)
    again = await client.post(message["link"], content="rating=1", headers=FORM)
    assert again.status_code == 409
    assert (await shown(client, "reviews"))["total"] == 1


async def test_a_request_is_sent_again_as_it_was(client: Client) -> None:
    first = await client.post(PARTOO, json=INVITE, headers=KEY)
    again = await client.post("/_mock/requests/r1/replay")
    assert (first.status_code, again.status_code) == (200, 201)
    told = again.json()
    assert (told["id"], told["status"], told["reason"]) == ("r2", 400, "cooldown")
    assert told["request"]["body"] == INVITE


async def test_a_request_is_sent_again_to_the_sandbox_it_went_to(client: Client) -> None:
    await client.post(f"/~one{PARTOO}", json=INVITE, headers=KEY)
    await client.post("/_mock/requests/r1/replay?sandbox=one")
    assert (await shown(client, "requests?sandbox=one"))["total"] == 2


async def test_a_request_that_is_gone_cannot_be_sent_again(client: Client) -> None:
    assert (await client.post("/_mock/requests/r9/replay")).status_code == 404


@pytest.mark.parametrize(("order", "ids"), [("newest", ["r3", "r2"]), ("oldest", ["r1", "r2"])])
async def test_requests_are_listed_from_either_end(
    client: Client, order: str, ids: list[str]
) -> None:
    for _ in range(3):
        await client.get("/nowhere")
    found = await shown(client, f"requests?order={order}&limit=2")
    assert ([item["id"] for item in found["requests"]], found["total"]) == (ids, 3)


async def test_the_latest_message_comes_first_if_asked(client: Client) -> None:
    for phone in ("+33647385968", "+33601020304"):
        await client.post(PARTOO, json={**INVITE, "target_phone": phone}, headers=KEY)
    found = await shown(client, "messages?order=newest")
    assert [item["to"] for item in found["messages"]] == ["+33601020304", "+33647385968"]


async def test_a_message_tells_when_its_status_changes_and_how_it_is_encoded(
    client: Client,
) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    told, message = [], {}
    for step in ("PT1S", "PT4S", "PT1S"):
        (message,) = (await shown(client, "messages"))["messages"]
        told.append((message["status"], message["changes_at"]))
        await client.post("/_mock/clock", json={"advance": step})
    assert told == [
        ("scheduled", "2026-03-10T12:00:01Z"),
        ("sent", "2026-03-10T12:00:05Z"),
        ("delivered", None),
    ]
    assert message["encoding"] == "gsm-7"


async def test_a_failed_message_changes_no_more(client: Client) -> None:
    await client.post(PARTOO, json={**INVITE, "target_phone": "+33600000001"}, headers=KEY)
    await client.post("/_mock/clock", json={"advance": "PT1S"})
    (message,) = (await shown(client, "messages"))["messages"]
    assert (message["status"], message["changes_at"]) == ("failed", None)


async def test_an_operation_has_a_request_to_try(client: Client) -> None:
    api = await shown(client, "apis/partoo")
    sample = api["operations"][0]["sample"]
    reply = await client.request(
        sample["method"], sample["url"], headers=sample["headers"], content=sample["body"]
    )
    assert (reply.status_code, reply.json()["status"]) == (200, "success")


async def test_a_request_to_try_goes_to_the_sandbox_that_is_looked_at(client: Client) -> None:
    await client.put("/_mock/sandboxes/one")
    api = await shown(client, "apis/partoo?sandbox=one")
    assert api["operations"][0]["sample"]["url"].startswith("http://127.0.0.1:8000/~one/partoo/")


@pytest.mark.parametrize(
    ("scheme", "url", "headers"),
    [
        ("{type: apiKey, in: query, name: key}", "/shop/a?key=k", {}),
        ("{type: apiKey, in: cookie, name: key}", "/shop/a", {"Cookie": "key=k"}),
        ("{type: http, scheme: basic}", "/shop/a", {"authorization": "Basic azo="}),
    ],
)
async def test_a_request_to_try_presents_its_credential(
    serve: Any, scheme: str, url: str, headers: dict[str, str]
) -> None:
    world: World = serve(f"""\
openapi: 3.1.0
info: {{title: Shop, version: '1'}}
x-mock:
  collections: {{keys: {{key: key}}}}
  principals: {{S: {{in: keys, field: key}}}}
paths:
  /a: {{get: {{security: [{{S: []}}], responses: {{'200': {{description: ok}}}}}}}}
components: {{securitySchemes: {{S: {scheme}}}}}
""")
    async with client_of(world) as client:
        await client.post("/_mock/records/shop/keys", json={"key": "k"})
        sample = (await shown(client, "apis/shop"))["operations"][0]["sample"]
        reply = await client.get(sample["url"], headers=sample["headers"])
    assert (sample["url"], sample["headers"]) == (f"http://127.0.0.1:8000{url}", headers)
    assert reply.status_code == 200


async def test_a_refusal_says_who_was_let_through_when(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    await client.post("/_mock/clock", json={"advance": "P3D"})
    await client.post(PARTOO, json=INVITE, headers=KEY)
    trace = (await shown(client, "requests/r2"))["trace"]
    assert {
        "verb": "cooldown",
        "outcome": "refused",
        "name": "sms",
        "subject": "+33647385968",
        "since": "2026-03-10T12:00:00Z",
        "until": "2026-03-20T12:00:00Z",
    }.items() <= trace[-3].items()


async def test_a_refusal_says_whose_quota_is_used_up(client: Client) -> None:
    await client.patch("/_mock/settings/partoo", json={"sms_quota": 0})
    await client.post(PARTOO, json=INVITE, headers=KEY)
    trace = (await shown(client, "requests/r1"))["trace"]
    told = {"outcome": "refused", "quota": "sms", "subject": "demo-org", "left": 0, "limit": 0}
    assert {**told, "renews": "2026-04-01T00:00:00Z"}.items() <= trace[-3].items()


async def test_a_long_unknown_name_is_cut_off_in_the_answer(client: Client) -> None:
    for call in ("limits", "coverage"):
        reply = await client.get(f"/_mock/{call}?api={'x' * 5000}")
        assert reply.status_code == 404
        assert "x" * 100 in reply.text
        assert "x" * 101 not in reply.text
