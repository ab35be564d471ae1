"""A store that fails: nothing is half done, nothing is counted twice, and it goes on by itself."""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from mockserver.model.api import Api
from mockserver.model.messages import Request
from mockserver.server.application import App
from mockserver.stores.committer import Committer
from mockserver.stores.history_store import (
    Batch,
    Committed,
    Head,
    Lost,
    Newer,
    StoreError,
    UnusableStoreError,
)
from mockserver.stores.memory_store import MemoryStore
from mockserver.stores.redis_store import RedisStore
from mockserver.stores.sqlite_store import FORMAT, SqliteStore
from tests.conftest import START
from tests.history import state_of
from tests.stores.redis_server import RedisServer
from tests.stores_world import Worker, worker

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class FailingStore(MemoryStore):
    """A store in memory that fails when it is told to."""

    before: int = 0
    """Number of commits that fail and write nothing."""
    after: int = 0
    """Number of commits that are written although they fail."""

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        if self.before:
            self.before -= 1
            raise StoreError("it is broken")
        outcome = await super(FailingStore, self).commit(name, head, batch)
        if self.after and isinstance(outcome, Committed):
            self.after -= 1
            raise StoreError("its answer is lost")
        return outcome


async def test_a_request_that_could_not_be_written_has_changed_nothing(bundled: list[Api]) -> None:
    store = FailingStore()
    one = worker(bundled, store)
    await one.invite(1)
    sandbox = one.committer.engine.sandboxes.by_name["default"]
    before = state_of(sandbox, one.now)
    store.before = 1
    with pytest.raises(StoreError, match="it is broken"):
        await one.invite(2)
    assert state_of(sandbox, one.now) == before
    assert (await one.invite(2)).answer.status == 200
    assert [entry.id for entry in sandbox.history] == ["r1", "r2"]


async def test_a_request_whose_answer_was_lost_is_not_counted_twice(bundled: list[Api]) -> None:
    store = FailingStore()
    one, two = worker(bundled, store, sms_quota=3), worker(bundled, store, sms_quota=3)
    await one.invite(1)
    store.after = 1
    with pytest.raises(StoreError):
        await one.invite(2)
    statuses = [(await two.invite(3)).answer.status, (await one.invite(4)).answer.status]
    assert statuses == [200, 403]
    await two.committer.perform("default", two.now, lambda: None, only_reads=True)
    assert len(list(two.committer.engine.sandboxes.by_name["default"].history)) == 4


async def test_all_that_wait_get_an_error_and_none_hangs(bundled: list[Api]) -> None:
    store = FailingStore(before=1)
    one = worker(bundled, store)
    sent = await asyncio.gather(*(one.invite(n) for n in range(5)), return_exceptions=True)
    assert [type(item) for item in sent] == [StoreError] * 5
    assert await one.invite_all(range(5)) == [200] * 5


async def test_a_client_gets_a_503_that_says_whose_fault_it_is(bundled: list[Api]) -> None:
    one = worker(bundled, FailingStore(before=1))
    app = App(one.committer.engine, committer=one.committer)
    answer = await app.answer_later(Request("GET", "/nowhere"))
    assert answer.status == 503
    assert b"the store of the mock cannot be used: it is broken" in answer.body
    assert ("Retry-After", "1") in answer.headers
    assert (await app.answer_later(Request("GET", "/nowhere"))).status == 404


# --- files ---


async def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("my notes, which nobody may overwrite\n" * 100)
    with pytest.raises(UnusableStoreError, match="file is not a database"):
        await SqliteStore(path).open()
    assert path.read_text().startswith("my notes")


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    other = sqlite3.connect(path)
    other.execute("create table things (id)")
    other.close()
    with pytest.raises(UnusableStoreError, match="another program; name another file"):
        await SqliteStore(path).open()


async def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = SqliteStore(path)
    await store.open()
    await store.close()
    newer = sqlite3.connect(path)
    newer.execute(f"pragma user_version = {FORMAT + 1}")
    newer.close()
    with pytest.raises(UnusableStoreError, match="written by a newer mockserver"):
        await SqliteStore(path).open()


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableStoreError, match=r"nowhere/state\.db"):
        await SqliteStore(tmp_path / "nowhere" / "state.db").open()


async def test_a_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")
    await store.open()
    await store.close()
    assert (tmp_path / "state.db").stat().st_mode & 0o777 == 0o600


async def invited_until_it_fails(one: Worker) -> int:
    """Return how many requests were answered before the store was full."""
    for number in range(1, 1_000):
        try:
            await one.invite(number)
        except StoreError as error:
            if "full" in str(error):
                return number - 1
            raise
    raise AssertionError("the disk was never full")


async def test_a_full_disk_refuses_and_loses_nothing(bundled: list[Api], tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state.db")
    one = worker(bundled, store)
    await one.invite(0)
    connection = store._connection  # noqa: SLF001 - there is no other way to fill the disk
    assert connection is not None
    (pages,) = connection.execute("pragma page_count").fetchone()
    connection.execute(f"pragma max_page_count = {pages + 2}")
    answered = 1 + await invited_until_it_fails(one)
    connection.execute("pragma max_page_count = 100000")
    assert (await one.invite(999)).answer.status == 200
    late = worker(bundled, SqliteStore(tmp_path / "state.db"))
    await late.committer.perform("default", late.now, lambda: None, only_reads=True)
    assert len(late.committer.engine.sandboxes.by_name["default"].history) == answered + 1
    await one.committer.close()
    await late.committer.close()


# --- Redis ---


@asynccontextmanager
async def with_redis(server: RedisServer, apis: list[Api]) -> AsyncIterator[Worker]:
    url = f"{server.url}?prefix={secrets.token_hex(8)}"
    one = worker(apis, RedisStore(url, timeout=0.3), sms_quota=100)
    yield one
    await one.committer.close()


async def used(committer: Committer) -> int:
    await committer.perform("default", START, lambda: None, only_reads=True)
    store = committer.engine.sandboxes.by_name["default"].store("partoo")
    return len(store.collection("messages"))


async def test_a_redis_that_ends_and_comes_back_has_all_that_was_answered(
    bundled: list[Api], redis_server: RedisServer
) -> None:
    async with with_redis(redis_server, bundled) as one:
        assert await one.invite_all(range(10)) == [200] * 10
        redis_server.kill()
        with pytest.raises(StoreError, match="the Redis server cannot be used"):
            await one.invite(11)
        redis_server.again()
        assert (await one.invite(11)).answer.status == 200
        assert await used(one.committer) == 11


async def test_a_redis_that_stands_still_is_a_503_and_then_health(
    bundled: list[Api], redis_server: RedisServer
) -> None:
    async with with_redis(redis_server, bundled) as one:
        await one.invite(1)
        redis_server.pause()
        try:
            with pytest.raises(StoreError):
                await one.invite(2)
        finally:
            redis_server.go_on()
        statuses = [(await one.invite(n)).answer.status for n in (2, 3)]
        assert statuses in ([200, 200], [400, 200])  # the first may have been written late
        assert await used(one.committer) == 3


async def test_a_redis_without_memory_refuses_and_counts_right(
    bundled: list[Api], redis_server: RedisServer
) -> None:
    client = redis.Redis(port=redis_server.port)
    async with with_redis(redis_server, bundled) as one:
        await one.invite(1)
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(StoreError, match="memory"):
                await one.invite(2)
        finally:
            client.config_set("maxmemory", 0)
        assert (await one.invite(2)).answer.status == 200
        assert await used(one.committer) == 2
    client.close()


async def test_a_redis_that_evicts_keys_is_refused(redis_server: RedisServer) -> None:
    client = redis.Redis(port=redis_server.port)
    client.config_set("maxmemory", 100_000_000)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(UnusableStoreError, match="noeviction"):
            await RedisStore(redis_server.url).open()
    finally:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 0)
        client.close()


async def test_a_redis_that_was_emptied_is_noticed(
    bundled: list[Api], redis_server: RedisServer
) -> None:
    client = redis.Redis(port=redis_server.port)
    async with with_redis(redis_server, bundled) as one:
        assert await one.invite_all(range(5)) == [200] * 5
        client.flushall()
        assert (await one.invite(1)).answer.status == 200  # nobody has used its cooldown
        assert await used(one.committer) == 1
    client.close()


async def test_keys_of_a_newer_version_are_refused(redis_server: RedisServer) -> None:
    client = redis.Redis(port=redis_server.port)
    client.set("newer:format", FORMAT + 1)
    with pytest.raises(UnusableStoreError, match="written by a newer mockserver"):
        await RedisStore(f"{redis_server.url}?prefix=newer").open()
    client.close()


Cut = Callable[[], None]


@asynccontextmanager
async def a_proxy(port: int) -> AsyncIterator[tuple[int, Cut]]:
    """A proxy that swallows the next answer of the server, and closes the connection."""
    cut = asyncio.Event()

    async def pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool
    ) -> None:
        while data := await reader.read(65_536):
            if back and cut.is_set():
                cut.clear()
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        forth = asyncio.create_task(pump(reader, other_writer, back=False))
        await pump(other_reader, writer, back=True)
        other_writer.close()
        forth.cancel()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], cut.set
    server.close()


async def test_a_commit_that_was_cut_off_is_not_made_twice(
    bundled: list[Api], redis_server: RedisServer
) -> None:
    async with a_proxy(redis_server.port) as (port, cut):
        url = f"redis://127.0.0.1:{port}/0?prefix={secrets.token_hex(8)}"
        one = worker(bundled, RedisStore(url, timeout=2), sms_quota=100)
        await one.invite(1)
        cut()
        assert (await one.invite(2)).answer.status == 200
        assert await used(one.committer) == 2
        await one.committer.close()


@dataclass(slots=True)
class CancellingStore(MemoryStore):
    """A store whose client is cancelled in the midst of a commit."""

    times: int = 0

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        if self.times:
            self.times -= 1
            await asyncio.sleep(0)
            raise asyncio.CancelledError
        return await super(CancellingStore, self).commit(name, head, batch)


async def test_a_commit_that_is_cancelled_leaves_no_client_waiting(bundled: list[Api]) -> None:
    one = worker(bundled, CancellingStore(times=1))
    async with asyncio.timeout(10):
        first = asyncio.create_task(one.invite(1))
        await asyncio.sleep(0)
        second = asyncio.create_task(one.invite(2))
        sent = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(item) for item in sent] == [StoreError] * 2
    assert await one.invite_all([1, 2]) == [200, 200]


@dataclass(slots=True)
class CrowdedStore(MemoryStore):
    """A store to which another process always writes first."""

    tries: int = 0

    async def commit(self, name: str, head: Head | None, batch: Batch) -> Committed | Newer | Lost:
        self.tries += 1
        outcome = await super(CrowdedStore, self).commit(name, head, batch)
        if isinstance(outcome, Committed) and head is not None:
            return Newer(outcome.head, [])
        return outcome


async def test_a_request_that_never_comes_first_is_given_up(bundled: list[Api]) -> None:
    store = CrowdedStore()
    one = worker(bundled, store)
    await one.invite(1)
    store.tries = 0
    one.committer.patience = 0.0
    with pytest.raises(StoreError, match="other processes change this sandbox all the time"):
        await one.invite(2)
    assert store.tries == 1
