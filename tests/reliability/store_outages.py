"""Part C: a store that stands still, is full, restarts or is cut off: 503, then health, no loss."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import redis

from tests.reliability.killed_processes import Load
from tests.reliability.machines import Machine, change_settings, healthy
from tests.stores.redis_server import RedisServer

Outage = Callable[["asyncio.Task[None]"], Awaitable[None]]
"""Lets a store fail while a task sends requests."""
REQUESTS = 200
"""Requests before and after an outage."""


async def last(load: "asyncio.Task[None]", seconds: float) -> None:
    """Let an outage last, unless the load ends before: then it has failed."""
    ended, _ = await asyncio.wait({load}, timeout=seconds)
    assert not ended, "the load ended during the outage"


async def during(machines: Sequence[Machine], outage: Outage) -> tuple[Load, float]:
    """Send invitations before, during and after an outage; return the seconds until health."""
    ports = [machine.port for machine in machines]
    await change_settings(ports[0], "default", sms_quota=1_000_000)
    load = Load(ports)
    running = asyncio.create_task(load.run())
    try:
        await load.after(REQUESTS)
        await outage(running)
        waits = [await healthy(port) for port in ports]
        await load.after(REQUESTS)
    finally:
        load.end()
        await running
    assert set(load.others) <= {503}, load.others
    assert load.without_retry == 0, "a 503 without Retry-After"
    return load, max(waits)


async def paused(server: RedisServer, load: "asyncio.Task[None]", seconds: float = 5) -> None:
    """Let the server not answer for a while."""
    server.pause()
    await last(load, seconds)
    server.go_on()


async def without_memory(
    server: RedisServer, load: "asyncio.Task[None]", seconds: float = 2
) -> None:
    """Let the server refuse all writes for a while."""
    client = redis.Redis(port=server.port)
    client.config_set("maxmemory", 1)
    await last(load, seconds)
    client.config_set("maxmemory", 0)
    client.close()


async def restarted(server: RedisServer, load: "asyncio.Task[None]", seconds: float = 1) -> None:
    """End the server in order, and start it again after a while."""
    server.stop()
    await last(load, seconds)
    await asyncio.to_thread(server.again)


async def disconnected(server: RedisServer, load: "asyncio.Task[None]", times: int = 20) -> None:
    """Cut all connections to the server several times."""
    client = redis.Redis(port=server.port)
    for _ in range(times):
        client.client_kill_filter(_type="normal", skipme=True)
        await last(load, 0.1)
    client.close()


@dataclass
class Proxy:
    """A proxy in front of a server, which may cut a connection in place of each n-th answer."""

    target: int
    port: int = 0
    every: int = 0
    """The n of each n-th answer that is lost; 0 for none."""
    _count: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        back, forth = await asyncio.open_connection("127.0.0.1", self.target)
        task = asyncio.create_task(self._copy(reader, forth))
        with contextlib.suppress(ConnectionError):
            while data := await back.read(65_536):
                self._count += 1
                if self.every and self._count % self.every == 0:
                    break
                writer.write(data)
        writer.close()
        forth.close()
        task.cancel()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()


@contextlib.asynccontextmanager
async def a_proxy(target: int) -> AsyncIterator[Proxy]:
    """Run a proxy in front of a port of this machine."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


async def losing_answers(
    proxy: Proxy, every: int, load: "asyncio.Task[None]", seconds: float = 4
) -> None:
    """Lose each n-th answer of the server for a while."""
    proxy.every = every
    await last(load, seconds)
    proxy.every = 0
