"""A connection of the server without a socket."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from mockserver.server.application import App
from mockserver.server.factory import application
from mockserver.server.protocol import Protocol
from tests.conftest import World

GET = b"GET /cloutly/api/v1/businesses HTTP/1.1\r\nHost: a\r\nX-Api-Key: demo-cloutly-key\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that remembers what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.aborted = False
        self.paused = False
        self.unsent = 0

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def connected(world: World, **options: Any) -> tuple[Protocol, Wire]:
    """Return a connection to the APIs of a world, without the control API."""
    return connection_to(App(world.engine, **options))


def connected_with_control(world: World) -> tuple[Protocol, Wire]:
    """Return a connection to the APIs and the control API of a world."""
    return connection_to(application(world.engine, clock=lambda: world.now))


def connection_to(app: App) -> tuple[Protocol, Wire]:
    config = uvicorn.Config(app, http=Protocol, ws="none", lifespan="off")
    config.load()
    protocol = Protocol(config=config, server_state=ServerState(), app_state={})
    wire = Wire()
    protocol.connection_made(wire)
    return protocol, wire


async def settle(protocol: Protocol) -> None:
    """Wait until every request that takes the path of uvicorn is answered."""
    while protocol.tasks:
        await asyncio.gather(*protocol.tasks)
