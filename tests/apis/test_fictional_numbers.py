from typing import Any

import pytest

from tests.conftest import World

BRITISH, FRENCH, AMERICAN = "+44 7700 900123", "+33 6 39 98 01 23", "+1 212 555 0123"
MARKET = "/businesses/44271176-7053-4534-ad6f-b38d132d341e/send-review-invite"
SURVEY = "/survey/projects/demo-project/surveys/demo-survey/send-quick-sample"
CALLS: dict[str, tuple[str, dict[str, str], str]] = {
    "partoo": ("/partoo", {"x-apikey": "demo-partoo-key"}, "/v2/review_booster/send_invitation"),
    "cloutly": ("/cloutly/api/v1", {"x-api-key": "demo-cloutly-key"}, "/send-review-invite"),
    "cloutly-marketplace": (
        "/cloutly-marketplace/api/v2",
        {"x-api-key": "demo-marketplace-key"},
        MARKET,
    ),
    "justanudge": (
        "/justanudge",
        {"authorization": "Bearer demo-nudge-token"},
        "/api/zapier/send-review-request",
    ),
    "walr": ("/walr", {"authorization": "Bearer demo-walr-token"}, SURVEY),
}


def body(api: str, phone: str) -> Any:
    channel = {"phoneNumber": phone}
    return {
        "partoo": {"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone},
        "cloutly": {
            "firstName": "Ann",
            "businessId": "5ef7b45b-2fd2-4719-88fd-96ef62f9d4a4",
            "channel": channel,
        },
        "cloutly-marketplace": {
            "sourceContactId": "i",
            "campaignId": "id123",
            "firstName": "John",
            "lastName": "Smith",
            "channel": channel,
            "source": "mine",
            "inviteDelayHours": 0,
        },
        "justanudge": {"first_name": "Ann", "mobile_phone_number": phone},
        "walr": {
            "campaignId": "demo-sms-campaign",
            "recipients": [{"variables": {"phone": phone, "name": "Jan"}}],
        },
    }[api]


def send(world: World, api: str, phone: str) -> int:
    prefix, headers, path = CALLS[api]
    return world.at(prefix, **headers).send("POST", path, body(api, phone), headers).status


@pytest.mark.parametrize("phone", [BRITISH, FRENCH, AMERICAN])
@pytest.mark.parametrize("api", CALLS)
def test_a_number_reserved_for_fiction_can_be_invited(world: World, api: str, phone: str) -> None:
    assert send(world, api, phone) in (200, 201, 202)
    assert [one["to"] for one in world.messages(api)] == [phone.replace(" ", "")]


@pytest.mark.parametrize("phone", [BRITISH, FRENCH])
@pytest.mark.parametrize("api", CALLS)
def test_a_number_reserved_for_fiction_is_not_valid_where_the_setting_is_off(
    world: World, api: str, phone: str
) -> None:
    world.set(api, fictional_numbers=False)
    assert send(world, api, phone) == 400
    assert world.messages(api) == []
