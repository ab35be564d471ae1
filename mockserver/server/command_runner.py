"""Run a command while a server is up, and return the exit code of the command.

`cli/run_command.py` is the only caller. The command gets the URL of the server in the environment
variable `MOCKSERVER_URL`, besides the whole environment of this process. A command that a signal
ended has the code 128 plus its number. SIGINT is left to the command, and SIGTERM is forwarded.
`OSError` is raised if the port cannot be bound or the command cannot be run. It prints nothing.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Self

from mockserver.server.application import App
from mockserver.server.background_server import BackgroundServer

URL = "MOCKSERVER_URL"
"""Environment variable of the command with the URL of the server."""
_SIGNAL_EXIT_CODE = 128
"""Added to the number of a signal, it is the exit code of a command which that signal ended."""


def run_with_server(app: App, command: Sequence[str], port: int) -> int:
    """Start a server, run a command with its URL, and return the command's exit code.

    A terminal sends SIGINT to the command as well, so it is ignored here; SIGTERM is forwarded.

    Raises:
        FileNotFoundError: If there is no such command.
        OSError: If the port cannot be bound, or the command cannot be run.
    """
    server = BackgroundServer(app, port=port)
    try:
        with _Signals() as signals:
            process = subprocess.Popen(  # noqa: S603 - the user gives the command
                command, env={**os.environ, URL: server.url}
            )
            signals.forward_to(process)
            code = process.wait()
    finally:
        server.stop()
    return code if code >= 0 else _SIGNAL_EXIT_CODE - code


class _Signals:
    """Handlers for the signals that would end this process before the command ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._terminated = False

    def __enter__(self) -> Self:
        # a handler and not SIG_IGN, which the command would inherit
        self._before = {
            signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._terminate),
        }
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        """Forward SIGTERM to a process, also one that came before it was started."""
        self._process = process
        if self._terminated:
            process.terminate()

    def _terminate(self, *_: object) -> None:
        self._terminated = True
        if self._process is not None:
            self._process.terminate()
