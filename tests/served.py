"""A server in a process of its own, for tests that need a real socket."""

import os
import re
import signal
import socket
import subprocess
import sys

LOUD = ("mockserver", "serve", "--port", "0")
PROGRAM = (*LOUD, "--quiet")
"""Without lines about refused requests, so that `errors` has only what goes wrong."""
PATIENCE = 60
"""Seconds after which a test gives up: a guard that even a busy machine stays far below."""


class Served:
    """A server in a process of its own."""

    def __init__(self, *arguments: str, program: tuple[str, ...] = PROGRAM) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", *program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.errors = ""
        self.greeting = self._read_greeting()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.greeting)
        assert found, self.greeting
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def _read_greeting(self) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("Control API"):
                break
        return "".join(lines)

    def send(self, data: bytes, *, until: bytes | None = None) -> bytes:
        """Send bytes, and read until a mark or the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            received = b""
            while until is None or until not in received:
                part = connection.recv(65_536)
                if not part:
                    break
                received += part
            return received

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        _, self.errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode

    def close(self) -> None:
        """Stop it, for `contextlib.closing`."""
        assert self.stop() == 0
