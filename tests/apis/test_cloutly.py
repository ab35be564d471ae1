from typing import Any

import pytest

from tests.conftest import Reply, World

BUSINESS = "44271176-7053-4534-ad6f-b38d132d341e"
FLAT: dict[str, Any] = {
    "firstName": "John",
    "lastName": "Smith",
    "email": "[email protected]",
    "phoneNumber": "+4412321321321",
    "source": "api",
    "sourceContactId": "number123",
    "businessId": BUSINESS,
    "campaignId": "2c07094a-ed58-4cf2-9595-cf1b1d303d9d",
    "inviteDelayDays": 1,
}
CHANNEL: dict[str, Any] = {
    "firstName": "John",
    "lastName": "Smith",
    "channel": {"email": "", "phoneNumber": "+4412321321321"},
    "source": "api",
    "sourceContactId": "number123",
    "businessId": BUSINESS,
    "campaignId": "2c07094a-ed58-4cf2-9595-cf1b1d303d9d",
}
SMS_ONLY: dict[str, Any] = {
    "firstName": "Ann",
    "phoneNumber": "+447911123456",
    "businessId": BUSINESS,
}
SEND = "/send-review-invite"
LIMITED = "00000000-0000-4000-8000-000000000429"


@pytest.fixture
def cloutly(world: World) -> World:
    return world.at("/cloutly/api/v1", x_api_key="demo-cloutly-key")


def invite(cloutly: World, body: dict[str, Any], **changes: object) -> Reply:
    changed = {**body, **changes}
    return cloutly.post(SEND, {name: value for name, value in changed.items() if value is not None})


@pytest.mark.parametrize(
    ("body", "email"), [(FLAT, "[email protected]"), (CHANNEL, "")], ids=["flat", "channel"]
)
def test_the_documented_requests_get_the_documented_answer(
    cloutly: World, body: dict[str, Any], email: str
) -> None:
    reply = cloutly.post(SEND, body)
    assert reply.status == 200
    assert reply.json == {
        "contact": {
            "id": reply.json["contact"]["id"],
            "firstName": "john",
            "lastName": "smith",
            "email": email,
            "phoneNumber": None,
            "source": "api",
            "sourceContactId": "number123",
        },
        "usage": {"smsLimitsLeft": 20, "renews": "2026-03-28T16:40:27.243Z"},
    }


def test_the_documented_business_is_listed_first(cloutly: World) -> None:
    reply = cloutly.get("/businesses")
    assert reply.status == 200
    assert reply.json[0] == {
        "id": "5ef7b45b-2fd2-4719-88fd-96ef62f9d4a4",
        "name": "My Business",
        "sources": ["google", "facebook"],
    }


def test_the_documented_review_is_the_latest_of_thirty(cloutly: World) -> None:
    reply = cloutly.get("/reviews")
    assert reply.json["total"] == 30
    first = reply.json["reviews"][0]
    printed = {
        "authorName": "Tim Crowel",
        "businessId": "634d8ed1-11fd-413d-a9a6-d6b8ba0c95a5",
        "createdAt": "2021-02-03T00:00:00.000Z",
        "email": "[email protected]",
        "id": "cbd42728-9c56-4485-813c-4c85d1e64cf4",
        "isArchived": False,
        "name": "Tim Crowel",
        "phoneNumber": None,
        "photo": "https_link_to_CDN",
        "rating": "5",
        "showOnWidget": True,
        "shield": False,
        "source": "trustpilot",
        "sourceFeedbackId": "601a81b4679d9705c86295eb",
        "status": "Responded",
        "reviewUrl": "",
        "type": None,
        "videoRef": "/uploads/xxx/xxx.mp4",
        "gifRef": "/uploads/xxx/xxx.gif",
        "updatedAt": "2021-03-01T00:02:21.739Z",
    }
    assert printed.items() <= first.items()
    assert (first["response"]["name"], first["response"]["date"]) == ("My Business", "2021-02-04")
    assert first["text"].startswith("Fantastic. Couldn't be more satisfied.")


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("source=google", lambda review: review["source"] == "google"),
        ("source=facebook", lambda review: review["source"] == "facebook"),
        ("showOnWidget=true", lambda review: review["showOnWidget"]),
        ("showOnWidget=false", lambda review: not review["showOnWidget"]),
        (f"businessId={BUSINESS}", lambda review: review["businessId"] == BUSINESS),
    ],
)
def test_reviews_are_filtered(cloutly: World, query: str, holds: Any) -> None:
    found = cloutly.get(f"/reviews?{query}").json
    assert 0 < found["total"] < 30
    assert all(map(holds, found["reviews"]))


def test_reviews_can_be_listed_oldest_first(cloutly: World) -> None:
    dates = [item["createdAt"] for item in cloutly.get("/reviews?sort=asc").json["reviews"]]
    assert dates == sorted(dates)


def test_reviews_come_in_pages(cloutly: World) -> None:
    everything = cloutly.get("/reviews").json["reviews"]
    page = cloutly.get("/reviews?limit=4&offset=3").json
    assert (page["total"], page["reviews"]) == (30, everything[3:7])


def test_wrong_filters_are_all_named(cloutly: World) -> None:
    reply = cloutly.get("/reviews?source=trustpilot&showOnWidget=maybe&sort=up&limit=0")
    assert reply.status == 400
    assert reply.json["statusCode"] == 400
    for name in ("source", "showOnWidget", "sort", "limit"):
        assert name in reply.json["message"]


def test_a_reply_stays_with_its_review(cloutly: World) -> None:
    review = cloutly.get("/reviews?source=google&limit=1").json["reviews"][0]
    reply = cloutly.send("PUT", "/reply", {"reviewId": review["id"], "comment": "Thank you!"})
    assert reply.status == 200
    seen = cloutly.get("/reviews?source=google&limit=1").json["reviews"][0]
    assert seen["status"] == "Responded"
    assert seen["response"]["comment"] == "Thank you!"
    assert seen["response"]["date"] == "2026-03-10"


def test_a_review_that_takes_no_reply_is_a_400(cloutly: World) -> None:
    review = {"reviewId": "cbd42728-9c56-4485-813c-4c85d1e64cf4", "comment": "Thanks"}
    assert cloutly.send("PUT", "/reply", review).status == 400


@pytest.mark.parametrize("review", ["none", "8d1f8b9e-77ad-4a0f-b5d4-90a6a1b20001"])
def test_a_review_that_is_not_there_or_not_yours_is_not_found(cloutly: World, review: str) -> None:
    reply = cloutly.send("PUT", "/reply", {"reviewId": review, "comment": "Thanks"})
    assert reply.status == 404


def test_an_invite_waits_as_many_days_as_it_is_told_to(cloutly: World) -> None:
    invite(cloutly, FLAT)
    [message] = cloutly.messages("cloutly")
    assert (message["send_at"], message["status"]) == ("2026-03-11T12:00:00Z", "scheduled")
    cloutly.advance("P1D")
    assert cloutly.messages("cloutly")[0]["status"] == "delivered"


def test_an_invite_goes_to_every_channel_that_is_good(cloutly: World) -> None:
    reply = invite(cloutly, SMS_ONLY, email="ann@example.com")
    assert reply.json["usage"]["smsLimitsLeft"] == 19
    sent = {message["channel"]: message for message in cloutly.messages("cloutly")}
    assert set(sent) == {"sms", "email"}
    assert sent["sms"]["text"].startswith("Hi Ann, thanks for choosing Harbour Street Dental!")
    assert sent["email"]["link"] in sent["email"]["text"]


def test_without_a_campaign_the_business_default_is_used(cloutly: World) -> None:
    invite(cloutly, FLAT, campaignId=None)
    [stored] = cloutly.records("cloutly", "invites")
    assert stored["campaign_id"] == "2c07094a-ed58-4cf2-9595-cf1b1d303d9d"


@pytest.mark.parametrize(
    "change",
    [
        {"businessId": "none"},
        {"businessId": "9b1f7a52-64ce-4a0c-8a5e-0f6f2f3a7c11"},
        {"campaignId": "none"},
    ],
    ids=["unknown business", "another account's", "unknown campaign"],
)
def test_what_is_not_there_is_not_found(cloutly: World, change: dict[str, str]) -> None:
    reply = invite(cloutly, FLAT, **change)
    assert (reply.status, reply.json["error"]) == (404, "Not Found")


@pytest.mark.parametrize(
    "body",
    [
        {**SMS_ONLY, "phoneNumber": None},
        {**SMS_ONLY, "phoneNumber": "+4412321321321"},
        {**SMS_ONLY, "inviteDelayDays": -1},
        {"businessId": BUSINESS, "email": "a@example.com"},
    ],
    ids=["no channel", "bad number alone", "negative delay", "no first name"],
)
def test_wrong_invites_are_a_400_and_store_nothing(cloutly: World, body: dict[str, Any]) -> None:
    reply = invite(cloutly, body)
    assert (reply.status, reply.json["statusCode"]) == (400, 400)
    assert cloutly.records("cloutly", "contacts") == cloutly.messages("cloutly") == []


def test_everything_that_is_wrong_with_an_invite_is_named_at_once(cloutly: World) -> None:
    reply = cloutly.post(SEND, {"businessId": 5, "email": 7, "inviteDelayDays": -1})
    assert reply.status == 400
    for name in ("firstName", "businessId", "email", "inviteDelayDays"):
        assert name in reply.json["message"]


def test_an_address_beside_a_channel_without_one_is_used(cloutly: World) -> None:
    channel = {"phoneNumber": "+447911123456"}
    reply = invite(cloutly, SMS_ONLY, phoneNumber=None, channel=channel, email="ann@example.com")
    contact = reply.json["contact"]
    assert (contact["email"], contact["phoneNumber"]) == ("ann@example.com", "+447911123456")


def test_a_refused_invite_takes_nothing_from_the_quota(cloutly: World) -> None:
    assert invite(cloutly, SMS_ONLY, campaignId="none").status == 404
    assert invite(cloutly, SMS_ONLY, firstName="").status == 400
    assert invite(cloutly, SMS_ONLY).json["usage"]["smsLimitsLeft"] == 19


def test_one_key_has_a_single_sms(cloutly: World) -> None:
    last = cloutly.at("/cloutly/api/v1", x_api_key="demo-cloutly-last-sms")
    body = {**SMS_ONLY, "businessId": "d7c1e0b4-6a55-4f0d-9c3e-1f2a3b4c5d6e"}
    first, second = invite(last, body), invite(last, body)
    assert (first.json["usage"]["smsLimitsLeft"], second.status) == (0, 400)
    assert invite(cloutly, SMS_ONLY).json["usage"]["smsLimitsLeft"] == 19


def test_the_quota_goes_to_nothing_refuses_and_renews_with_the_accounts_month(
    cloutly: World,
) -> None:
    cloutly.set("cloutly", sms_limit=2)
    left = [invite(cloutly, SMS_ONLY).json["usage"]["smsLimitsLeft"] for _ in range(2)]
    refused = invite(cloutly, SMS_ONLY)
    cloutly.advance("P18DT4H40M27.242S")
    late = invite(cloutly, SMS_ONLY).status
    cloutly.advance("PT0.001S")
    renewed = invite(cloutly, SMS_ONLY)
    assert (left, refused.status, late, renewed.status) == ([1, 0], 400, 400, 200)
    assert "no SMS left until 2026-03-28T16:40:27.243Z" in refused.json["message"]
    assert renewed.json["usage"]["renews"] == "2026-04-28T16:40:27.243Z"


def test_with_an_email_an_exhausted_quota_sends_the_email_alone(cloutly: World) -> None:
    cloutly.set("cloutly", sms_limit=0)
    reply = invite(cloutly, SMS_ONLY, email="ann@example.com")
    assert reply.json["usage"]["smsLimitsLeft"] == 0
    assert [message["channel"] for message in cloutly.messages("cloutly")] == ["email"]


def test_what_an_exhausted_quota_does_can_be_set(cloutly: World) -> None:
    cloutly.set("cloutly", sms_limit=0, refuse_exhausted_sms=False, email_when_sms_exhausted=False)
    assert invite(cloutly, SMS_ONLY).status == 200
    assert invite(cloutly, SMS_ONLY, email="ann@example.com").status == 400


def test_addresses_can_be_checked(cloutly: World) -> None:
    cloutly.set("cloutly", check_email=True)
    assert invite(cloutly, FLAT).status == 400
    assert invite(cloutly, FLAT, email="john@example.com").status == 200


def test_a_key_is_not_held_back_by_another_keys_requests(cloutly: World) -> None:
    cloutly.set("cloutly", requests_per_minute=1)
    keys = ("demo-cloutly-key", "demo-cloutly-key", "demo-cloutly-other")
    statuses = [cloutly.get("/businesses", x_api_key=key).status for key in keys]
    assert statuses == [200, 429, 200]


def test_a_business_for_testing_is_limited_at_once(cloutly: World) -> None:
    replies = [
        invite(cloutly, SMS_ONLY, businessId=LIMITED),
        cloutly.get(f"/reviews?businessId={LIMITED}"),
    ]
    assert [reply.status for reply in replies] == [429, 429]
    assert [reply.header("retry-after") for reply in replies] == ["60", "60"]
    assert cloutly.records("cloutly", "contacts") == []


def test_another_account_sees_none_of_this(cloutly: World) -> None:
    other = cloutly.at("/cloutly/api/v1", x_api_key="demo-cloutly-other")
    assert [item["name"] for item in other.get("/businesses").json] == ["Someone Else's Shop"]
    assert other.get("/reviews").json["total"] == 1
