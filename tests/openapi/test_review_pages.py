import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from mockserver.base.errors import SpecError
from mockserver.openapi.compiler import load_apis
from tests.conftest import Reply, World

INVITATIONS = {
    "cloutly": (
        "/cloutly/api/v1/send-review-invite",
        {"x_api_key": "demo-cloutly-key"},
        {
            "firstName": "ann",
            "lastName": "lee",
            "email": "ann@example.com",
            "businessId": "44271176-7053-4534-ad6f-b38d132d341e",
        },
        "Harbour Street Dental",
    ),
    "partoo": (
        "/partoo/v2/review_booster/send_invitation",
        {"x_apikey": "demo-partoo-key"},
        {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"},
        "Chez Marie",
    ),
    "justanudge": (
        "/justanudge/api/zapier/send-review-request",
        {"authorization": "Bearer demo-nudge-token"},
        {"email": "ann@example.com"},
        "Taylor Plumbing",
    ),
    "walr": (
        "/walr/survey/projects/demo-project/surveys/demo-survey/send-quick-sample",
        {"authorization": "Bearer demo-walr-token"},
        {
            "campaignId": "demo-email-campaign",
            "recipients": [{"variables": {"email": "ann@example.com"}}],
        },
        "How was your stay",
    ),
}


class Page(HTMLParser):
    """The names of a page's fields and all of its text."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.text = ""
        self.fields: set[str | None] = set()
        self.tags: set[str] = set()
        self.feed(reply.exchange.answer.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in ("input", "textarea"):
            self.fields.add(dict(attrs).get("name"))

    def handle_data(self, data: str) -> None:
        self.text += data


def invite(world: World, api: str) -> str:
    """Send an invitation and return the path of its message's link."""
    path, headers, body, _ = INVITATIONS[api]
    reply = world.post(path, body, **headers)
    assert reply.status in (200, 201, 202), reply.exchange.answer.body
    return str(urlsplit(world.messages(api)[-1]["link"]).path)


def leave(world: World, path: str, **fields: object) -> Reply:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return world.send("POST", path, urlencode(fields).encode(), form)


@pytest.mark.parametrize("api", INVITATIONS)
def test_the_link_in_a_message_opens_a_page_about_the_business(world: World, api: str) -> None:
    reply = world.get(invite(world, api))
    page = Page(reply)
    assert reply.status == 200
    assert INVITATIONS[api][3] in page.text
    assert page.fields == {"rating", "text", "name"}


@pytest.mark.parametrize("api", INVITATIONS)
def test_a_page_says_that_it_is_simulated(world: World, api: str) -> None:
    assert "simulated" in Page(world.get(invite(world, api))).text


@pytest.mark.parametrize("api", INVITATIONS)
def test_a_review_is_thanked_for_once(world: World, api: str) -> None:
    path = invite(world, api)
    assert "Lovely" in Page(leave(world, path, rating=5, text="Lovely")).text
    again = leave(world, path, rating=1)
    assert (again.status, "before" in Page(again).text) == (409, True)


def test_a_review_left_on_the_page_comes_back_from_the_api(world: World) -> None:
    leave(world, invite(world, "cloutly"), rating=4, text="Quick & kind", name="")
    reply = world.get("/cloutly/api/v1/reviews?sort=desc&limit=1", x_api_key="demo-cloutly-key")
    (review,) = reply.json["reviews"]
    assert (review["rating"], review["text"]) == ("4", "Quick & kind")
    assert (review["authorName"], review["status"]) == ("Ann Lee", "New")


def test_a_review_of_a_vendor_comes_back_from_the_marketplace(world: World) -> None:
    key = {"x_api_key": "demo-marketplace-key"}
    vendor = world.records("cloutly-marketplace", "vendors")[0]["id"]
    body = {"firstName": "Ann", "channel": {"email": "ann@example.com"}}
    invited = world.post(
        f"/cloutly-marketplace/api/v2/vendors/{vendor}/send-review-invite", body, **key
    )
    assert invited.status == 200
    path = str(urlsplit(world.messages("cloutly-marketplace")[-1]["link"]).path)
    assert leave(world, path, rating=2, name="Ann").status == 200
    reply = world.get(f"/cloutly-marketplace/api/v2/vendors/{vendor}/reviews", **key)
    assert reply.json["reviews"][0]["rating"] == "2"


def test_the_page_belongs_to_the_sandbox_of_its_invitation(world: World) -> None:
    path = invite(world, "partoo")
    assert world.get(f"/~another{path}").status == 404


def test_markup_that_was_sent_is_shown_as_text(world: World) -> None:
    page = Page(leave(world, invite(world, "partoo"), rating=3, text="<script>alert(1)</script>"))
    assert "<script>alert(1)</script>" in page.text
    assert "script" not in page.tags


def test_a_page_runs_no_script_and_loads_nothing(world: World) -> None:
    policy = world.get(invite(world, "partoo")).header("content-security-policy") or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("rating", ["", "0", "6", "five", "1.5"])
def test_a_rating_is_one_to_five_stars(world: World, rating: str) -> None:
    path = invite(world, "partoo")
    reply = leave(world, path, rating=rating)
    assert (reply.status, Page(reply).fields) == (400, set())
    assert world.records("partoo", "reviews") == []


def test_an_unknown_invitation_is_told_as_a_page(world: World) -> None:
    reply = world.get("/partoo/r/nothing")
    assert reply.status == 404
    assert "not known in this sandbox" in Page(reply).text
    assert re.match("text/html", reply.header("content-type") or "")


def test_an_apis_operations_are_not_joined_by_its_pages(world: World) -> None:
    assert all(not operation.is_page for operation in world.engine.apis["partoo"].operations)


@pytest.mark.parametrize("name", ["'#'", "a b", "''", "5"])
def test_a_step_of_a_page_that_binds_no_name_is_a_problem(name: str, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths: {}\nx-mock:\n"
        f"  pages: [{{path: '/p/{{id}}', title: P, steps: [{{find: {{in: 5, as: {name}}}}}]}}]\n"
    )

    with pytest.raises(SpecError):
        load_apis([tmp_path / "shop.yaml"])
