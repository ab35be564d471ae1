"""The header Date: the time of the sandbox, once in every answer."""

import re
from collections.abc import Callable

import httpx
import pytest

from mockserver import Transport
from mockserver.base.time import Instant, http_date, parse_instant
from mockserver.server.factory import application
from tests.conftest import World
from tests.server.connection import GET, connected, connected_with_control, settle

pytestmark = pytest.mark.anyio
LATER = b"Thu, 19 Mar 2026 12:00:00 GMT"
NOW = b"Tue, 10 Mar 2026 12:00:00 GMT"


def dates(written: bytes) -> list[bytes]:
    return re.findall(rb"\r\ndate: ([^\r]*)", written, re.IGNORECASE)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("1994-11-06T08:49:37.999999Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("9999-12-31T00:00:00Z", "Fri, 31 Dec 9999 00:00:00 GMT"),
    ],
)
def test_a_date_is_written_as_http_has_it(instant: str, text: str) -> None:
    assert http_date(parse_instant(instant)) == text


@pytest.mark.parametrize("extra", [b"", b"Expect: tea\r\n"], ids=["direct", "by ASGI"])
async def test_an_answer_is_dated_by_the_clock_of_its_sandbox(world: World, extra: bytes) -> None:
    world.advance("P9D")
    protocol, wire = connected_with_control(world)
    protocol.data_received(GET.replace(b"Host", extra + b"Host"))
    await settle(protocol)
    protocol.data_received(GET.replace(b"Host", extra + b"Mock-Sandbox: other\r\nHost"))
    await settle(protocol)
    assert dates(wire.written) == [LATER, NOW]


async def test_a_control_call_is_dated_by_the_system(world: World) -> None:
    world.advance("P9D")
    protocol, wire = connected_with_control(world)
    protocol.data_received(b"GET /_mock/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    await settle(protocol)
    assert dates(wire.written) == [NOW]


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nMock-Sandbox: a/b\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_a_refusal_has_one_date_as_well(world: World, data: bytes) -> None:
    protocol, wire = connected(world, clock=lambda: world.now)
    protocol.data_received(data)
    assert dates(wire.written) == [NOW]


async def test_the_journal_has_the_date_that_was_sent(world: World) -> None:
    protocol, _ = connected(world, clock=lambda: world.now)
    protocol.data_received(GET)
    (entry,) = world.sandbox().history
    assert ("Date", NOW.decode()) in entry.answer.headers


def test_an_answer_in_the_same_process_is_dated(world: World) -> None:
    world.advance("P9D")
    app = application(world.engine, clock=lambda: world.now)
    with httpx.Client(transport=Transport(app)) as client:
        assert client.get("http://mock.test/nowhere").headers["date"] == LATER.decode()


async def test_another_server_dates_answers_itself(world: World) -> None:
    app = application(world.engine, clock=lambda: world.now)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1"
    ) as client:
        for path in ("/nowhere", "/_mock/health"):
            assert "date" not in (await client.get(path)).headers


DOCUMENT = """\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /a:
    get:
      x-mock:
        steps: [{respond: {headers: {date: 'Mon, 01 Jan 2024 00:00:00 GMT'}}}]
      responses: {'200': {description: ok}}
"""


async def test_a_step_may_choose_the_date(serve: Callable[..., World]) -> None:
    protocol, wire = connected(serve(DOCUMENT))
    protocol.data_received(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    assert dates(wire.written) == [b"Mon, 01 Jan 2024 00:00:00 GMT"]


def test_a_date_is_written_once_a_second() -> None:
    first = http_date(Instant(5_000_000))
    assert http_date(Instant(5_999_999)) is first
