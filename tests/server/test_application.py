import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from mockserver.engine.engine_options import Options
from mockserver.engine.faults import check_fault
from mockserver.engine.pipeline import Engine
from mockserver.model.fault import FaultDefinition
from mockserver.server.application import App
from mockserver.server.factory import application
from mockserver.server.greeting import greeting
from tests.conftest import World

PATH = "/cloutly/api/v1/businesses"
KEY = {"x-api-key": "demo-cloutly-key"}
pytestmark = pytest.mark.anyio


def client_of(engine: Engine, world: World) -> httpx.AsyncClient:
    app = App(engine, body_limit=100, clock=lambda: world.now)
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://mock.test")


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world.engine, world) as client:
        yield client


async def test_answers_name_their_journal_entry_and_reason(client: httpx.AsyncClient) -> None:
    good, bad = await client.get(PATH, headers=KEY), await client.get(PATH)
    assert (good.headers["mock-request-id"], good.headers.get("mock-reason")) == ("r1", None)
    assert (bad.headers["mock-request-id"], bad.headers["mock-reason"]) == ("r2", "unauthenticated")


async def test_an_application_behind_a_proxy_is_where_the_proxy_is(
    client: httpx.AsyncClient, world: World
) -> None:
    await client.get(PATH, headers={**KEY, "x-forwarded-proto": "https"})
    (exchange,) = world.engine.sandboxes.get("default", world.now).history
    assert exchange.request.scheme == "https"


async def test_the_mocks_own_headers_can_be_left_out(world: World) -> None:
    quiet = Engine(world.engine.apis.values(), world.engine.sandboxes, Options(announce=False))
    async with client_of(quiet, world) as client:
        reply = await client.get(PATH)
    assert not [name for name in reply.headers if name.startswith("mock-")]


@pytest.mark.parametrize(
    ("accept", "has_control", "status"),
    [("text/html,*/*;q=0.8", True, 307), ("*/*", True, 404), ("text/html", False, 404)],
)
async def test_a_browser_that_opens_the_server_is_led_to_the_dashboard(
    world: World, accept: str, *, has_control: bool, status: int
) -> None:
    app = application(world.engine, control=has_control)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://mock.test"
    ) as client:
        reply = await client.get("/", headers={"accept": accept})

    assert reply.status_code == status
    assert reply.headers.get("location") == ("/_mock/" if status == 307 else None)


async def test_head_has_the_length_and_no_body(client: httpx.AsyncClient) -> None:
    reply = await client.head(PATH, headers=KEY)
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) > 100


async def test_options_names_the_methods(client: httpx.AsyncClient) -> None:
    reply = await client.options(PATH)
    assert (reply.status_code, reply.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_another_method_is_a_405_that_names_the_methods(client: httpx.AsyncClient) -> None:
    reply = await client.delete(PATH, headers=KEY)
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_a_page_of_another_site_may_call_the_apis(client: httpx.AsyncClient) -> None:
    origin = {"origin": "https://app.example"}
    asked = {
        **origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-api-key",
    }
    before = await client.options(PATH, headers=asked)
    assert before.status_code == 204
    assert before.headers["access-control-allow-methods"] == "GET"
    assert before.headers["access-control-allow-headers"] == "x-api-key"
    reply = await client.get(PATH, headers={**origin, **KEY})
    assert reply.headers["access-control-allow-origin"] == "https://app.example"
    assert "Mock-Request-Id" in reply.headers["access-control-expose-headers"]


async def test_calls_from_other_sites_can_be_turned_off(world: World) -> None:
    closed = Engine(world.engine.apis.values(), world.engine.sandboxes, Options(cors=False))
    async with client_of(closed, world) as client:
        reply = await client.get(PATH, headers={"origin": "https://app.example"})
    assert "access-control-allow-origin" not in reply.headers


async def test_an_unknown_api_is_a_problem_that_names_those_there_are(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.get("/nowhere/at/all")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert "/partoo" in reply.json()["detail"]


async def test_a_body_over_the_limit_is_a_413(client: httpx.AsyncClient) -> None:
    reply = await client.put(
        "/cloutly/api/v1/reply",
        content=b"x" * 101,
        headers={**KEY, "content-type": "application/json"},
    )
    assert (reply.status_code, reply.json()["statusCode"]) == (413, 413)


async def test_a_repeated_header_is_joined(world: World) -> None:
    async with client_of(world.engine, world) as client:
        await client.get(PATH, headers=[("accept", "a/b"), ("accept", "c/d")])
    [entry] = world.sandbox().history
    assert entry.request.headers["accept"] == "a/b, c/d"


async def test_a_thousand_parallel_requests_take_exactly_what_the_quota_has(world: World) -> None:
    world.set("partoo", sms_quota=137, requests_per_minute=10_000)
    path = "/partoo/v2/review_booster/send_invitation"
    business = "5409c35a97bbc544d8e26737"
    bodies = [
        {"business_id": business, "target_phone": f"+336470{number:05d}"} for number in range(1000)
    ]
    app = App(world.engine, clock=lambda: world.now)
    transport = httpx.ASGITransport(app=app)
    headers = {"x-apikey": "demo-partoo-key"}
    async with httpx.AsyncClient(transport=transport, base_url="http://mock.test") as client:
        replies = await asyncio.gather(
            *(client.post(path, json=body, headers=headers) for body in bodies)
        )
    assert [reply.status_code for reply in replies].count(200) == 137
    assert len(world.messages("partoo")) == 137


@pytest.mark.parametrize("parts", [{"disconnect": "before"}, {"truncate": 5}], ids=str)
async def test_a_broken_connection_is_an_error_to_other_servers(
    client: httpx.AsyncClient, world: World, parts: dict[str, Any]
) -> None:
    fault = check_fault(FaultDefinition(**parts), world.engine.apis)
    world.sandbox().faults.add(world.sandbox().transaction(), fault)
    with pytest.raises(ConnectionResetError):
        await client.get(PATH, headers=KEY)


async def test_the_first_of_several_prefer_lines_counts(client: httpx.AsyncClient) -> None:
    lines = [("prefer", 'foo="a, b"'), ("prefer", "code=404"), ("prefer", "code=500, wait=0")]
    reply = await client.get(PATH, headers=lines)
    assert (reply.status_code, reply.headers["preference-applied"]) == (404, "code=404")


async def test_the_greeting_makes_no_records_of_the_sandbox_that_is_served(world: World) -> None:
    greeting(world.engine, "http://127.0.0.1:8000", world.now, control=True)
    assert world.engine.sandboxes.names() == []


def test_the_greeting_has_a_generated_credential_of_the_seed(serve: Callable[..., World]) -> None:
    shop = serve(GENERATED, seed=7)
    text = greeting(shop.engine, "http://127.0.0.1:8000", shop.now, control=True)

    key = text.partition("x-key: ")[2].split()[0]
    assert shop.get("/a", x_key=key).status == 200


GENERATED = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  collections: {keys: {key: key}}
  records: {keys: [{key: '{{ uuid() }}'}]}
  principals: {key: {in: keys}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
security: [{key: []}]
paths: {/a: {get: {responses: {'200': {description: ok}}}}}
"""
