import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mockserver.control.control_app import control_app
from mockserver.control.event_calls import EventStream
from mockserver.control.listeners import MAX_EVENTS, MAX_LISTENERS, Listeners, event
from mockserver.server.application import App
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of
from tests.served import PATIENCE

pytestmark = pytest.mark.anyio


class Reader:
    """The client's end of one request, as an ASGI server sees it."""

    def __init__(self) -> None:
        self.status = 0
        self.text = ""
        self.changed = asyncio.Event()
        self.gone = asyncio.Event()
        self.ended = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.text += message.get("body", b"").decode()
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.ended.set()
        self.changed.set()

    async def until(self, mark: str) -> str:
        async with asyncio.timeout(PATIENCE):
            while mark not in self.text:
                self.changed.clear()
                await self.changed.wait()
        return self.text

    def events(self) -> list[tuple[str, Any]]:
        found = []
        for block in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
            if fields:
                found.append((fields["event"], json.loads(fields["data"])))
        return found


@pytest.fixture
def app(world: World) -> App:
    control = control_app(world.engine, lambda: world.now)
    return App(world.engine, control=lambda: control, clock=lambda: world.now)


@pytest.fixture
async def client(world: World, app: App) -> AsyncIterator[Client]:
    async with client_of(world, app=app) as client:
        yield client


@asynccontextmanager
async def listening(
    app: App, query: str = "", method: str = "GET", **headers: str
) -> AsyncIterator[Reader]:
    given = {"host": "127.0.0.1", **headers}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/_mock/events",
        "raw_path": b"/_mock/events",
        "query_string": query.encode(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in given.items()
        ],
    }
    reader = Reader()
    task = asyncio.create_task(app(scope, reader.receive, reader.send))
    try:
        if method == "GET":
            await reader.until(": listening\n\n")
        yield reader
    finally:
        reader.gone.set()
        async with asyncio.timeout(PATIENCE):
            await task


async def test_what_happens_is_told(app: App, client: Client) -> None:
    async with listening(app) as reader:
        await client.post(PARTOO, json=INVITE, headers=KEY)
        await client.post("/_mock/clock", json={"advance": "P1D"})
        await client.patch("/_mock/settings/partoo", json={"sms_quota": 1})
        await client.put("/_mock/records/partoo/businesses/b", json={})
        await client.delete("/_mock/requests")
        await client.post("/_mock/reset")
        await reader.until('{"changed":"reset"}')
    names = [name for name, _ in reader.events()]
    assert names == ["exchange", "message", "clock", "state", "state", "state", "state"]
    events = reader.events()
    assert events[0][1]["operation"] == "sendReviewInvitation"
    assert events[1][1]["to"] == INVITE["target_phone"]
    assert events[2][1] == {"now": "2026-03-11T12:00:00Z", "frozen": False}
    changed = [data["changed"] for name, data in events if name == "state"]
    assert changed == ["settings", "records", "requests", "reset"]
    assert "id: r1\nevent: exchange" in reader.text


async def test_calls_that_fail_are_not_told(app: App, client: Client) -> None:
    async with listening(app) as reader:
        await client.post("/_mock/clock", json={"advance": "P0D"})
        await client.put("/_mock/state", json={})
        await client.post("/_mock/reset")
        await reader.until("reset")
    assert [name for name, _ in reader.events()] == ["state"]


async def test_other_sandboxes_are_not_told(app: App, client: Client) -> None:
    await client.put("/_mock/sandboxes/one")
    async with listening(app, "sandbox=one") as reader:
        await client.get("/nowhere")
        await client.get("/nowhere/else", headers={"mock-sandbox": "one"})
        await reader.until("else")
    assert len(reader.events()) == 1


async def test_a_reader_that_returns_is_told_what_it_missed(app: App, client: Client) -> None:
    for path in ("/one", "/two", "/three"):
        await client.get(path)
    async with listening(app, last_event_id="r1") as reader:
        await reader.until("three")
    assert [data["path"] for _, data in reader.events()] == ["/two", "/three"]


async def test_a_reader_that_missed_too_much_is_told_so(app: App, client: Client) -> None:
    await client.get("/one")
    await client.delete("/_mock/requests")
    async with listening(app, last_event_id="r1") as reader:
        await reader.until("missed")
    assert reader.events() == [("missed", {"events": None})]


async def test_nobody_is_watched_once_the_readers_are_gone(app: App, world: World) -> None:
    before = asyncio.all_tasks()
    async with listening(app), listening(app):
        assert world.sandbox().history.listener is not None
    assert world.sandbox().history.listener is None
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("value", [10**30, "\ud800", {1: 2}])
def test_an_event_holds_whatever_an_exchange_held(value: object) -> None:
    assert event("exchange", {"value": value}).startswith(b'event: exchange\ndata: {"value":')


async def test_who_listens_never_fails_a_request(app: App, world: World, client: Client) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("broken")

    async with listening(app):
        world.sandbox().history.listener = broken
        assert (await client.get("/one")).status_code == 404
        assert len(world.sandbox().history) == 1


async def test_a_head_does_not_wait(app: App, world: World) -> None:
    async with listening(app, method="HEAD") as reader:
        await reader.changed.wait()
    assert (reader.status, reader.text) == (200, "")
    assert world.sandbox().history.listener is None


async def test_a_sandbox_that_is_deleted_lets_its_readers_go(app: App, client: Client) -> None:
    await client.put("/_mock/sandboxes/one")
    async with listening(app, "sandbox=one") as reader:
        await client.delete("/_mock/sandboxes/one")
        async with asyncio.timeout(PATIENCE):
            await reader.ended.wait()
    assert reader.status == 200


async def test_there_are_only_so_many_readers(world: World) -> None:
    listeners = Listeners()
    opened = [listeners.open(world.sandbox(), None) for _ in range(MAX_LISTENERS)]
    with pytest.raises(Exception, match="event streams already"):
        listeners.open(world.sandbox(), None)
    listeners.close(opened[0])
    listeners.open(world.sandbox("other"), None)
    assert len(listeners) == MAX_LISTENERS


async def test_what_is_read_too_slowly_is_dropped_and_counted(world: World) -> None:
    listeners = Listeners()
    listener = listeners.open(world.sandbox(), None)
    for _ in range(MAX_EVENTS + 3):
        world.get("/nowhere")
    chunks = listener.take()
    assert chunks.startswith(f'event: missed\ndata: {{"events":{MAX_EVENTS + 1}}}'.encode())
    assert chunks.count(b"event: exchange") == 2
    assert listener.take() == b""


async def test_large_events_do_not_pile_up(world: World) -> None:
    listener = Listeners().open(world.sandbox(), None)
    for _ in range(30):
        world.get("/" + "x" * 60_000)
    assert len(listener.take()) < 1_100_000


async def test_a_comment_breaks_the_silence(world: World) -> None:
    listeners, reader = Listeners(), Reader()
    stream = EventStream(listeners.open(world.sandbox(), None), listeners, heartbeat=0)
    task = asyncio.create_task(stream({"method": "GET"}, reader.receive, reader.send))
    await reader.until(":\n\n:\n\n")
    reader.gone.set()
    await task
    assert len(listeners) == 0


async def test_a_server_that_stops_takes_its_streams_along(world: World) -> None:
    before = asyncio.all_tasks()
    listeners, reader = Listeners(), Reader()
    stream = EventStream(listeners.open(world.sandbox(), None), listeners)
    task = asyncio.create_task(stream({"method": "GET"}, reader.receive, reader.send))
    await reader.until("listening")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(listeners) == 0
    assert asyncio.all_tasks() == before
