"""Runs a command beside a server, for as long as the command takes."""

import os
import signal
import subprocess
from collections.abc import Sequence

from mockserver.server.app import App
from mockserver.server.background import Background

URL = "MOCKSERVER_URL"
"""The environment variable that tells the command where the server is."""
_KILLED = 128


def run_beside(app: App, command: Sequence[str], port: int) -> int:
    """Serve, run a command that is told where, and return its exit code as a shell would.

    The command gets the signals that are meant for it: an interrupt from the terminal reaches it
    anyway, and a request to terminate is passed on.

    Raises:
        FileNotFoundError: If there is no such command.
        OSError: If the port is not to be had, or the command can't be run.
    """
    server = Background(app, port=port)
    signals = _Signals()
    try:
        with signals:
            process = subprocess.Popen(  # noqa: S603 - running what the user says is the point
                command, env={**os.environ, URL: server.url}
            )
            signals.meant_for(process)
            code = process.wait()
    finally:
        server.stop()
    return code if code >= 0 else _KILLED - code


class _Signals:
    """Leaves interrupts to the command, and passes on to it that it should end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._should_end = False

    def __enter__(self) -> None:
        # Handlers, since a command would inherit that a signal is ignored; before the command
        # begins, since it may be quick.
        self._interrupted = signal.signal(signal.SIGINT, lambda *_: None)
        self._terminated = signal.signal(signal.SIGTERM, lambda *_: self._end())

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._interrupted)
        signal.signal(signal.SIGTERM, self._terminated)

    def meant_for(self, process: "subprocess.Popen[bytes]") -> None:
        """Name the process that the signals are for, also those that came already."""
        self._process = process
        if self._should_end:
            process.terminate()

    def _end(self) -> None:
        self._should_end = True
        if self._process is not None:
            self._process.terminate()
