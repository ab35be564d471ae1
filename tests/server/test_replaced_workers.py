import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.server import workers
from tests.served import PATIENCE, Served

GET = b"GET /_mock/clock HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


def kill_workers(server: Served) -> None:
    pid = server.process.pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to find children")
def test_workers_that_had_served_are_replaced_as_often_as_they_end(tmp_path: Path) -> None:
    server = Served("--workers", "2", "--store", str(tmp_path / "state.db"))
    with contextlib.closing(server):
        for _ in range(6):
            kill_workers(server)
            assert server.send(GET).startswith(b"HTTP/1.1 200")


BROKEN = """
import os
from mockserver.server import serving, workers
serving.run = lambda *_: os._exit(3)
class Nothing: pass
raise SystemExit(workers.run_workers(Nothing(), Nothing(), 2, lambda: None))
"""


def test_workers_that_never_serve_are_not_replaced_for_ever() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", BROKEN],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert f"{workers.MOST_FAILURES} processes ended before they could serve" in done.stderr
