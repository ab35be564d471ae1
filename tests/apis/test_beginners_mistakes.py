"""The usual mistakes of a first request: each answer says how to correct it."""

import json
from typing import NamedTuple

import pytest

from tests.conftest import Reply, World

INVITE = "/partoo/v2/review_booster/send_invitation"
ME = "/justanudge/api/zapier/me"
TOKEN = "/justanudge/api/oauth/zapier/token"
KEY = {"x-apikey": "demo-partoo-key"}
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
GOOD = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33612345678"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


class Mistake(NamedTuple):
    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: object
    status: int
    cures: tuple[str, ...]


THERE = f"did you mean POST {INVITE}?"
MISTAKES = [
    Mistake("server path missing", "POST", "/partoo/review_booster/send_invitation", KEY, GOOD, 404,
            (THERE, "(the server path /v2 is missing)")),
    Mistake("server path doubled", "POST", f"/partoo/v2{INVITE[7:]}", KEY, GOOD, 404,
            (THERE, "(the server path /v2 is there twice)")),
    Mistake("name doubled", "POST", f"/partoo{INVITE}", KEY, GOOD, 404,
            (THERE, "(the name /partoo is there twice)")),
    Mistake("name missing", "POST", INVITE[7:], KEY, GOOD, 404,
            (THERE, "(the API's name /partoo is missing)")),
    Mistake("name and server path missing", "POST", INVITE[10:], KEY, GOOD, 404,
            (THERE, "the API's name /partoo is missing, and the server path /v2 is missing")),
    Mistake("name misspelt", "POST", f"/parto{INVITE[7:]}", KEY, GOOD, 404,
            (THERE, "(the API's name is /partoo)")),
    Mistake("path misspelt", "POST", "/partoo/v2/review_boster/send_invite", KEY, GOOD, 404,
            (THERE,)),
    Mistake("base path only", "GET", "/partoo/v2", KEY, None, 404,
            (f"for example, POST {INVITE}",)),
    Mistake("slash at the end", "POST", f"{INVITE}/", KEY, GOOD, 404,
            (THERE, "(leave out the slash at the end)")),
    Mistake("double slash", "POST", "/partoo//v2/review_booster/send_invitation", KEY, GOOD, 404,
            (THERE, "double slash")),
    Mistake("capitals", "POST", "/partoo/V2/Review_Booster/send_invitation", KEY, GOOD, 404,
            (THERE, "case-sensitive")),
    Mistake("whole URL in the path", "POST",
            "/partoo/https://api.partoo.co/v2/review_booster/send_invitation", KEY, GOOD, 404,
            (THERE, "the path contains a whole URL")),
    Mistake("sandbox with a dash", "POST", f"/-ci{INVITE}", KEY, GOOD, 404,
            (THERE, "write /~ci for a sandbox")),
    Mistake("sandbox without a tilde", "POST", f"/ci{INVITE}", KEY, GOOD, 404,
            (THERE, "write /~ci for a sandbox")),
    Mistake("sandbox after the name", "POST", f"/partoo/~ci{INVITE[7:]}", KEY, GOOD, 404,
            (THERE, "write the sandbox first")),
    Mistake("name of a sandbox", "POST", f"/~my%20box{INVITE}", KEY, GOOD, 400,
            ("a sandbox name has 1 to 64 letters",)),
    Mistake("wrong method", "GET", INVITE, KEY, None, 405, ("OPTIONS, POST are", THERE)),
    Mistake("no key", "POST", INVITE, {}, GOOD, 401, ("send x-apikey: demo-partoo-key",)),
    Mistake("no token", "GET", ME, {}, None, 401, ("send Authorization: Bearer demo-nudge-token",)),
    Mistake("unknown key", "POST", INVITE, {"x-apikey": "mine"}, GOOD, 401,
            ("is not known", "send x-apikey: demo-partoo-key")),
    Mistake("unknown key of a sandbox", "POST", INVITE, {"x-apikey": "mine~ci"}, GOOD, 401,
            ("send x-apikey: demo-partoo-key~ci",)),
    Mistake("key of another API", "POST", INVITE, {"x-apikey": "demo-cloutly-key"}, GOOD, 401,
            ("that of another API, cloutly", "send x-apikey: demo-partoo-key")),
    Mistake("key in a wrong header", "POST", INVITE, {"x-api-key": "demo-partoo-key"}, GOOD, 401,
            ("is in the header x-api-key, which is not where this API reads it",)),
    Mistake("key in the query", "POST", f"{INVITE}?api_key=demo-partoo-key", {}, GOOD, 401,
            ("is in the query api_key, which is not where",)),
    Mistake("key with Bearer", "POST", INVITE, {"x-apikey": "Bearer demo-partoo-key"}, GOOD, 401,
            ("the word 'Bearer' that must be left out",)),
    Mistake("token without Bearer", "GET", ME, {"authorization": "demo-nudge-token"}, None, 401,
            ("but 'Bearer ' is missing",)),
    Mistake("token in quotes", "GET", ME, bearer('"demo-nudge-token"'), None, 401,
            ("with quotes that must be left out",)),
    Mistake("Basic for Bearer", "GET", ME, {"authorization": "Basic ZGVtby1udWRnZS10b2tlbjo="},
            None, 401, ("send Authorization: Bearer demo-nudge-token",)),
    Mistake("expired token", "GET", ME, bearer("demo-nudge-expired"), None, 401,
            ("The access token has expired", "expires_at is 2026-03-10T11:00:00Z",
             "send Authorization: Bearer demo-nudge-token")),
    Mistake("expired key", "POST", INVITE, {"x-apikey": "demo-partoo-expired"}, GOOD, 401,
            ("expires_at is 2020-01-01T00:00:00Z", "that of 'expired (401)'", "demo-partoo-key")),
    Mistake("missing scope", "POST", "/justanudge/api/zapier/send-review-request",
            bearer("demo-nudge-read-only"), {}, 403,
            ("lacks the scope write", "'read only, does not expire'", "Bearer demo-nudge-token")),
    Mistake("missing permission", "POST", INVITE, {"x-apikey": "demo-partoo-read-only"}, GOOD, 403,
            ("'WRITE' in principal.permissions", "READ only", "x-apikey: demo-partoo-key")),
    Mistake("unknown client", "POST", TOKEN, FORM,
            b"grant_type=authorization_code&client_id=me&client_secret=me&code=c", 401,
            ("send client_id=demo-nudge-client and client_secret=demo-nudge-secret",)),
    Mistake("wrong grant type", "POST", TOKEN, FORM,
            b"grant_type=password&client_id=demo-nudge-client&client_secret=demo-nudge-secret", 400,
            ("grant_type must be authorization_code or refresh_token",)),
    Mistake("wrong content type", "POST", INVITE, {**KEY, **FORM}, b"a=b", 415,
            ("send application/json",)),
    Mistake("no content type", "POST", INVITE, KEY, b"{}", 415,
            ("the body has no Content-Type; send application/json",)),
    Mistake("single quotes", "POST", INVITE, {**KEY, **JSON}, b"{'business_id': 'x'}", 400,
            ("is not JSON", "line 1 column 2")),
    Mistake("trailing comma", "POST", INVITE, {**KEY, **JSON}, b'{"business_id": "x",}', 400,
            ("trailing comma", "line 1 column 20")),
    Mistake("no body", "POST", INVITE, {**KEY, **JSON}, None, 400, ("body is required",)),
    Mistake("missing member", "POST", INVITE, KEY, {"business_id": GOOD["business_id"]}, 400,
            ("body target_phone is required",)),
    Mistake("misspelt member", "POST", INVITE, KEY, {**GOOD, "business_id": None} | {
            "bussiness_id": "x"}, 400, ("business_id must be text",)),
    Mistake("misspelt required member", "POST", INVITE, KEY,
            {"bussiness_id": "x", "target_phone": "+33612345678"}, 400,
            ("did you mean 'business_id' where you wrote 'bussiness_id'?",)),
    Mistake("member in camel case", "POST", INVITE, KEY,
            {"businessId": "x", "target_phone": "+33612345678"}, 400,
            ("did you mean 'business_id' where you wrote 'businessId'?",)),
    Mistake("wrong type", "POST", INVITE, KEY, {**GOOD, "target_phone": 33612345678}, 400,
            ("body target_phone must be text, not a whole number",)),
    Mistake("unknown record", "POST", INVITE, KEY, {**GOOD, "business_id": "mine"}, 404,
            ("nothing in businesses matches", "businesses has id 5409c35a97bbc544d8e26737")),
]  # fmt: skip


def why(reply: Reply) -> str:
    found = reply.header("mock-why")
    assert found is not None
    assert len(found) <= 400
    assert found.isascii()
    assert found.isprintable()
    return found


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_answered_with_its_correction(world: World, mistake: Mistake) -> None:
    reply = world.send(mistake.method, mistake.path, mistake.body, mistake.headers)

    assert reply.status == mistake.status
    line = why(reply)
    for cure in mistake.cures:
        assert cure in line


def test_a_cooldown_says_for_whom_and_how_to_wait(world: World) -> None:
    partoo = world.at("", **{"x-apikey": "demo-partoo-key"})
    partoo.post(INVITE, GOOD)

    line = why(partoo.post(INVITE, GOOD))

    assert line.startswith("cooldown sms of +33612345678 is not over (specs/partoo.overlay.yaml:")
    assert "); passes at 2026-03-20T12:00:00Z; or move the clock: " in line
    assert line.endswith('POST /_mock/clock {"advance":"P10D"}')


def test_a_quota_says_whose_it_is_and_when_it_renews(world: World) -> None:
    world.set("partoo", sms_quota=0)

    line = why(world.at("", **{"x-apikey": "demo-partoo-key"}).post(INVITE, GOOD))

    assert line.startswith("quota sms of demo-org is used up (limit 0) (specs/partoo.overlay.yaml:")
    assert "passes at 2026-04-01T00:00:00Z" in line


def test_a_rate_limit_says_whose_it_is_and_when_it_passes(world: World) -> None:
    world.set("partoo", requests_per_minute=1)
    partoo = world.at("", **{"x-apikey": "demo-partoo-key"})
    partoo.post(INVITE, GOOD)

    line = why(partoo.post(INVITE, GOOD))

    assert line.startswith("rate limit requests of demo-org is used up (1) (specs/partoo.overlay")
    assert 'passes at 2026-03-10T12:01:00Z; or move the clock: POST /_mock/clock {"adv' in line


def test_the_key_that_is_named_is_accepted(world: World) -> None:
    named = why(world.post(INVITE, GOOD)).rpartition("send ")[2]
    name, _, value = named.partition(": ")

    assert world.send("POST", INVITE, GOOD, {name: value}).status == 200


def test_the_nearest_path_is_in_the_body_where_no_api_answers(world: World) -> None:
    body = world.post(INVITE[7:], GOOD).json

    assert THERE in body["detail"]
    assert json.dumps(body).count("demo-") == 0
