"""Event streams of one process show what another one does to the same sandbox."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest

from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.server.application import App
from mockserver.server.factory import application
from mockserver.stores.memory_store import MemoryStore
from tests.conftest import START
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control.test_event_calls import Reader
from tests.control_client import Client

pytestmark = pytest.mark.anyio


def process(apis: Sequence[Api], store: MemoryStore) -> App:
    engine = Engine(apis, Sandboxes({api.name: api for api in apis}))
    return application(engine, store=store, clock=lambda: START)


@asynccontextmanager
async def two(apis: Sequence[Api], *, same: bool = False) -> AsyncIterator[tuple[Client, Reader]]:
    """A client of one process, and a reader of the events of the other one, or of the same."""
    store = MemoryStore()
    here, there = process(apis, store), process(apis, store)
    there = here if same else there
    base = "http://127.0.0.1:8000"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=here), base_url=base) as client:
        await client.post(f"/~ci{PARTOO}", json=INVITE, headers=KEY)
        reader = Reader()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/_mock/events",
            "raw_path": b"/_mock/events",
            "query_string": b"sandbox=ci",
            "headers": [(b"host", b"127.0.0.1:8000")],
        }
        task = asyncio.create_task(there(scope, reader.receive, reader.send))
        await reader.until("listening")
        yield client, reader
        reader.gone.set()
        await task


async def test_a_call_is_named_as_the_process_itself_would(bundled: list[Api]) -> None:
    async with two(bundled) as (client, reader):
        params = {"sandbox": "ci"}
        await client.patch("/_mock/settings/partoo", params=params, json={"sms_quota": 7})
        await reader.until("event: state")
        assert reader.events() == [("state", {"changed": "settings"})]


async def test_a_reset_is_seen_and_what_comes_after_it(bundled: list[Api]) -> None:
    async with two(bundled) as (client, reader):
        await client.post("/_mock/reset", params={"sandbox": "ci"})
        await reader.until("event: state")
        await client.post(f"/~ci{PARTOO}", json=INVITE, headers=KEY)
        await reader.until("event: message")
        assert [name for name, _ in reader.events()] == ["state", "exchange", "message"]
        assert reader.events()[0] == ("state", {"changed": "reset"})


async def test_a_restored_state_is_seen(bundled: list[Api]) -> None:
    async with two(bundled) as (client, reader):
        kept = (await client.get("/_mock/state", params={"sandbox": "ci"})).json()
        await client.put("/_mock/state", params={"sandbox": "ci"}, json=kept)
        await reader.until("event: state")
        assert reader.events() == [("state", {"changed": "restore"})]


async def test_the_events_of_a_sandbox_that_was_deleted_end(bundled: list[Api]) -> None:
    async with two(bundled) as (client, reader):
        assert (await client.delete("/_mock/sandboxes/ci")).status_code == 204
        async with asyncio.timeout(10):
            await reader.ended.wait()


@pytest.mark.parametrize("same", [True, False])
async def test_requests_that_are_written_together_each_have_their_message(
    bundled: list[Api], *, same: bool
) -> None:
    async with two(bundled, same=same) as (client, reader):
        phones = [f"+3364730000{number}" for number in range(5)]
        bodies = [{**INVITE, "target_phone": phone} for phone in phones]
        await asyncio.gather(
            *(client.post(f"/~ci{PARTOO}", json=body, headers=KEY) for body in bodies)
        )
        await reader.until(phones[-1])
        assert [name for name, _ in reader.events()] == ["exchange", "message"] * 5
