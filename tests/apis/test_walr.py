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


def test_a_scheduled_invite_cannot_be_cancelled(walr: World) -> None:
    walr.post(PATH, {**SMS, "sendTimeUtc": "2026-03-11T08:30:00Z"})
    assert walr.send("DELETE", PATH).status == 405
    assert len(walr.messages("walr")) == 1


def test_recipients_are_kept_on_the_list_and_their_columns_may_change(walr: World) -> None:
    walr.post(PATH, EMAIL)
    more = {"email": "jane@example.com", "city": "Oslo"}
    walr.post(PATH, {**EMAIL, "recipients": [{"variables": more}]})
    [recipient] = walr.records("walr", "recipients")
    assert recipient["list_id"] == "email-list"
    assert recipient["variables"] == {"email": "jane@example.com", "name": "Jane", "city": "Oslo"}


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


def test_without_a_known_token_nobody_is_authorized(walr: World) -> None:
    reply = walr.post(PATH, EMAIL, authorization="Bearer wrong")
    assert reply.status == 401
    assert reply.json == {"error": "Unauthorized", "statusCode": 401}
    assert reply.header("www-authenticate") == 'Bearer realm="walr", error="invalid_token"'


def test_another_customers_project_is_forbidden(walr: World) -> None:
    path = "/survey/projects/other-project/surveys/other-survey/send-quick-sample"
    reply = walr.post(path, EMAIL)
    assert (reply.status, reply.json) == (403, {"error": "Forbidden", "statusCode": 403})


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
