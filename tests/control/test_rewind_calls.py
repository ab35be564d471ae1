"""A sandbox goes back to an entry, or says why it cannot."""

from typing import Any

import pytest

from mockserver.control.control_app import control_app
from mockserver.control.listeners import Listeners
from mockserver.engine.sandbox import Bounds
from mockserver.engine.sandboxes import Sandboxes
from mockserver.server.application import App
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control.test_event_calls import listening
from tests.control_client import Client, client_of
from tests.history import state_of

pytestmark = pytest.mark.anyio
AT_START = {"now": "2026-03-10T12:00:00Z", "frozen": False}


async def invite(client: Client, number: int) -> None:
    body = {**INVITE, "target_phone": f"+3364738{number:04d}"}
    assert (await client.post(PARTOO, json=body, headers=KEY)).status_code == 200


async def rewind(client: Client, to: str, sandbox: str = "default") -> tuple[int, Any]:
    reply = await client.post("/_mock/rewind", json={"to": to}, params={"sandbox": sandbox})
    return reply.status_code, reply.json()


@pytest.mark.parametrize("to", ["r1", "1.r1"])
async def test_a_rewind_answers_the_clock_its_entry_and_how_much_it_undid(
    world: World, client: Client, to: str
) -> None:
    await invite(client, 1)
    before = state_of(world.sandbox(), world.now)
    await invite(client, 2)
    await client.post("/_mock/clock", json={"advance": "P1D"})
    result = {"clock": AT_START, "entry": "c2", "undone": 2}
    assert await rewind(client, to) == (200, result)
    assert state_of(world.sandbox(), world.now) == before


async def test_the_entry_of_a_rewind_keeps_where_it_went_and_the_request(
    world: World, client: Client
) -> None:
    for number in range(3):
        await invite(client, number)
    await rewind(client, "r2")
    await rewind(client, "start")
    entry = list(world.sandbox().history.entries())[-1]
    assert entry.id == "c2"
    assert getattr(entry, "detail", "") == "to start, 3 entries undone"
    sent = getattr(entry, "sent", None)
    assert sent == ("POST", "/_mock/rewind?sandbox=default", b'{"to":"start"}')


async def test_the_start_is_the_state_before_all_entries(world: World, client: Client) -> None:
    await client.get("/_mock/records/partoo/messages")
    before = state_of(world.sandbox(), world.now)
    await client.patch("/_mock/settings/partoo", json={"sms_quota": 1})
    await invite(client, 1)
    assert await rewind(client, "start") == (200, {"clock": AT_START, "entry": "c2", "undone": 2})
    assert state_of(world.sandbox(), world.now) == before


async def test_to_go_back_to_the_latest_entry_undoes_nothing(client: Client) -> None:
    await invite(client, 1)
    assert (await rewind(client, "r1"))[1]["undone"] == 0


async def test_a_sandbox_goes_back_to_a_control_entry(client: Client) -> None:
    await client.post("/_mock/clock", json={"set": "2030-01-31T09:00:00Z", "frozen": True})
    await client.post("/_mock/clock", json={"advance": "P1D", "frozen": False})
    status, result = await rewind(client, "c1")
    assert (status, result["clock"]) == (200, {"now": "2030-01-31T09:00:00Z", "frozen": True})


async def test_a_rewind_can_be_undone_by_a_later_one_only_as_far_as_entries_are_kept(
    client: Client,
) -> None:
    await invite(client, 1)
    await invite(client, 2)
    await rewind(client, "r1")
    status, problem = await rewind(client, "r2")
    assert status == 404
    told = "the entry 'r2' is gone: c1 undid it (rewind to r1, 1 entry undone)"
    assert problem["detail"] == told
    assert (await rewind(client, "c1"))[0] == 200


async def test_what_was_before_a_reset_is_gone(client: Client) -> None:
    await invite(client, 1)
    await client.post("/_mock/reset")
    status, problem = await rewind(client, "1.r1")
    assert (status, problem["detail"].endswith("a reset or a restore began run 2")) == (404, True)
    assert (await rewind(client, "r1"))[0] == 404
    assert (await rewind(client, "start"))[0] == 200


async def test_the_start_after_a_restore_is_the_restored_state(
    world: World, client: Client
) -> None:
    await invite(client, 1)
    kept = (await client.get("/_mock/state")).json()
    await client.put("/_mock/state", json=kept)
    before = state_of(world.sandbox(), world.now)
    await invite(client, 2)
    assert (await rewind(client, "start"))[0] == 200
    assert state_of(world.sandbox(), world.now) == before
    status, problem = await rewind(client, "r1")
    assert (status, "a reset or a restore began run 2" in problem["detail"]) == (404, True)


@pytest.mark.parametrize(("to", "status"), [("start", 409), ("r1", 404)])
async def test_a_dropped_entry_says_which_is_the_earliest(
    world: World, to: str, status: int
) -> None:
    world.engine.sandboxes = Sandboxes(world.engine.apis, bounds=Bounds(exchanges=2))
    async with client_of(world) as client:
        for number in range(4):
            await invite(client, number)
        given, problem = await rewind(client, to)
        assert given == status
        assert "the history begins at r3: older entries were dropped" in problem["detail"]
        assert (await rewind(client, "r3"))[0] == 200


async def test_no_sandbox_goes_back_past_a_reload(world: World, client: Client) -> None:
    await invite(client, 1)
    await invite(client, 2)
    world.engine.replace(world.engine.apis.values(), {})
    await invite(client, 3)
    status, problem = await rewind(client, "r1")
    assert status == 409
    told = "other documents were loaded after r2, which is the earliest possible entry"
    assert problem["detail"] == told
    assert (await rewind(client, "r2"))[1]["undone"] == 1


async def test_a_refused_rewind_changes_nothing(world: World, client: Client) -> None:
    await invite(client, 1)
    before = state_of(world.sandbox(), world.now)
    assert (await rewind(client, "r9"))[0] == 404
    assert state_of(world.sandbox(), world.now) == before
    assert [entry.id for entry in world.sandbox().history.entries()] == ["r1"]


@pytest.mark.parametrize("body", [{}, {"to": 1}, {"to": None}, {"to": "start", "at": "r1"}])
async def test_a_rewind_without_a_name_is_refused(client: Client, body: Any) -> None:
    assert (await client.post("/_mock/rewind", json=body)).status_code == 422


async def test_a_misspelt_sandbox_is_not_made(client: Client) -> None:
    await client.put("/_mock/sandboxes/ci-42")
    status, problem = await rewind(client, "start", "ci-24")
    assert (status, "did you mean 'ci-42'?" in problem["detail"]) == (404, True)


async def test_requests_of_a_cleared_journal_are_there_again_after_a_rewind(
    client: Client,
) -> None:
    await invite(client, 1)
    await client.delete("/_mock/requests")
    await rewind(client, "r1")
    assert (await client.get("/_mock/requests")).json()["total"] == 1


async def test_readers_of_events_are_told_and_go_on(world: World) -> None:
    control = control_app(world.engine, lambda: world.now)
    app = App(world.engine, control=lambda: control, clock=lambda: world.now)
    async with client_of(world, app=app) as client, listening(app) as reader:
        await client.get("/nowhere")
        await rewind(client, "start")
        await client.get("/nowhere/else")
        await reader.until("else")
    events = reader.events()
    assert [name for name, _ in events] == ["exchange", "state", "exchange"]
    assert events[1][1] == {"changed": "rewind"}
    assert events[2][1]["id"] == "r2"


async def test_a_reader_that_returns_after_an_undone_request_is_told_that_it_missed_something(
    world: World,
) -> None:
    control = control_app(world.engine, lambda: world.now)
    app = App(world.engine, control=lambda: control, clock=lambda: world.now)
    async with client_of(world, app=app) as client:
        await client.get("/nowhere")
        await rewind(client, "start")
        async with listening(app, last_event_id="r1") as reader:
            await reader.until("missed")
        assert reader.events() == [("missed", {"events": None})]


async def test_readers_are_told_the_rewind_of_another_process(world: World) -> None:
    world.get("/nowhere")
    sandbox, listeners = world.sandbox(), Listeners()
    listener = listeners.open(sandbox, None)
    sandbox.history.notify(sandbox.rewind(sandbox.history.begun, world.now))
    assert listener.take() == b'event: state\ndata: {"changed":"rewind"}\n\n'
