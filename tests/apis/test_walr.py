from typing import Any

import pytest

from tests.conftest import World

PATH = "/survey/projects/demo-project/surveys/demo-survey/send-quick-sample"
EMAIL: dict[str, Any] = {
    "campaignId": "demo-email-campaign",
    "recipients": [{"variables": {"email": "jane@example.com", "name": "Jane"}}],
}
SMS: dict[str, Any] = {
    "campaignId": "demo-sms-campaign",
    "recipients": [{"variables": {"phone": "+4740612345", "name": "Jan"}}],
}

TOKEN = "/oauth/token"
CLIENT: dict[str, Any] = {
    "client_id": "demo-walr-client",
    "client_secret": "demo-walr-secret",
    "audience": "https://api.walr.com",
    "grant_type": "client_credentials",
}


@pytest.fixture
def walr(world: World) -> World:
    return world.at("/walr", authorization="Bearer demo-walr-token")


@pytest.mark.parametrize("body", [EMAIL, SMS], ids=["e-mail", "SMS"])
def test_invites_are_accepted_without_a_body(walr: World, body: dict[str, Any]) -> None:
    reply = walr.post(PATH, body)
    assert (reply.status, reply.text) == (202, "")


def test_variables_are_merged_into_the_invitation(walr: World) -> None:
    walr.post(PATH, EMAIL)
    [message] = walr.messages("walr")
    assert message["subject"] == "Hello Jane, How was your stay?"
    assert message["link"] in message["text"]


def test_without_a_send_time_an_invite_goes_at_once(walr: World) -> None:
    walr.post(PATH, SMS)
    assert walr.messages("walr")[0]["status"] == "delivered"


def test_an_invite_is_sent_at_the_time_that_is_given(walr: World) -> None:
    walr.post(PATH, {**SMS, "sendTimeUtc": "2026-03-11T08:30:00Z"})
    assert walr.messages("walr")[0]["status"] == "scheduled"
    walr.advance("PT20H30M")
    assert walr.messages("walr")[0]["status"] == "delivered"


@pytest.mark.parametrize(
    ("given", "sent_at"),
    [
        ("2026-03-11t08:30:00z", "2026-03-11T08:30:00Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
        ("2026-03-11T08:30:00.25-08:00", "2026-03-11T16:30:00.250000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_every_form_of_a_send_time_schedules_the_invite(
    walr: World, given: str, sent_at: str
) -> None:
    assert walr.post(PATH, {**SMS, "sendTimeUtc": given}).status == 202
    [message] = walr.messages("walr")
    assert (message["status"], message["send_at"]) == ("scheduled", sent_at)


@pytest.mark.parametrize("given", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_send_time_before_1970_has_passed(walr: World, given: str) -> None:
    assert walr.post(PATH, {**SMS, "sendTimeUtc": given}).status == 202
    assert walr.messages("walr")[0]["send_at"] == "2026-03-10T12:00:00Z"


@pytest.mark.parametrize("given", ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00"])
def test_a_send_time_outside_the_calendar_is_refused_and_does_not_mean_now(
    walr: World, given: str
) -> None:
    reply = walr.post(PATH, {**SMS, "sendTimeUtc": given})
    assert reply.status == 400
    assert "sendTimeUtc" in reply.json["error"]
    assert walr.messages("walr") == []


def test_a_scheduled_invite_cannot_be_cancelled(walr: World) -> None:
    walr.post(PATH, {**SMS, "sendTimeUtc": "2026-03-11T08:30:00Z"})
    reply = walr.send("DELETE", PATH)
    assert (reply.status, reply.json["statusCode"]) == (405, 405)
    assert len(walr.messages("walr")) == 1


def test_recipients_are_kept_on_the_list_and_their_columns_may_change(walr: World) -> None:
    walr.post(PATH, EMAIL)
    more = {"email": "jane@example.com", "city": "Oslo"}
    walr.post(PATH, {**EMAIL, "recipients": [{"variables": more}]})
    [recipient] = walr.records("walr", "recipients")
    assert recipient["list_id"] == "email-list"
    assert recipient["variables"] == {"email": "jane@example.com", "name": "Jane", "city": "Oslo"}


@pytest.mark.parametrize(
    ("body", "name", "written"),
    [(EMAIL, "email", "Jane@Example.com"), (SMS, "phone", "+47 406 12345")],
    ids=["e-mail", "SMS"],
)
def test_an_address_written_differently_is_the_same_recipient(
    walr: World, body: dict[str, Any], name: str, written: str
) -> None:
    walr.post(PATH, body)
    walr.post(PATH, {**body, "recipients": [{"variables": {name: written}}]})
    [recipient] = walr.records("walr", "recipients")
    assert recipient["variables"][name] == written
    first, second = walr.messages("walr")
    assert first["to"] == second["to"]


def test_each_campaign_has_a_recipient_list_of_its_own(walr: World) -> None:
    both = {"email": "jane@example.com", "phone": "+4740612345"}
    for body in (EMAIL, SMS):
        walr.post(PATH, {**body, "recipients": [{"variables": both}]})
    lists = [recipient["list_id"] for recipient in walr.records("walr", "recipients")]
    assert lists == ["email-list", "sms-list"]


def test_a_placeholder_without_a_variable_stays_as_it_is(walr: World) -> None:
    walr.post(PATH, {**SMS, "recipients": [{"variables": {"phone": "+4740612345"}}]})
    assert walr.messages("walr")[0]["text"].startswith("Hello {{name}}! How was your stay?")


def test_a_send_time_that_has_passed_means_at_once(walr: World) -> None:
    walr.post(PATH, {**SMS, "sendTimeUtc": "2020-01-01T00:00:00Z"})
    assert walr.messages("walr")[0]["status"] == "delivered"


def test_every_violation_is_told_at_once(walr: World) -> None:
    recipients = [{"variables": {"email": 3}}]
    reply = walr.post(PATH, {**EMAIL, "recipients": recipients, "sendTimeUtc": "soon"})
    assert reply.status == 400
    assert "recipients.0.variables.email" in reply.json["error"]
    assert "sendTimeUtc" in reply.json["error"]


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [(b"{", "application/json", 400), (b"a=b", "application/x-www-form-urlencoded", 415)],
)
def test_what_cannot_be_read_is_refused_in_the_same_form(
    walr: World, content: bytes, content_type: str, status: int
) -> None:
    reply = walr.post(PATH, content, content_type=content_type)
    assert (reply.status, reply.json["statusCode"]) == (status, status)


def test_the_request_after_the_limit_is_refused_until_the_minute_is_over(walr: World) -> None:
    walr.set("walr", requests_per_minute=1)
    assert walr.post(PATH, EMAIL).status == 202
    walr.advance("PT20S")
    refused = walr.post(PATH, EMAIL)
    assert (refused.status, refused.header("retry-after")) == (429, "40")
    assert refused.json == {"error": "Too Many Requests", "statusCode": 429}
    walr.advance("PT40S")
    assert walr.post(PATH, EMAIL).status == 202


@pytest.mark.parametrize(("count", "status"), [(2, 202), (3, 400)])
def test_a_request_has_so_many_recipients_at_most(walr: World, count: int, status: int) -> None:
    walr.set("walr", max_recipients=2)
    recipients = [{"variables": {"email": f"guest{n}@example.com"}} for n in range(count)]
    assert walr.post(PATH, {**EMAIL, "recipients": recipients}).status == status


def test_as_many_recipients_as_the_setting_allows_are_invited(walr: World) -> None:
    recipients = [{"variables": {"email": f"guest{n}@example.com"}} for n in range(10_000)]
    assert walr.post(PATH, {**EMAIL, "recipients": recipients}).status == 202
    assert len(walr.messages("walr")) == 10_000


@pytest.mark.parametrize(
    ("body", "variable"), [(EMAIL, "email"), (SMS, "phone")], ids=["e-mail", "SMS"]
)
def test_one_recipient_without_the_mandatory_variable_refuses_all(
    walr: World, body: dict[str, Any], variable: str
) -> None:
    recipients = [*body["recipients"], {"variables": {"name": "Nobody"}}]
    reply = walr.post(PATH, {**body, "recipients": recipients})
    assert reply.status == 400
    assert reply.json["statusCode"] == 400
    assert f"[1] lacks the mandatory variable {variable}" in reply.json["error"]
    assert walr.messages("walr") == walr.records("walr", "recipients") == []


@pytest.mark.parametrize("recipients", [None, [], [{"variables": None}], [{}]])
def test_there_must_be_recipients_with_variables(walr: World, recipients: object) -> None:
    assert walr.post(PATH, {**EMAIL, "recipients": recipients}).status == 400


@pytest.mark.parametrize(
    "given", ["Bearer wrong", "Bearer demo-walr-expired", "Bearer demo-walr-inactive"]
)
def test_without_a_good_token_nobody_is_authorized(walr: World, given: str) -> None:
    reply = walr.post(PATH, EMAIL, authorization=given)
    assert reply.status == 401
    assert reply.json == {"error": "Unauthorized", "statusCode": 401}
    assert reply.header("www-authenticate") == 'Bearer realm="walr", error="invalid_token"'


def test_without_any_token_nobody_is_authorized(walr: World) -> None:
    reply = walr.post(PATH, EMAIL, authorization="")
    assert (reply.status, reply.json) == (401, {"error": "Unauthorized", "statusCode": 401})


def test_another_customers_project_is_forbidden(walr: World) -> None:
    path = "/survey/projects/other-project/surveys/other-survey/send-quick-sample"
    reply = walr.post(path, EMAIL)
    assert (reply.status, reply.json) == (403, {"error": "Forbidden", "statusCode": 403})


@pytest.mark.parametrize("token", ["demo-walr-other", "demo-walr-read-only"])
def test_what_a_token_may_not_do_is_forbidden_and_changes_nothing(walr: World, token: str) -> None:
    reply = walr.post(PATH, EMAIL, authorization=f"Bearer {token}")
    assert (reply.status, reply.json) == (403, {"error": "Forbidden", "statusCode": 403})
    assert walr.messages("walr") == walr.records("walr", "recipients") == []


@pytest.mark.parametrize(
    ("path", "campaign"),
    [
        (PATH.replace("demo-project", "none"), "demo-email-campaign"),
        (PATH.replace("demo-survey", "none"), "demo-email-campaign"),
        (PATH, "none"),
        (PATH, None),
    ],
    ids=["project", "survey", "campaign", "no campaign"],
)
def test_what_is_not_there_is_not_found(walr: World, path: str, campaign: str | None) -> None:
    reply = walr.post(path, {**EMAIL, "campaignId": campaign})
    assert (reply.status, reply.json["statusCode"]) == (404, 404)


@pytest.mark.parametrize(
    "body",
    [
        {**EMAIL, "recipients": [{"variables": {"email": "bounce@example.com"}}]},
        {**SMS, "recipients": [{"variables": {"phone": "+4740000001"}}]},
    ],
)
def test_addresses_for_testing_fail_on_the_way(walr: World, body: dict[str, Any]) -> None:
    assert walr.post(PATH, body).status == 202
    assert walr.messages("walr")[0]["status"] == "failed"


# --- tokens ---


def test_credentials_of_a_client_become_a_token_for_an_hour(walr: World) -> None:
    identity = walr.at("", host="identity.walr.com")
    reply = identity.post(TOKEN, CLIENT)
    access = reply.json["access_token"]
    assert reply.status == 200
    assert reply.json == {"access_token": access, "token_type": "Bearer", "expires_in": 3600}
    assert reply.header("cache-control") == "no-store"
    statuses = []
    for step in ("PT3599.999999S", "PT0.000001S"):
        walr.advance(step)
        statuses.append(walr.post(PATH, EMAIL, authorization=f"Bearer {access}").status)
    assert statuses == [202, 401]


def test_a_tokens_lifetime_can_be_set(walr: World) -> None:
    walr.set("walr", access_token_lifetime="PT1M")
    assert walr.post(TOKEN, CLIENT).json["expires_in"] == 60


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_id": "none"}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"audience": "https://elsewhere.example"}, 400, "invalid_request"),
    ],
)
def test_wrong_token_requests_say_why(
    walr: World, change: dict[str, object], status: int, error: str
) -> None:
    reply = walr.post(TOKEN, {**CLIENT, **change})
    assert (reply.status, reply.json["error"]) == (status, error)
    assert set(reply.json) == {"error", "error_description"}
    assert (reply.header("www-authenticate") is not None) == (status == 401)
    assert len(walr.records("walr", "tokens")) == 5
