"""A browser that looks at the dashboard of a served sandbox; skipped where there is none."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.served import Served

CHROMIUM = shutil.which("chromium")
AXE = (Path(__file__).parent / "axe-core" / "axe.min.js").read_text()
LISTENER = """
window.breaches = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PARTOO = "/partoo/v2/review_booster/send_invitation"
CLOUTLY = "/cloutly/api/v1/send-review-invite"
PARTOO_KEY = {"x-apikey": "demo-partoo-key"}
CLOUTLY_KEY = {"x-api-key": "demo-cloutly-key"}


@dataclass
class Dashboard:
    """The dashboard in a browser, and an HTTP client beside it; both in one sandbox."""

    page: Page
    url: str
    sandbox: str
    wrong: list[str] = field(default_factory=list)
    """What the browser complained about."""

    def open(self, view: str = "apis", **filters: str) -> None:
        query = "&".join(f"{name}={value}" for name, value in {**self._world, **filters}.items())
        address = f"{self.url}/_mock/#/{view}" + (f"?{query}" if query else "")
        if self.page.url.startswith(f"{self.url}/_mock/"):
            self.page.evaluate("address => { location.href = address }", address)
        else:
            self.page.goto(address)
        self.page.wait_for_function(
            "() => document.getElementById('main').dataset.shown === location.hash"
        )

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"mock-sandbox": self.sandbox, **options.pop("headers", {})}
        return httpx.request(method, self.url + path, headers=headers, timeout=20, **options)

    def invite_by_partoo(self, phone: str = "+33647385968", **more: Any) -> httpx.Response:
        body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone, **more}
        return self.send("POST", PARTOO, json=body, headers=PARTOO_KEY)

    def invite_by_cloutly(self, **more: Any) -> httpx.Response:
        business = "44271176-7053-4534-ad6f-b38d132d341e"
        body = {"firstName": "Ann", "businessId": business, "email": "ann@example.com", **more}
        return self.send("POST", CLOUTLY, json=body, headers=CLOUTLY_KEY)

    def control(self, method: str, path: str, **options: Any) -> Any:
        reply = self.send(method, f"/_mock/{path}", **options)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    def sees(self, text: str) -> None:
        """Wait until a text is to be seen in the main part of the page."""
        expect(self.page.locator("main")).to_contain_text(text)

    def hears(self, text: str) -> None:
        """Wait until a text is read out politely."""
        expect(self.page.locator("#notifications")).to_contain_text(text)

    def inaccessible(self) -> list[str]:
        """Return what axe finds wrong with what is shown."""
        run = f"async (tags) => {{ {AXE}; return await axe.run({{runOnly: tags}}) }}"
        found = self.page.evaluate(run, TAGS)["violations"]
        return [f"{item['id']}: {[node['html'] for node in item['nodes']][:3]}" for item in found]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        script = "document.documentElement.scrollWidth - innerWidth"
        return max(0, int(self.page.evaluate(script)))

    def breaches(self) -> list[str]:
        return [*self.page.evaluate("window.breaches"), *self.wrong]

    @property
    def _world(self) -> dict[str, str]:
        return {} if self.sandbox == "default" else {"sandbox": self.sandbox}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module: its event loop must be gone before others begin."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


@pytest.fixture
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Dashboard]]:
    """Look at a server's dashboard, in a sandbox of the test's own."""
    contexts = []

    def looking(server: Served, sandbox: str = "", **options: Any) -> Dashboard:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        page = context.new_page()
        page.add_init_script(LISTENER)
        name = sandbox or re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[-60:].strip("-")
        if name != "default":
            httpx.put(f"{server.url}/_mock/sandboxes/{name}").raise_for_status()
        dashboard = Dashboard(page, server.url, name)
        page.on("pageerror", lambda error: dashboard.wrong.append(str(error)))
        return dashboard

    expect.set_options(timeout=15_000)
    yield looking
    for context in contexts:
        context.close()


@pytest.fixture
def dashboard(look: Callable[..., Dashboard], served: Served) -> Dashboard:
    return look(served)
