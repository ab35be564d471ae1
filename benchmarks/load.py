"""A small load client: keep-alive connections, one request in flight on each.

Run as `python load.py PORT SECONDS CONNECTIONS` with a JSON description of the requests on
standard input; prints what it counted as JSON.
"""

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

_LENGTH = b"content-length: "
_HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Connection:
    """One connection, and how far its answer has come."""

    socket: socket.socket
    received: bytes = b""
    sent_at: float = 0.0


@dataclass(slots=True)
class Load:
    """Sends requests in turn and counts the answers."""

    port: int
    requests: list[bytes]
    connections: int
    answers: int = 0
    failures: int = 0
    latencies: list[float] = field(default_factory=list)
    _next: int = 0

    def run(self, seconds: float) -> dict[str, Any]:
        """Load the server for so many seconds."""
        selector = selectors.DefaultSelector()
        for _ in range(self.connections):
            connected = socket.create_connection(("127.0.0.1", self.port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(connected)
            selector.register(connected, selectors.EVENT_READ, connection)
            self._send(connection)
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds:
            for key, _ in selector.select(1):
                self._read(key.data, now)
        for key in list(selector.get_map().values()):
            key.data.socket.close()
        self.latencies.sort()
        return {
            "requests_per_second": self.answers / (now - start),
            "failures": self.failures,
            "p50_ms": self._percentile(0.5),
            "p99_ms": self._percentile(0.99),
        }

    def _percentile(self, share: float) -> float:
        if not self.latencies:
            return 0.0
        return self.latencies[int(share * (len(self.latencies) - 1))] * 1000

    def _send(self, connection: Connection) -> None:
        connection.sent_at = time.perf_counter()
        connection.socket.sendall(self.requests[self._next])
        self._next = (self._next + 1) % len(self.requests)

    def _read(self, connection: Connection, now: float) -> None:
        received = connection.received + connection.socket.recv(65_536)
        head = received.find(_HEAD_END)
        if head < 0:
            connection.received = received
            return
        at = received[:head].lower().find(_LENGTH) + len(_LENGTH)
        length = int(received[at : received.index(b"\r", at)])
        if len(received) < head + len(_HEAD_END) + length:
            connection.received = received
            return
        self.answers += 1
        self.failures += received[9:12] != b"200"
        self.latencies.append(now - connection.sent_at)
        connection.received = b""
        self._send(connection)


def written(port: int, request: dict[str, Any]) -> bytes:
    """Write a request of HTTP/1.1."""
    body = json.dumps(request["body"]).encode() if "body" in request else b""
    headers = {"Host": f"127.0.0.1:{port}", "Content-Length": len(body), **request["headers"]}
    lines = [f"{request['method']} {request['path']} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def main() -> None:
    """Load the server that the command line names."""
    port, seconds, connections = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    requests = [written(port, item) for item in json.load(sys.stdin)]
    print(json.dumps(Load(port, requests, connections).run(seconds)))


if __name__ == "__main__":
    main()
