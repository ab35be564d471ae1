"""Serve one socket with several processes, which share their sandboxes through a store.

`cli/serve_command.py` calls `run_workers` once the documents are loaded: the processes are forked,
so that they share the memory of the documents. A process that ends by itself is replaced. SIGINT
and SIGTERM end all of them, after their open requests; if this process is killed, they end, too.
"""

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

from mockserver.server import serving
from mockserver.server.application import App

_MOST_FAILURES = 10
"""Number of processes that may end by themselves before the server gives up."""


class _Workers:
    """The processes of one server."""

    def __init__(self, app: App, listener: socket.socket) -> None:
        self._app = app
        self._listener = listener
        self._parent = os.getpid()
        self._is_stopping = False
        self._pids: set[int] = set()

    def start(self, ready: Callable[[], None]) -> None:
        """Fork one process; it calls `ready` when it accepts connections."""
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            return
        os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which ends its workers in order
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        serving.run(self._app, self._listener, ready, self._end_with_parent)
        sys.stdout.flush()
        os._exit(0)

    async def _end_with_parent(self) -> None:
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGTERM)

    def stop(self, _sig: int, _frame: FrameType | None) -> None:
        """End all processes."""
        self._is_stopping = True
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)

    def watch(self) -> int:
        """Wait until all processes have ended; return the exit code of the server."""
        failures = 0
        while self._pids:
            pid, _status = os.wait()
            self._pids.discard(pid)
            if self._is_stopping:
                continue
            failures += 1
            if failures > _MOST_FAILURES:
                self.stop(0, None)
                continue
            self.start(lambda: None)
        return 1 if failures > _MOST_FAILURES else 0


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
