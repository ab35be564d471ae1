import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from mockserver.engine.faults import check_fault
from mockserver.model.fault import FaultDefinition
from tests.conftest import Reply, World

REQUEST: dict[str, Any] = {
    "first_name": "Jane",
    "last_name": "Smith",
    "email": "jane@example.com",
    "mobile_phone_number": "+12125551234",
    "company_name": "Smith Industries",
    "delay_hours": 24,
    "metadata": {"source": "zapier", "custom_field": "value"},
}
SEND = "/api/zapier/send-review-request"
AUTHORIZE = "/api/oauth/zapier/authorize"
TOKEN = "/api/oauth/zapier/token"
REVOKE = "/api/oauth/zapier/revoke"
STATUS = "/api/zapier/status"
CALLBACK = "https://client.example/callback"
CLIENT = {"client_id": "demo-nudge-client", "client_secret": "demo-nudge-secret"}
VERIFIER = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@pytest.fixture
def nudge(world: World) -> World:
    return world.at("/justanudge", authorization="Bearer demo-nudge-token")


def authorize(nudge: World, **changes: str | None) -> Reply:
    query = {
        "client_id": "demo-nudge-client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "xyz",
        "mock_decision": "approve",
        **changes,
    }
    given = {name: value for name, value in query.items() if value is not None}
    return nudge.get(f"{AUTHORIZE}?{urlencode(given)}", authorization="")


def redirected(reply: Reply) -> dict[str, str]:
    assert reply.status == 302
    location = reply.header("location") or ""
    assert location.startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def token(nudge: World, **form: str | None) -> Reply:
    given = {**CLIENT, **form}
    body = urlencode({name: value for name, value in given.items() if value is not None})
    return nudge.send(
        "POST",
        TOKEN,
        body.encode(),
        {"content-type": "application/x-www-form-urlencoded", "authorization": ""},
    )


def exchange(nudge: World, code: str, **form: str | None) -> Reply:
    return token(
        nudge,
        **{"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form},
    )


def refresh(nudge: World, refresh_token: str, **form: str) -> Reply:
    return token(nudge, grant_type="refresh_token", refresh_token=refresh_token, **form)


def tokens(nudge: World, **changes: str) -> dict[str, Any]:
    reply = exchange(nudge, redirected(authorize(nudge, **changes))["code"])
    assert reply.status == 200
    found: dict[str, Any] = reply.json
    return found


def status_with(nudge: World, access_token: str) -> int:
    return nudge.get(STATUS, authorization=f"Bearer {access_token}").status


def refused(reply: Reply, status: int, error: str) -> None:
    assert (reply.status, reply.json["error"]) == (status, error)
    assert reply.json["error_description"]


# --- review requests ---


def test_the_documented_request_gets_the_documented_answer(nudge: World) -> None:
    reply = nudge.post(SEND, REQUEST)
    assert reply.status == 201
    assert reply.json == {
        "id": reply.json["id"],
        "contact_id": reply.json["contact_id"],
        "contact_name": "Jane Smith",
        "contact_email": "jane@example.com",
        "contact_phone": "+12125551234",
        "scheduled_for": "2026-03-11T12:00:00Z",
        "status": "scheduled",
        "message": "Review request scheduled for jane@example.com",
    }


def test_a_review_request_waits_for_its_hours(nudge: World) -> None:
    nudge.post(SEND, REQUEST)
    assert {message["status"] for message in nudge.messages("justanudge")} == {"scheduled"}
    nudge.advance("PT24H")
    assert {message["status"] for message in nudge.messages("justanudge")} == {"delivered"}


def test_the_same_contact_is_reused(nudge: World) -> None:
    first = nudge.post(SEND, REQUEST).json
    again = nudge.post(SEND, {"email": "JANE@example.com", "company_name": "New"}).json
    by_phone = nudge.post(SEND, {"mobile_phone_number": "(212) 555-1234"}).json
    assert first["contact_id"] == again["contact_id"] == by_phone["contact_id"]
    assert len(nudge.records("justanudge", "contacts")) == 1


def test_another_users_contact_is_not_reused(nudge: World) -> None:
    mine = nudge.post(SEND, REQUEST).json
    other = nudge.post(SEND, REQUEST, authorization="Bearer demo-nudge-other").json
    by_phone = {"mobile_phone_number": "+12125551234", "first_name": "Robin"}
    nudge.post(SEND, by_phone, authorization="Bearer demo-nudge-other")
    names = {one["id"]: one["name"] for one in nudge.records("justanudge", "contacts")}
    assert names == {mine["contact_id"]: "Jane Smith", other["contact_id"]: "Robin"}


def test_a_number_without_a_country_is_american(nudge: World) -> None:
    reply = nudge.post(SEND, {"mobile_phone_number": "212-555-1234"})
    assert reply.json["contact_phone"] == "+12125551234"


@pytest.mark.parametrize(
    "body",
    [
        {"first_name": "Jane"},
        {"email": "not an address"},
        {"mobile_phone_number": "12"},
        {**REQUEST, "delay_hours": -1},
        {**REQUEST, "metadata": []},
    ],
    ids=["no channel", "bad e-mail", "bad number", "negative delay", "metadata"],
)
def test_wrong_review_requests_are_refused_and_store_nothing(
    nudge: World, body: dict[str, Any]
) -> None:
    refused(nudge.post(SEND, body), 400, "invalid_request")
    assert nudge.records("justanudge", "contacts") == nudge.messages("justanudge") == []


def test_addresses_for_testing_fail_on_the_way(nudge: World) -> None:
    nudge.post(SEND, {"email": "bounce@example.com", "mobile_phone_number": "+12025550101"})
    assert {message["status"] for message in nudge.messages("justanudge")} == {"failed"}


def test_the_fields_describe_the_form(nudge: World) -> None:
    fields = nudge.get(f"{SEND}/fields").json["fields"]
    assert "email" in [field["key"] for field in fields]


def test_me_is_the_tokens_user(nudge: World) -> None:
    assert nudge.get("/api/zapier/me").json == {
        "id": "a169451c-8525-4352-b8ca-070dd449a1a5",
        "email": "sam@example.com",
        "business_name": "Taylor Plumbing",
    }


def test_status_tells_what_the_token_may_do(nudge: World) -> None:
    access = tokens(nudge)["access_token"]
    reply = nudge.get(STATUS, authorization=f"Bearer {access}")
    assert reply.json == {
        "active": True,
        "auth_type": "oauth",
        "user_id": "a169451c-8525-4352-b8ca-070dd449a1a5",
        "scopes": ["read", "write"],
        "expires_at": "2026-03-10T13:00:00Z",
        "created_at": "2026-03-10T12:00:00Z",
        "last_used_at": "2026-03-10T12:00:00Z",
    }


@pytest.mark.parametrize("value", ["", "Bearer wrong", "Bearer demo-nudge-expired", "Basic abc"])
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/zapier/me", {"error_description": "Invalid or expired access token"}),
        (STATUS, {"active": False, "error_description": "Invalid or expired token"}),
    ],
)
def test_without_a_good_token_nobody_is_authorized(
    nudge: World, path: str, told: dict[str, object], value: str
) -> None:
    reply = nudge.get(path, authorization=value)
    assert (reply.status, reply.json) == (401, {"error": "unauthorized", **told})
    assert (reply.header("www-authenticate") or "").startswith("Bearer")


def test_errors_that_no_page_names_have_the_same_form(nudge: World) -> None:
    refused(nudge.send("DELETE", "/api/zapier/me"), 405, "method_not_allowed")
    fault = check_fault(FaultDefinition(api="justanudge", error="server_error"), nudge.engine.apis)
    nudge.sandbox().faults.add(nudge.sandbox().transaction(), fault)
    refused(nudge.get("/api/zapier/me"), 500, "server_error")


def test_a_token_without_the_scope_is_refused(nudge: World) -> None:
    reply = nudge.post(SEND, REQUEST, authorization="Bearer demo-nudge-read-only")
    refused(reply, 403, "insufficient_scope")


# --- OAuth ---


def test_a_code_becomes_tokens_as_documented(nudge: World) -> None:
    found = redirected(authorize(nudge))
    assert found["state"] == "xyz"
    reply = exchange(nudge, found["code"])
    assert reply.status == 200
    assert reply.json == {
        "access_token": reply.json["access_token"],
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": reply.json["refresh_token"],
        "scope": "read write",
    }
    assert reply.header("cache-control") == "no-store"
    assert status_with(nudge, reply.json["access_token"]) == 200


def test_the_consent_page_asks_and_its_links_answer(nudge: World) -> None:
    page = authorize(nudge, mock_decision=None)
    assert page.status == 200
    assert "mock_decision=approve" in page.text
    assert "mock_decision=deny" in page.text
    assert "default-src 'none'" in (page.header("content-security-policy") or "")


def test_the_consent_page_shows_text_as_text(nudge: World) -> None:
    page = authorize(nudge, mock_decision=None, state='"><script>alert(1)</script>')
    assert page.status == 200
    assert "<script" not in page.text


def test_a_user_can_say_no(nudge: World) -> None:
    found = redirected(authorize(nudge, mock_decision="deny"))
    assert (found["error"], found["state"]) == ("access_denied", "xyz")


def test_what_consent_does_can_be_set(nudge: World) -> None:
    nudge.set("justanudge", consent="approve")
    assert "code" in redirected(authorize(nudge, mock_decision=None))


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": CALLBACK + "/more"},
        {"redirect_uri": None},
    ],
)
def test_an_unknown_client_or_address_is_never_redirected_to(
    nudge: World, change: dict[str, str | None]
) -> None:
    reply = authorize(nudge, **change)
    refused(reply, 400, "invalid_request")
    assert reply.header("location") is None


def test_a_loopback_address_may_have_any_port(nudge: World) -> None:
    reply = authorize(nudge, redirect_uri="http://127.0.0.1:53421/callback")
    assert (reply.header("location") or "").startswith("http://127.0.0.1:53421/callback?code=")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "read admin"}, "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
    ],
)
def test_other_mistakes_are_told_by_redirect(
    nudge: World, change: dict[str, str | None], error: str
) -> None:
    assert redirected(authorize(nudge, **change))["error"] == error


def test_an_access_token_works_for_an_hour_less_a_second(nudge: World) -> None:
    access = tokens(nudge)["access_token"]
    nudge.advance("PT3599S")
    assert status_with(nudge, access) == 200


def test_an_access_token_has_expired_after_an_hour(nudge: World) -> None:
    access = tokens(nudge)["access_token"]
    nudge.advance("PT3600S")
    assert status_with(nudge, access) == 401


def test_a_refresh_token_is_rotated(nudge: World) -> None:
    first = tokens(nudge)
    second = refresh(nudge, first["refresh_token"])
    assert second.status == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert status_with(nudge, second.json["access_token"]) == 200


def test_a_reused_refresh_token_is_refused_and_kills_its_family(nudge: World) -> None:
    first = tokens(nudge)
    second = refresh(nudge, first["refresh_token"]).json
    refused(refresh(nudge, first["refresh_token"]), 400, "invalid_grant")
    assert status_with(nudge, second["access_token"]) == 401
    refused(refresh(nudge, second["refresh_token"]), 400, "invalid_grant")


def test_rotation_can_be_turned_off(nudge: World) -> None:
    nudge.set("justanudge", rotate_refresh_tokens=False)
    first = tokens(nudge)
    kept = [refresh(nudge, first["refresh_token"]).json["refresh_token"] for _ in range(2)]
    assert kept == [first["refresh_token"]] * 2


def test_a_refreshed_token_can_have_fewer_scopes_but_not_more(nudge: World) -> None:
    first = tokens(nudge, scope="read")
    refused(refresh(nudge, first["refresh_token"], scope="read write"), 400, "invalid_scope")
    assert refresh(nudge, first["refresh_token"], scope="read").json["scope"] == "read"


def test_a_code_works_once_and_its_reuse_revokes_what_it_gave(nudge: World) -> None:
    code = redirected(authorize(nudge))["code"]
    access = exchange(nudge, code).json["access_token"]
    refused(exchange(nudge, code), 400, "invalid_grant")
    assert status_with(nudge, access) == 401


def test_a_code_expires_after_ten_minutes(nudge: World) -> None:
    early, late = (redirected(authorize(nudge))["code"] for _ in range(2))
    nudge.advance("PT599S")
    assert exchange(nudge, early).status == 200
    nudge.advance("PT1S")
    refused(exchange(nudge, late), 400, "invalid_grant")


def test_a_code_is_bound_to_its_redirect_address_and_client(nudge: World) -> None:
    code = redirected(authorize(nudge))["code"]
    other = {"client_id": "demo-nudge-second", "client_secret": "demo-second-secret"}
    refused(exchange(nudge, code, redirect_uri="http://127.0.0.1/callback"), 400, "invalid_grant")
    refused(exchange(nudge, code, redirect_uri=None), 400, "invalid_request")
    refused(exchange(nudge, code, **other), 400, "invalid_grant")
    assert exchange(nudge, code).status == 200


def test_with_pkce_the_right_verifier_is_needed(nudge: World) -> None:
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = redirected(authorize(nudge, **challenge))["code"]
    refused(exchange(nudge, code), 400, "invalid_grant")
    refused(exchange(nudge, code, code_verifier=VERIFIER + "x"), 400, "invalid_grant")
    assert exchange(nudge, code, code_verifier=VERIFIER).status == 200


def test_a_verifier_without_a_challenge_proves_nothing(nudge: World) -> None:
    code = redirected(authorize(nudge))["code"]
    refused(exchange(nudge, code, code_verifier=VERIFIER), 400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code", "client_id": "x"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code", "client_id": None}, 400, "invalid_request"),
    ],
)
def test_wrong_token_requests_say_why(
    nudge: World, form: dict[str, str | None], status: int, error: str
) -> None:
    refused(token(nudge, **form), status, error)


def test_a_client_can_authenticate_by_http_basic(nudge: World) -> None:
    code = redirected(authorize(nudge))["code"]
    body = urlencode({"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK})
    secret = base64.b64encode(b"demo-nudge-client:demo-nudge-secret").decode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    good = nudge.send("POST", TOKEN, body.encode(), {**headers, "authorization": f"Basic {secret}"})
    bad = nudge.send("POST", TOKEN, body.encode(), {**headers, "authorization": "Basic eDp5"})
    assert (good.status, bad.status) == (200, 401)
    assert (bad.header("www-authenticate") or "").startswith("Basic")


def test_one_token_is_revoked(nudge: World) -> None:
    first, second = tokens(nudge), tokens(nudge)
    bearer = f"Bearer {second['access_token']}"
    reply = nudge.post(REVOKE, {"token": first["access_token"]}, authorization=bearer)
    assert reply.json == {
        "success": True,
        "message": "Tokens revoked successfully",
        "revoked_count": 1,
    }
    assert [status_with(nudge, item["access_token"]) for item in (first, second)] == [401, 200]


def test_without_a_token_all_of_the_users_are_revoked(nudge: World) -> None:
    found = tokens(nudge)
    reply = nudge.post(REVOKE, authorization=f"Bearer {found['access_token']}")
    assert reply.json["revoked_count"] == 4
    assert status_with(nudge, found["access_token"]) == 401
    assert status_with(nudge, "demo-nudge-token") == 401
    assert status_with(nudge, "demo-nudge-other") == 200


def test_a_token_of_somebody_else_is_not_revoked(nudge: World) -> None:
    assert nudge.post(REVOKE, {"token": "demo-nudge-other"}).json["revoked_count"] == 0
    assert status_with(nudge, "demo-nudge-other") == 200
