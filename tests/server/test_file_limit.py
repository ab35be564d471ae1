"""A server that has no file descriptors left: it says so, and recovers."""

import asyncio
import contextlib
import logging
import select
import socket
import sys
from typing import Any

import pytest

from mockserver.server.file_limit import FileLimitWatch, report_other_errors
from tests.served import PATIENCE, Served

pytestmark = pytest.mark.anyio


def test_a_lack_of_files_is_logged_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def used_up(*_arguments: object) -> int:
        raise OSError(24, "Too many open files")

    watch = FileLimitWatch()
    watch.check(1.0)
    assert not caplog.records
    with monkeypatch.context() as patched:
        patched.setattr("os.open", used_up)
        for now in (2.0, 3.0, 61.9, 62.0, 63.0):
            watch.check(now)
    watch.check(200.0)
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "ulimit -n" in caplog.text


async def test_the_event_loop_does_not_log_it_as_well(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    contexts: list[dict[str, Any]] = [
        {"message": "socket.accept() out of system resource", "exception": OSError(24, "x")},
        {"message": "another"},
    ]
    for context in contexts:
        report_other_errors(loop, context)
    assert [record.getMessage().splitlines()[0] for record in caplog.records] == ["another"]


@pytest.mark.skipif(sys.platform != "linux", reason="changes the limit of another process")
def test_a_server_without_files_says_so_and_recovers() -> None:
    with contextlib.closing(Served()) as server:
        use_up_files(server)


def use_up_files(server: Served) -> None:
    import resource  # noqa: PLC0415 - there is none on Windows

    assert server.process.stderr is not None
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (24, 24))  # type: ignore[attr-defined, unused-ignore]
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
            stack.enter_context(connection)
        readable, _, _ = select.select([server.process.stderr], [], [], PATIENCE)
        assert readable, "nothing was logged"
        line = server.process.stderr.readline()
    assert ("24" in line, "ulimit -n" in line) == (True, True), line
    close = b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    received = b""
    while not received.startswith(b"HTTP/1.1 404"):  # until it has seen that clients left
        with contextlib.suppress(OSError):
            received = server.send(close)
