"""A Redis server of our own on a free port, and one store of each kind."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mockserver.stores.history_store import HistoryStore, Retention
from mockserver.stores.memory_store import MemoryStore
from mockserver.stores.redis_store import RedisStore
from mockserver.stores.sqlite_store import SqliteStore
from tests.stores.redis_server import RedisServer

KINDS = ("memory", "sqlite", "redis")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis server for all tests of this process."""
    server = RedisServer.started(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(params=KINDS)
async def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    anyio_backend: str,  # noqa: ARG001 - the fixture is a coroutine
) -> AsyncIterator[HistoryStore]:
    """Each kind of store in turn, empty and open."""
    opened = a_store(request, tmp_path, Retention())
    await opened.open()
    yield opened
    await opened.close()


def a_store(request: pytest.FixtureRequest, folder: Path, retention: Retention) -> HistoryStore:
    """Return a store of the kind that a test's parameter names."""
    if request.param == "memory":
        return MemoryStore(retention)
    if request.param == "sqlite":
        return SqliteStore(folder / "state.db", retention=retention)
    server: RedisServer = request.getfixturevalue("redis_server")
    return RedisStore(f"{server.url}?prefix={secrets.token_hex(8)}", retention)
