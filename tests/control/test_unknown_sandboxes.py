import pytest

from mockserver.control.control_app import CALLS
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio

READS = [
    "/messages",
    "/messages/m1",
    "/requests",
    "/requests/r1",
    "/reviews",
    "/limits",
    "/tokens",
    "/faults",
    "/faults/f1",
    "/clock",
    "/state",
    "/settings/partoo",
    "/records/partoo/businesses",
    "/records/partoo/businesses/b1",
    "/apis/partoo",
    "/coverage",
    "/events",
]


async def names(client: Client) -> list[str]:
    return [one["name"] for one in (await client.get("/_mock/sandboxes")).json()]


@pytest.mark.parametrize("path", READS)
async def test_reading_an_unknown_sandbox_is_404_and_makes_none(world: World, path: str) -> None:
    async with client_of(world) as client:
        await client.put("/_mock/sandboxes/ci-42")
        for given in ({"params": {"sandbox": "ci-24"}}, {"headers": {"mock-sandbox": "ci-24"}}):
            for method in ("GET", "HEAD"):
                reply = await client.request(method, "/_mock" + path, **given)  # type: ignore[arg-type] # one of its arguments
                assert reply.status_code == 404
            detail = (await client.get("/_mock" + path, **given)).json()["detail"]  # type: ignore[arg-type] # as above
            assert "there is no sandbox 'ci-24'" in detail
            assert "did you mean 'ci-42'?" in detail
        assert await names(client) == ["ci-42"]


async def test_a_check_in_an_unknown_sandbox_is_404(client: Client) -> None:
    body = {"match": {}, "count": 0}
    reply = await client.post("/_mock/requests/verify?sandbox=typo", json=body)
    assert reply.status_code == 404
    assert (await client.post("/_mock/requests/r1/replay?sandbox=typo")).status_code == 404
    assert "typo" not in await names(client)


async def test_the_default_sandbox_is_always_there(world: World) -> None:
    async with client_of(world) as client:
        for query in ("", "?sandbox=default"):
            assert (await client.get("/_mock/messages" + query)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/clock", {"advance": "P1D"}),
        ("PATCH", "/settings/partoo", {"sms_quota": 1}),
        ("POST", "/faults", {"status": 500}),
        ("POST", "/reset", None),
        ("PUT", "/records/partoo/businesses/b1", {"name": "x"}),
        ("DELETE", "/requests", None),
    ],
)
async def test_a_call_that_changes_something_makes_the_sandbox(
    world: World, method: str, path: str, body: object
) -> None:
    async with client_of(world) as client:
        reply = await client.request(method, f"/_mock{path}?sandbox=new", json=body)
        assert reply.status_code < 300
        assert await names(client) == ["new"]
        assert (await client.get("/_mock/messages?sandbox=new")).json()["total"] == 0


async def test_a_request_to_an_api_makes_the_sandbox(client: Client) -> None:
    await client.post("/~new" + PARTOO, json=INVITE, headers=KEY)
    assert (await client.get("/_mock/messages?sandbox=new")).json()["total"] == 1


async def test_the_nearest_name_is_told_by_the_calls_on_sandboxes(client: Client) -> None:
    await client.put("/_mock/sandboxes/ci-42")
    for method in ("GET", "DELETE"):
        reply = await client.request(method, "/_mock/sandboxes/ci-43")
        assert reply.status_code == 404
        assert "did you mean 'ci-42'?" in reply.json()["detail"]


async def test_a_deleted_sandbox_is_unknown(client: Client) -> None:
    await client.put("/_mock/sandboxes/gone")
    await client.delete("/_mock/sandboxes/gone")
    assert (await client.get("/_mock/clock?sandbox=gone")).status_code == 404


async def test_a_message_about_many_sandboxes_is_short(client: Client) -> None:
    for number in range(200):
        await client.put(f"/_mock/sandboxes/box-{number}")
    detail = (await client.get("/_mock/clock?sandbox=other")).json()["detail"]
    assert detail.endswith("and 171 more")
    assert len(detail) < 600


async def test_404_is_documented_where_a_sandbox_is_read(client: Client) -> None:
    paths = (await client.get("/_mock/openapi.json")).json()["paths"]
    for path in READS:
        if path.count("/") == 1:
            assert "404" in paths[path]["get"]["responses"]
    assert "404" in paths["/requests/verify"]["post"]["responses"]
    assert "404" not in paths["/clock"]["post"]["responses"]
    assert len(READS) <= len(CALLS)
