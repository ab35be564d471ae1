"""Every view, for everybody: axe, keyboard, phones, and whatever clients send."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CLOUTLY_KEY, Dashboard
from tests.served import Served

HOSTILE = (
    "<img src=x onerror=alert(1)><script>alert(2)</script>"
    "\u202eevil\u2066</bdi></p>\u0007" + "W" * 10_000
)
VIEWS = [
    "apis/partoo",
    "messages",
    "messages/sms/%2B33647385968",
    "reviews",
    "requests",
    "requests/r2",
    "state/partoo",
    "state/justanudge",
    "controls",
]


def crowd(dashboard: Dashboard) -> None:
    """Let everything happen that a view can show."""
    dashboard.invite_by_partoo()
    dashboard.invite_by_partoo()
    dashboard.invite_by_cloutly(phoneNumber="+447911123456", inviteDelayDays=2)
    dashboard.invite_by_cloutly()
    link = dashboard.control("GET", "messages?channel=sms&api=partoo")["messages"][0]["link"]
    dashboard.send("POST", link.removeprefix(dashboard.url), data={"rating": "4", "text": "Good"})
    dashboard.control("POST", "faults", json={"api": "walr", "status": 503, "times": 2})
    dashboard.control("POST", "clock", json={"frozen": True})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_any_view(
    look: Callable[..., Dashboard], served: Served, scheme: str
) -> None:
    dashboard = look(served, color_scheme=scheme, reduced_motion="reduce")
    crowd(dashboard)
    for view in VIEWS:
        dashboard.open(view)
        assert dashboard.inaccessible() == [], view
    assert dashboard.breaches() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_the_page_behind_a_link(
    look: Callable[..., Dashboard], served: Served, scheme: str
) -> None:
    dashboard = look(served, color_scheme=scheme)
    dashboard.invite_by_partoo()
    link = dashboard.control("GET", "messages")["messages"][0]["link"]
    page = dashboard.page
    page.goto(link.replace(served.url, f"{served.url}/~{dashboard.sandbox}"))
    assert dashboard.inaccessible() == []
    page.get_by_label("5 stars").check(force=True)
    assert dashboard.inaccessible() == []
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_contain_text("Thank you")
    assert dashboard.inaccessible() == []


@pytest.mark.parametrize("width", [360, 700, 1900])
def test_no_view_is_wider_than_its_window(
    look: Callable[..., Dashboard], served: Served, width: int
) -> None:
    dashboard = look(served, viewport={"width": width, "height": 740})
    crowd(dashboard)
    wider: dict[str, int] = {}
    for view in VIEWS:
        dashboard.open(view)
        wider[view] = dashboard.overflow()
    assert wider == dict.fromkeys(VIEWS, 0)


def send_hostile(dashboard: Dashboard) -> None:
    dashboard.invite_by_cloutly(firstName=HOSTILE[:255], email=HOSTILE[:200])
    text = f"{HOSTILE[:200]} @link"
    dashboard.invite_by_partoo(target_name=HOSTILE[:255], invite_content=text)
    dashboard.send("POST", "/cloutly/api/v1/reply", content=HOSTILE, headers=CLOUTLY_KEY)
    dashboard.send("POST", "/partoo/v2/x", content=bytes(range(256)) * 40)
    dashboard.send("GET", "/partoo/v2/%3Cscript%3E" + "x" * 5_000 + "?q=%3Cb%3E")
    record = {"id": "h", HOSTILE[:300]: HOSTILE, "text": HOSTILE, "link": "javascript:alert(1)"}
    dashboard.control("PUT", "records/partoo/businesses/h", json=record)
    message: dict[str, Any] = {
        **dict.fromkeys(("api", "operation", "request_id", "text"), HOSTILE),
        **dict.fromkeys(("from", "subject", "data", "to"), HOSTILE),
        **dict.fromkeys(("created_at", "send_at", "sent_at", "delivered_at"), 0),
        "id": "m",
        "channel": "email",
        "link": "javascript:alert(1)",
        "outcome": "failed",
    }
    dashboard.control("POST", "records/partoo/messages", json=message)
    texts = dict.fromkeys(("page", "about", "text", "name", "message_id"), HOSTILE)
    review: dict[str, Any] = {**texts, "id": "r", "rating": 10**9, "at": 0}
    dashboard.control("POST", "records/partoo/left_reviews", json=review)


@pytest.mark.parametrize("width", [360, 1280])
def test_hostile_data_is_shown_as_text_and_breaks_nothing(
    look: Callable[..., Dashboard], served: Served, width: int
) -> None:
    dashboard = look(served, viewport={"width": width, "height": 740})
    page = dashboard.page
    page.on("dialog", lambda dialog: dashboard.wrong.append(dialog.message))
    dashboard.open("messages")
    send_hostile(dashboard)
    dashboard.sees("<img src=x")
    wide: dict[str, int] = {}
    requests = [f"requests/r{number}" for number in range(1, 6)]
    views = ["messages", "messages/email/m", "reviews", "requests", *requests, "controls"]
    for view in [*views, "state/partoo?in=businesses", "state/partoo?in=messages"]:
        name, _, filters = view.partition("?in=")
        dashboard.open(name, **({"in": filters} if filters else {}))
        wide[view] = dashboard.overflow()
    assert set(wide.values()) == {0}, wide
    assert page.locator("main img, main script, main b").count() == 0
    assert page.locator('a[href^="javascript"]').count() == 0
    assert dashboard.breaches() == []


def test_hostile_addresses_lead_somewhere(dashboard: Dashboard) -> None:
    dashboard.open("apis")
    for address in ("#/%E0%A4%A", "#/__proto__", "#/constructor/x", "#/requests/<b>", "#//"):
        dashboard.page.evaluate("hash => { location.hash = hash }", address)
        expect(dashboard.page.locator("main")).to_be_visible()
        expect(dashboard.page.locator("main h1")).to_be_visible()
    assert dashboard.breaches() == []


def focused(dashboard: Dashboard) -> str:
    script = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
    return str(dashboard.page.evaluate(script)).strip()


def press_until(dashboard: Dashboard, text: str, key: str = "Tab") -> None:
    for _ in range(60):
        dashboard.page.keyboard.press(key)
        if focused(dashboard).startswith(text):
            return
    raise AssertionError(f"{key} does not lead to {text!r}")


def test_the_keyboard_alone_is_enough(dashboard: Dashboard) -> None:
    for phone in ("+33647385968", "+33601020304", "+33647385968"):
        dashboard.invite_by_partoo(phone)
    page = dashboard.page
    dashboard.open("apis/partoo")
    page.keyboard.press("Tab")
    assert focused(dashboard) == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    press_until(dashboard, "Requests", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Requests")
    assert focused(dashboard) == "Requests"
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.locator(".exchange").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".exchange").nth(1)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dashboard.sees("Refused by cooldown sms")
    press_until(dashboard, "Replay")
    page.keyboard.press("Enter")
    dashboard.hears("Sent again as r4: 400.")


def test_what_is_being_typed_survives_what_happens(dashboard: Dashboard) -> None:
    dashboard.open("controls")
    field = dashboard.page.get_by_label("Other duration (ISO 8601)")
    field.fill("P2")
    dashboard.invite_by_partoo()
    dashboard.sees("sms of +33647385968")
    expect(field).to_be_focused()
    expect(field).to_have_value("P2")


def test_what_has_the_focus_is_seen_to_have_it(dashboard: Dashboard) -> None:
    dashboard.open("controls")
    press_until(dashboard, "10 days")
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert dashboard.page.evaluate(outline) == "3px"
