"""Speak HTTP/1.1 on a socket: uvicorn's protocol, with a shorter path for requests to the APIs.

`serving.py` gives `Protocol` to uvicorn, which makes one for each connection, and calls its
`close_if_late` once a second. Requests go to `App.answer` or, as ASGI, to the `App` of
`application.py`. Bytes that are no request are answered with a problem, and the connection closes.
The rules are below.
"""

# A request takes one of two paths, which `on_headers_complete` chooses when its head is complete:
#
# - Direct: the body is collected here, `App.answer` is called from the parser's callback, and head
#   and body are sent in one write. uvicorn makes a scope, an event and a task for each request and
#   writes head and body apart. The engine neither waits nor streams, so it needs none of these.
# - uvicorn's: the callbacks of the head are repeated on the base class, and from there on the base
#   class does everything, through the ASGI application. This path is for what the direct one cannot
#   do: the control API (asynchronous, streams events), Expect (100 Continue), and whatever follows
#   while a request is unanswered.
#
# Heads. `application.py` reads the fields for both paths. A target that is a URL becomes a path,
# and its authority replaces the field Host, before a path is chosen (RFC 9112, section 3.2.2).
#
# Order. Answers leave in the order of their requests (RFC 9112, section 9.3.2). While one is
# unanswered, the next ones take uvicorn's path, where `pipeline` keeps them. A direct answer that
# waits for its delay stands in `cycle` as a `_DelayedAnswer`, so that the base class sees that it
# is not complete. The refusal of what cannot be read is the last answer of a connection, and waits
# in `_refusal` for those before it.
#
# Buffers. Each is bounded. A head is at most MAX_HEAD_SIZE, trailers included; of a body,
# `body_limit` bytes are kept. A longer body is read and dropped up to DRAINED times the limit, so
# that a client which reads only after it has sent everything gets the 413; after that it is
# answered at once and the connection closed. `pipeline` holds what one read of the socket brought,
# because reading pauses while it has requests.
#
# Back-pressure. A client that does not read must not fill the memory with its answers. The
# transport reports a full write buffer (`flow.write_paused`); then reading pauses until it has
# drained. The answer that filled it is kept whole: it is in memory anyway.
#
# Deadlines. A connection has one `deadline`, and the server compares it once a second
# (`close_if_late`), so a direct request costs no timer. A whole request has REQUEST_TIME from its
# first byte, a connection has IDLE_TIME from its last direct answer. A client that reads slowly
# gets more time as long as it reads something; one that reads nothing is dropped. Otherwise a
# connection is not closed while its answer is delayed or computed.
#
# Keep-alive. The parser decides it for each request (RFC 9112, section 9.3). After an answer
# without keep-alive, a cut body or a head that cannot be parsed, the connection is closed. HTTP/1.0
# closes by default, so its answers say that a connection stays open (RFC 9112, section C.2.2).
#
# The end of the server. A client that keeps its connection may have sent a request that is not yet
# read, or is about to. So a connection without a request stays for GRACE_TIME, and longer while the
# socket has unread bytes; the next answer says that it closes. A delayed answer is sent first if it
# is due within SHUTDOWN_TIME.
#
# Upgrade is ignored (RFC 9110, section 7.8). Java's client offers HTTP/2 with its first request,
# and the parser then takes everything behind the head for the other protocol. So the head is parsed
# a second time without the offer, by a new parser, and the rest follows it.
#
# uvicorn's internals. This class relies on attributes of HttpToolsProtocol that are not documented:
# `url`, `parser`, `transport`, `loop`, `scheme`, `flow`, `scope`, `pipeline` (newest first), and
# `cycle` with `response_started` and the attributes of `_DelayedAnswer`; `_start_asgi_task`,
# `_unset_keepalive_if_required`, `on_response_complete`, `server_state.total_requests`; and
# on_message_begin, on_header and on_headers_complete being enough to start a request. Another
# version of uvicorn must pass tests/server before it is allowed.

import asyncio
import selectors
import socket
import struct
import sys
from functools import partial
from typing import Any, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mockserver.base.asgi import DATE_EXTENSION, DRAINED
from mockserver.base.http import scheme_of
from mockserver.base.time import SECOND
from mockserver.engine.rendering import problem
from mockserver.model.exchange import UNANSWERED
from mockserver.model.messages import NOTHING_SENT, Answer, Request
from mockserver.server import application
from mockserver.server.application import (
    BREAK_EXTENSION,
    ENCODING,
    INVALID_HOST,
    MAX_HEAD_SIZE,
    App,
    BadHeadError,
    fields_and_body,
)

REQUEST_TIME = 30.0
"""Seconds that a client may take to send a whole request."""
IDLE_TIME = 75.0
"""Seconds that a connection may stay open without a request."""
SHUTDOWN_TIME = 1.5
"""Seconds that a delayed answer may take when the server ends; uvicorn waits a little longer."""
GRACE_TIME = 0.5
"""Seconds that an open connection may take to send its next request when the server ends."""
_RETRY_TIME = 0.01
"""Seconds after which a closing connection looks again for unread bytes."""
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Value of SO_LINGER with which a close sends a TCP reset and drops unsent data."""
_CLOSE = b"connection: close\r\n\r\n"
_STAY = b"\r\n"
_STAY_OLD = b"connection: keep-alive\r\n\r\n"
"""Ends of heads: after the answer the connection closes, or stays open, in HTTP/1.1 or 1.0."""


def _is_readable(number: int) -> bool:
    """Return True if a socket, of this number, has bytes that are not read, or was closed."""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(number, selectors.EVENT_READ)
            return bool(selector.select(0))
    except (OSError, ValueError):  # no more files can be opened, or the socket is closed
        return False


_TLS_HANDSHAKE = b"\x16\x03"
"""First bytes of a TLS connection (RFC 8446, section 5.1)."""


class _DelayedAnswer:
    """A direct answer that waits for its delay, in the place of uvicorn's unanswered request."""

    __slots__ = (
        "answer",
        "chunked_encoding",
        "disconnected",
        "ending",
        "keep_alive",
        "message_event",
        "method",
        "more_body",
        "response_complete",
    )

    def __init__(self, method: str, answer: Answer, ending: bytes) -> None:
        self.method = method
        self.answer = answer
        self.ending = ending
        self.disconnected = False
        self.keep_alive = True
        self.more_body = False
        self.chunked_encoding = False
        self.response_complete = False
        self.message_event = asyncio.Event()


class Protocol(HttpToolsProtocol):
    """The server's side of one connection."""

    deadline: float
    """Time of the event loop after which an idle or incomplete connection is closed."""

    # The current request:
    _raw_headers: list[tuple[bytes, bytes]]
    _headers: dict[str, str]
    """By lower-case name."""
    _has_valid_host: bool
    _body_parts: list[bytes]
    _body_size: int
    _head_size: int
    _has_head: bool
    """True after the last header; what follows are trailers."""
    _answered_early: bool
    """True if it was answered before its end, because it is too large."""
    _uses_uvicorn: bool
    """True if it takes uvicorn's path."""
    _upgrading: bool
    """True if it offers another protocol."""
    _is_complete: bool
    """True from its end to the beginning of the next one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's arguments
        super().__init__(*args, **kwargs)
        self.access_log = False  # the journal has every request
        app = self.config.app
        assert isinstance(app, App)
        self._application = app
        self.on_message_begin()
        self._is_complete = True
        self._last_unsent = 0
        """Bytes in the write buffer at the last check."""
        self._running: RequestResponseCycle | _DelayedAnswer | None = None
        self._tasks: set[asyncio.Task[Answer]] = set()
        """What is answered first: a request on uvicorn's path, or a delayed answer."""
        self._refusal: Answer | None = None
        """The last answer of the connection, while those before it are not complete."""
        self._is_shutting_down = False
        """True if the server ends: the next answer is the last one."""
        self._closes_at = 0.0
        """Time of the event loop at which an open connection closes when the server ends."""

    def data_received(self, data: bytes) -> None:
        """Parse bytes of the client; complete requests are answered by the parser's callbacks."""
        self._unset_keepalive_if_required()
        while self._refusal is None:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._upgrading:
                    data = self._head_without_upgrade() + data[upgrade.args[0] :]
                    self.parser = httptools.HttpRequestParser(self)
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                    continue
            except httptools.HttpParserError as error:
                self._refuse(self._answer_to(error, data))
            return

    def _head_without_upgrade(self) -> bytes:
        """Return the head of the current request without its offer of another protocol."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        line = b"%b %b HTTP/%b" % (method, self.url, version)
        fields = application.without_upgrade(self._raw_headers)
        return b"\r\n".join([line, *fields, b"", b""])

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        """Reset the state of the current request."""
        self.url = b""
        self._raw_headers = []
        self._headers = {}
        self._has_valid_host = True
        self._body_parts = []
        self._body_size = 0
        self._head_size = 0
        self._has_head = False
        self._answered_early = False
        self._uses_uvicorn = False
        self._upgrading = False
        self._is_complete = False
        self.deadline = self.loop.time() + REQUEST_TIME

    def on_url(self, url: bytes) -> None:
        """Add a part of the request's target."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; trailers are not merged into the headers (RFC 9110, section 6.5.1)."""
        self._count_head(len(name) + len(value))
        if not self._has_head:
            self._raw_headers.append((name, value))

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEAD_SIZE:
            raise ValueError

    def _answer_to(self, error: Exception, data: bytes) -> Answer:
        """Return the answer to what the parser, or a callback of it, cannot read."""
        if self._head_size > MAX_HEAD_SIZE:
            return application.too_large(has_fields=bool(self._raw_headers))
        if isinstance(error.__context__, BadHeadError):
            return error.__context__.answer
        message = _unreadable(data)
        self.logger.warning(message)
        return problem(400, message)

    def _refuse(self, answer: Answer) -> None:
        """Answer what cannot be read, after all requests before it, and close the connection."""
        if self._uses_uvicorn and not self._is_complete:
            self._forget_request()
        self._application.dated(answer)
        if self._is_busy():
            self._refusal = answer
            self.flow.pause_reading()
        else:
            self._write("GET", answer, _CLOSE)

    def _forget_request(self) -> None:
        """Remove the current request from uvicorn's path; if it is answered already, close."""
        faulty = self.cycle
        if self.pipeline and self.pipeline[0][0] is faulty:
            self.pipeline.popleft()
            newest = self.pipeline[0][0] if self.pipeline else self._running
            self.cycle = cast(RequestResponseCycle, newest)
            return
        if faulty.response_started:
            self.transport.close()
        faulty.disconnected = faulty.response_complete = True
        faulty.message_event.set()

    def on_headers_complete(self) -> None:
        """Choose the path of the request."""
        self._has_head = True
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = True
            return
        if self.transport.is_closing():
            return
        self._read_head()
        if self._is_busy() or self._needs_uvicorn():
            self._hand_over()
            self._uses_uvicorn = True

    def _read_head(self) -> None:
        """Read the fields and the target.

        Raises:
            BadHeadError: If what follows the head cannot be read either.
        """
        version = self.parser.get_http_version()
        application.check_version(version)
        self._headers, hosts = application.read_fields(self._raw_headers)
        self._has_valid_host = application.is_valid_host(hosts, version)
        if "transfer-encoding" in self._headers:
            application.check_transfer_coding(self._headers["transfer-encoding"], version)
        if version == "1.0" and "expect" in self._headers:  # RFC 9110, section 10.1.1
            self._set_field(b"expect", None)
        if self.url[:1] == b"/" or self._is_for_the_server():
            return
        authority, self.url = application.split_absolute(self.url)
        if self._has_valid_host:
            self._set_field(b"host", authority)

    def _is_for_the_server(self) -> bool:
        """Return True for `OPTIONS *`.

        Raises:
            BadHeadError: For CONNECT, which asks for a tunnel to another server.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise BadHeadError(501, "CONNECT is not supported: this server is no proxy")
        return method == b"OPTIONS" and self.url == b"*"

    def _set_field(self, name: bytes, value: bytes | None) -> None:
        """Replace a header of the current request, or remove it."""
        kept = [field for field in self._raw_headers if field[0].lower() != name]
        self._raw_headers = kept if value is None else [(name, value), *kept]
        self._headers, _ = application.read_fields(self._raw_headers)

    def _hand_over(self) -> None:
        """Repeat the callbacks of the head on the base class."""
        self._application.cycles += 1
        url, raw = self.url, self._raw_headers
        super().on_message_begin()
        self.url = url
        for name, value in raw:
            super().on_header(name, value.strip(b" \t"))
        super().on_headers_complete()
        self.scope["extensions"] = {BREAK_EXTENSION: {"call": self._break_off}, DATE_EXTENSION: {}}
        if self._is_shutting_down:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Add a part of the body, up to the limit."""
        if self._uses_uvicorn:
            super().on_body(body)
            return
        if self._answered_early or self.transport.is_closing():
            return
        self._body_size += len(body)
        limit = self._application.body_limit
        if self._body_size <= limit:
            self._body_parts.append(body)
        elif self._body_size > DRAINED * limit:
            self._answered_early = True
            self._answer(self._request(), _CLOSE)

    def on_message_complete(self) -> None:
        """Answer the request, unless uvicorn does."""
        if self._upgrading:
            return
        self._is_complete = True
        if self._uses_uvicorn:
            super().on_message_complete()
        elif not self._answered_early and not self.transport.is_closing():
            ending = _CLOSE
            if self.parser.should_keep_alive():
                ending = _STAY_OLD if self.parser.get_http_version() == "1.0" else _STAY
            self._answer(self._request(), ending)

    def _is_busy(self) -> bool:
        """Return True while a request is unanswered."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # None before the first one
        return cycle is not None and not cycle.response_complete

    def _needs_uvicorn(self) -> bool:
        """Return True if the current request cannot be answered directly."""
        if not self._has_valid_host:
            return False
        return "expect" in self._headers or application.is_control_target(self.url)

    # --- requests and answers ---

    def _request(self) -> Request:
        """Return the current request as the engine reads it."""
        headers = self._headers
        path, _, query = self.url.decode("latin-1").partition("?")
        return Request(
            self.parser.get_method().decode("latin-1"),
            path,
            query.partition("#")[0],
            headers,
            self._body_parts[0] if len(self._body_parts) == 1 else b"".join(self._body_parts),
            scheme_of(headers, self.scheme or "http")
            if "x-forwarded-proto" in headers
            else self.scheme or "http",
            too_large=self._body_size > self._application.body_limit,
            fields=self._raw_headers,
            head_size=self._head_size,
        )

    def _answer(self, request: Request, ending: bytes) -> None:
        if self._has_valid_host and self._application.committer is not None:
            self._answer_later(request, ending)
            return
        if self._has_valid_host:
            answer = self._application.answer(request)
        else:
            answer = self._application.dated(problem(400, INVALID_HOST))
        if answer.delay:
            self._delay(_DelayedAnswer(request.method, answer, ending))
        else:
            self._write(request.method, answer, ending)

    def _answer_later(self, request: Request, ending: bytes) -> None:
        """Send an answer when the store has what the request changed; what follows it waits."""
        pending = _DelayedAnswer(request.method, UNANSWERED, ending)
        self._wait_for(pending)
        task = self.loop.create_task(self._application.answer_later(request))
        self._tasks.add(task)
        task.add_done_callback(partial(self._end_wait, pending))

    def _end_wait(self, pending: _DelayedAnswer, task: "asyncio.Task[Answer]") -> None:
        self._tasks.discard(task)
        if task.cancelled() or self._running is not pending:
            return
        pending.answer = answer = task.result()
        if answer.delay:
            self.loop.call_later(answer.delay / SECOND, self.end_delay)
        else:
            self.end_delay()

    def _wait_for(self, delayed: _DelayedAnswer) -> None:
        """Read nothing more until an answer is sent."""
        self.cycle = cast(RequestResponseCycle, delayed)
        self._running = delayed
        self.flow.pause_reading()

    def _delay(self, delayed: _DelayedAnswer) -> None:
        """Send an answer after its delay; what follows it waits in uvicorn's pipeline."""
        self._wait_for(delayed)
        self.loop.call_later(delayed.answer.delay / SECOND, self.end_delay)
        if self._is_shutting_down:
            self.loop.call_later(SHUTDOWN_TIME, self.transport.close)

    def end_delay(self) -> None:
        """Send the delayed answer, then go on with the requests behind it."""
        delayed = self._running
        assert isinstance(delayed, _DelayedAnswer)
        delayed.response_complete = True
        self._write(delayed.method, delayed.answer, delayed.ending)
        if self.transport.is_closing():
            self.pipeline.clear()
        elif self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._send_refusal()
            if not self.flow.write_paused:
                self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on after a request on uvicorn's path was answered."""
        super().on_response_complete()
        self._send_refusal()

    def _send_refusal(self) -> None:
        """Send the last answer of the connection, if there is one and all others are sent."""
        if self._refusal is not None and not self._is_busy():
            self._write("GET", self._refusal, _CLOSE)

    @property
    def _is_delaying(self) -> bool:
        """True while an answer waits for the end of its delay."""
        return isinstance(self._running, _DelayedAnswer) and not self._running.response_complete

    def _write(self, method: str, answer: Answer, ending: bytes) -> None:
        """Send head and body in one write, or the part of them that a fault allows."""
        if self.transport.is_closing():
            return
        if answer.cut_at == NOTHING_SENT:
            self._break_off(reset=True)
            return
        if self._is_shutting_down:
            ending = _CLOSE
        fields, body = fields_and_body(method, answer)
        text = "".join([f"{name}: {value}\r\n" for name, value in fields])
        status = STATUS_LINE.get(answer.status) or b"HTTP/1.1 %d \r\n" % answer.status
        self.transport.write(b"".join((status, text.encode(*ENCODING), ending, body)))
        self.server_state.total_requests += 1
        if ending is _CLOSE or answer.cut_at is not None:
            self.transport.close()
            return
        self.deadline = self.loop.time() + IDLE_TIME
        if self.flow.write_paused:
            self.flow.pause_reading()

    def _break_off(self, *, reset: bool) -> None:
        """Close the connection before the end of an answer, with a TCP reset or without."""
        if not reset:
            self.transport.close()
            return
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End what is not answered yet, also if it is not the newest request."""
        self._application.cycles += 1
        self.pipeline.clear()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close the connection after its last answer; end event streams, which would never end."""
        self._is_shutting_down = True
        if self._is_delaying:
            self.loop.call_later(SHUTDOWN_TIME, self.transport.close)
        elif not self._is_busy():
            self._closes_at = self.loop.time() + SHUTDOWN_TIME
            self.loop.call_later(GRACE_TIME, self._close_unless_read)
        else:
            super().shutdown()
            self._end_stream()

    def _end_stream(self) -> None:
        if self._running is not None and self._running.chunked_encoding:
            if self.flow.write_paused:
                self.transport.abort()
            else:
                self.transport.close()

    def _close_unless_read(self) -> None:
        """Close the connection at the end of the server, but first read what has arrived."""
        if self._is_busy():
            self._end_stream()
        if self.transport.is_closing() or self._is_busy():
            return
        connection = self.transport.get_extra_info("socket")
        has_more = not self._is_complete or (
            connection is not None and _is_readable(connection.fileno())
        )
        if has_more and self.loop.time() < self._closes_at:
            self.loop.call_later(_RETRY_TIME, self._close_unless_read)
        else:
            self.transport.close()

    def resume_writing(self) -> None:
        """Continue to read when the write buffer has drained."""
        super().resume_writing()
        if not self._is_delaying:
            self.flow.resume_reading()

    def close_if_late(self, now: float) -> None:
        """Close the connection if its client is too slow to send a request, or stopped reading."""
        if now <= self.deadline:
            return
        unsent, before = self.transport.get_write_buffer_size(), self._last_unsent
        self._last_unsent = unsent
        if unsent and unsent == before:
            self.transport.abort()  # closing would wait for the client to read
        elif unsent:
            self.deadline = now + IDLE_TIME
        elif not self._is_delaying and (not self._is_busy() or self._awaits_body()):
            self.transport.close()

    def _awaits_body(self) -> bool:
        """Return True if the one unanswered request waits for the rest of its body."""
        return self.cycle.more_body and not self.pipeline


def _unreadable(data: bytes) -> str:
    """Return the message for bytes that are no HTTP, with advice if they begin a TLS connection."""
    message = "Invalid HTTP request received."
    if data.startswith(_TLS_HANDSHAKE):
        return f"{message} It begins a TLS connection: use http:// instead of https:// in the URL."
    return message
