"""Heads of requests, on both ways through the server."""

import pytest

from tests.conftest import World
from tests.server.connection import GET, connected, connected_with_control, settle

pytestmark = pytest.mark.anyio
KEY = b"X-Api-Key: demo-cloutly-key\r\n"
PATH = b"/cloutly/api/v1/businesses"


async def answers(world: World, data: bytes) -> bytes:
    """Return what a connection sends when it gets some bytes."""
    protocol, wire = connected_with_control(world)
    protocol.data_received(data)
    await settle(protocol)
    return wire.written


@pytest.mark.parametrize("extra", [b"", b"Expect: tea\r\n"], ids=["direct", "by ASGI"])
@pytest.mark.parametrize("blank", [b" ", b"\t", b" \t "])
async def test_white_space_around_a_value_is_no_part_of_it(
    world: World, extra: bytes, blank: bytes
) -> None:
    head = GET.replace(b"demo-cloutly-key", b"%bdemo-cloutly-key%b" % (blank, blank))
    head = head.replace(b"Host: a", b"%bHost: a%b" % (extra, blank))
    assert (await answers(world, head)).startswith(b"HTTP/1.1 200")


async def test_white_space_within_a_value_is_kept(world: World) -> None:
    await answers(world, GET.replace(b"Host", b"X-Two: a  b \r\nX-Two:\t\r\nHost"))
    (entry,) = world.sandbox().history
    assert entry.request.headers["x-two"] == "a  b, "


@pytest.mark.parametrize("extra", [b"", b"Expect: tea\r\n"], ids=["direct", "by ASGI"])
@pytest.mark.parametrize("scheme", [b"http", b"HTTPS"])
async def test_the_authority_of_an_absolute_target_replaces_the_host(
    world: World, scheme: bytes, extra: bytes
) -> None:
    target = scheme + b"://api.partoo.co:80/v2/review_booster/send_invitation?a=1"
    head = b"POST " + target + b" HTTP/1.1\r\nHost: other.example\r\n" + extra + b"\r\n"
    assert (await answers(world, head)).startswith(b"HTTP/1.1 401")
    (entry,) = world.sandbox().history
    assert entry.request.headers["host"] == "api.partoo.co:80"
    assert (entry.request.path, entry.request.query) == (
        "/v2/review_booster/send_invitation",
        "a=1",
    )


@pytest.mark.parametrize("target", [b"http://h?a=1", b"http://h", b"http://h/?a=1"])
async def test_an_absolute_target_without_a_path_means_the_root(
    world: World, target: bytes
) -> None:
    received = await answers(world, b"GET " + target + b" HTTP/1.1\r\nHost: h\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404")
    (entry,) = world.sandbox().history
    assert (entry.request.path, entry.request.query) == ("/", "a=1" if b"?" in target else "")


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (b"http://evil/_mock/health", b"127.0.0.1", b"403"),
        (b"http://127.0.0.1/_mock/health", b"evil", b"200"),
        (b"http://127.0.0.1/_mock/health", b"evil\r\nHost: evil", b"400"),
        (b"http://[::1]:80/_mock/health", b"evil", b"200"),
        (b"http://localhost.evil/_mock/health", b"localhost", b"403"),
    ],
)
async def test_the_control_api_is_guarded_by_the_host_that_is_asked_for(
    world: World, target: bytes, host: bytes, status: bytes
) -> None:
    received = await answers(world, b"GET %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (target, host))
    assert received[9:12] == status


@pytest.mark.parametrize(
    "target",
    [
        b"http://user:secret@h/a",
        b"http:///a",
        b"http://:80/a",
        b"http://a b/",
        b"http://[/a",
        b"http://h\\@evil/a",
        b"ftp://h/a",
        b"http:/a",
        b"name",
        b"*",
        b"?a=1",
    ],
)
async def test_a_target_that_is_neither_a_path_nor_a_url_is_a_400(
    world: World, target: bytes
) -> None:
    data = b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert (await answers(world, data)).startswith(b"HTTP/1.1 400")
    assert len(world.sandbox().history) == 0


async def test_an_absolute_target_needs_a_host_header_as_well(world: World) -> None:
    data = b"GET http://h/a HTTP/1.1\r\n\r\n"
    assert (await answers(world, data)).startswith(b"HTTP/1.1 400")


async def test_a_tunnel_to_another_server_is_not_opened(world: World) -> None:
    received = await answers(world, b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 501")


async def test_options_may_be_asked_of_the_whole_server(world: World) -> None:
    received = await answers(world, b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
    assert b"\r\nMock-Reason: no_such_api\r\n" in received


BODY = b"2\r\n{}\r\n0\r\n\r\n"


@pytest.mark.parametrize("path", [PATH, b"/_mock/clock"], ids=["direct", "by ASGI"])
@pytest.mark.parametrize(
    ("codings", "status"),
    [
        (b"gzip, chunked", b"501"),
        (b"gzip\r\nTransfer-Encoding: chunked", b"501"),
        (b"deflate , Chunked", b"501"),
        (b"chunked, chunked", b"400"),
        (b"gzip", b"400"),
    ],
)
async def test_a_transfer_coding_that_is_not_known_is_refused(
    world: World, path: bytes, codings: bytes, status: bytes
) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: " + codings
    protocol, wire = connected_with_control(world)
    protocol.data_received(head + b"\r\n\r\n" + BODY)
    await settle(protocol)
    assert wire.written[9:12] == status
    assert (b"connection: close" in wire.written, wire.closed) == (True, True)
    assert len(world.sandbox().history) == 0


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked"])
async def test_chunked_is_known_however_it_is_written(world: World, coding: bytes) -> None:
    head = b"POST /cloutly/api/v1/send-review-invite HTTP/1.1\r\nHost: a\r\n" + KEY
    await answers(world, head + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + BODY)
    assert [entry.request.body for entry in world.sandbox().history] == [b"{}"]


async def test_http_1_0_has_no_transfer_codings(world: World) -> None:
    head = b"POST " + PATH + b" HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await answers(world, head + BODY)).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("version", [b"2.0", b"0.9"])
async def test_another_major_version_is_not_supported(world: World, version: bytes) -> None:
    head = b"GET " + PATH + b" HTTP/" + version + b"\r\nHost: a\r\n\r\n"
    assert (await answers(world, head)).startswith(b"HTTP/1.1 505")


OLD = b"GET " + PATH + b" HTTP/1.0\r\n" + KEY


async def test_a_client_of_http_1_0_learns_that_its_connection_stays_open(world: World) -> None:
    protocol, wire = connected(world)
    protocol.data_received(OLD + b"Connection: keep-alive\r\n\r\n")
    assert b"\r\nconnection: keep-alive\r\n" in wire.written
    assert not wire.closed
    protocol.data_received(OLD + b"Connection: Keep-Alive\r\n\r\n")
    assert wire.written.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize("path", [PATH, b"/_mock/health"], ids=["direct", "by ASGI"])
async def test_a_connection_of_http_1_0_is_closed_unless_it_is_to_stay(
    world: World, path: bytes
) -> None:
    protocol, wire = connected_with_control(world)
    protocol.data_received(OLD.replace(PATH, path) + b"\r\n")
    await settle(protocol)
    assert (b"connection: close" in wire.written, wire.closed) == (True, True)


@pytest.mark.parametrize("path", [b"/cloutly/api/v1/send-review-invite", b"/_mock/clock"])
async def test_a_client_of_http_1_0_is_never_told_to_continue(world: World, path: bytes) -> None:
    head = b"POST " + path + b" HTTP/1.0\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
    received = await answers(world, head + KEY + b"Content-Length: 2\r\n\r\n{}")
    assert b"100 Continue" not in received
    assert received.count(b"HTTP/1.1 ") == 1


async def test_the_history_has_the_header_lines_as_they_came(world: World) -> None:
    head = b"GET /nowhere HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-two: 2\r\nX-One:  3 \r\n\r\n"
    await answers(world, head)
    (entry,) = world.sandbox().history
    assert entry.request.header_lines() == [
        ("Host", "a"),
        ("X-One", "1"),
        ("x-two", "2"),
        ("X-One", "3"),
    ]
