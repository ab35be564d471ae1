import contextlib
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from mockserver.server.background_server import BackgroundServer
from mockserver.server.factory import create_app
from mockserver.testing import Server

CYCLES = """
import gc, logging, os, signal, sys, threading, warnings

from mockserver.server.background_server import BackgroundServer
from mockserver.server.factory import create_app
from mockserver.testing import Sandbox

def held():
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()

app = create_app(sys.argv[1])
before = signal.getsignal(signal.SIGINT), gc.isenabled(), gc.get_freeze_count()
levels = [logging.getLogger(name).level for name in ("", "uvicorn.error", "uvicorn.access")]
for cycle in range(200):
    server = BackgroundServer(app)
    sandbox = Sandbox(server.url, f"s{cycle}")
    assert sandbox.clock.now
    sandbox.delete()
    server.stop()
    del sandbox
    if cycle == 0:
        first = held()
assert held() == first, (held(), first)
assert (signal.getsignal(signal.SIGINT), gc.isenabled(), gc.get_freeze_count()) == before
assert levels == [
    logging.getLogger(name).level for name in ("", "uvicorn.error", "uvicorn.access")
]
print("ended")
"""
SLOW = re.compile(r"Executing <.*> took [\d.]+ seconds\n")
"""What asyncio's debug mode writes where a machine is busy."""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are listed in /proc")
def test_two_hundred_servers_leave_nothing_behind(shop: Path) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", CYCLES, str(shop)]
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False, timeout=600
    )
    errors = SLOW.sub("", done.stderr)
    assert (done.returncode, done.stdout, errors) == (0, "ended\n", "")


def test_stopping_does_not_wait_for_clients(shop: Path) -> None:
    server = BackgroundServer(create_app(shop, delays=True))
    port = int(server.url.rpartition(":")[2])
    request = b"GET /shop/v1/orders HTTP/1.1\r\nHost: a\r\nPrefer: wait=60\r\n\r\n"
    with (
        socket.create_connection(("127.0.0.1", port)) as waiting,
        socket.create_connection(("127.0.0.1", port)) as idle,
    ):
        waiting.sendall(request)
        idle.sendall(b"GET /shop/v1/orders HTTP/1.1\r\nHost: a\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        server.stop()
        with contextlib.suppress(ConnectionResetError):
            assert waiting.recv(1) == b""
    server.stop()
    assert not [item for item in threading.enumerate() if item.name.endswith(server.url)]


def test_an_address_that_is_taken_is_told(shop: Path) -> None:
    with Server(shop) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Server(shop, port=port)
        assert repr(server) == f"<mockserver at {server.url}>"


def test_a_real_client_is_answered_by_several_sandboxes(shop: Path) -> None:
    with Server(shop) as server:
        names = ["one", "two"]
        for name in names:
            httpx.get(server.sandbox(name).shop.base_url + "/orders", timeout=60)
        assert [len(server.sandbox(name).requests) for name in names] == [1, 1]


@pytest.mark.skipif(not socket.has_ipv6, reason="IPv6 is not there")
def test_an_address_of_ipv6_is_written_in_brackets(shop: Path) -> None:
    with Server(shop, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert httpx.get(server.sandbox().shop.base_url + "/orders", timeout=60).json() == [1, 2]


def test_an_interrupt_reaches_the_main_thread(shop: Path) -> None:
    with Server(shop), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
