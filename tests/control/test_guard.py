from collections.abc import AsyncIterator

import pytest

from tests.conftest import World
from tests.control_client import client_of

pytestmark = pytest.mark.anyio
TOKEN = "secret-of-control"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("Bearer ", 401),
        ("Bearer", 401),
        ("", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN[:1]}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN.upper()}", 401),
        (f"Bearer x{TOKEN}", 401),
        (f"Bearer  {TOKEN}", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        ("Bearer sécret", 401),
    ],
)
async def test_only_the_whole_token_opens_the_control_api(
    world: World, authorization: str, status: int
) -> None:
    async with client_of(world, TOKEN) as client:
        headers = {b"authorization": authorization.encode("latin-1")}
        reply = await client.get("/_mock/sandboxes", headers=headers)
    assert reply.status_code == status


async def test_a_token_does_not_open_it_to_pages_of_other_sites(world: World) -> None:
    async with client_of(world, TOKEN) as client:
        headers = {"authorization": f"Bearer {TOKEN}", "origin": "https://evil.example"}
        assert (await client.get("/_mock/sandboxes", headers=headers)).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("[::1", 400),
        ("", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost@evil.example", 400),
    ],
)
async def test_without_a_token_only_loopback_names_open_it(
    world: World, host: str, status: int
) -> None:
    async with client_of(world) as client:
        reply = await client.get("/_mock/sandboxes", headers={"host": host})
    assert reply.status_code == status


@pytest.mark.parametrize("site", ["none", "same-origin"])
async def test_a_browser_s_own_requests_are_answered(world: World, site: str) -> None:
    async with client_of(world) as client:
        reply = await client.get("/_mock/sandboxes", headers={"sec-fetch-site": site})
    assert reply.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_body_that_writes_must_be_json(world: World, method: str) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"{}"

    async with client_of(world) as client:
        for content in (b"{}", parts()):
            reply = await client.request(method, "/_mock/clock", content=content)
            assert reply.status_code == 415
        assert (await client.request(method, "/_mock/reset")).status_code != 415


async def test_a_method_that_does_not_write_may_have_any_body(world: World) -> None:
    async with client_of(world) as client:
        reply = await client.request("DELETE", "/_mock/faults", content=b"x")
    assert reply.status_code == 204


async def test_the_dashboard_opens_without_the_token_but_not_under_another_host(
    world: World,
) -> None:
    async with client_of(world, TOKEN) as client:
        assert (await client.get("/_mock/")).status_code == 200
    async with client_of(world) as client:
        assert (await client.get("/_mock/", headers={"host": "evil.example"})).status_code == 403
