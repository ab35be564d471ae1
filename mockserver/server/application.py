"""The ASGI application: bytes to requests, answers to bytes; the engine does the rest."""

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
from mockserver.base.http import scheme_of
from mockserver.base.time import SECOND, Instant, format_duration, system_now
from mockserver.engine.pipeline import Engine
from mockserver.engine.rendering import problem
from mockserver.model.exchange import Exchange
from mockserver.model.messages import NOTHING_SENT, Answer, Request
from mockserver.server.answer_head import ENCODING, framing
from mockserver.wire.content_codings import decoded

DEFAULT_BODY_LIMIT = 10 * 1024 * 1024
DELAY_HEADER = "Mock-Delay"
"""How long an answer would have been held back (ISO 8601) by an application that does not wait."""


class App:
    """Serves an engine, and under `/_mock` its control API."""

    def __init__(
        self,
        engine: Engine,
        *,
        control: Callable[[], AsgiApp] | None = None,
        body_limit: int = DEFAULT_BODY_LIMIT,
        clock: Callable[[], Instant] = system_now,
        delays: bool = True,
    ) -> None:
        """Serve `engine`; `control` makes the control API when it is first called.

        Without `delays` no answer is held back, but says in `Mock-Delay` how long it would be.
        """
        self._engine = engine
        self._make_control = control
        self._control: AsgiApp | None = None
        self.body_limit = body_limit
        self._clock = clock
        self._delays = delays
        self.tell: Callable[[Exchange], None] | None = None
        """Called with every exchange of the APIs."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] != "http":
            await _other_protocol(scope, receive, send)
            return
        path = _path(scope)
        headers = _headers(scope)
        if headers is None:
            await _respond(send, problem(400, BAD_HOST), scope["method"])
            return
        with suppress(ClientGoneError):
            if self._make_control is not None and is_control(path):
                await self._controller()(scope, receive, send)
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
        """Answer a request to an API."""
        if "content-encoding" in request.headers:
            request = decoded(request, self.body_limit)
        exchange = self._engine.handle(request, self._clock())
        if self._make_control is not None and _is_a_look(exchange):
            exchange.answer = Answer(307, [("Location", f"{CONTROL_PREFIX}/")], b"")
        if self.tell is not None:
            self.tell(exchange)
        return exchange.answer

    def _controller(self) -> AsgiApp:
        if self._control is None:
            assert self._make_control is not None
            self._control = self._make_control()
        return self._control


def _is_a_look(exchange: Exchange) -> bool:
    """Tell whether a person opened the address of the server, where no API is."""
    request = exchange.request
    return request.path == "/" and exchange.api is None and "text/html" in request.accept


def _path(scope: AsgiScope) -> str:
    raw = scope.get("raw_path")
    path: str = raw.decode("latin-1") if raw is not None else scope["path"]
    return path.partition("?")[0]


def _headers(scope: AsgiScope) -> dict[str, str] | None:
    """Return the headers by lower-case name; None if Host is not there exactly once."""
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
    return headers if is_host(hosts, scope.get("http_version", "")) else None


BAD_HOST = "an HTTP/1.1 request names its host exactly once, as a name or address with a port"
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?")


def is_host(values: Sequence[bytes], version: str) -> bool:
    """Tell whether the values of Host are what a version of HTTP asks for (RFC 9112, 3.2)."""
    if len(values) == 1:
        return _HOST.fullmatch(values[0]) is not None
    return not values and version == "1.0"


BREAK = "mockserver.break"
"""The ASGI extension of our own server: its `call` breaks the connection off, by a reset or not."""


class CutConnectionError(ConnectionResetError):
    """A fault breaks the connection: all that an application can do under most servers.

    uvicorn closes the connection where a part of the answer has been sent, and answers 500 where
    nothing has.
    """


async def _break_off(scope: AsgiScope, receive: Receive, *, reset: bool) -> None:
    extension = scope.get("extensions", {}).get(BREAK)
    if extension is None:
        raise CutConnectionError("a fault breaks the connection off")
    extension["call"](reset=reset)
    await receive()  # until the server has noticed


async def _respond(send: Send, answer: Answer, method: str) -> None:
    length, body = framing(method, answer)
    headers = [(name.encode(*ENCODING), value.encode(*ENCODING)) for name, value in answer.headers]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    is_cut = answer.cut_at is not None
    await send({"type": "http.response.body", "body": body, "more_body": is_cut})


async def _other_protocol(scope: AsgiScope, receive: Receive, send: Send) -> None:
    """Take part in the lifespan; close a web socket, of which none is served."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
