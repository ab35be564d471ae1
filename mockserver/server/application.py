"""Convert ASGI messages to requests for the engine or the control API, and answers to messages.

- In: an engine, and a function that makes the control API at its first request (`factory.py`).
- Callers: any ASGI server, or tests. `protocol.py` calls `App.answer` directly for most requests to
  the APIs. `serving.py`, `background_server.py` and `command_runner.py` run an `App`.
- It waits for the delay of an answer, or states it in `Mock-Delay` (`delays=False`). It closes a
  connection for a fault by an extension of `protocol.py`; under another server it can only raise
  `CutConnectionError`. Web sockets are refused. It binds no socket.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from mockserver.base.asgi import (
    CONTROL_PREFIX,
    DATE_EXTENSION,
    AsgiApp,
    AsgiScope,
    ClientGoneError,
    Message,
    Receive,
    Send,
    is_control,
    read_body,
)
from mockserver.base.http import scheme_of
from mockserver.base.time import SECOND, Instant, format_duration, http_date, system_now
from mockserver.engine.pipeline import Engine
from mockserver.engine.rendering import problem
from mockserver.model.exchange import Exchange
from mockserver.model.messages import NOTHING_SENT, Answer, Request
from mockserver.server.message_head import (
    ENCODING,
    INVALID_HOST,
    add_date,
    fields_and_body,
    is_valid_host,
    read_fields,
)
from mockserver.wire.content_codings import decoded

DEFAULT_BODY_LIMIT = 10 * 1024 * 1024
DELAY_HEADER = "Mock-Delay"
"""Header with the delay (ISO 8601 duration) of an answer that was sent without waiting."""
_LOG = logging.getLogger("mockserver")
_FAILED = "The mock failed; this is not the API's answer"


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
        headers, hosts = read_fields(scope["headers"])
        if not is_valid_host(hosts, scope.get("http_version", "")):
            await self._respond(scope, send, problem(400, INVALID_HOST))
            return
        with suppress(ClientGoneError):
            if self._make_control_app is not None and is_control(path):
                dated = self._with_date(send) if _needs_date(scope) else send
                await self._control_app()(scope, receive, dated)
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
        answer = self.answer(request, dated=_needs_date(scope))
        if answer.delay and self._delays:
            await asyncio.sleep(answer.delay / SECOND)
        elif answer.delay:
            answer.headers.append((DELAY_HEADER, format_duration(answer.delay)))
        if answer.cut_at != NOTHING_SENT:
            await self._respond(scope, send, answer)
        if answer.cut_at is not None:
            await _break_off(scope, receive, reset=answer.cut_at == NOTHING_SENT)

    def answer(self, request: Request, *, dated: bool = True) -> Answer:
        """Return the answer to a request to an API; it never fails.

        A browser that opens `/` is redirected to the dashboard. `dated` adds the header Date, with
        the time of the sandbox.
        """
        try:
            exchange = self._exchange(request)
        except Exception:  # noqa: BLE001 - a defect of ours is answered, and the connection goes on
            _LOG.exception("request failed")
            answer, at = problem(500, _FAILED), self._clock()
        else:
            answer, at = exchange.answer, exchange.at
        if dated:
            add_date(answer, at)
        return answer

    def _exchange(self, request: Request) -> Exchange:
        if "content-encoding" in request.headers:
            request = decoded(request, self.body_limit)
        exchange = self._engine.handle(request, self._clock())
        if self._make_control_app is not None and _is_browser_visit(exchange):
            exchange.answer = Answer(307, [("Location", f"{CONTROL_PREFIX}/")], b"")
        if self.on_exchange is not None:
            self.on_exchange(exchange)
        return exchange

    def dated(self, answer: Answer) -> Answer:
        """Add the header Date, with the time of the system, to an answer that no sandbox gave."""
        add_date(answer, self._clock())
        return answer

    def _with_date(self, send: Send) -> Send:
        """Return `send` with the header Date, with the time of the system."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", http_date(self._clock()).encode())
                message["headers"] = [date, *message.get("headers", ())]
            await send(message)

        return sending

    async def _respond(self, scope: AsgiScope, send: Send, answer: Answer) -> None:
        if _needs_date(scope):
            add_date(answer, self._clock())
        fields, body = fields_and_body(scope["method"], answer)
        headers = [(name.encode(*ENCODING), value.encode(*ENCODING)) for name, value in fields]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        is_cut = answer.cut_at is not None
        await send({"type": "http.response.body", "body": body, "more_body": is_cut})

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


def _needs_date(scope: AsgiScope) -> bool:
    return DATE_EXTENSION in scope.get("extensions", ())


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
