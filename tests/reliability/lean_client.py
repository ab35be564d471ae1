"""A lean HTTP client on streams: many requests at a time cost little more than their bytes."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

PATIENCE = 60.0
"""Seconds after which a request without an answer is an error of the test."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to be sent."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def head_and_body(self) -> bytes:
        headers = {"host": "127.0.0.1", **self.headers}
        content = b""
        if isinstance(self.body, bytes):
            content = self.body
        elif self.body is not None:
            content = json.dumps(self.body).encode()
            headers["content-type"] = "application/json"
        if content or self.method != "GET":
            headers["content-length"] = str(len(content))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + content


@dataclass(frozen=True, slots=True)
class Received:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


GONE = (ConnectionError, asyncio.IncompleteReadError)
"""Errors of a connection that ended before the answer."""


class Line:
    """A connection to a server, which is made anew after it broke."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, sent: Sent) -> Received:
        """Send a request and read its answer; raises one of `GONE` if there is none."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._streams
            writer.write(sent.head_and_body())
            async with asyncio.timeout(PATIENCE):
                return await read_answer(reader)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def read_answer(reader: asyncio.StreamReader) -> Received:
    """Read a whole answer."""
    status, headers = await read_head(reader)
    length = int(headers.get("content-length", "0"))
    return Received(status, headers, await reader.readexactly(length))


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read the head of an answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    return int(head[0].split(" ")[1]), headers


async def send(port: int, method: str, path: str, body: Any = None) -> Received:
    """Send one request on a connection of its own."""
    line = Line(port)
    try:
        return await line.send(Sent(method, path, body))
    finally:
        line.close()


async def send_all(
    ports: Sequence[int], requests: Sequence[Sent], lines: int = 32
) -> list[Received | None]:
    """Send requests on so many connections at a time; None for those without an answer."""
    answers: list[Received | None] = [None] * len(requests)
    waiting = iter(range(len(requests)))

    async def work(line: Line) -> None:
        for number in waiting:
            with suppress(*GONE):
                answers[number] = await line.send(requests[number])
        line.close()

    every = [Line(port) for port, _ in zip(cycle(ports), range(lines), strict=False)]
    await asyncio.gather(*map(work, every))
    return answers


def statuses(answers: Iterable[Received | None]) -> dict[int, int]:
    """Count the answers by their status; 0 stands for no answer."""
    counts: dict[int, int] = {}
    for answer in answers:
        status = 0 if answer is None else answer.status
        counts[status] = counts.get(status, 0) + 1
    return counts
