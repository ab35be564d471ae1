"""Serve one socket with several processes, which share their sandboxes through a store.

`cli/serve_command.py` calls `run_workers` once the documents are loaded: the processes are forked,
so that they share the memory of the documents. A process that ends by itself is replaced, unless
several in a row ended before they accepted connections. SIGINT and SIGTERM end all of them, after
their open requests; if this process is killed, they end, too.
"""

import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from mockserver.server import serving
from mockserver.server.application import App

_LOG = logging.getLogger("mockserver")
MOST_FAILURES = 10
"""Number of processes in a row that may end before they serve; then the server gives up."""


class _Workers:
    """The processes of one server."""

    def __init__(self, app: App, listener: socket.socket) -> None:
        self._app = app
        self._listener = listener
        self._parent = os.getpid()
        self._is_stopping = False
        self._pids: dict[int, int] = {}
        """The processes, with the pipe into which each writes when it accepts connections."""

    def start(self, ready: Callable[[], None]) -> None:
        """Fork one process; it calls `ready` when it accepts connections."""
        pipe, own_end = os.pipe()
        pid = os.fork()
        if pid:
            os.close(own_end)
            self._pids[pid] = pipe
            return
        os.close(pipe)
        os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which ends its workers in order
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

        def serves() -> None:
            os.write(own_end, b"1")
            ready()

        serving.run(self._app, self._listener, serves, self._end_with_parent)
        sys.stdout.flush()
        os._exit(0)

    async def _end_with_parent(self) -> None:
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self, _sig: int, _frame: FrameType | None) -> None:
        """End all processes."""
        self._is_stopping = True
        for pid in self._pids:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGTERM)

    def watch(self) -> int:
        """Wait until all processes have ended; return the exit code of the server."""
        failures = 0
        while self._pids:
            pid, _status = os.wait()
            has_served = self._has_served(pid)
            if self._is_stopping:
                continue
            failures = 0 if has_served else failures + 1
            if failures < MOST_FAILURES:
                self.start(lambda: None)
                continue
            _LOG.error("%d processes ended before they could serve", failures)
            self.stop(0, None)
        return 1 if failures >= MOST_FAILURES else 0

    def _has_served(self, pid: int) -> bool:
        """Forget a process that has ended; return True if it had accepted connections."""
        pipe = self._pids.pop(pid)
        try:
            return os.read(pipe, 1) != b""
        finally:
            os.close(pipe)


def run_workers(app: App, listener: socket.socket, count: int, ready: Callable[[], None]) -> int:
    """Serve with several processes until a signal ends them; return the exit code.

    Args:
        app: The application, whose store is not open yet.
        listener: The socket.
        count: Number of processes.
        ready: Called, in one of them, when it accepts connections.
    """
    gc.collect()
    gc.freeze()  # the loaded documents stay shared memory
    workers = _Workers(app, listener)
    signal.signal(signal.SIGTERM, workers.stop)
    signal.signal(signal.SIGINT, workers.stop)
    workers.start(ready)
    for _ in range(count - 1):
        workers.start(lambda: None)
    return workers.watch()
