"""Runs the application on a thread of a process that does other things, such as a test."""

import asyncio
import contextlib
import threading
from concurrent.futures import Future

import uvicorn

from mockserver.server.application import App
from mockserver.server.serving import Listening, bind, configured, origin

_TICKS_A_SECOND = 10
_GRACE_SECONDS = 2.0


class _Stoppable(Listening):
    """Stops as soon as it is asked to, and breaks off whatever is open then."""

    def __init__(self, config: uvicorn.Config, started: Future[None]) -> None:
        super().__init__(config, lambda: started.set_result(None))
        self._asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Tick once a second until asked to stop."""
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter += _TICKS_A_SECOND
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), 1)

    def stop(self) -> None:
        """Ask it to stop, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._asked.set)

    async def shutdown(self, sockets: object = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Close everything without waiting for clients."""
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
                while self.server_state.connections:  # noqa: ASYNC110 - uvicorn tells of none
                    await asyncio.sleep(0)
                for server in self.servers:
                    await server.wait_closed()


class Background:
    """A server on a thread of its own, which changes nothing else in the process.

    It handles no signals, leaves logging and the garbage collector alone, and ends with `stop`.
    """

    def __init__(self, app: App, host: str = "127.0.0.1", port: int = 0) -> None:
        """Take an address and serve there; port 0 takes any that is free.

        Raises:
            OSError: If the address is not to be had.
        """
        listener = bind(host, port)
        self.url = origin(listener, host)
        started: Future[None] = Future()
        server = self._server = _Stoppable(configured(app, log_config=None), started)

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
        """Stop serving, and return when nothing of it is left; a second time does nothing."""
        self._server.stop()
        self._thread.join()
