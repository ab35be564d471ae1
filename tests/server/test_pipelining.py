"""Requests behind one that is not answered yet: answers leave in order, and none is lost."""

import asyncio

import pytest

from mockserver.engine.faults import check_fault
from mockserver.model.fault import FaultDefinition
from mockserver.server.protocol import Protocol
from tests.conftest import World
from tests.server.connection import GET, connected, connected_with_control, settle

pytestmark = pytest.mark.anyio
SLOW = GET.replace(b"\r\n\r\n", b"\r\nPrefer: wait=60, code=404\r\n\r\n")
HEALTH = b"GET /_mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
EXPECTING = GET.replace(b"\r\n\r\n", b"\r\nExpect: tea\r\n\r\n")
GARBAGE = b"garbage\r\n\r\n"


def statuses(written: bytes) -> list[bytes]:
    return [part[:3] for part in written.split(b"HTTP/1.1 ")[1:]]


async def pass_delay(protocol: Protocol) -> None:
    """Do what the timer of a delayed answer does."""
    protocol.end_delay()
    await settle(protocol)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        (HEALTH, [b"404", b"200"]),
        (EXPECTING, [b"404", b"200"]),
        (GET + HEALTH + GET, [b"404", b"200", b"200", b"200"]),
        (HEALTH + GARBAGE, [b"404", b"200", b"400"]),
        (GARBAGE, [b"404", b"400"]),
        (GET + GARBAGE + GET, [b"404", b"200", b"400"]),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", [b"404", b"431"]),
    ],
)
async def test_what_is_behind_a_delayed_answer_is_answered_after_it(
    world: World, behind: bytes, expected: list[bytes]
) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(SLOW + behind)
    await settle(protocol)
    assert (wire.written, wire.closed, wire.paused) == (b"", False, True)
    await pass_delay(protocol)
    assert statuses(wire.written) == expected
    assert wire.closed == (expected[-1][:1] == b"4")
    assert wire.closed or not wire.paused


async def test_a_second_delay_begins_after_the_first(world: World) -> None:
    protocol, wire = connected(world)
    protocol.data_received(SLOW + SLOW + GET)
    protocol.end_delay()
    await asyncio.sleep(0)  # the task of the second request reaches its delay
    assert (statuses(wire.written), world.sandbox().history.count) == ([b"404"], 2)
    for task in protocol.tasks:
        task.cancel()


@pytest.mark.parametrize("behind", [GARBAGE, GET + GARBAGE], ids=["garbage", "both"])
async def test_a_control_call_is_answered_before_the_garbage_behind_it(
    world: World, behind: bytes
) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(HEALTH + behind)
    await settle(protocol)
    expected = [b"200", b"400"] if behind == GARBAGE else [b"200", b"200", b"400"]
    assert (statuses(wire.written), wire.closed) == (expected, True)


async def test_bytes_behind_garbage_are_not_read(world: World) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(HEALTH + GARBAGE)
    protocol.data_received(GET)
    await settle(protocol)
    assert statuses(wire.written) == [b"200", b"400"]


CHUNKS = b"POST /_mock/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("before", [b"", HEALTH, SLOW], ids=["first", "behind", "behind a delay"])
async def test_a_body_that_cannot_be_read_is_the_end_of_its_own_request(
    world: World, before: bytes
) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(before + CHUNKS + b"nonsense\r\n")
    await settle(protocol)
    if before == SLOW:
        await pass_delay(protocol)
    first = [] if not before else [b"200"] if before == HEALTH else [b"404"]
    assert (statuses(wire.written), wire.closed) == ([*first, b"400"], True)


async def test_nothing_behind_the_end_of_a_connection_is_done(world: World) -> None:
    protocol, wire = connected(world)
    closing = SLOW.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    protocol.data_received(closing + GET)
    await pass_delay(protocol)
    assert (statuses(wire.written), wire.closed) == ([b"404"], True)
    assert world.sandbox().history.count == 1


async def test_a_client_that_leaves_during_a_delay_ends_what_is_behind_it(world: World) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(SLOW + HEALTH + GET)
    wire.close()
    protocol.connection_lost(None)
    await pass_delay(protocol)
    assert (wire.written, world.sandbox().history.count) == (b"", 1)


async def test_a_client_that_leaves_ends_the_stream_in_front_of_its_other_requests(
    world: World,
) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(HEALTH.replace(b"health", b"events") + HEALTH)
    wire.close()
    protocol.connection_lost(None)
    await settle(protocol)
    assert not protocol.tasks


FREEZE = (
    b"POST /_mock/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b'Content-Length: 15\r\n\r\n{"frozen":true}'
)


@pytest.mark.parametrize("first", [GET, HEALTH], ids=["direct", "by ASGI"])
async def test_no_control_call_behind_the_end_of_a_connection_is_done(
    world: World, first: bytes
) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(first.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + FREEZE)
    await settle(protocol)
    assert (wire.written.count(b"HTTP/1.1 "), wire.closed) == (1, True)
    assert world.sandbox().clock.frozen_at is None


async def test_no_control_call_behind_a_cut_answer_is_done(world: World) -> None:
    fault = check_fault(FaultDefinition(truncate=10), world.engine.apis)
    world.sandbox().faults.add(world.sandbox().transaction(), fault)
    protocol, wire = connected_with_control(world)
    protocol.data_received(GET + FREEZE)
    await settle(protocol)
    assert (wire.written.count(b"HTTP/1.1 "), wire.closed) == (1, True)
    assert world.sandbox().clock.frozen_at is None
