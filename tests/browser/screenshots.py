"""Writes the pictures of docs/images from the running product: `make screenshots`."""

import sys
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM, CLOUTLY, CLOUTLY_KEY, PARTOO, PARTOO_KEY
from tests.served import Served

IMAGES = Path(__file__).parents[2] / "docs" / "images"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 800}
SHOTS: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("messages", "messages/sms/%2B447911123456", "light", DESK),
    ("messages-dark", "messages", "dark", DESK),
    ("messages-phone", "messages", "light", PHONE),
    ("thread-phone", "messages/sms/%2B33647385968", "dark", PHONE),
    ("requests", "requests?api=partoo", "light", DESK),
    ("refusal", "requests/r3", "light", DESK),
    ("refusal-phone", "requests/r3", "dark", PHONE),
    ("apis", "apis/cloutly", "light", DESK),
    ("apis-phone", "apis/partoo", "light", PHONE),
    ("state", "state/partoo", "light", DESK),
    ("state-dark", "state/justanudge", "dark", DESK),
    ("state-phone", "state/partoo", "light", PHONE),
    ("controls", "controls", "light", DESK),
    ("controls-phone", "controls", "dark", PHONE),
    ("reviews", "reviews", "light", DESK),
    ("reviews-phone", "reviews", "light", PHONE),
)


def main() -> None:
    """Take all pictures, or those whose names are given."""
    server = Served("--port", "8000")
    try:
        client = httpx.Client(base_url=server.url, timeout=20)
        link = _play(client)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for name, view, scheme, size in SHOTS:
                if len(sys.argv) == 1 or name in sys.argv[1:]:
                    _shoot(browser, f"{server.url}/_mock/#/{view}", name, scheme, size)
            _shoot(browser, link, "review-page-phone", "light", PHONE)
    finally:
        server.stop()


def _play(client: httpx.Client) -> str:
    """Let happen what the pictures show; return the link of a message."""
    client.post("/_mock/reset")  # the fixtures are to be of that day
    _control(client, "clock", {"set": "2026-03-10T09:30:00Z"})
    _control(client, "clock", {"frozen": True})
    _partoo(client, "+33647385968", target_name="John Doe", template_id=31)
    _partoo(client, "+33601020304", target_name="Léa", invite_content="Merci Léa ! @link à bientôt")
    _control(client, "clock", {"advance": "P3D"})
    _partoo(client, "+33647385968", target_name="John Doe")
    for person in ({"firstName": "Ann", "phoneNumber": "+447911123456"}, {"firstName": "Ben"}):
        body = {
            "businessId": "44271176-7053-4534-ad6f-b38d132d341e",
            "email": f"{person['firstName'].lower()}@example.com",
            **person,
        }
        client.post(CLOUTLY, headers=CLOUTLY_KEY, json=body)
        _control(client, "clock", {"advance": "PT20M"})
    nudge = {"first_name": "Sam", "mobile_phone_number": "+12125551234", "delay_hours": 24}
    token = {"authorization": "Bearer demo-nudge-token"}
    client.post("/justanudge/api/zapier/send-review-request", headers=token, json=nudge)
    client.get("/cloutly/api/v1/businesses")
    _partoo(client, "not a number")
    links = [item["link"] for item in client.get("/_mock/messages").json()["messages"]]
    reviews = (("5", "So warm a welcome, and the best tarte in town.", "John"), ("4", "", "Léa"))
    for link, (rating, text, name) in zip(links, reviews, strict=False):
        client.post(link, data={"rating": rating, "text": text, "name": name})
    client.post(links[2], data={"rating": "5", "text": "Gentle hands, no waiting.", "name": "Ann"})
    return str(links[-1])


def _partoo(client: httpx.Client, phone: str, **more: Any) -> None:
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone, **more}
    client.post(PARTOO, headers=PARTOO_KEY, json=body)


def _control(client: httpx.Client, path: str, body: Any) -> None:
    client.post(f"/_mock/{path}", json=body).raise_for_status()


def _shoot(browser: Browser, address: str, name: str, scheme: Any, size: Any) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("main h1")
    if "/_mock/" in address:
        page.wait_for_function("() => document.getElementById('main').dataset.shown")
    IMAGES.mkdir(exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()
