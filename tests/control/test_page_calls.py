import html
import shlex
from collections.abc import Callable
from html.parser import HTMLParser

import httpx
import pytest

from mockserver.control.control_app import CALLS, control_app
from mockserver.server.application import App
from tests.conftest import World
from tests.control_client import Client, client_of
from tests.docs.test_docs import curl_options, curl_request

APIS = ("cloutly", "cloutly-marketplace", "justanudge", "partoo", "walr")
PAGES = ("/_mock/docs", *(f"/_mock/docs/{name}" for name in APIS))
VOID = frozenset(("meta", "link"))
NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"

pytestmark = pytest.mark.anyio
every_page = pytest.mark.parametrize("path", PAGES)


class Page(HTMLParser):
    """Reads a page, and notices what no page may have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert tag not in {"script", "style", "iframe", "img", "form"}
        assert not [name for name in given if name.startswith("on") or name == "style"]
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [given[name] for _, given in self.elements if name in given]


@every_page
async def test_a_page_is_well_formed_and_needs_nothing_from_elsewhere(
    client: Client, path: str
) -> None:
    reply = await client.get(path)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = Page(reply.text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for address in page.values("href"):
        if address.startswith("#"):
            assert address[1:] in ids
        else:
            assert (await client.get(address)).status_code == 200, address


@every_page
async def test_a_page_can_be_read_aloud(client: Client, path: str) -> None:
    page = Page((await client.get(path)).text)
    tags = [name for name, _ in page.elements]
    assert dict(page.elements)["html"] == {"lang": "en"}
    assert [tags.count(name) for name in ("h1", "main", "nav", "title")] == [1, 1, 1, 1]
    assert all("scope" in given for name, given in page.elements if name == "th")
    assert all("aria-label" in given for name, given in page.elements if name == "nav")


async def test_the_control_apis_page_has_every_call(client: Client) -> None:
    ids = Page((await client.get("/_mock/docs")).text).values("id")
    assert {f"operation-{call.id}" for call in CALLS} <= set(ids)


@pytest.mark.parametrize("name", APIS)
async def test_an_apis_page_has_all_that_one_needs_to_know(client: Client, name: str) -> None:
    shown = html.unescape((await client.get(f"/_mock/docs/{name}")).text)
    api = (await client.get(f"/_mock/apis/{name}")).json()
    told = [item["path"] for item in api["operations"]]
    told += [str(item["value"]) for item in api["credentials"]]
    told += [item["name"] for item in api["settings"]]
    told += [item["value"] for item in api["test_values"]]
    assert [text for text in told if text not in shown] == []


@pytest.mark.parametrize("name", APIS)
async def test_the_commands_of_a_page_reach_their_operations(
    client: Client, world: World, name: str
) -> None:
    page = Page((await client.get(f"/_mock/docs/{name}")).text)
    commands = [text for text in page.texts if text.startswith("curl ")]
    for command in commands:
        await client.send(curl_request(*curl_options(shlex.split(command))))
    journal = list(world.sandbox().history)
    assert len(journal) == len(world.engine.apis[name].operations)
    for entry in journal:
        assert entry.operation is not None, entry.request.path
        assert entry.reason not in {"unauthenticated", "malformed", "unsupported_media_type"}


async def test_a_page_of_another_sandbox_shows_that_sandbox(client: Client) -> None:
    await client.patch("/_mock/settings/partoo?sandbox=one", json={"sms_quota": 4321})
    shown = (await client.get("/_mock/docs/partoo", params={"sandbox": "one"})).text
    assert "4321" in shown
    assert "/~one/partoo/v2" in shown


async def test_the_commands_say_where_a_token_goes(world: World) -> None:
    async with client_of(world, "s3cr3t") as client:
        headers = {"authorization": "Bearer s3cr3t"}
        shown = (await client.get("/_mock/docs", headers=headers)).text
    page = Page(shown)
    commands = [text for text in page.texts if text.startswith("curl ")]
    assert len(commands) == len(CALLS)
    assert all("Authorization: Bearer TOKEN" in command for command in commands)
    assert "s3cr3t" not in shown


async def test_whatever_a_document_says_is_text(serve: Callable[..., World]) -> None:
    quoted = NASTY.replace("'", "''")
    world = serve(
        "openapi: 3.1.0\n"
        f"info: {{title: '{quoted}', version: '{quoted}', description: '{quoted}'}}\n"
        "x-mock: {name: shop}\n"
        "paths:\n"
        "  /items:\n"
        "    post:\n"
        f"      operationId: '{quoted}'\n"
        f"      summary: '{quoted}'\n"
        f"      tags: ['{quoted}']\n"
        f"      parameters: [{{name: '{quoted}', in: query, description: '{quoted}'}}]\n"
        "      requestBody: {content: {application/json: {schema: {properties: "
        f"{{'{quoted}': {{pattern: '{quoted}', example: '{quoted}'}}}}}}}}}}}}\n"
        f"      responses: {{'200': {{description: '{quoted}'}}}}\n"
    )
    app = App(world.engine, control=lambda: control_app(world.engine, lambda: world.now))
    transport = httpx.ASGITransport(app=app)
    async with Client(transport=transport, base_url="http://127.0.0.1") as client:
        for path in ("/_mock/docs", "/_mock/docs/shop"):
            page = Page((await client.get(path)).text)
            assert NASTY in "".join(page.texts)


async def test_an_unknown_page_or_file_is_a_problem(client: Client) -> None:
    for path in ("docs/none", "static/none.css", "static/..%2f__init__.py"):
        assert (await client.get(f"/_mock/{path}")).status_code == 404
