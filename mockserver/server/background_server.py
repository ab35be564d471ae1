"""Run the application on a socket and a thread of a process that does other work.

`command_runner.py` and `testing/server_thread.py` make a `BackgroundServer` with an app, a host and
a port (0 for any free one), which serves at its `url` when its constructor returns, and raises
`OSError` if the address cannot be bound. `stop` closes open connections at once and waits for the
thread. Signals, logging and the garbage collector of the process stay as they are; `serving.py` has
the server that owns its process.
"""

import asyncio
import contextlib
import threading
from concurrent.futures import Future

import uvicorn

from mockserver.server.application import App
from mockserver.server.listening import bind, origin
from mockserver.server.serving import ReadyServer, uvicorn_config

_TICKS_PER_SECOND = 10
_GRACE_SECONDS = 2.0


class _ThreadServer(ReadyServer):
    """Server that stops at once when `stop` is called, and closes open connections."""

    def __init__(self, config: uvicorn.Config, started: Future[None]) -> None:
        super().__init__(config, lambda: started.set_result(None))
        self._stop_event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Run the periodic work once a second until `stop` is called."""
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter += _TICKS_PER_SECOND
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_event.wait(), 1)

    def stop(self) -> None:
        """Request the end of the server; may be called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._stop_event.set)

    async def shutdown(self, sockets: object = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Close all sockets without waiting for clients."""
        for server in self.servers:
            server.close()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await asyncio.gather(*tasks, return_exceptions=True)
                while self.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0)
                for server in self.servers:
                    await server.wait_closed()


class BackgroundServer:
    """A running server on a thread of its own, until `stop`.

    It leaves signals, logging and the garbage collector of the process as they are.
    """

    def __init__(self, app: App, host: str = "127.0.0.1", port: int = 0) -> None:
        """Bind an address and start to serve; port 0 takes a free port.

        Raises:
            OSError: If the address cannot be bound.
        """
        listener = bind(host, port)
        self.url = origin(listener, host)
        started: Future[None] = Future()
        server = self._server = _ThreadServer(uvicorn_config(app, log_config=None), started)

        def run() -> None:
            try:
                server.run(sockets=[listener])
            except BaseException as error:
                if started.done():
                    raise
                started.set_exception(error)
            finally:
                listener.close()

        self._thread = threading.Thread(target=run, name=f"mockserver at {self.url}", daemon=False)
        self._thread.start()
        started.result()

    def stop(self) -> None:
        """Stop serving, and wait for the end of the thread; a second call does nothing."""
        self._server.stop()
        self._thread.join()
