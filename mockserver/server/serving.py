"""Run the application on a socket, with uvicorn, in a process of its own until a signal ends it.

`cli/serve_command.py` and `workers.py` call `run` with a socket that is bound already.
`background_server.py` and `cli/proxy_command.py` use `ReadyServer`, which reports when it accepts
connections, and once a second closes late ones of `protocol.py` and looks for free files. `run`
also takes over the garbage collector, which never runs within a request, and calls the check of
changed files. At SIGINT or SIGTERM open requests are answered within 2 seconds and `run` returns; a
second signal ends them.
"""

import asyncio
import gc
import socket
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn

from mockserver.server.application import App
from mockserver.server.file_limit import FileLimitWatch, report_other_errors
from mockserver.server.protocol import IDLE_TIME, Protocol

_TICKS_PER_SECOND = 10
_TICKS_PER_CHECK = 5
_TURNS_TO_ACCEPT = 3
"""Turns of the event loop until an accepted connection has its protocol."""
FileCheck = Callable[[], Awaitable[None]]
"""Function that loads documents again if their files have changed."""
_MANY_CYCLES = 50
"""Things done in a second, such as connections, whose garbage is worth a collection."""
_MOST_CYCLES = 20_000
"""Things done whose garbage may be kept until the server is idle; a few MB."""
_IDLE_SECONDS = 30
"""Seconds without a request after which all objects are collected."""


class ReadyServer(uvicorn.Server):
    """Server that reports when it accepts connections, and closes those past their deadline."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._files = FileLimitWatch()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then call `ready`."""
        asyncio.get_running_loop().set_exception_handler(report_other_errors)
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, and end those that were accepted."""
        for server in self.servers:
            server.close()
        for _ in range(_TURNS_TO_ACCEPT):  # uvicorn would not see connections that are being made
            await asyncio.sleep(0)
        await super().shutdown(sockets)
        if isinstance(self.config.app, App):
            await self.config.app.close()

    async def on_tick(self, counter: int) -> bool:
        """Close late connections, and look for free file descriptors, once a second."""
        if counter % _TICKS_PER_SECOND == 0:
            self._files.check(asyncio.get_running_loop().time())
            self._close_late()
        return await super().on_tick(counter)

    def _close_late(self) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, Protocol):
                connection.close_if_late(connection.loop.time())


class ForegroundServer(ReadyServer):
    """Server that owns its process: it handles signals, and collects garbage between requests."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        check_files: FileCheck | None = None,
    ) -> None:
        super().__init__(config, ready)
        self._check_files = check_files
        self._last_total = self._last_cycles = 0
        self._idle = 0
        self._kept_cycles = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """Stop after open requests, with exit code 0; stop at once at the second signal."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Look after garbage once a second, check files twice a second."""
        if counter % _TICKS_PER_SECOND == 0:
            self._collect()
        if self._check_files is not None and counter % _TICKS_PER_CHECK == 0:
            await self._check_files()
        return await super().on_tick(counter)

    def _collect(self) -> None:
        """Collect what may be garbage in reference cycles; after a while without requests, all.

        The collector never runs within a request. Entries of histories and records live long and
        have no cycles: to visit them would take a tenth of the time under load. So objects are
        frozen, which costs nothing and lets the collector never visit them again until the server
        is idle. Where many cycles can have been left, new objects are collected first.
        """
        requests, cycles = self.server_state.total_requests, self._cycles()
        self._idle = self._idle + 1 if requests == self._last_total else 0
        self._last_total = requests
        if self._idle == _IDLE_SECONDS or self._kept_cycles > _MOST_CYCLES:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            self._kept_cycles = 0
        elif cycles > _MANY_CYCLES:
            gc.collect(0)
            gc.freeze()
        else:
            gc.freeze()
            self._kept_cycles += cycles

    def _cycles(self) -> int:
        """Return how much was done since the last call that may have left cycles."""
        app = self.config.app
        cycles = app.cycles if isinstance(app, App) else self._last_cycles + _MANY_CYCLES + 1
        new, self._last_cycles = cycles - self._last_cycles, cycles
        return new


def uvicorn_config(app: App, **more: Any) -> uvicorn.Config:  # noqa: ANN401 - uvicorn's arguments
    """Return the settings of uvicorn that all servers share, with `more` of its arguments."""
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        date_header=False,  # answers have the time of their sandbox
        timeout_keep_alive=int(IDLE_TIME),
        **more,
    )


def run(
    app: App,
    listener: socket.socket,
    ready: Callable[[], None],
    check_files: FileCheck | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; call `check_files` twice a second, between requests."""
    colors = None if sys.stdout else False  # uvicorn would call isatty of a closed output
    config = uvicorn_config(
        app, access_log=False, log_level="warning", timeout_graceful_shutdown=2, use_colors=colors
    )
    gc.collect()
    gc.freeze()  # loaded documents live as long as the process: the collector need not visit them
    gc.disable()
    ForegroundServer(config, ready, check_files).run(sockets=[listener])
