"""The documented test values of every API, one by one."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from mockserver.base.time import SECOND
from mockserver.control.api_views import test_values as listed_values
from tests.conftest import Reply, World

BUSINESS = "44271176-7053-4534-ad6f-b38d132d341e"
LIMITED = "00000000-0000-4000-8000-000000000429"
WALR = "/walr/survey/projects/demo-project/surveys/demo-survey/send-quick-sample"


def cloutly(world: World, value: str) -> Reply:
    body: dict[str, Any] = {"firstName": "Ann", "businessId": BUSINESS}
    if value == LIMITED:
        body |= {"businessId": value, "email": "ann@example.com"}
    else:
        body["email" if "@" in value else "phoneNumber"] = value
    client = world.at("/cloutly/api/v1", x_api_key="demo-cloutly-key")
    return client.post("/send-review-invite", body)


def marketplace(world: World, value: str) -> Reply:
    client = world.at("/cloutly-marketplace/api/v2", x_api_key="demo-marketplace-key")
    business = value if value == LIMITED else BUSINESS
    channel = {"phoneNumber": value} if value.startswith("+") else {"email": value}
    body = {"firstName": "Ann", "channel": channel}
    return client.post(f"/businesses/{business}/send-review-invite", body)


def justanudge(world: World, value: str) -> Reply:
    client = world.at("/justanudge", authorization="Bearer demo-nudge-token")
    body = {"email" if "@" in value else "mobile_phone_number": value}
    return client.post("/api/zapier/send-review-request", body)


def partoo(world: World, value: str) -> Reply:
    client = world.at("/partoo/v2", x_apikey="demo-partoo-key")
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": value}
    return client.post("/review_booster/send_invitation", body)


def walr(world: World, value: str) -> Reply:
    campaign, variable = ("email", "email") if "@" in value else ("sms", "phone")
    recipients = [{"variables": {variable: other}} for other in (USUAL[variable], value)]
    body = {"campaignId": f"demo-{campaign}-campaign", "recipients": recipients}
    client = world.at("", authorization="Bearer demo-walr-token")
    return client.post(WALR, body)


USUAL = {"email": "jane@example.com", "phone": "+4740612345"}
SENDERS: dict[str, Callable[[World, str], Reply]] = {
    "cloutly": cloutly,
    "cloutly-marketplace": marketplace,
    "justanudge": justanudge,
    "partoo": partoo,
    "walr": walr,
}


class Outcome(NamedTuple):
    status: int
    kind: str = ""
    wait: str | None = None
    seconds: int = 0
    told: str = ""
    message: str | None = None


def sent(status: int = 200) -> Outcome:
    return Outcome(status, message="delivered")


def bounced(status: int = 200) -> Outcome:
    return Outcome(status, message="failed")


def slow(status: int = 200) -> Outcome:
    return Outcome(status, seconds=3, message="delivered")


def invalid(told: str) -> Outcome:
    return Outcome(400, "invalid", told=told)


TOO_MANY = Outcome(429, "rate_limited", "60")
OUTCOMES: dict[tuple[str, str], Outcome] = {
    ("cloutly", "+447400000001"): bounced(),
    ("cloutly", "+447400000002"): Outcome(400, "quota_exhausted", told="has no SMS left"),
    ("cloutly", "+447400000003"): invalid("phoneNumber is not a valid phone number"),
    ("cloutly", "+447400000004"): TOO_MANY,
    ("cloutly", "+447400000005"): slow(),
    ("cloutly", "bounce@example.com"): bounced(),
    ("cloutly", "invalid@example.com"): invalid("email is not an e-mail address"),
    ("cloutly", "limited@example.com"): TOO_MANY,
    ("cloutly", "slow@example.com"): slow(),
    ("cloutly", LIMITED): TOO_MANY,
    ("cloutly-marketplace", "+447400000001"): bounced(),
    ("cloutly-marketplace", "+447400000002"): Outcome(400, "quota_exhausted", told="No SMS"),
    ("cloutly-marketplace", "+447400000003"): invalid("phoneNumber is not a valid phone number"),
    ("cloutly-marketplace", "+447400000004"): TOO_MANY,
    ("cloutly-marketplace", "+447400000005"): slow(),
    ("cloutly-marketplace", "bounce@example.com"): bounced(),
    ("cloutly-marketplace", "exhausted@example.com"): Outcome(
        400, "quota_exhausted", told="No e-mail"
    ),
    ("cloutly-marketplace", "invalid@example.com"): invalid("email is not an e-mail address"),
    ("cloutly-marketplace", "limited@example.com"): TOO_MANY,
    ("cloutly-marketplace", "slow@example.com"): slow(),
    ("cloutly-marketplace", LIMITED): TOO_MANY,
    ("justanudge", "+12025550101"): bounced(201),
    ("justanudge", "+12025550102"): invalid("mobile_phone_number is not a valid phone number"),
    ("justanudge", "+12025550103"): TOO_MANY,
    ("justanudge", "+12025550104"): slow(201),
    ("justanudge", "bounce@example.com"): bounced(201),
    ("justanudge", "invalid@example.com"): invalid("email is not a valid e-mail address"),
    ("justanudge", "limited@example.com"): TOO_MANY,
    ("justanudge", "slow@example.com"): slow(201),
    ("partoo", "+33600000001"): bounced(),
    ("partoo", "+33600000002"): bounced(),
    ("partoo", "+33600000003"): Outcome(403, "quota_exhausted", told="Operation not allowed"),
    ("partoo", "+33600000004"): Outcome(400, "cooldown", told="already been sent to this number"),
    ("partoo", "+33600000005"): TOO_MANY,
    ("partoo", "+33600000006"): invalid("Not a valid phone number"),
    ("partoo", "+33600000007"): slow(),
    ("walr", "+4740000001"): bounced(202),
    ("walr", "+4740000002"): invalid("has a phone that is not valid"),
    ("walr", "+4740000003"): TOO_MANY,
    ("walr", "+4740000004"): slow(202),
    ("walr", "bounce@example.com"): bounced(202),
    ("walr", "invalid@example.com"): invalid("has an email that is not valid"),
    ("walr", "limited@example.com"): TOO_MANY,
    ("walr", "slow@example.com"): slow(202),
}
ORDINARY = {
    ("cloutly", "+447911123456"): sent(),
    ("cloutly-marketplace", "ann@example.com"): sent(),
    ("justanudge", "ann@example.com"): sent(201),
    ("partoo", "+33647385968"): sent(),
    ("walr", "+4740612346"): sent(202),
}


@pytest.mark.parametrize(
    ("api", "value", "expected"),
    [(*key, outcome) for key, outcome in (OUTCOMES | ORDINARY).items()],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_test_value_does_what_is_documented(
    world: World, api: str, value: str, expected: Outcome
) -> None:
    reply = SENDERS[api](world, value)
    answer = reply.exchange.answer
    assert (reply.status, reply.exchange.reason) == (expected.status, expected.kind)
    assert (reply.header("retry-after"), answer.delay // SECOND) == (
        expected.wait,
        expected.seconds,
    )
    assert expected.told in reply.text
    world.advance("PT1M")
    last = [message["status"] for message in world.messages(api)][-1:]
    assert last == ([] if expected.message is None else [expected.message])


def test_every_test_value_is_tried(world: World) -> None:
    listed = {
        (api.name, entry["value"])
        for api in world.engine.apis.values()
        for entry in listed_values(api)
    }
    assert listed == OUTCOMES.keys()


def test_only_the_recipients_of_a_test_value_bounce(world: World) -> None:
    walr(world, "bounce@example.com")
    assert [message["status"] for message in world.messages("walr")] == ["delivered", "failed"]


@pytest.mark.parametrize(
    ("value", "until"),
    [
        ("+33600000003", "2026-04-09T12:00:00Z"),
        ("+33600000004", "2026-03-20T12:00:00Z"),
        ("+33600000005", "2026-03-10T12:01:00Z"),
    ],
)
def test_what_time_lifts_says_when_it_passes(world: World, value: str, until: str) -> None:
    refused = partoo(world, value).exchange.trace[-2]
    assert refused.data()["passes_at"] == until  # type: ignore[union-attr] # it is no step's


def test_a_cooldown_for_testing_lasts_as_long_as_the_setting_says(world: World) -> None:
    world.set("partoo", cooldown="P2D")
    refused = partoo(world, "+33600000004").exchange.trace[-2]
    assert refused.data()["passes_at"] == "2026-03-12T12:00:00Z"  # type: ignore[union-attr] # no step's
