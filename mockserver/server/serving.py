"""Runs the application on a socket."""

import gc
import socket
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn

from mockserver.server.application import App
from mockserver.server.protocol import IDLE_TIME, Protocol

_TICKS_A_SECOND = 10
_TICKS_A_LOOK = 5
Look = Callable[[], Awaitable[None]]
"""Looks for what has changed on disk."""
_MANY_ALLOCATIONS = 50_000
_IDLE_SECONDS = 30


class Listening(uvicorn.Server):
    """A server that says when it can be reached, and closes connections that are late."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Once a second close what is late."""
        if counter % _TICKS_A_SECOND == 0:
            self._close_late()
        return await super().on_tick(counter)

    def _close_late(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, Protocol):
                connection.close_if_late(connection.loop.time())


class Alone(Listening):
    """A server that has the process for itself, and collects garbage between requests."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], look: Look | None = None
    ) -> None:
        super().__init__(config, ready)
        self._look = look
        self._seen = 0
        self._idle = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """End when asked to, with exit code 0; at once when asked again."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Once a second collect garbage; twice look for changed files."""
        if counter % _TICKS_A_SECOND == 0:
            self._collect()
        if self._look is not None and counter % _TICKS_A_LOOK == 0:
            await self._look()
        return await super().on_tick(counter)

    def _collect(self) -> None:
        """Look through what is new; through everything only after a while without requests.

        The collector never runs within a request. Records are long-lived and have no cycles, so
        what survives its first look is taken out of the collector's sight.
        """
        requests = self.server_state.total_requests
        self._idle = self._idle + 1 if requests == self._seen else 0
        self._seen = requests
        if self._idle == _IDLE_SECONDS:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        elif gc.get_count()[0] > _MANY_ALLOCATIONS:
            gc.collect(0)
            gc.freeze()


def bind(host: str, port: int) -> socket.socket:
    """Take an address; port 0 takes any that is free.

    Raises:
        OSError: If the address is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def origin(listener: socket.socket, host: str) -> str:
    """Return the address that a listener of a host is reached at."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def configured(app: App, **more: Any) -> uvicorn.Config:  # noqa: ANN401 - as uvicorn has them
    """Return uvicorn's settings for an application, and what is `more` than all share."""
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(IDLE_TIME),
        **more,
    )


def run(
    app: App, listener: socket.socket, ready: Callable[[], None], look: Look | None = None
) -> None:
    """Serve until interrupted or terminated; `look` is called twice a second, between requests."""
    colors = None if sys.stdout else False  # uvicorn asks a closed output for its colors
    config = configured(
        app, access_log=False, log_level="warning", timeout_graceful_shutdown=2, use_colors=colors
    )
    gc.collect()
    gc.freeze()  # what was loaded lives as long as the process: the collector need not visit it
    gc.disable()
    Alone(config, ready, look).run(sockets=[listener])
