"""Measures the dashboard in Chromium: `make bench-dashboard`. Nothing passes or fails by a time."""

import shutil
import statistics
import sys
from collections.abc import Callable

import run
from playwright.sync_api import Page, sync_playwright

ROUNDS = 5
CROWDED = ["-m", "tests.browser.crowded"]
"""A server whose journal holds as many requests as its argument says."""
FIRST_VIEW = """() => {
    const [page] = performance.getEntriesByType("navigation");
    return performance.getEntriesByName("first-view")[0].startTime - page.responseEnd;
}"""
SLOWEST_STEP = """async () => {
    const box = document.querySelector(".window");
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
}"""


def measured(page: Page, port: int, script: str) -> float:
    """Open the journal anew and return what a script finds there, in milliseconds."""
    page.goto("about:blank")
    page.goto(f"http://127.0.0.1:{port}/_mock/#/requests")
    page.wait_for_selector(".exchange")
    found: float = page.evaluate(script)
    return found


def figures(page: Page, entries: int, script: str) -> str:
    """Measure several times; return the least, the median and the most."""
    with run.serving([*CROWDED, str(entries)]) as (_, port):
        found = [measured(page, port, script) for _ in range(ROUNDS)]
    show: Callable[[float], str] = "{:.0f}".format
    return " / ".join(map(show, (min(found), statistics.median(found), max(found))))


def main() -> None:
    """Print the figures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("this needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        print("milliseconds: least / median / most of", ROUNDS)
        print("first view, 1,000 entries (target 200):", figures(page, 1_000, FIRST_VIEW))
        print("slowest step of scrolling, 10,000 entries:", figures(page, 10_000, SLOWEST_STEP))
        browser.close()


if __name__ == "__main__":
    main()
