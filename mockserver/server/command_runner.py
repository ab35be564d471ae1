"""Runs a command beside a server, for as long as the command takes."""

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Self

from mockserver.server.application import App
from mockserver.server.background_server import Background

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
    try:
        with _Signals() as signals:
            process = subprocess.Popen(  # noqa: S603 - running what the user says is the point
                command, env={**os.environ, URL: server.url}
            )
            signals.pass_on_to(process)
            code = process.wait()
    finally:
        server.stop()
    return code if code >= 0 else _KILLED - code


class _Signals:
    """Takes the signals that would end this process before its command."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._terminated = False

    def __enter__(self) -> Self:
        # not SIG_IGN, which the command would inherit
        self._before = {
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._terminate),
        }
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def pass_on_to(self, process: subprocess.Popen[bytes]) -> None:
        """Terminate this process when it is asked of us, or has been."""
        self._process = process
        if self._terminated:
            process.terminate()

    def _terminate(self, *_: object) -> None:
        self._terminated = True
        if self._process is not None:
            self._process.terminate()
