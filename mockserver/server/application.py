"""Answer ASGI messages by the engine or the control API, and read and write heads of messages.

- In: an engine, and a function that makes the control API at its first request (`factory.py`).
- Callers: any ASGI server, or tests. `protocol.py` reads and writes heads by the functions here,
  and calls `App.answer` for most requests: it never fails, redirects a browser at `/` to the
  dashboard, and calls `on_exchange`, which commands of `cli/` set. Both ways answer the same.
- The ASGI way waits for the delay of an answer, or states it in `Mock-Delay` (`delays=False`). It
  closes a connection for a fault by an extension of `protocol.py`; other servers get a
  `CutConnectionError`. A head that cannot be read is a `BadHeadError`. It binds no socket.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

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
from mockserver.base.errors import MockserverError, SandboxFullError
from mockserver.base.http import WITHOUT_LENGTH, scheme_of
from mockserver.base.time import SECOND, Instant, format_duration, http_date, system_now
from mockserver.engine.pipeline import Engine
from mockserver.engine.rendering import problem
from mockserver.model.exchange import Exchange
from mockserver.model.messages import NOTHING_SENT, Answer, Request
from mockserver.wire.content_codings import decoded

if TYPE_CHECKING:
    from mockserver.stores.committer import Committer

MAX_HEAD_SIZE = 65_536
"""Bytes that the target and all fields of a request may have together."""
INVALID_HOST = (
    "the header Host is missing, repeated or invalid: "
    "send it exactly once, as a host name or IP address, with or without a port"
)
_HOST = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
_BLANKS = " \t"
_MAX_NAMES = 1_000
_NAMES: dict[bytes, str] = {}
"""Cache of header names: as sent → in lower case; bounded, because clients choose the names."""
ENCODING = ("latin-1", "replace")
"""How names and values of fields become bytes: a character outside of Latin-1 becomes `?`."""
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FIRST_FINAL = 200
_RESET_CONTENT = 205
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
        committer: "Committer | None" = None,
    ) -> None:
        """Make the application.

        Args:
            engine: Answers the requests to the APIs.
            control: Makes the control API, at its first request; without it there is none.
            body_limit: Largest body of a request, in bytes; a larger one is answered 413.
            clock: Returns the current time.
            delays: Wait before an answer that has a delay. Otherwise it is sent at once, with its
                delay in the header `Mock-Delay`.
            committer: Writes to a store; without it, sandboxes are only in memory.
        """
        self._engine = engine
        self._make_control_app = control
        self._control_api: AsgiApp | None = None
        self.body_limit = body_limit
        self._clock = clock
        self._delays = delays
        self.committer = committer
        self.cycles = 0
        """Number of things done that may leave reference cycles: connections that ended, and
        requests by way of ASGI. Other requests leave none."""
        self.on_exchange: Callable[[Exchange], None] | None = None
        """Function that is called with every request to an API and its answer."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] != "http":
            await _serve_other_protocol(scope, receive, send)
            if scope["type"] == "lifespan":
                await self.close()
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
            fields=scope["headers"],
            head_size=len(path) + sum(len(name) + len(headers[name]) for name in headers),
        )
        is_dated = _needs_date(scope)
        if self.committer is None:
            answer = self.answer(request, dated=is_dated)
        else:
            answer = await self.answer_later(request, dated=is_dated)
        if answer.delay and self._delays:
            await asyncio.sleep(answer.delay / SECOND)
        elif answer.delay:
            answer.headers.append((DELAY_HEADER, format_duration(answer.delay)))
        if answer.cut_at != NOTHING_SENT:
            await self._respond(scope, send, answer)
        if answer.cut_at is not None:
            await _break_off(scope, receive, reset=answer.cut_at == NOTHING_SENT)

    async def close(self) -> None:
        """Close the store, if there is one."""
        if self.committer is not None:
            await self.committer.close()

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
            _add_date(answer, at)
        return answer

    async def answer_later(self, request: Request, *, dated: bool = True) -> Answer:
        """Return the answer to a request to an API when the store has what it changed.

        It never fails: without the store, the answer is a 503.
        """
        assert self.committer is not None
        now = self._clock()
        try:
            if "content-encoding" in request.headers:
                request = decoded(request, self.body_limit)
            exchange = await self.committer.handle(request, now)
            self._finish(exchange)
        except SandboxFullError as error:
            answer, at = problem(503, str(error)), now
        except MockserverError as error:
            answer, at = store_problem(error), now
        except Exception:  # noqa: BLE001 - a defect of ours is answered, and the connection goes on
            _LOG.exception("request failed")
            answer, at = problem(500, _FAILED), now
        else:
            answer, at = exchange.answer, exchange.at
        if dated:
            _add_date(answer, at)
        return answer

    def _exchange(self, request: Request) -> Exchange:
        if "content-encoding" in request.headers:
            request = decoded(request, self.body_limit)
        exchange = self._engine.handle(request, self._clock())
        self._finish(exchange)
        return exchange

    def _finish(self, exchange: Exchange) -> None:
        if self._make_control_app is not None and _is_browser_visit(exchange):
            exchange.answer = Answer(307, [("Location", f"{CONTROL_PREFIX}/")], b"")
        if self.on_exchange is not None:
            self.on_exchange(exchange)

    def dated(self, answer: Answer) -> Answer:
        """Add the header Date, with the time of the system, to an answer that no sandbox gave."""
        _add_date(answer, self._clock())
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
            _add_date(answer, self._clock())
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


RETRY_AFTER = 1
"""Seconds after which a request that the store could not take may be sent again."""


def store_problem(error: MockserverError) -> Answer:
    """Return the answer to a request that the store of the mock could not take."""
    answer = problem(503, f"the store of the mock cannot be used: {error}")
    answer.headers.append(("Retry-After", str(RETRY_AFTER)))
    return answer


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


# --- heads of messages, which both ways of a request through the server read and write ---


class BadHeadError(Exception):
    """A head after which nothing more can be read from the connection."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.answer = problem(status, detail)


def _lowered(raw: bytes) -> str:
    name = raw.decode("latin-1").lower()
    if len(_NAMES) < _MAX_NAMES:
        _NAMES[raw] = name
    return name


def read_fields(raw: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], list[str]]:
    """Return the headers by lower-case name, and all values of Host.

    White space around a value is no part of it (RFC 9112, section 5.1). Fields of one name are
    joined by commas (RFC 9110, section 5.3), cookies by semicolons.
    """
    headers: dict[str, str] = {}
    hosts = []
    names = _NAMES
    for raw_name, value in raw:
        name = names.get(raw_name) or _lowered(raw_name)
        text = value.decode("latin-1").strip(_BLANKS)
        if name == "host":
            hosts.append(text)
        if name in headers:
            text = headers[name] + ("; " if name == "cookie" else ", ") + text
        headers[name] = text
    return headers, hosts


def is_valid_host(values: Sequence[str], version: str) -> bool:
    """Return True if a request of this HTTP version may have these Host fields (RFC 9112, 3.2)."""
    if len(values) == 1:
        return _HOST.fullmatch(values[0]) is not None
    return not values and version == "1.0"


def split_absolute(target: bytes) -> tuple[bytes, bytes]:
    """Split a URL into its authority, and its path with the query (RFC 9112, section 3.2.2).

    Raises:
        BadHeadError: If it is no URL of HTTP, or has no host, or user information.
    """
    found = _ABSOLUTE.fullmatch(target.partition(b"#")[0])
    authority = found[1] if found else b""
    host = authority.decode("latin-1")
    if found is None or not _HOST.fullmatch(host) or not host.partition(":")[0]:
        raise BadHeadError(400, "the target of the request is neither a path nor an http URL")
    path = found[2]
    return authority, path if path[:1] == b"/" else b"/" + path


def check_version(version: str) -> None:
    """Refuse other versions than HTTP/1.x (RFC 9110, section 15.6.6).

    Raises:
        BadHeadError: For any other.
    """
    if not version.startswith("1."):
        raise BadHeadError(505, f"HTTP/{version} is not supported; use HTTP/1.1")


def check_transfer_coding(value: str, version: str) -> None:
    """Refuse transfer codings other than chunked (RFC 9112, section 6.1).

    Raises:
        BadHeadError: For any other, and for all of them in HTTP/1.0.
    """
    if version == "1.0":
        raise BadHeadError(400, "HTTP/1.0 has no Transfer-Encoding")
    codings = [coding.strip(_BLANKS).lower() for coding in value.split(",")]
    codings = [coding for coding in codings if coding]
    if codings[-1:] != ["chunked"] or codings.count("chunked") > 1:
        raise BadHeadError(
            400, "the end of the body is not known: Transfer-Encoding is not chunked"
        )
    if len(codings) > 1:
        raise BadHeadError(501, f"the transfer coding {codings[0][:40]!r} is not supported")


def without_upgrade(raw: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the lines of fields, without those that offer another protocol."""
    for name, value in raw:
        lowered = name.lower()
        if lowered == b"connection":
            kept = [token for token in value.split(b",") if not _offers_upgrade(token)]
            yield b"%b:%b" % (name, b",".join(kept))
        elif not _offers_upgrade(lowered):
            yield b"%b:%b" % (name, value)


def _offers_upgrade(field: bytes) -> bool:
    """Return True for a field name, or an option of Connection, that offers another protocol."""
    return field.strip().lower() in {b"upgrade", b"http2-settings"}


def is_control_target(target: bytes) -> bool:
    """Return True if a target belongs to the control API."""
    return target.startswith(b"/_mock") and is_control(target.partition(b"?")[0].decode("latin-1"))


def too_large(*, has_fields: bool) -> Answer:
    """Return the answer to a head of more than MAX_HEAD_SIZE bytes."""
    if has_fields:
        return problem(431, f"the headers are longer than {MAX_HEAD_SIZE:,} bytes")
    return problem(414, f"the target is longer than {MAX_HEAD_SIZE:,} bytes")


def framing(method: str, answer: Answer) -> tuple[int | None, bytes]:
    """Return the Content-Length and the body to send in answer to a request of a method.

    The length is that of the whole body, also where less is sent: in answer to HEAD (RFC 9110,
    section 9.3.2), and where a fault cuts the body. 1xx, 204 and 304 have neither length nor body
    (section 8.6), 205 has no body (section 15.3.6).
    """
    if answer.status in WITHOUT_LENGTH or answer.status < _FIRST_FINAL:
        return None, b""
    if answer.status == _RESET_CONTENT:
        return 0, b""
    body = answer.body
    return len(body), b"" if method == "HEAD" else body[: answer.cut_at]


def fields_and_body(method: str, answer: Answer) -> tuple[list[tuple[str, str]], bytes]:
    """Return all fields and the body to send in answer to a request of a method.

    A control character in a value becomes a space (RFC 9110, section 5.5).
    """
    fields = answer.headers
    if not "".join([value for _, value in fields]).isprintable():
        fields = [(name, _CONTROLS.sub(" ", value)) for name, value in fields]
    length, body = framing(method, answer)
    if length is not None:
        fields = [*fields, ("content-length", str(length))]
    return fields, body


def _add_date(answer: Answer, at: Instant) -> None:
    """Add the header Date (RFC 9110, section 6.6.1) unless the answer has one."""
    headers = answer.headers
    for name, _ in headers:
        if len(name) == 4 and name.lower() == "date":  # noqa: PLR2004 - the name's length
            return
    headers.append(("Date", http_date(at)))
