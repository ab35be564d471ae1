from typing import Any

import pytest

from tests.conftest import World

VENDOR = "44271176-7053-4534-ad6f-b38d132d341e"
INVITE: dict[str, Any] = {
    "sourceContactId": "id321",
    "campaignId": "id123",
    "firstName": "John",
    "lastName": "Smith",
    "channel": {"email": "useremail@gmail.com", "phoneNumber": "4412321321321"},
    "source": "my-platform",
    "inviteDelayHours": 24,
    "products": [
        {
            "sourceProductId": "12345",
            "title": "Peroni",
            "description": "A refreshing cold beer.",
            "imageUrl": "https://example.com/beer.png",
        }
    ],
}


@pytest.fixture
def market(world: World) -> World:
    return world.at("/cloutly-marketplace/api/v2", x_api_key="demo-marketplace-key")


@pytest.mark.parametrize("kind", ["businesses", "vendors"])
def test_the_documented_request_is_answered_under_both_paths(market: World, kind: str) -> None:
    reply = market.post(f"/{kind}/{VENDOR}/send-review-invite", INVITE)
    assert reply.status == 200
    assert reply.json == {
        "contact": {
            "id": reply.json["contact"]["id"],
            "sourceContactId": "id321",
            "firstName": "john",
            "lastName": "smith",
            "email": "useremail@gmail.com",
            "phoneNumber": None,
            "source": "my-platform",
        }
    }


def test_an_invite_waits_as_many_hours_as_it_is_told_to_and_names_the_product(
    market: World,
) -> None:
    market.post(f"/businesses/{VENDOR}/send-review-invite", INVITE)
    [message] = market.messages("cloutly-marketplace")
    assert message["send_at"] == "2026-03-11T12:00:00Z"
    assert "how did you like Peroni from Corner Bottle Shop" in message["text"]


def test_a_number_without_a_plus_is_read_as_an_international_one(market: World) -> None:
    body = {**INVITE, "channel": {"phoneNumber": "447911123456"}}
    reply = market.post(f"/businesses/{VENDOR}/send-review-invite", body)
    assert reply.json["contact"]["phoneNumber"] == "+447911123456"


@pytest.mark.parametrize("campaign", [None, "", "default"])
def test_a_blank_campaign_is_the_default(market: World, campaign: str | None) -> None:
    body = {**INVITE, "campaignId": campaign}
    assert market.post(f"/businesses/{VENDOR}/send-review-invite", body).status == 200


def test_sms_and_email_are_counted_apart(market: World) -> None:
    market.set("cloutly-marketplace", sms_limit=1, email_limit=2)
    sms = {**INVITE, "channel": {"phoneNumber": "+447911123456"}}
    email = {**INVITE, "channel": {"email": "a@example.com"}}
    path = f"/businesses/{VENDOR}/send-review-invite"
    statuses = [market.post(path, body).status for body in (sms, sms, email, email, email)]
    assert statuses == [200, 400, 200, 200, 400]


@pytest.mark.parametrize(
    "change",
    [{"channel": {}}, {"channel": {"phoneNumber": "1"}}, {"firstName": ""}, {"products": "beer"}],
)
def test_wrong_invites_are_a_400_and_store_nothing(market: World, change: dict[str, Any]) -> None:
    reply = market.post(f"/businesses/{VENDOR}/send-review-invite", {**INVITE, **change})
    assert (reply.status, reply.json["statusCode"]) == (400, 400)
    assert market.records("cloutly-marketplace", "contacts") == []


@pytest.mark.parametrize("vendor", ["none", "9b1f7a52-64ce-4a0c-8a5e-0f6f2f3a7c11"])
def test_a_vendor_that_is_not_there_or_not_yours_is_not_found(market: World, vendor: str) -> None:
    assert market.post(f"/vendors/{vendor}/send-review-invite", INVITE).status == 404
    assert market.get(f"/vendors/{vendor}/reviews").status == 404
    assert market.get(f"/vendors/{vendor}").status == 404


def test_a_review_that_is_left_comes_back(market: World) -> None:
    review = {"rating": "4", "text": "Crisp.", "firstName": "John", "source": "my-platform"}
    feedback = market.post(f"/vendors/{VENDOR}/submit-review", review).json["feedback"]
    assert (feedback["source"], feedback["rating"]) == ("my-platform", "4")
    listed = market.get(f"/vendors/{VENDOR}/reviews").json
    assert listed["total"] == 2
    assert listed["reviews"][0] == feedback


@pytest.mark.parametrize("rating", ["0", "6", 5, None])
def test_a_rating_is_a_text_of_one_to_five(market: World, rating: object) -> None:
    review = {"rating": rating, "firstName": "John"}
    assert market.post(f"/vendors/{VENDOR}/submit-review", review).status == 400


def test_a_ping_shows_that_the_key_works(market: World) -> None:
    assert market.get("/ping").json == {"status": "ok"}
    assert market.get("/ping", x_api_key="wrong").status == 401


def test_a_vendor_can_be_read(market: World) -> None:
    vendor = market.get(f"/vendors/{VENDOR}").json["vendor"]
    assert vendor == {"id": VENDOR, "name": "Corner Bottle Shop", "sourceVendorId": "vendor-1"}
