"""A sandbox is made from another one, as that was at an entry; then both go on by themselves."""

from typing import Any

import pytest

from mockserver.control.control_app import control_app
from mockserver.engine.sandbox import Bounds
from mockserver.engine.sandboxes import Sandboxes
from mockserver.server.application import App
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control.test_event_calls import listening
from tests.control_client import Client, client_of
from tests.history import state_of

pytestmark = pytest.mark.anyio


async def invite(client: Client, number: int, sandbox: str = "a") -> str:
    body = {**INVITE, "target_phone": f"+3364738{number:04d}"}
    reply = await client.post(f"/~{sandbox}{PARTOO}", json=body, headers=KEY)
    assert reply.status_code == 200
    return reply.headers["mock-request-id"]


async def fork(client: Client, name: str, **query: str) -> tuple[int, Any]:
    reply = await client.put(f"/_mock/sandboxes/{name}", params=query)
    return reply.status_code, reply.json()


async def test_a_fork_is_a_sandbox_with_the_state_and_requests_of_another(
    world: World, client: Client
) -> None:
    await invite(client, 1)
    summary = {
        "name": "b",
        "clock": {"now": "2026-03-10T12:00:00Z", "frozen": False},
        "requests": 1,
        "entry": "1.c1",
    }
    assert await fork(client, "b", **{"from": "a"}) == (201, summary)
    assert (await client.get("/_mock/sandboxes/b")).json() == summary
    assert state_of(world.sandbox("b"), world.now) == state_of(world.sandbox("a"), world.now)
    assert (await client.get("/_mock/requests?sandbox=b")).json()["total"] == 1


async def test_a_fork_and_its_original_go_on_by_themselves(world: World, client: Client) -> None:
    await invite(client, 1)
    before = state_of(world.sandbox("a"), world.now)
    await invite(client, 2)
    after = state_of(world.sandbox("a"), world.now)
    assert (await fork(client, "b", **{"from": "a", "at": "r1"}))[0] == 201
    assert state_of(world.sandbox("b"), world.now) == before
    assert await invite(client, 2, "b") == "r3"
    assert await invite(client, 3, "b") == "r4"
    assert state_of(world.sandbox("a"), world.now) == after
    forked = state_of(world.sandbox("b"), world.now)
    assert await invite(client, 4) == "r3"
    assert state_of(world.sandbox("b"), world.now) == forked


async def test_two_forks_do_not_see_each_other(world: World, client: Client) -> None:
    await invite(client, 1)
    await fork(client, "b", **{"from": "a"})
    await fork(client, "c", **{"from": "b"})
    before = state_of(world.sandbox("c"), world.now)
    await invite(client, 2, "b")
    assert state_of(world.sandbox("c"), world.now) == before
    await invite(client, 3, "c")
    assert [len(world.sandbox(name).history) for name in "abc"] == [1, 2, 2]


@pytest.mark.parametrize(
    ("at", "told"), [({}, "r2"), ({"at": "r1"}, "r1"), ({"at": "start"}, "start")]
)
async def test_a_fork_has_an_entry_that_says_what_it_is_of(
    world: World, client: Client, at: dict[str, str], told: str
) -> None:
    await invite(client, 1)
    await invite(client, 2)
    await fork(client, "b", **{"from": "a", **at})
    *_, entry = world.sandbox("b").history.entries()
    assert (entry.id, getattr(entry, "call", "")) == ("c1", "forkSandbox")
    assert getattr(entry, "detail", "") == f"of a at {told}"
    assert [one.id for one in world.sandbox("a").history.entries()] == ["r1", "r2"]


@pytest.mark.parametrize("deleted", ["a", "b"])
async def test_to_delete_either_leaves_the_other(
    world: World, client: Client, deleted: str
) -> None:
    await invite(client, 1)
    await fork(client, "b", **{"from": "a"})
    used = world.engine.sandboxes.budget.used
    await client.delete(f"/_mock/sandboxes/{deleted}")
    (left,) = {"a", "b"} - {deleted}
    assert await invite(client, 2, left) == "r2"
    assert (await client.get(f"/_mock/requests/r1?sandbox={left}")).status_code == 200
    assert world.engine.sandboxes.budget.used < used + 10_000


async def test_a_fork_goes_back_to_before_it_was_made(world: World, client: Client) -> None:
    await invite(client, 1)
    await invite(client, 2)
    await fork(client, "b", **{"from": "a"})
    reply = await client.post("/_mock/rewind?sandbox=b", json={"to": "1.r1"})
    assert reply.json()["undone"] == 2
    assert len(world.sandbox("a").history) == 2


@pytest.mark.parametrize(
    ("name", "query", "status", "told"),
    [
        ("a", {"from": "a"}, 409, "there is a sandbox 'a' already"),
        ("kept", {"from": "a"}, 409, "there is a sandbox 'kept' already"),
        ("b", {"from": "kpt"}, 404, "did you mean 'kept'?"),
        ("b", {"from": "a", "at": "r9"}, 404, "the latest is r1"),
        ("b", {"from": "a", "at": "strat"}, 404, "did you mean 'start'?"),
        ("b", {"from": "a b"}, 400, "a sandbox name has 1 to 64 letters"),
        ("a~b", {"from": "a"}, 400, "a sandbox name has 1 to 64 letters"),
        ("b", {"at": "r1"}, 422, "from"),
        ("b", {"form": "a"}, 422, "did you mean 'from'?"),
    ],
)
async def test_what_cannot_be_forked_says_why_and_makes_nothing(
    world: World, client: Client, name: str, query: dict[str, str], status: int, told: str
) -> None:
    await client.put("/_mock/sandboxes/kept")
    await invite(client, 1)
    given, problem = await fork(client, name, **query)
    assert (given, told in problem["detail"]) == (status, True), problem
    assert world.engine.sandboxes.names() == ["kept", "a"]


async def test_a_fork_at_what_was_dropped_says_where_the_history_begins(world: World) -> None:
    world.engine.sandboxes = Sandboxes(world.engine.apis, bounds=Bounds(exchanges=2))
    async with client_of(world) as client:
        for number in range(4):
            await invite(client, number)
        status, problem = await fork(client, "b", **{"from": "a", "at": "start"})
    told = "the history begins at r3: older entries were dropped"
    assert (status, problem["detail"]) == (409, told)
    assert world.engine.sandboxes.names() == ["a"]


async def test_a_fork_counts_as_a_sandbox(world: World) -> None:
    world.engine.sandboxes = Sandboxes(world.engine.apis, bounds=Bounds(sandboxes=2))
    async with client_of(world) as client:
        await invite(client, 1)
        assert (await fork(client, "b", **{"from": "a"}))[0] == 201
        status, problem = await fork(client, "c", **{"from": "a"})
        assert (status, "there are already 2 sandboxes" in problem["detail"]) == (503, True)
        assert world.engine.sandboxes.names() == ["a", "b"]


async def test_the_default_sandbox_can_be_forked_before_its_first_use(client: Client) -> None:
    assert (await fork(client, "b", **{"from": "default"}))[0] == 201


async def test_readers_of_the_original_are_not_told_what_a_fork_does(world: World) -> None:
    control = control_app(world.engine, lambda: world.now)
    app = App(world.engine, control=lambda: control, clock=lambda: world.now)
    async with client_of(world, app=app) as client:
        await client.put("/_mock/sandboxes/a")
        async with listening(app, "sandbox=a") as reader:
            await fork(client, "b", **{"from": "a"})
            await client.get("/~b/nowhere")
            await client.get("/~a/else")
            await reader.until("else")
    assert [data["path"] for _, data in reader.events()] == ["/~a/else"]


async def test_a_request_from_before_a_fork_is_replayed_in_the_fork(client: Client) -> None:
    await client.get("/~a/cloutly/api/v1/businesses", headers={"x-api-key": "demo-cloutly-key"})
    await fork(client, "b", **{"from": "a"})
    reply = await client.post("/_mock/requests/r1/replay?sandbox=b")
    assert (reply.status_code, reply.json()["status"]) == (201, 200)
    totals = [(await client.get(f"/_mock/requests?sandbox={one}")).json()["total"] for one in "ab"]
    assert totals == [1, 2]


async def test_the_decisions_about_a_stored_request_are_found_again_in_a_fork(
    world: World, client: Client
) -> None:
    await invite(client, 1)
    await fork(client, "b", **{"from": "a"})
    (exchange,) = world.sandbox("b").history
    expected = (await client.get("/_mock/requests/r1?sandbox=b")).json()["trace"]
    exchange.trace, exchange.is_traced = [], False
    await client.delete("/_mock/sandboxes/a")
    reply = await client.get("/_mock/requests/r1?sandbox=b")
    assert (reply.status_code, reply.json()["trace"]) == (200, expected)
