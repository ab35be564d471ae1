"""Starts, pauses and stops a Redis server for tests."""

import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis


@dataclass
class RedisServer:
    """A Redis server on a free port of this machine."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @classmethod
    def started(cls, folder: Path) -> "RedisServer":
        """Start a server; skip the test if there is none on this machine."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        if program is None:
            pytest.skip("no redis-server is installed (Debian: apt install redis-server)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = cls(folder, port, cls._process(program, folder, port))
        server.wait()
        return server

    @staticmethod
    def _process(program: str, folder: Path, port: int) -> "subprocess.Popen[bytes]":
        options = ["--port", str(port), "--dir", str(folder), "--save", "", "--appendonly", "yes"]
        options += ["--appendfsync", "always", "--bind", "127.0.0.1"]
        return subprocess.Popen(  # noqa: S603 - found on this machine
            [program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait(self) -> None:
        """Wait until it answers."""
        client = redis.Redis(port=self.port)
        for _ in range(1_000):
            try:
                if client.ping():
                    client.close()
                    return
            except redis.exceptions.RedisError:
                self.process.poll()
                assert self.process.returncode is None, "the Redis server has ended"
                with socket.socket() as probe:
                    probe.settimeout(0.05)
                    probe.connect_ex(("127.0.0.1", self.port))
        raise AssertionError("the Redis server does not answer")

    def again(self) -> None:
        """Start it again with the files it left."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program is not None
        self.process = self._process(program, self.folder, self.port)
        self.wait()

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """Let it not answer any more."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait()
