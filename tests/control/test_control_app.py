from typing import Any

import httpx
import pytest

from mockserver.server.application import App
from tests.conftest import World
from tests.control_client import Client, client_of

PARTOO = "/partoo/v2/review_booster/send_invitation"
KEY = {"x-apikey": "demo-partoo-key"}
INVITE = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}

pytestmark = pytest.mark.anyio


async def test_health_says_that_all_is_well(client: Client) -> None:
    reply = await client.get("/_mock/health")
    assert (reply.status_code, reply.json()["status"]) == (200, "ok")


async def test_apis_have_addresses(client: Client) -> None:
    apis = {api["name"]: api for api in (await client.get("/_mock/apis")).json()}
    assert sorted(apis) == ["cloutly", "cloutly-marketplace", "justanudge", "partoo", "walr"]
    assert apis["partoo"]["base_url"] == "http://127.0.0.1:8000/partoo/v2"


async def test_an_api_tells_its_operations_credentials_settings_and_test_values(
    client: Client,
) -> None:
    api = (await client.get("/_mock/apis/partoo")).json()
    assert "sendReviewInvitation" in [item["id"] for item in api["operations"]]
    assert api["credentials"][0] == {
        "scheme": "ApiKeyAuth",
        "kind": "apiKey",
        "where": "header",
        "name": "x-apikey",
        "value": "demo-partoo-key",
        "presented": "demo-partoo-key",
        "description": "WRITE on three businesses, READ on a fourth",
    }
    assert {"name": "cooldown", "type": "duration", "value": "P10D"}.items() <= next(
        item for item in api["settings"] if item["name"] == "cooldown"
    ).items()
    assert "+33600000001" in [item["value"] for item in api["test_values"]]


async def test_an_unknown_api_is_a_problem(client: Client) -> None:
    reply = await client.get("/_mock/apis/none")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert "there are: cloutly" in reply.json()["detail"]


async def test_sandboxes_are_made_listed_and_deleted(client: Client) -> None:
    statuses = [
        (await client.request(method, "/_mock/sandboxes/one")).status_code
        for method in ("GET", "PUT", "PUT", "GET", "DELETE", "DELETE")
    ]
    assert statuses == [404, 201, 200, 200, 204, 404]
    assert (await client.put("/_mock/sandboxes/.bad")).status_code == 400


async def test_reset_forgets_what_happened(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    assert (await client.post("/_mock/reset")).status_code == 204
    assert (await client.get("/_mock/messages")).json()["total"] == 0


async def test_the_clock_is_advanced_set_and_frozen(client: Client) -> None:
    moves = [{"advance": "P1D"}, {"frozen": True}, {"set": "2026-04-01T00:00:00Z"}]
    shown = [(await client.post("/_mock/clock", json=move)).json() for move in moves]
    assert shown == [
        {"now": "2026-03-11T12:00:00Z", "frozen": False},
        {"now": "2026-03-11T12:00:00Z", "frozen": True},
        {"now": "2026-04-01T00:00:00Z", "frozen": True},
    ]


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("PT0.5H", "2026-03-10T12:30:00Z"),
        ("PT0,5S", "2026-03-10T12:00:00.500000Z"),
        ("P0.5D", "2026-03-11T00:00:00Z"),
        ("PT1.123456789S", "2026-03-10T12:00:01.123457Z"),
    ],
)
async def test_the_clock_is_advanced_by_a_fraction(client: Client, step: str, shown: str) -> None:
    reply = await client.post("/_mock/clock", json={"advance": step})
    assert (reply.status_code, reply.json()["now"]) == (200, shown)


@pytest.mark.parametrize("time", ["2030-01-31t09:00:00z", "2030-01-31T10:00:00+01:00"])
async def test_the_clock_is_set_in_every_form_of_rfc_3339(client: Client, time: str) -> None:
    reply = await client.post("/_mock/clock", json={"set": time})
    assert (reply.status_code, reply.json()["now"]) == (200, "2030-01-31T09:00:00Z")


@pytest.mark.parametrize(
    "time", ["20300131T090000Z", "2030-W05-4T09:00:00Z", "1969-12-31T23:59:59Z"]
)
async def test_the_clock_is_not_set_to_another_form_or_before_1970(
    client: Client, time: str
) -> None:
    assert (await client.post("/_mock/clock", json={"set": time})).status_code == 422


async def test_a_clock_without_requests_may_be_set_back(client: Client) -> None:
    reply = await client.post("/_mock/clock", json={"set": "2020-01-01T00:00:00Z"})
    assert reply.json()["now"] == "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "move",
    [
        {},
        {"advance": "P1D", "set": "2030-01-31T09:00:00Z"},
        {"advance": "P1D", "set": "2030-01-31T09:00:00Z", "frozen": True},
        {"advance": "PT0S", "frozen": True},
        {"set": "2020-01-01T00:00:00Z", "frozen": True},
        {"set": "20300131T090000Z"},
        {"set": "2030-W05-4T09:00:00Z"},
        {"set": "2030-01-31 09:00:00Z"},
        {"advance": "1 day"},
        {"advance": "P1M"},
        {"advance": 5},
        {"advance": "PT0S"},
        {"set": "2020-01-01T00:00:00Z"},
        {"set": "tomorrow"},
        {"jump": "P1D"},
        [],
    ],
    ids=str,
)
async def test_moves_that_are_not_possible_are_refused(client: Client, move: Any) -> None:
    await client.get("/cloutly/api/v1/businesses")
    reply = await client.post("/_mock/clock", json=move)
    assert reply.status_code == 422
    assert reply.json()["detail"]


async def test_a_move_that_is_not_possible_does_not_freeze_the_clock_either(client: Client) -> None:
    await client.get("/cloutly/api/v1/businesses")
    await client.post("/_mock/clock", json={"set": "2020-01-01T00:00:00Z", "frozen": True})
    assert (await client.get("/_mock/clock")).json() == {
        "now": "2026-03-10T12:00:00Z",
        "frozen": False,
    }


@pytest.mark.parametrize(
    "text", ["2030-01-31T09:00:00Z", "2030-01-31t09:00:00z", "2030-01-31T10:00:00+01:00"]
)
async def test_the_clock_is_set_to_an_instant_of_rfc_3339(client: Client, text: str) -> None:
    reply = await client.post("/_mock/clock", json={"set": text})
    assert reply.json()["now"] == "2030-01-31T09:00:00Z"


@pytest.mark.parametrize("moved", [{"set": "2030-01-31T09:00:00Z"}, {"advance": "PT1H"}], ids=str)
@pytest.mark.parametrize("frozen", [True, False])
async def test_the_clock_is_moved_and_frozen_in_one_call(
    world: World, moved: dict[str, str], frozen: bool
) -> None:
    async with client_of(world) as client:
        await client.post("/_mock/clock", json={"frozen": not frozen})
        shown = (await client.post("/_mock/clock", json={**moved, "frozen": frozen})).json()
        assert shown["frozen"] is frozen
        assert shown["now"] in ("2030-01-31T09:00:00Z", "2026-03-10T13:00:00Z")
        world.now += 1_000_000  # type: ignore[assignment] # an instant and a second
        later = (await client.get("/_mock/clock")).json()["now"]
        assert (later == shown["now"]) is frozen


async def test_settings_are_read_and_changed(client: Client) -> None:
    reply = await client.patch("/_mock/settings/partoo", json={"sms_quota": 1, "cooldown": "PT1M"})
    assert (reply.json()["sms_quota"], reply.json()["cooldown"]) == (1, "PT1M")
    assert (await client.get("/_mock/settings/partoo")).json() == reply.json()
    assert (
        await client.get("/_mock/settings/partoo", params={"sandbox": "other"})
    ).json() != reply.json()


@pytest.mark.parametrize(
    "change", [{"none": 1}, {"sms_quota": -1}, {"sms_quota": "many"}, {"cooldown": 5}, [1]], ids=str
)
async def test_settings_that_do_not_fit_change_nothing(client: Client, change: Any) -> None:
    before = (await client.get("/_mock/settings/partoo")).json()
    given = {"requests_per_minute": 7, **change} if isinstance(change, dict) else change
    assert (await client.patch("/_mock/settings/partoo", json=given)).status_code == 422
    assert (await client.get("/_mock/settings/partoo")).json() == before


async def test_records_are_listed_read_seeded_replaced_and_deleted(client: Client) -> None:
    path = "/_mock/records/partoo/businesses"
    made = await client.post(path, json={"id": "new", "name": "New"})
    replaced = await client.put(f"{path}/new", json={"name": "Newer"})
    read = await client.get(f"{path}/new")
    listed = await client.get(path, params={"limit": 1, "offset": 5})
    deleted = await client.delete(f"{path}/new")
    gone = await client.get(f"{path}/new")
    assert [item.status_code for item in (made, replaced, read, deleted, gone)] == [
        201,
        200,
        200,
        204,
        404,
    ]
    assert read.json() == {"name": "Newer", "id": "new"}
    assert listed.json() == {"total": 6, "records": [{"name": "Newer", "id": "new"}]}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("partoo/none", {"id": 1}, 404),
        ("none/businesses", {"id": 1}, 404),
        ("partoo/businesses", {"name": "no key"}, 422),
        ("partoo/businesses", ["no object"], 422),
        ("partoo/businesses", {"id": "5409c35a97bbc544d8e26737"}, 409),
    ],
)
async def test_records_that_cannot_be_stored_say_why(
    client: Client, path: str, body: object, status: int
) -> None:
    reply = await client.post(f"/_mock/records/{path}", json=body)
    assert (reply.status_code, bool(reply.json()["detail"])) == (status, True)


@pytest.mark.parametrize("to", ["+33647385968", "%2B33647385968", "%2b33647385968"])
async def test_messages_are_found_by_a_number_with_a_plus(client: Client, to: str) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    for query in (f"to={to}", f"channel=sms&to={to}&api=partoo"):
        assert (await client.get(f"/_mock/messages?{query}")).json()["total"] == 1
    assert (await client.get("/_mock/messages?to=+33647385969")).json()["total"] == 0
    assert (await client.get("/_mock/messages?to=33647385968")).json()["total"] == 0


async def test_messages_of_an_unknown_api_are_refused(client: Client) -> None:
    reply = await client.get("/_mock/messages?api=parto")
    assert reply.status_code == 422
    assert "did you mean 'partoo'?" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("since", "total"),
    [
        ("2026-03-10T13:00:00+01:00", 1),
        ("2026-03-10T13:00:00.5+01:00", 0),
        ("2026-03-10T13:00:00%2B01:00", 1),
        ("2026-03-10T11:00:00-01:00", 1),
    ],
)
async def test_the_journal_is_filtered_by_an_instant_with_an_offset(
    client: Client, since: str, total: int
) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    reply = await client.get(f"/_mock/requests?since={since}")
    assert reply.json()["total"] == total


async def test_messages_are_filtered_and_read(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    [message] = (await client.get("/_mock/messages")).json()["messages"]
    assert message["to"] == "+33647385968"
    assert message["segments"] == 1
    assert (await client.get(f"/_mock/messages/{message['id']}")).json() == message
    assert (await client.get("/_mock/messages/none")).status_code == 404
    for query, total in (
        ({"api": "partoo"}, 1),
        ({"api": "walr"}, 0),
        ({"channel": "email"}, 0),
        ({"status": "scheduled"}, 1),
        ({"to": "+33647385968"}, 1),
    ):
        found = (await client.get("/_mock/messages", params=query)).json()["total"]
        assert (query, found) == (query, total)


async def test_the_journal_tells_why(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    reply = await client.post(PARTOO, json=INVITE, headers=KEY)
    found = (await client.get("/_mock/requests", params={"reason": "cooldown"})).json()
    assert found["total"] == 1
    entry = (await client.get(f"/_mock/requests/{reply.headers['mock-request-id']}")).json()
    refusal = next(item for item in entry["trace"] if item["what"] == "Refused")
    assert refusal["passes_at"] == "2026-03-20T12:00:00Z"
    assert "partoo.overlay.yaml:" in refusal["source"]
    assert entry["request"]["body"] == INVITE


async def test_the_journal_can_be_emptied(client: Client) -> None:
    await client.get("/nowhere")
    assert (await client.delete("/_mock/requests")).status_code == 204
    found = (await client.get("/_mock/requests")).json()
    assert (found["total"], found["dropped"]) == (0, 0)


async def test_a_credential_that_is_counted_by_is_not_shown(client: Client) -> None:
    reply = await client.get(
        "/cloutly/api/v1/businesses", headers={"x-api-key": "demo-cloutly-key"}
    )
    entry = await client.get(f"/_mock/requests/{reply.headers['mock-request-id']}")
    assert "rate limit requests for …-key" in entry.text
    assert "demo-cloutly-key" not in entry.text


async def test_secrets_are_not_shown(client: Client) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": "demo-nudge-client",
        "client_secret": "hush",
        "refresh_token": "hush",
    }
    await client.post("/justanudge/api/oauth/zapier/token", data=form)
    await client.get("/cloutly/api/v1/businesses?code=hush", headers={"x-api-key": "hush"})
    await client.get("/justanudge/api/zapier/me", headers={"authorization": "Bearer hush"})
    await client.get(
        "/justanudge/api/oauth/zapier/authorize?client_id=demo-nudge-client&response_type=code"
        "&redirect_uri=https://client.example/callback&mock_decision=approve&code=hush"
    )
    for entry in (await client.get("/_mock/requests")).json()["requests"]:
        shown = (await client.get(f"/_mock/requests/{entry['id']}")).text
        assert "hush" not in shown
        assert "[redacted]" in shown


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
async def test_other_sites_are_refused(client: Client, headers: dict[str, str]) -> None:
    assert (await client.get("/_mock/apis", headers=headers)).status_code == 403


async def test_its_own_pages_are_served(client: Client) -> None:
    headers = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert (await client.get("/_mock/apis", headers=headers)).status_code == 200


async def test_only_json_is_read(client: Client) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": content_type} if content_type else {}
        reply = await client.post("/_mock/clock", content=b'{"frozen": true}', headers=headers)
        assert reply.status_code == 415
    headers = {"content-type": "Application/JSON"}
    assert (await client.post("/_mock/clock", content=b"{", headers=headers)).status_code == 400


async def test_a_token_is_asked_for_when_there_is_one(world: World) -> None:
    async with client_of(world, "secret") as client:
        statuses = [
            (await client.get("/_mock/health", headers=headers)).status_code
            for headers in (
                {},
                {"authorization": "Bearer wrong"},
                {"authorization": "Bearer secre"},
                {"authorization": "Bearer secrets"},
                {"authorization": "Bearer "},
                {"authorization": "Bearer"},
                {"authorization": "secret"},
                {"authorization": "Basic secret"},
                {"authorization": "Bearer secret"},
                {"authorization": "bearer secret"},
                {"authorization": "Bearer secret", "host": "mock.internal"},
            )
        ]
    assert statuses == [401] * 8 + [200, 200, 200]


async def test_unknown_calls_and_methods_are_problems(client: Client) -> None:
    unknown, wrong = await client.get("/_mock/none"), await client.delete("/_mock/health")
    assert (unknown.status_code, wrong.status_code) == (404, 405)
    assert wrong.headers["allow"]
    assert unknown.headers["content-type"] == "application/problem+json"


async def test_without_a_control_api_there_is_none(world: World) -> None:
    transport = httpx.ASGITransport(app=App(world.engine))
    async with Client(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/_mock/health")).status_code == 404


async def test_faults_are_added_listed_and_removed(client: Client) -> None:
    definition = {"api": "partoo", "error": "rate_limited", "times": 2, "method": "post"}
    made = await client.post("/_mock/faults", json=definition)
    shown = {
        "id": "f1",
        "definition": {**definition, "method": "POST"},
        "hits": 0,
        "remaining": 2,
    }
    assert (made.status_code, made.json()) == (201, shown)
    assert (await client.post(PARTOO, json=INVITE, headers=KEY)).status_code == 429
    assert (await client.get("/_mock/faults/f1")).json() == {**shown, "hits": 1, "remaining": 1}
    assert (await client.delete("/_mock/faults/f1")).status_code == 204
    assert (await client.get("/_mock/faults")).json() == {"total": 0, "faults": []}
    assert (await client.post(PARTOO, json=INVITE, headers=KEY)).status_code == 200


async def test_all_faults_are_removed(client: Client) -> None:
    for _ in range(2):
        await client.post("/_mock/faults", json={"status": 500})
    assert (await client.delete("/_mock/faults")).status_code == 204
    assert (await client.get("/_mock/faults")).json() == {"total": 0, "faults": []}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_fault_is_a_404(client: Client, method: str) -> None:
    reply = await client.request(method, "/_mock/faults/f9")
    assert (reply.status_code, "no fault 'f9'" in reply.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ({"api": "party", "status": 500}, "did you mean 'partoo'?"),
        ({"times": 0}, "times is a whole number from 1"),
        ({"staus": 500}, "staus"),
        ({"status": "500"}, "status"),
        ([], "valid dictionary"),
    ],
)
async def test_a_fault_that_cannot_be_meant_is_a_422(
    client: Client, definition: object, told: str
) -> None:
    reply = await client.post("/_mock/faults", json=definition)
    assert (reply.status_code, told in reply.text) == (422, True)
    assert (await client.get("/_mock/faults")).json() == {"total": 0, "faults": []}


async def test_more_faults_than_fit_are_a_503(client: Client) -> None:
    statuses = [
        (await client.post("/_mock/faults", json={"status": 500})).status_code for _ in range(101)
    ]
    assert (set(statuses[:100]), statuses[100]) == ({201}, 503)


async def test_a_reset_forgets_the_faults(client: Client) -> None:
    await client.post("/_mock/faults", json={"status": 500})
    await client.post("/_mock/reset")
    assert (await client.get("/_mock/faults")).json() == {"total": 0, "faults": []}
