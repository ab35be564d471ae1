"""Forks and rewinds by the control API, with several processes on one store."""

from collections.abc import Sequence

import httpx
import pytest

from mockserver.control.control_app import control_app
from mockserver.model.api import Api
from mockserver.server.application import App
from mockserver.stores.history_store import HistoryStore
from mockserver.stores.memory_store import MemoryStore
from tests.history import state_of
from tests.stores_world import Worker, worker

pytestmark = pytest.mark.anyio


def client_of(one: Worker) -> httpx.AsyncClient:
    engine, committer = one.committer.engine, one.committer
    control = control_app(engine, lambda: one.now, None, committer)
    app = App(engine, control=lambda: control, clock=lambda: one.now)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
    )


async def state(one: Worker, name: str) -> object:
    await one.committer.perform(name, one.now, lambda: None, only_reads=True)
    return state_of(one.committer.engine.sandboxes.by_name[name], one.now)


def workers(
    apis: Sequence[Api], store: HistoryStore, most_unsettled: int = 100
) -> tuple[Worker, Worker]:
    return worker(apis, store, most_unsettled), worker(apis, store, most_unsettled)


async def test_a_fork_has_what_another_process_did_to_the_original(bundled: list[Api]) -> None:
    first, second = workers(bundled, MemoryStore())
    await second.invite(1, "/~a")
    await first.invite(2, "/~a")
    async with client_of(second) as client:
        reply = await client.put("/_mock/sandboxes/b", params={"from": "a"})
    assert (reply.status_code, reply.json()["requests"]) == (201, 2)
    assert await state(first, "b") == await state(second, "a")


async def test_a_fork_at_an_entry_is_the_same_for_all_processes(bundled: list[Api]) -> None:
    first, second = workers(bundled, MemoryStore())
    await first.invite(1, "/~a")
    before = await state(first, "a")
    await first.invite(2, "/~a")
    async with client_of(first) as client:
        await client.put("/_mock/sandboxes/b", params={"from": "a", "at": "r1"})
    assert await state(second, "b") == before
    await second.invite(3, "/~b")
    assert await state(first, "b") == await state(second, "b")


async def test_a_rewind_reaches_all_processes(bundled: list[Api]) -> None:
    first, second = workers(bundled, MemoryStore())
    await first.invite(1)
    before = await state(second, "default")
    await second.invite(2)
    async with client_of(first) as client:
        reply = await client.post("/_mock/rewind", json={"to": "r1"})
    assert reply.json()["undone"] == 1
    assert await state(second, "default") == before
    async with client_of(second) as client:
        reply = await client.post("/_mock/rewind", json={"to": "r2"})
    assert reply.json()["detail"].endswith("c1 undid it (rewind to r1, 1 entry undone)")


@pytest.mark.parametrize("is_loaded", [False, True])
async def test_a_sandbox_that_went_back_to_its_start_can_go_there_again(
    bundled: list[Api], *, is_loaded: bool
) -> None:
    first, late = workers(bundled, MemoryStore(), most_unsettled=1)
    await first.invite(1)
    async with client_of(first) as client:
        await client.post("/_mock/rewind", json={"to": "start"})
    before = await state(first, "default")
    await first.invite(2)
    async with client_of(late if is_loaded else first) as client:
        reply = await client.post("/_mock/rewind", json={"to": "start"})
    assert (reply.status_code, reply.json().get("undone")) == (200, 2), reply.text
    assert await state(first, "default") == before
