from typing import Any

import pytest

from tests.conftest import World

VENDOR = "44271176-7053-4534-ad6f-b38d132d341e"
LIMITED = "00000000-0000-4000-8000-000000000429"
SMS: dict[str, Any] = {"firstName": "Ann", "channel": {"phoneNumber": "+447911123456"}}
SEND = f"/businesses/{VENDOR}/send-review-invite"
INSIGHTS = f"/vendors/{VENDOR}/review-insights"
NEW_VENDOR: dict[str, Any] = {
    "name": "My Supplier's Business Name",
    "senderName": "Supplier R Us",
    "address": "12 Main St, Gold Coast, Australia",
    "industry": "Restaurant and Hospitality",
    "website": "www.abc.com",
    "logoUrl": "https://your-hosted-url.com/business-1",
    "googlePlaceId": "XXXX",
    "facebookUrl": "https://facebook.com/XXXX",
}
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


@pytest.mark.parametrize(
    ("key", "scopes"),
    [
        ("demo-marketplace-key", ["v2", "v2-campaigns", "v2-insights"]),
        ("demo-marketplace-plain", ["v2"]),
    ],
)
def test_a_ping_tells_the_scopes_of_the_key(market: World, key: str, scopes: list[str]) -> None:
    assert market.get("/ping", x_api_key=key).json == {"scopes": scopes}
    assert market.get("/ping", x_api_key="wrong").status == 401


@pytest.mark.parametrize(
    ("request_line", "body"),
    [
        (f"POST {SEND}", SMS),
        (f"POST /vendors/{VENDOR}/send-review-invite", SMS),
        (f"GET /vendors/{VENDOR}/reviews", None),
        (f"GET {INSIGHTS}", None),
    ],
)
def test_without_its_scope_a_key_is_forbidden(
    market: World, request_line: str, body: object
) -> None:
    method, path = request_line.split()
    reply = market.send(method, path, body, {"x-api-key": "demo-marketplace-plain"})
    assert (reply.status, reply.json["error"]) == (403, "Forbidden")
    assert market.messages("cloutly-marketplace") == []


def test_a_vendor_that_is_created_can_be_read_updated_and_invited_for(market: World) -> None:
    created = market.post("/vendors", NEW_VENDOR)
    vendor = created.json["id"]
    assert (created.status, created.json) == (200, {"id": vendor, **NEW_VENDOR})
    changed = market.send("PUT", f"/vendors/{vendor}", {"facebookUrl": None, "senderName": "R Us"})
    assert changed.json == {**created.json, "facebookUrl": None, "senderName": "R Us"}
    assert market.get(f"/vendors/{vendor}").json == changed.json
    market.post(f"/vendors/{vendor}/send-review-invite", SMS)
    assert "from R Us?" in market.messages("cloutly-marketplace")[0]["text"]


def test_a_vendor_needs_all_that_is_documented_as_required(market: World) -> None:
    before = market.records("cloutly-marketplace", "vendors")
    message = market.post("/vendors", {"googlePlaceId": "XXXX"}).json["message"]
    for name in ("name", "senderName", "address", "industry", "website", "logoUrl"):
        assert f"{name} is required" in message
    assert market.send("PUT", f"/vendors/{VENDOR}", {"name": None}).status == 400
    assert market.records("cloutly-marketplace", "vendors") == before


@pytest.mark.parametrize("path", ["review-insights", "insights"])
def test_insights_are_answered_under_both_printed_paths(market: World, path: str) -> None:
    found = market.get(f"/vendors/{VENDOR}/{path}").json
    assert found["topInsights"][0] == {
        "category": "Delivery",
        "topic": "Cold on arrival",
        "mentions": 7,
        "label": "7 people were glad that their order arrived cold.",
        "sentiment": "positive",
    }
    assert [insight["mentions"] for insight in found["topInsights"]] == [7, 2]
    assert [insight["mentions"] for insight in found["recentInsights"]] == [2]
    statistics = {"totalReviews": 1, "averageRating": 5.0, "averageRatingTrend": 0.0}
    assert found["statistics"] == statistics


def test_statistics_follow_the_reviews(market: World) -> None:
    for rating in ("1", "2", "2"):
        review = {"rating": rating, "firstName": "Ann"}
        market.post(f"/vendors/{VENDOR}/submit-review", review)
    statistics = {"totalReviews": 4, "averageRating": 2.5, "averageRatingTrend": -3.3}
    assert market.get(INSIGHTS).json["statistics"] == statistics
    market.advance("P31D")
    assert market.get(INSIGHTS).json["statistics"]["averageRatingTrend"] == 0.0


def test_a_vendor_without_reviews_has_no_average(market: World) -> None:
    found = market.get("/vendors/5ef7b45b-2fd2-4719-88fd-96ef62f9d4a4/review-insights").json
    statistics = {"totalReviews": 0, "averageRating": None, "averageRatingTrend": 0.0}
    assert found == {"topInsights": [], "recentInsights": [], "statistics": statistics}


def test_reviews_have_every_documented_field(market: World) -> None:
    review = {"rating": "4", "firstName": "John", "vendorId": VENDOR}
    market.post(f"/vendors/{VENDOR}/submit-review", review)
    submitted, seeded = market.get(f"/vendors/{VENDOR}/reviews").json["reviews"]
    fields = (
        "authorName businessId createdAt email id isArchived name phoneNumber photo rating"
        " showOnWidget response shield source sourceFeedbackId status reviewUrl text type videoRef"
        " gifRef updatedAt"
    )
    assert set(fields.split()) <= submitted.keys() & seeded.keys()


def test_another_marketplace_sees_none_of_this(market: World) -> None:
    other = market.at("/cloutly-marketplace/api/v2", x_api_key="demo-marketplace-other")
    assert other.post(SEND, SMS).status == 404
    assert other.get(f"/vendors/{VENDOR}/reviews").status == 404


def test_an_sms_carries_the_link_that_is_told(market: World) -> None:
    market.post(SEND, SMS)
    [message] = market.messages("cloutly-marketplace")
    assert (message["channel"], message["to"]) == ("sms", "+447911123456")
    assert message["link"] in message["text"]


def test_an_unknown_campaign_is_not_found(market: World) -> None:
    assert market.post(SEND, {**SMS, "campaignId": "none"}).status == 404


def test_everything_that_is_wrong_with_an_invite_is_named_at_once(market: World) -> None:
    body = {"channel": {"email": 5}, "inviteDelayHours": -1, "products": "beer"}
    message = market.post(SEND, body).json["message"]
    for name in ("firstName", "channel.email", "inviteDelayHours", "products"):
        assert name in message


def test_an_invite_refused_for_one_channel_takes_nothing_from_the_other(market: World) -> None:
    market.set("cloutly-marketplace", sms_limit=1, email_limit=0)
    both = {"firstName": "Ann", "channel": {**SMS["channel"], "email": "ann@example.com"}}
    assert [market.post(SEND, body).status for body in (both, SMS, SMS)] == [400, 200, 400]


def test_quotas_renew_with_the_calendar_month(market: World) -> None:
    market.set("cloutly-marketplace", sms_limit=1)
    market.post(SEND, SMS)
    market.advance("P21DT11H59M59S")
    late = market.post(SEND, SMS).status
    market.advance("PT1S")
    assert (late, market.post(SEND, SMS).status) == (400, 200)


def test_one_key_has_a_single_sms(market: World) -> None:
    path = "/businesses/d7c1e0b4-6a55-4f0d-9c3e-1f2a3b4c5d6e/send-review-invite"
    key = "demo-marketplace-last-sms"
    assert [market.post(path, SMS, x_api_key=key).status for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("kind", ["businesses", "vendors"])
def test_an_id_for_testing_is_limited_at_once(market: World, kind: str) -> None:
    reply = market.post(f"/{kind}/{LIMITED}/send-review-invite", SMS)
    assert (reply.status, reply.header("retry-after")) == (429, "60")


def test_reviews_are_filtered_sorted_and_paged(market: World) -> None:
    for rating, shown in (("1", False), ("2", True)):
        market.advance("PT1M")
        review = {"rating": rating, "firstName": "Ann", "source": "shop", "showOnWidget": shown}
        market.post(f"/vendors/{VENDOR}/submit-review", review)
    path = f"/vendors/{VENDOR}/reviews"
    queries = ("?source=shop", "?showOnWidget=true", "?sort=asc", "?limit=1&offset=1")
    found = [market.get(path + query).json for query in queries]
    ratings = [[review["rating"] for review in page["reviews"]] for page in found]
    assert ratings == [["2", "1"], ["2", "5"], ["5", "1", "2"], ["1"]]
    assert [page["total"] for page in found] == [2, 2, 3, 3]
