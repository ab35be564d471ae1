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
    try:
        process = subprocess.Popen(  # noqa: S603 - running what the user says is the point
            command, env={**os.environ, URL: server.url}
        )
        interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)
        terminated = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            code = process.wait()
        finally:
            signal.signal(signal.SIGINT, interrupted)
            signal.signal(signal.SIGTERM, terminated)
    finally:
        server.stop()
    return code if code >= 0 else _KILLED - code
