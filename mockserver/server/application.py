"""The ASGI application: it turns ASGI messages into requests, and answers into ASGI messages."""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress

from mockserver.base.asgi import (
    CONTROL_PREFIX,
    AsgiApp,
    AsgiScope,
    ClientGoneError,
    Receive,
    Send,
    is_control,
    read_body,
)
from mockserver.base.http import WITHOUT_LENGTH, scheme_of
from mockserver.base.time import SECOND, Instant, format_duration, system_now
from mockserver.engine.pipeline import Engine
from mockserver.engine.rendering import problem
from mockserver.model.exchange import Exchange
from mockserver.model.messages import NOTHING_SENT, Answer, Request
from mockserver.wire.content_codings import decoded

DEFAULT_BODY_LIMIT = 10 * 1024 * 1024
DELAY_HEADER = "Mock-Delay"
"""Header with the delay (ISO 8601 duration) of an answer that was sent without waiting."""
ENCODING = ("latin-1", "replace")
"""How names and values of fields become bytes: a character outside of Latin-1 becomes `?`."""


class App:
    """Application that serves the APIs of an engine, and its control API under `/_mock`."""

    def __init__(
        self,
        engine: Engine,
        *,
        control: Callable[[], AsgiApp] | None = None,
        body_limit: int = DEFAULT_BODY_LIMIT,
        clock: Callable[[], Instant] = system_now,
        delays: bool = True,
    ) -> None:
        """Make the application.

        Args:
            engine: Answers the requests to the APIs.
            control: Makes the control API, at its first request; without it there is none.
            body_limit: Largest body of a request, in bytes; a larger one is answered 413.
            clock: Returns the current time.
            delays: Wait before an answer that has a delay. Otherwise it is sent at once, with its
                delay in the header `Mock-Delay`.
        """
        self._engine = engine
        self._make_control_app = control
        self._control_api: AsgiApp | None = None
        self.body_limit = body_limit
        self._clock = clock
        self._delays = delays
        self.on_exchange: Callable[[Exchange], None] | None = None
        """Function that is called with every request to an API and its answer."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] != "http":
            await _serve_other_protocol(scope, receive, send)
            return
        path = _path(scope)
        headers = _headers(scope)
        if headers is None:
            await _respond(send, problem(400, INVALID_HOST), scope["method"])
            return
        with suppress(ClientGoneError):
            if self._make_control_app is not None and is_control(path):
                await self._control_app()(scope, receive, send)
            else:
                await self._serve(path, headers, scope, receive, send)

    async def _serve(
        self, path: str, headers: dict[str, str], scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        body = await read_body(receive, self.body_limit)
        request = Request(
            scope["method"],
            path,
            scope["query_string"].decode("latin-1"),
            headers,
            body or b"",
            scheme_of(headers, scope["scheme"]),
            too_large=body is None,
        )
        answer = self.answer(request)
        if answer.delay and self._delays:
            await asyncio.sleep(answer.delay / SECOND)
        elif answer.delay:
            answer.headers.append((DELAY_HEADER, format_duration(answer.delay)))
        if answer.cut_at != NOTHING_SENT:
            await _respond(send, answer, scope["method"])
        if answer.cut_at is not None:
            await _break_off(scope, receive, reset=answer.cut_at == NOTHING_SENT)

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request to an API.

        A browser that opens `/` is redirected to the dashboard.
        """
        if "content-encoding" in request.headers:
            request = decoded(request, self.body_limit)
        exchange = self._engine.handle(request, self._clock())
        if self._make_control_app is not None and _is_browser_visit(exchange):
            exchange.answer = Answer(307, [("Location", f"{CONTROL_PREFIX}/")], b"")
        if self.on_exchange is not None:
            self.on_exchange(exchange)
        return exchange.answer

    def _control_app(self) -> AsgiApp:
        if self._control_api is None:
            assert self._make_control_app is not None
            self._control_api = self._make_control_app()
        return self._control_api


def _is_browser_visit(exchange: Exchange) -> bool:
    """Return True if a browser asked for the page at `/`, and no API is served there."""
    request = exchange.request
    return request.path == "/" and exchange.api is None and "text/html" in request.accept


def _path(scope: AsgiScope) -> str:
    raw = scope.get("raw_path")
    path: str = raw.decode("latin-1") if raw is not None else scope["path"]
    return path.partition("?")[0]


def _headers(scope: AsgiScope) -> dict[str, str] | None:
    """Return the headers by lower-case name; None if Host is missing, repeated or invalid.

    Fields of one name are joined by commas (RFC 9110, section 5.3), cookies by semicolons.
    """
    headers: dict[str, str] = {}
    hosts = []
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == "host":
            hosts.append(raw_value)
        if name in headers:
            separator = "; " if name == "cookie" else ", "
            value = headers[name] + separator + value
        headers[name] = value
    return headers if is_valid_host(hosts, scope.get("http_version", "")) else None


INVALID_HOST = (
    "the header Host is missing, repeated or invalid: "
    "send it exactly once, as a host name or IP address, with or without a port"
)
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?")


def is_valid_host(values: Sequence[bytes], version: str) -> bool:
    """Return True if a request of this HTTP version may have these Host fields (RFC 9112, 3.2)."""
    if len(values) == 1:
        return _HOST.fullmatch(values[0]) is not None
    return not values and version == "1.0"


BREAK_EXTENSION = "mockserver.break"
"""Name of the ASGI extension of our own server.

Its `call(reset=…)` closes the connection before the end of the answer, by a TCP reset or not.
"""


class CutConnectionError(ConnectionResetError):
    """A fault that closes the connection, under a server without our extension.

    ASGI has no message to close a connection, so the application can only fail. uvicorn then closes
    the connection if a part of the answer was sent, and answers 500 if nothing was.
    """


async def _break_off(scope: AsgiScope, receive: Receive, *, reset: bool) -> None:
    extension = scope.get("extensions", {}).get(BREAK_EXTENSION)
    if extension is None:
        raise CutConnectionError("a fault closes the connection")
    extension["call"](reset=reset)
    await receive()  # returns when the server has seen that the connection is closed


def framing(method: str, answer: Answer) -> tuple[int | None, bytes]:
    """Return the Content-Length and the body to send in answer to a request of a method.

    Both ways of a request through the server (`protocol.py`, and this module) send what it says.

    The length is that of the whole body, also where less is sent: in answer to HEAD (RFC 9110,
    section 9.3.2), and where a fault cuts the body. 204 and 304 have neither length nor body.
    """
    if answer.status in WITHOUT_LENGTH:
        return None, b""
    body = answer.body
    return len(body), b"" if method == "HEAD" else body[: answer.cut_at]


async def _respond(send: Send, answer: Answer, method: str) -> None:
    length, body = framing(method, answer)
    headers = [(name.encode(*ENCODING), value.encode(*ENCODING)) for name, value in answer.headers]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    is_cut = answer.cut_at is not None
    await send({"type": "http.response.body", "body": body, "more_body": is_cut})


async def _serve_other_protocol(scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Acknowledge the messages of the lifespan protocol; refuse a web socket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
