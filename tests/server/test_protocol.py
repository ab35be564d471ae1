import asyncio
import re
from typing import Any

import pytest

from mockserver.engine.faults import check_fault
from mockserver.model.fault import FaultDefinition
from mockserver.server.protocol import IDLE_TIME, REQUEST_TIME
from tests.conftest import World
from tests.server.connection import (
    GET,
    Wire,
    connected,
    connected_with_control,
    settle,
)

pytestmark = pytest.mark.anyio


async def test_a_request_is_answered_in_one_write_wherever_it_is_cut(world: World) -> None:
    whole, _ = connected(world)
    wire = whole.transport
    assert isinstance(wire, Wire)
    whole.data_received(GET)
    for cut in range(1, len(GET), 7):
        protocol, other = connected(world)
        protocol.data_received(GET[:cut])
        assert other.written == b""
        protocol.data_received(GET[cut:])
        assert other.written.partition(b"\r\n\r\n")[2] == wire.written.partition(b"\r\n\r\n")[2]


async def test_a_request_that_never_ends_is_closed(world: World) -> None:
    protocol, wire = connected(world)
    protocol.data_received(GET[:30])
    now = protocol.loop.time()
    protocol.close_if_late(now + REQUEST_TIME - 1)
    assert not wire.closed
    protocol.close_if_late(now + REQUEST_TIME + 1)
    assert wire.closed


async def test_a_body_in_many_parts_that_is_too_large_is_answered_once(world: World) -> None:
    protocol, wire = connected(world, body_limit=100)
    line = b"POST /cloutly/api/v1/send-review-invite HTTP/1.1\r\nHost: a\r\n"
    head = line + b"X-Api-Key: demo-cloutly-key\r\nTransfer-Encoding: chunked\r\n\r\n"
    protocol.data_received(head + b"1\r\na\r\n" * 1_000 + b"0\r\n\r\n")

    assert wire.written.count(b"HTTP/1.1 ") == 1
    assert wire.written.startswith(b"HTTP/1.1 413 ")
    assert wire.closed
    assert len(world.sandbox().history) == 1


async def test_a_connection_without_requests_is_closed(world: World) -> None:
    protocol, wire = connected(world)
    protocol.data_received(GET)
    now = protocol.loop.time()
    protocol.close_if_late(now + IDLE_TIME - 1)
    assert not wire.closed
    protocol.close_if_late(now + IDLE_TIME + 1)
    assert wire.closed


INVITE = b"POST /cloutly/api/v1/send-review-invite HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"


@pytest.mark.parametrize(
    "head",
    [
        INVITE,
        INVITE + b"Expect: 100-continue\r\n",
        INVITE.replace(b"/cloutly", b"http://a/cloutly", 1),
        INVITE.replace(b"/cloutly/api/v1/send-review-invite", b"/_mock/clock"),
    ],
    ids=["plain", "expectation", "absolute target", "control"],
)
async def test_a_body_that_never_ends_is_closed_and_forgotten(world: World, head: bytes) -> None:
    protocol, wire = connected(world)
    protocol.data_received(head + b"\r\n{}")
    await asyncio.sleep(0)
    now = protocol.loop.time()
    closed = []
    for later in (REQUEST_TIME - 1, REQUEST_TIME + 1):
        protocol.close_if_late(now + later)
        closed.append(wire.closed)
    assert closed == [False, True]
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)
    assert len(world.sandbox().history) == 0


async def test_a_client_that_reads_no_more_is_dropped(world: World) -> None:
    protocol, wire = connected(world)
    protocol.data_received(GET)
    now = protocol.loop.time() + IDLE_TIME + 1
    dropped = []
    for unsent in (2_000_000, 1_000_000, 1_000_000):
        wire.unsent = unsent
        protocol.close_if_late(now)
        now += IDLE_TIME + 1
        dropped.append(wire.aborted)
    assert dropped == [False, False, True]


async def test_trailers_are_no_headers(world: World) -> None:
    protocol, wire = connected(world)
    head = b"POST /cloutly/api/v1/send-review-invite HTTP/1.1\r\nHost: a\r\n"
    body = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    protocol.data_received(head + body + b"X-Api-Key: demo-cloutly-key\r\nHost: b\r\n\r\n")
    assert wire.written.startswith(b"HTTP/1.1 401")


async def test_a_client_that_asks_for_it_is_disconnected(world: World) -> None:
    protocol, wire = connected(world)
    protocol.data_received(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert b"connection: close" in wire.written
    assert wire.closed


def inject(world: World, **parts: Any) -> None:
    fault = check_fault(FaultDefinition(**parts), world.engine.apis)
    world.sandbox().faults.add(world.sandbox().transaction(), fault)


async def test_an_answer_that_is_cut_promises_more_than_it_sends(world: World) -> None:
    inject(world, truncate=10)
    protocol, wire = connected(world)
    protocol.data_received(GET + GET)
    head, _, body = wire.written.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    assert (len(body), length is not None and int(length[1]) > 100) == (10, True)
    assert (wire.closed, wire.aborted, b"connection: close" in head) == (True, False, False)


@pytest.mark.parametrize("disconnect", ["before", "after"])
async def test_a_connection_is_reset_without_an_answer(world: World, disconnect: str) -> None:
    inject(world, disconnect=disconnect)
    protocol, wire = connected(world)
    protocol.data_received(GET + GET)
    assert (wire.written, wire.aborted) == (b"", True)
    assert world.sandbox().history.count == 1


async def test_a_connection_is_reset_when_its_delay_is_over(world: World) -> None:
    inject(world, disconnect="before", delay="PT1S")
    protocol, wire = connected(world)
    protocol.data_received(GET + GET)
    assert not wire.aborted
    protocol.end_delay()
    assert (wire.written, wire.aborted) == (b"", True)


async def test_a_fault_of_ours_is_an_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(world.engine, "handle", broken)
    protocol, wire = connected(world)
    protocol.data_received(GET)
    assert wire.written.startswith(b"HTTP/1.1 500")
    assert b"broken" not in wire.written


HEALTH = b"GET /_mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize("request_", [GET, HEALTH], ids=["direct", "by ASGI"])
async def test_the_last_answer_of_an_ending_server_says_so(world: World, request_: bytes) -> None:
    protocol, wire = connected_with_control(world)
    protocol.shutdown()
    assert not wire.closed, "a request may be on its way"
    protocol.data_received(request_)
    await settle(protocol)
    assert (b"connection: close" in wire.written, wire.closed) == (True, True)


async def test_a_stream_that_begins_while_the_server_ends_is_ended(world: World) -> None:
    protocol, wire = connected_with_control(world)
    protocol.shutdown()
    protocol.data_received(HEALTH.replace(b"health", b"events"))
    while b": listening" not in wire.written:  # noqa: ASYNC110 - a transport has no event for it
        await asyncio.sleep(0)
    protocol._close_unless_read()  # noqa: SLF001 - the timer's part
    assert wire.closed
    protocol.connection_lost(None)
    await settle(protocol)
