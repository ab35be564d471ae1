"""Runs the application on a socket."""

import gc
import socket
from collections.abc import Callable

import uvicorn

from mockserver.server.app import App

_GENERATIONS = (50_000, 20, 100)
"""Collector thresholds: what a request makes is freed by counting, and cycles are rare."""


class Listening(uvicorn.Server):
    """A server that says when it can be reached."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


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


def run(app: App, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until interrupted."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65_536,
    )
    gc.collect()
    gc.freeze()  # what was loaded lives as long as the process: the collector need not visit it
    gc.set_threshold(*_GENERATIONS)
    Listening(config, ready).run(sockets=[listener])
