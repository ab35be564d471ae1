import re

import pytest

from mockserver.dashboard.static_files import assets
from tests.conftest import World
from tests.control_client import Client, client_of

MOST_BYTES = 150_000
FILES = assets()

pytestmark = pytest.mark.anyio


async def test_the_bare_address_leads_to_the_dashboard(client: Client) -> None:
    reply = await client.get("/_mock")
    assert (reply.status_code, reply.headers["location"]) == (308, "/_mock/")


async def test_the_page_allows_only_its_own_files(client: Client) -> None:
    reply = await client.get("/_mock/")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"].split("; ")
    assert policy[:3] == ["default-src 'none'", "script-src 'self'", "style-src 'self'"]
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_every_file_that_is_named_is_there(client: Client) -> None:
    page = (await client.get("/_mock/")).text
    named = set(re.findall(r'(?:href|src)="(dashboard/[^"]+)"', page))
    for asset in FILES.values():
        found = re.findall(r'from "\./([^"]+)"', asset.content.decode())
        named |= {f"dashboard/{name}" for name in found}
    assert named == {f"dashboard/{name}" for name in FILES if name != "index.html"}
    for name in named:
        reply = await client.get(f"/_mock/{name}")
        assert (reply.status_code, reply.content) == (200, FILES[name[10:]].content)


def test_the_files_are_small_and_all_our_own() -> None:
    assert sum(len(asset.content) for asset in FILES.values()) < MOST_BYTES
    for name, asset in FILES.items():
        text = asset.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://[a-z]", text), name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text), (
            name
        )


async def test_a_file_that_did_not_change_is_not_sent_again(client: Client) -> None:
    first = await client.get("/_mock/dashboard/main.js")
    again = await client.get(
        "/_mock/dashboard/main.js", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_the_files_need_no_token_and_all_else_does(world: World) -> None:
    async with client_of(world, "secret") as client:
        statuses = [
            (await client.get(f"/_mock{path}")).status_code
            for path in ("", "/", "/dashboard/main.js", "/messages", "/limits", "/events")
        ]
    assert statuses == [308, 200, 200, 401, 401, 401]


async def test_a_link_from_another_site_opens_the_page_but_no_data(client: Client) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    assert (await client.get("/_mock/", headers=headers)).status_code == 200
    assert (await client.get("/_mock/messages", headers=headers)).status_code == 403


@pytest.mark.parametrize("path", ["/_mock/", "/_mock/dashboard/main.js", "/_mock/messages"])
async def test_another_name_of_this_machine_is_refused(client: Client, path: str) -> None:
    assert (await client.get(path, headers={"host": "evil.example"})).status_code == 403


@pytest.mark.parametrize(
    "name", ["missing.js", "../__init__.py", "__init__.py", "..%2f..%2fguard.py", ""]
)
async def test_nothing_but_the_dashboards_files_is_served(client: Client, name: str) -> None:
    assert (await client.get(f"/_mock/dashboard/{name}")).status_code == 404


async def test_the_page_cannot_be_written_to(client: Client) -> None:
    assert (await client.post("/_mock/")).status_code == 404
