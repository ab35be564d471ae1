"""The end of a server process: no request that has arrived is lost."""

import signal
import socket
import sys
import threading

import pytest

from tests.served import PATIENCE, Served

CLIENTS = 16
GET = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


class Client:
    """A client that sends a request after each answer, until the server closes."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.busy = threading.Event()
        self.last = b""
        self.lost = ""
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        try:
            while b"connection: close" not in self.last:
                self.connection.sendall(GET)
                self.last = self.read()
                self.busy.set()
        except OSError as error:
            self.lost = repr(error)
        self.connection.close()

    def read(self) -> bytes:
        received = b""
        while not received.endswith(b"}"):
            part = self.connection.recv(65_536)
            if not part:
                raise ConnectionError("closed without an answer")
            received += part
        return received


def test_a_signal_under_load_loses_no_request() -> None:
    server = Served()
    clients = [Client(server.port) for _ in range(CLIENTS)]
    for client in clients:
        client.connection.sendall(GET)
        client.read()
        client.thread.start()
    for client in clients:
        client.busy.wait(PATIENCE)
    server.process.send_signal(signal.SIGTERM)
    for client in clients:
        client.thread.join(PATIENCE)
    assert server.stop() == 0
    assert [client.lost for client in clients] == [""] * CLIENTS
    assert server.errors == ""


def test_a_request_that_arrives_with_the_signal_is_answered() -> None:
    server = Served()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(GET)
        connection.recv(65_536)
        server.process.send_signal(signal.SIGSTOP)
        connection.sendall(GET)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert received.startswith(b"HTTP/1.1 404")
    server.process.communicate(timeout=PATIENCE)  # without a second signal, which ends it at once
    assert server.process.returncode == 0


@pytest.mark.parametrize("sent", [b"", GET[:30]], ids=["idle", "half a request"])
def test_a_client_that_sends_nothing_more_does_not_hold_up_the_end(sent: bytes) -> None:
    server = Served()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        server.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert server.stop() == 0
        assert connection.recv(65_536) == b""
    assert server.errors == ""
