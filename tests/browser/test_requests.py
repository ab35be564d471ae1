"""The journal: ten thousand requests, filters in the address, and the time until it is seen."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Dashboard
from tests.served import Served

CROWDED = ("tests.browser.crowded",)
MANY = 10_000
FIRST_VIEW = 200
"""Milliseconds from the server's answer until the journal is seen, on a machine at rest."""
BUSY = 3
"""So many times longer it may take where other programs run beside."""


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
    assert page.locator(".row").count() < 60
    box = page.locator(".window")
    box.evaluate("box => { box.scrollTop = box.scrollHeight }")
    expect(page.get_by_role("listitem").last).to_have_attribute("aria-posinset", str(MANY))
    slowest = box.evaluate("""async (box) => {
        let slowest = 0;
        for (let step = 0; step < 40; step += 1) {
            const begun = performance.now();
            box.scrollTop = (step * 9973) % box.scrollHeight;
            box.dispatchEvent(new Event("scroll"));
            box.offsetHeight;
            slowest = Math.max(slowest, performance.now() - begun);
            await new Promise(requestAnimationFrame);
        }
        return slowest;
    }""")
    assert slowest < 100
    assert dashboard.breaches() == []


def test_filters_stand_in_the_address(look: Callable[..., Dashboard], crowded: Served) -> None:
    dashboard = look(crowded, sandbox="default")
    page = dashboard.page
    dashboard.open("requests", api="walr", status="4")
    expect(page.get_by_role("combobox", name="API")).to_have_value("walr")
    expect(page.locator(".exchange").first).to_contain_text("/walr/")
    assert page.locator(".exchange", has_text="cloutly").count() == 0
    page.get_by_label("Search").fill("nothing has this")
    dashboard.sees("No request fits.")
    assert "q=nothing" in page.url
    page.reload()
    dashboard.sees("No request fits.")


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


def test_a_thousand_requests_are_seen_at_once(look: Callable[..., Dashboard]) -> None:
    server = Served("1000", program=CROWDED)
    try:
        dashboard = look(server, sandbox="default")
        taken = []
        for _ in range(5):
            dashboard.page.goto("about:blank")
            dashboard.open("requests")
            dashboard.page.wait_for_selector(".exchange")
            taken.append(
                dashboard.page.evaluate("""() => {
                const [page] = performance.getEntriesByType("navigation");
                return performance.getEntriesByName("first-view")[0].startTime - page.responseEnd;
            }""")
            )
        assert min(taken) < FIRST_VIEW * BUSY, taken
    finally:
        server.stop()
