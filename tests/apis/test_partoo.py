import shutil
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.openapi.compiler import load_apis
from tests.conftest import ROOT, Reply, World

BUSINESS = "5409c35a97bbc544d8e26737"
PHONE = "+33647385968"
WITH_TEMPLATE: dict[str, Any] = {
    "business_id": BUSINESS,
    "target_phone": PHONE,
    "target_name": "John Doe",
    "template_id": 31,
}
WITH_CONTENT: dict[str, Any] = {
    "business_id": BUSINESS,
    "target_phone": PHONE,
    "target_name": "John Doe",
    "invite_content": "Hello, thank you for you visit ! Leave a review and tell us more about your"
    " experience ! @link Thank you!",
}
SEND = "/review_booster/send_invitation"
SEARCH = "/review_booster/search-invitation"
STATUS = "/review_booster/invitation_status"
UNSUBSCRIBED = "5409c35a97bbc544d8e26740"


@pytest.fixture
def partoo(world: World) -> World:
    return world.at("/partoo/v2", x_apikey="demo-partoo-key")


def invite(partoo: World, **changes: object) -> Reply:
    body = {**WITH_TEMPLATE, **changes}
    return partoo.post(SEND, {name: value for name, value in body.items() if value is not None})


def json_errors(reply: Reply) -> Any:
    assert reply.status == 400
    return reply.json["errors"]["json"]


@pytest.mark.parametrize("body", [WITH_TEMPLATE, WITH_CONTENT])
def test_the_documented_requests_get_the_documented_answer(
    partoo: World, body: dict[str, Any]
) -> None:
    reply = partoo.post(SEND, body)
    assert reply.status == 200
    assert reply.json == {"invitation_id": reply.json["invitation_id"], "status": "success"}
    assert len(reply.json["invitation_id"]) == 36


def test_the_content_is_sent_with_the_link_in_its_place(partoo: World) -> None:
    partoo.post(SEND, WITH_CONTENT)
    [message] = partoo.messages("partoo")
    assert message["channel"] == "sms"
    assert message["to"] == PHONE
    assert message["text"] == (
        "Hello, thank you for you visit ! Leave a review and tell us more about your experience"
        f" ! {message['link']} Thank you!"
    )


def test_a_template_is_filled_in(partoo: World) -> None:
    invite(partoo)
    [message] = partoo.messages("partoo")
    assert message["text"].startswith("Hello John, thank you for your visit at Chez Marie.")
    assert message["text"].endswith(message["link"])


def test_the_placeholders_of_a_users_template_are_filled_in(partoo: World) -> None:
    templates = partoo.sandbox().store("partoo").collection("templates")
    text = "Dear ${client_name}, ${business_name} would like to hear from you: ${url}"
    templates.replace("31", {**next(iter(templates)), "text": text})
    invite(partoo, target_name="${url} {{rb_link}}")
    [message] = partoo.messages("partoo")
    named = "Dear ${url} {{rb_link}}, Chez Marie would like to hear from you:"
    assert message["text"] == f"{named} {message['link']}"


def test_without_content_the_users_own_template_is_sent(partoo: World) -> None:
    assert invite(partoo, template_id=None).status == 200
    [message] = partoo.messages("partoo")
    assert "thank you for your visit at Chez Marie" in message["text"]


def test_without_any_template_one_is_generated(partoo: World) -> None:
    partoo.sandbox().store("partoo").collection("templates").remove("31")
    assert invite(partoo, template_id=None).status == 200
    [template] = partoo.records("partoo", "templates")
    assert template["user_id"] == "5409c35a97bbc544d8e2673a"
    [message] = partoo.messages("partoo")
    assert message["text"].startswith("Hello John, thank you for choosing Chez Marie!")


def test_a_number_gets_no_second_sms_a_second_before_ten_days_are_over(partoo: World) -> None:
    invite(partoo)
    partoo.advance("PT863999S")
    assert "target_phone" in json_errors(invite(partoo))


def test_a_number_gets_another_sms_when_ten_days_are_over(partoo: World) -> None:
    invite(partoo)
    partoo.advance("PT864000S")
    assert invite(partoo).status == 200


def test_a_number_written_differently_is_the_same_number(partoo: World) -> None:
    invite(partoo)
    assert "target_phone" in json_errors(invite(partoo, target_phone="+33 6 47 38 59 68"))


def test_force_overrides_the_cooldown_and_starts_it_anew(partoo: World) -> None:
    invite(partoo)
    partoo.advance("P9D")
    assert invite(partoo, force="True").status == 200
    partoo.advance("P9D")
    assert "target_phone" in json_errors(invite(partoo, force="False"))


def test_a_refused_invitation_does_not_start_a_cooldown(partoo: World) -> None:
    partoo.set("partoo", sms_quota=0)
    assert invite(partoo).status == 403
    partoo.set("partoo", sms_quota=1)
    assert invite(partoo).status == 200


def test_a_refused_request_changes_nothing(partoo: World) -> None:
    partoo.set("partoo", sms_quota=0)
    before = {name: partoo.records("partoo", name) for name in ("invitations", "cooldowns")}
    invite(partoo)
    after = {name: partoo.records("partoo", name) for name in ("invitations", "cooldowns")}
    assert (before, partoo.messages("partoo")) == (after, [])


def test_the_quota_goes_to_nothing_refuses_and_renews_with_the_month(partoo: World) -> None:
    partoo.set("partoo", sms_quota=2)
    statuses = [invite(partoo, target_phone=f"+3364738590{n}").status for n in range(3)]
    partoo.advance("P21DT11H59M59S")
    late = invite(partoo, target_phone="+33647385907").status
    partoo.advance("PT1S")
    renewed = invite(partoo, target_phone="+33647385908").status
    assert (statuses, late, renewed) == ([200, 200, 403], 403, 200)


def test_a_thousand_invitations_against_a_quota_make_exactly_as_many_sms(partoo: World) -> None:
    partoo.set("partoo", sms_quota=137, requests_per_minute=10_000)
    statuses = [invite(partoo, target_phone=f"+336470{n:05d}").status for n in range(1000)]
    assert statuses.count(200) == 137
    assert len(partoo.messages("partoo")) == 137


def test_the_request_after_the_limit_is_refused_until_the_minute_is_over(partoo: World) -> None:
    partoo.set("partoo", requests_per_minute=3)
    path = f"/review_booster/search-invitation?business_id={BUSINESS}&target_phone=x"
    assert [partoo.get(path).status for _ in range(3)] == [200, 200, 200]
    partoo.advance("PT20S")
    refused = partoo.get(path)
    assert (refused.status, refused.header("retry-after")) == (429, "40")
    partoo.advance("PT39S")
    assert partoo.get(path).header("retry-after") == "1"
    partoo.advance("PT1S")
    assert partoo.get(path).status == 200


def test_the_limit_is_that_of_the_organisation_not_of_the_key(partoo: World) -> None:
    partoo.set("partoo", requests_per_minute=1)
    path = f"/review_booster/search-invitation?business_id={BUSINESS}&target_phone=x"
    partoo.get(path)
    assert partoo.get(path, x_apikey="demo-partoo-read-only").status == 429
    assert partoo.get(path, x_apikey="demo-partoo-other").status == 404


@pytest.mark.parametrize(
    "key",
    [
        "",
        "wrong",
        "demo-partoo-expired",
        "demo-partoo-inactive",
        "demo-partoo-disabled",
        "demo-partoo-key ",
    ],
)
def test_without_a_good_key_nobody_is_authenticated(partoo: World, key: str) -> None:
    reply = partoo.post(SEND, WITH_TEMPLATE, x_apikey=key)
    assert reply.status == 401
    assert reply.json == {"errors": {"authentication": "User not authenticated"}}


@pytest.mark.parametrize("key", ["", "demo-partoo-expired"])
def test_a_401_has_a_challenge_only_if_the_setting_asks_for_it(partoo: World, key: str) -> None:
    assert partoo.post(SEND, WITH_TEMPLATE, x_apikey=key).header("www-authenticate") is None
    partoo.set("partoo", challenge=True)
    found = partoo.post(SEND, WITH_TEMPLATE, x_apikey=key).header("www-authenticate")
    assert found == 'ApiKey realm="partoo", in="header", name="x-apikey"'


@pytest.mark.parametrize(
    ("key", "business"),
    [
        ("demo-partoo-read-only", BUSINESS),
        ("demo-partoo-key", "5409c35a97bbc544d8e26738"),
        ("demo-partoo-key", "5409c35a97bbc544d8e26739"),
        ("demo-partoo-key", "5409c35a97bbc544d8e26740"),
    ],
    ids=["read-only key", "no WRITE", "not connected to Google", "not subscribed"],
)
def test_what_is_not_allowed_is_refused_as_documented(
    partoo: World, key: str, business: str
) -> None:
    reply = partoo.post(SEND, {**WITH_TEMPLATE, "business_id": business}, x_apikey=key)
    assert reply.status == 403
    assert reply.json == {"errors": {"authorization": "Operation not allowed"}}


@pytest.mark.parametrize(
    "change", [{"business_id": "none"}, {"business_id": "5409c35a97bbc544d8e26750"}]
)
def test_a_business_that_is_not_there_or_not_yours_is_not_found(
    partoo: World, change: dict[str, str]
) -> None:
    reply = invite(partoo, **change)
    assert reply.status == 404
    assert reply.json == {"errors": {"json": "Resource not found"}}


def test_a_template_is_found_by_a_number_without_a_fraction(partoo: World) -> None:
    assert invite(partoo, template_id=31.0).status == 200


def test_a_template_that_is_not_there_is_not_found(partoo: World) -> None:
    assert invite(partoo, template_id=99).status == 404


def test_the_template_of_another_organisation_is_not_found(partoo: World) -> None:
    body = {**WITH_TEMPLATE, "business_id": "5409c35a97bbc544d8e26750"}
    assert partoo.post(SEND, body, x_apikey="demo-partoo-other").status == 404
    assert partoo.messages("partoo") == []


def test_another_media_type_than_json_is_refused_as_documented(partoo: World) -> None:
    reply = partoo.post(SEND, b"a=b", content_type="application/x-www-form-urlencoded")
    assert reply.status == 415
    told = "Unsupported media type. Please use application/json"
    assert reply.json == {"errors": {"json": told}}


def test_a_method_that_is_not_there_is_refused_in_the_same_form(partoo: World) -> None:
    reply = partoo.send("DELETE", SEND)
    assert reply.status == 405
    assert list(reply.json["errors"]) == ["json"]


def test_every_violation_is_named_at_once(partoo: World) -> None:
    reply = partoo.post(SEND, {"target_name": "x" * 256, "force": "yes", "template_id": "31"})
    assert sorted(json_errors(reply)) == [
        "business_id",
        "force",
        "target_name",
        "target_phone",
        "template_id",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"invite_content": "@link"}, "invite_content"),
        ({"template_id": None, "invite_content": "no link"}, "invite_content"),
        ({"template_id": None, "invite_content": "@link" + "x" * 282}, "invite_content"),
        ({"target_phone": "0647385968"}, "target_phone"),
        ({"target_phone": "nonsense"}, "target_phone"),
    ],
    ids=["both", "no link", "287 characters", "no country code", "no number"],
)
def test_content_and_number_are_checked(partoo: World, change: dict[str, Any], field: str) -> None:
    assert list(json_errors(invite(partoo, **change))) == [field]


def test_characters_outside_gsm_do_not_count(partoo: World) -> None:
    content = "@link" + "x" * 281 + "☃" * 100
    assert invite(partoo, template_id=None, invite_content=content).status == 200
    [message] = partoo.messages("partoo")
    assert "☃" not in message["text"]


def test_json_that_is_not_json_is_a_400(partoo: World) -> None:
    assert partoo.post(SEND, b"{", content_type="application/json").status == 400


def test_an_invitation_is_created_then_sent_then_delivered(partoo: World) -> None:
    path = f"/review_booster/invitation_status?invitation_id={invite(partoo).json['invitation_id']}"
    seen = [partoo.get(path).json["status"]]
    for step in ("PT1S", "PT3.999999S", "PT0.000001S"):
        partoo.advance(step)
        seen.append(partoo.get(path).json["status"])
    assert seen == ["CREATED", "SENT", "SENT", "DELIVERED"]


@pytest.mark.parametrize(
    ("phone", "status"), [("+33600000001", "FAILED_SEND"), ("+33600000002", "FAILED_DELIVERY")]
)
def test_numbers_for_testing_fail_on_the_way(partoo: World, phone: str, status: str) -> None:
    invitation = invite(partoo, target_phone=phone).json["invitation_id"]
    partoo.advance("PT1M")
    path = f"/review_booster/invitation_status?invitation_id={invitation}"
    assert partoo.get(path).json == {"invitation_id": invitation, "status": status}


def test_a_number_for_testing_has_no_quota(partoo: World) -> None:
    assert invite(partoo, target_phone="+33600000003").status == 403


def test_a_number_for_testing_is_always_cooling_down(partoo: World) -> None:
    reply = invite(partoo, target_phone="+33600000004", force="True")
    assert "target_phone" in json_errors(reply)


def test_an_invitation_is_found_by_its_number(partoo: World) -> None:
    invitation = invite(partoo).json["invitation_id"]
    found = partoo.get(
        f"/review_booster/search-invitation?business_id={BUSINESS}&target_phone=%2B33647385968"
    )
    assert found.json == {
        "page": 1,
        "max_page": 1,
        "count": 1,
        "review_invitations": [
            {
                "user_name": "Marie Dupont",
                "user_id": "5409c35a97bbc544d8e2673a",
                "id": invitation,
                "sent_time": "2026-03-10 12:00:00.000000+00:00",
            }
        ],
    }


def test_search_takes_the_number_as_it_was_sent_and_only_later_ones(partoo: World) -> None:
    invite(partoo)
    path = f"/review_booster/search-invitation?business_id={BUSINESS}&target_phone="
    after = partoo.now // 1_000_000
    counts = [
        partoo.get(path + query).json["count"]
        for query in (
            "%2B33647385968",
            "0647385968",
            f"%2B33647385968&after={after - 1}",
            f"%2B33647385968&after={after}",
            "%2B33647385968&after=0",
            "%2B33647385968&after=-1",
            "%2B33647385968&after=-62135596800",
            "%2B33647385968&after=1e30",
        )
    ]
    assert counts == [1, 0, 1, 0, 1, 1, 1, 0]


def test_search_turns_pages(partoo: World) -> None:
    partoo.set("partoo", page_size=2)
    for _ in range(5):
        invite(partoo, force="True")
    path = f"/review_booster/search-invitation?business_id={BUSINESS}&target_phone=%2B33647385968"
    last = partoo.get(path + "&page=3").json
    assert (last["count"], last["max_page"], len(last["review_invitations"])) == (5, 3, 1)


@pytest.mark.parametrize("page", ["0", "1000001", "9" * 20, "x"])
def test_a_page_that_cannot_be_is_refused(partoo: World, page: str) -> None:
    reply = partoo.get(f"{SEARCH}?business_id={BUSINESS}&target_phone=x&page={page}")
    assert list(json_errors(reply)) == ["page"]


def test_a_search_names_every_parameter_it_lacks(partoo: World) -> None:
    assert sorted(json_errors(partoo.get(SEARCH))) == ["business_id", "target_phone"]


@pytest.mark.parametrize(
    ("key", "business", "status"),
    [
        ("demo-partoo-key", "none", 404),
        ("demo-partoo-other", BUSINESS, 404),
        ("demo-partoo-read-only", BUSINESS, 200),
        ("demo-partoo-read-only", "5409c35a97bbc544d8e26738", 403),
        ("demo-partoo-key", UNSUBSCRIBED, 403),
    ],
    ids=["unknown", "another organisation's", "READ", "no access", "not subscribed"],
)
def test_only_those_with_access_may_search(
    partoo: World, key: str, business: str, status: int
) -> None:
    path = f"{SEARCH}?business_id={business}&target_phone=x"
    assert partoo.get(path, x_apikey=key).status == status


def test_a_status_is_asked_for_by_id(partoo: World) -> None:
    assert json_errors(partoo.get(STATUS)) == {"invitation_id": ["is required"]}


@pytest.mark.parametrize(
    ("key", "status"), [("demo-partoo-read-only", 200), ("demo-partoo-other", 404)]
)
def test_only_those_with_access_may_ask_for_a_status(partoo: World, key: str, status: int) -> None:
    path = f"{STATUS}?invitation_id={invite(partoo).json['invitation_id']}"
    assert partoo.get(path, x_apikey=key).status == status


def test_a_status_needs_a_business_that_is_subscribed(partoo: World) -> None:
    path = f"{STATUS}?invitation_id={invite(partoo).json['invitation_id']}"
    businesses = partoo.sandbox().store("partoo").collection("businesses")
    [business] = businesses.matching({"id": BUSINESS})
    businesses.replace(BUSINESS, {**business, "review_booster": False})
    assert partoo.get(path).status == 403


def test_a_status_needs_access_to_the_business(partoo: World) -> None:
    path = f"{STATUS}?invitation_id={invite(partoo).json['invitation_id']}"
    keys = partoo.sandbox().store("partoo").collection("keys")
    [key] = keys.matching({"key": "demo-partoo-read-only"})
    keys.replace(key["key"], {**key, "permissions": {}})
    assert partoo.get(path, x_apikey=key["key"]).status == 403


def test_an_invitation_that_is_not_there_has_no_status(partoo: World) -> None:
    reply = partoo.get(f"{STATUS}?invitation_id=d3d8c966-0356-4ec0-baae-13ec3622ebc2")
    assert (reply.status, reply.json) == (404, {"errors": {"json": "Resource not found"}})


@pytest.mark.parametrize(
    "change",
    [
        {"target_phone": "nonsense"},
        {"template_id": 99},
        {"invite_content": "@link"},
        {"business_id": UNSUBSCRIBED},
        {"target_phone": "+33600000003"},
        {"target_phone": "+33600000004"},
    ],
    ids=["number", "template", "both", "subscription", "quota", "cooldown"],
)
def test_no_refusal_leaves_anything_behind(partoo: World, change: dict[str, Any]) -> None:
    names = ("invitations", "messages", "templates", "cooldowns", "quotas", "sequences")
    before = {name: partoo.records("partoo", name) for name in names}
    assert invite(partoo, **change).status >= 400
    assert {name: partoo.records("partoo", name) for name in names} == before


@pytest.mark.parametrize("host", ["api.partoo.co", "API.Partoo.co:443", "api.sandbox.partoo.co"])
def test_it_answers_under_its_own_host_names_too(partoo: World, host: str) -> None:
    reply = World(partoo.engine).post(
        f"/v2{SEND}", WITH_TEMPLATE, host=host, x_apikey="demo-partoo-key"
    )
    assert reply.status == 200


def in_the_documents_place(folder: Path, text: str) -> World:
    """Serve a document with Partoo's overlay and fixtures."""
    (folder / "specs").mkdir()
    (folder / "specs" / "partoo.yaml").write_text(text)
    shutil.copy(ROOT / "specs" / "partoo.overlay.yaml", folder / "specs")
    shutil.copytree(ROOT / "fixtures" / "partoo", folder / "fixtures" / "partoo")
    [api] = load_apis([folder / "specs"], BUILT_IN)
    world = World(Engine([api], Sandboxes({api.name: api})))
    return world.at("/partoo/v2", x_apikey="demo-partoo-key")


def test_a_document_with_other_operations_and_names_can_take_the_documents_place(
    tmp_path: Path,
) -> None:
    text = (ROOT / "specs" / "partoo.yaml").read_text()
    renamed = text.replace("InvitationId", "InviteIdentifier").replace("BusinessId", "ShopKey")
    start, end = renamed.index("  /review_booster/search"), renamed.index("components:")
    more = "  /business/search:\n    get: {responses: {'200': {description: found}}}\n"
    other = in_the_documents_place(tmp_path, renamed[:start] + more + renamed[end:])
    assert other.post(SEND, WITH_CONTENT).status == 200
    assert other.get("/business/search").status == 200


def test_a_document_that_has_pages_of_its_own_can_take_the_documents_place(tmp_path: Path) -> None:
    text = (ROOT / "specs" / "partoo.yaml").read_text()
    after = "        - name: after\n"
    page = "        - {name: page, in: query, schema: {type: integer, default: 1}}\n"
    other = in_the_documents_place(tmp_path, text.replace(after, page + after))
    found = other.get(f"{SEARCH}?business_id={BUSINESS}&target_phone=x&page=2")
    assert (found.status, found.json["page"]) == (200, 2)


def test_a_request_that_is_refused_counts_against_the_rate_limit(partoo: World) -> None:
    partoo.set("partoo", requests_per_minute=2)
    assert [partoo.post(SEND, {}).status for _ in range(3)] == [400, 400, 429]
