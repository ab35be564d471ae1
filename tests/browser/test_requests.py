"""The journal: ten thousand requests, and filters in the address."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Dashboard
from tests.served import Served

CROWDED = ("tests.browser.crowded",)
MANY = 10_000
MOST_ROWS = 60
"""Rows that stand in the page at once."""
MOST_CALLS = 12
"""Calls of the control API until a view is seen."""


@pytest.fixture(scope="module")
def crowded() -> Iterator[Served]:
    server = Served(str(MANY), program=CROWDED)
    yield server
    server.stop()


def test_ten_thousand_requests_are_a_few_rows(
    look: Callable[..., Dashboard], crowded: Served
) -> None:
    dashboard = look(crowded, sandbox="default")
    page = dashboard.page
    dashboard.open("requests")
    expect(page.locator(".heading")).to_contain_text("10,000")
    assert page.locator(".row").count() < MOST_ROWS
    box = page.locator(".window")
    box.evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.get_by_role("listitem").last).to_have_attribute("aria-posinset", str(MANY))
    for step in range(10):
        box.evaluate("(box, top) => { box.scrollTop = top % box.scrollHeight }", step * 99_730)
        assert page.locator(".row").count() < MOST_ROWS
    assert dashboard.breaches() == []


def test_filters_stand_in_the_address(look: Callable[..., Dashboard], crowded: Served) -> None:
    dashboard = look(crowded, sandbox="default")
    page = dashboard.page
    dashboard.open("requests", api="walr", status="4")
    expect(page.get_by_role("combobox", name="API")).to_have_value("walr")
    expect(page.locator(".exchange").first).to_contain_text("/walr/")
    assert page.locator(".exchange", has_text="cloutly").count() == 0
    page.get_by_label("Search").fill("nothing has this")
    dashboard.sees("No request matches.")
    assert "q=nothing" in page.url
    page.reload()
    dashboard.sees("No request matches.")


def test_what_is_in_sight_stays_there_while_requests_come(
    look: Callable[..., Dashboard], crowded: Served
) -> None:
    dashboard = look(crowded, sandbox="default")
    page = dashboard.page
    dashboard.open("requests")
    expect(page.locator(".heading")).to_contain_text("10,000")
    box = page.locator(".window")
    box.evaluate("box => { box.scrollTop = 4400 }")
    before = box.evaluate("box => box.scrollTop")
    for _ in range(3):
        dashboard.send("GET", "/nowhere")
    expect(page.locator(".heading")).to_contain_text("10,003")
    assert box.evaluate("box => box.scrollTop") == before + 3 * 44


def test_a_view_takes_few_calls_however_many_requests_there_are(
    look: Callable[..., Dashboard], crowded: Served
) -> None:
    page = look(crowded, sandbox="default").page
    page.goto(f"{crowded.url}/_mock/#/requests")
    page.wait_for_selector(".exchange")
    fetched = page.evaluate("""() => performance.getEntriesByType("resource")
        .filter((entry) => entry.initiatorType === "fetch").map((entry) => entry.name)""")

    assert 0 < len(fetched) <= MOST_CALLS, fetched
