"""HTTP/1.1 on a socket: uvicorn's protocol, with a shorter path for requests to the APIs."""

# A request takes one of two paths, which `on_headers_complete` chooses when its head is complete:
#
# - Direct: the body is collected here, `App.answer` is called from the parser's callback, and head
#   and body are sent in one write. uvicorn makes a scope, an event and a task for each request and
#   writes head and body apart. The engine neither waits nor streams, so it needs none of these.
# - uvicorn's: the callbacks of the head are repeated on the base class, and from there on the base
#   class does everything, through the ASGI application. This path is for what the direct one cannot
#   do: the control API (asynchronous, streams events), Expect (100 Continue), a target that is not
#   a path, CONNECT, and whatever follows while one of these is unanswered.
#
# Order. Answers leave in the order of their requests (RFC 9112, section 9.3.2). While a request on
# uvicorn's path is unanswered, the next ones take that path too, where `pipeline` keeps the order.
# While a direct answer waits for its delay, direct requests are queued in `_queued`. A request that
# needs uvicorn's path cannot be queued there: it closes the connection, and the client has to
# repeat what was not answered.
#
# Buffers. Each is bounded. A head is at most MAX_HEAD_SIZE, trailers included; of a body,
# `body_limit` bytes are kept. A longer body is read and dropped up to DRAINED times the limit, so
# that a client which reads only after it has sent everything gets the 413; after that it is
# answered at once and the connection closed. `_queued` holds what one read of the socket brought,
# because reading pauses during a delay.
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
# without keep-alive, a cut body or a head that cannot be parsed, the connection is closed. At the
# end of the server a delayed answer is sent first if it is due within SHUTDOWN_TIME.
#
# Upgrade is ignored (RFC 9110, section 7.8). Java's client offers HTTP/2 with its first request,
# and the parser then takes everything behind the head for the other protocol. So the head is parsed
# a second time without the offer, by a new parser, and the rest follows it.
#
# uvicorn's internals. This class relies on attributes of HttpToolsProtocol that are not documented:
# `url`, `parser`, `transport`, `loop`, `scheme`, `flow`, `scope`, `pipeline`, `cycle` with
# `response_complete`, `more_body` and `chunked_encoding`, `server_state.default_headers` and
# `total_requests`, `_unset_keepalive_if_required`, and on_message_begin, on_header and
# on_headers_complete being enough to start a request. Another version of uvicorn must pass
# tests/server before it is allowed.

import logging
import socket
import struct
import sys
from collections import deque
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mockserver.base.asgi import DRAINED, is_control
from mockserver.base.http import scheme_of
from mockserver.base.time import SECOND
from mockserver.engine.rendering import problem
from mockserver.model.messages import NOTHING_SENT, Answer, Request
from mockserver.server.application import (
    BREAK_EXTENSION,
    ENCODING,
    INVALID_HOST,
    App,
    framing,
    is_valid_host,
)

_LOG = logging.getLogger("mockserver")
REQUEST_TIME = 30.0
"""Seconds that a client may take to send a whole request."""
IDLE_TIME = 75.0
"""Seconds that a connection may stay open without a request."""
SHUTDOWN_TIME = 1.5
"""Seconds that a delayed answer may take when the server ends; uvicorn waits a little longer."""
MAX_HEAD_SIZE = 65_536
"""Bytes that the target and all fields of a request may have together."""
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Value of SO_LINGER with which a close sends a TCP reset and drops unsent data."""
_MAX_NAMES = 1_000
_NAMES: dict[bytes, str] = {}
"""Cache of header names: as sent → in lower case; bounded, because clients choose the names."""


def _name(raw: bytes) -> str:
    name = raw.decode("latin-1").lower()
    if len(_NAMES) < _MAX_NAMES:
        _NAMES[raw] = name
    return name


def _path(target: bytes) -> str:
    return target.partition(b"?")[0].decode("latin-1")


def _offers_upgrade(field: bytes) -> bool:
    """Return True for a field name, or an option of Connection, that offers another protocol."""
    return field.strip().lower() in {b"upgrade", b"http2-settings"}


class HeadTooLargeError(Exception):
    """A request with more bytes of target and headers than MAX_HEAD_SIZE."""


class Protocol(HttpToolsProtocol):
    """The server's side of one connection."""

    deadline: float
    """Time of the event loop after which an idle or incomplete connection is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's arguments
        super().__init__(*args, **kwargs)
        self.access_log = False  # the journal has every request
        application = self.config.app
        assert isinstance(application, App)
        self._application = application
        self._raw_headers: list[tuple[bytes, bytes]] = []
        self._body_parts: list[bytes] = []
        self._body_size = 0
        self._head_size = 0
        self._has_head = False
        """True after the last header of the current request; what follows are trailers."""
        self._last_unsent = 0
        """Bytes in the write buffer at the last check."""
        self._answered_early = False
        """True if the current request was answered before its end, because it is too large."""
        self._uses_uvicorn = False
        """True if the current request takes uvicorn's path."""
        self._upgrading = False
        """True if the current request offers another protocol."""
        self._is_delaying = False
        """True while an answer waits for the end of its delay."""
        self._is_shutting_down = False
        """True if the server ends, and the delayed answer is the last one."""
        self._queued: deque[tuple[Request, bool]] = deque()
        """Requests that came during a delay, with True if the connection stays open after it."""
        self.deadline = self.loop.time() + REQUEST_TIME

    def data_received(self, data: bytes) -> None:
        """Parse bytes of the client; complete requests are answered by the parser's callbacks."""
        self._unset_keepalive_if_required()
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._upgrading:
                    data = self._head_without_upgrade() + data[upgrade.args[0] :]
                    self.parser = httptools.HttpRequestParser(self)
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                    continue
            except httptools.HttpParserError:
                message = "Invalid HTTP request received."
                self.logger.warning(message)
                self.send_400_response(message)
            return

    def _head_without_upgrade(self) -> bytes:
        """Return the head of the current request without its offer of another protocol."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        for name, value in self._raw_headers:
            lowered = name.lower()
            if lowered == b"connection":
                kept = [token for token in value.split(b",") if not _offers_upgrade(token)]
                lines.append(b"%b:%b" % (name, b",".join(kept)))
            elif not _offers_upgrade(lowered):
                lines.append(b"%b:%b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        """Reset the state of the current request."""
        self.url = b""
        self._raw_headers = []
        self._body_parts = []
        self._body_size = 0
        self._head_size = 0
        self._has_head = False
        self._answered_early = False
        self._uses_uvicorn = False
        self._upgrading = False
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
            raise HeadTooLargeError

    def send_400_response(self, msg: str) -> None:
        """Answer 400 to a head that cannot be parsed, 414 or 431 to one that is too large."""
        if self._head_size <= MAX_HEAD_SIZE:
            answer = problem(400, msg)
        elif self._raw_headers:
            answer = problem(431, f"the headers are longer than {MAX_HEAD_SIZE:,} bytes")
        else:
            answer = problem(414, f"the target is longer than {MAX_HEAD_SIZE:,} bytes")
        self._write("GET", answer, keep_alive=False)

    def on_headers_complete(self) -> None:
        """Choose the path of the request."""
        self._has_head = True
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = True
            return
        if self._is_busy() or self._needs_uvicorn():
            if self._is_delaying:
                self.transport.close()
                return
            self._uses_uvicorn = True
            url, raw = self.url, self._raw_headers
            super().on_message_begin()
            self.url = url
            for name, value in raw:
                super().on_header(name, value)
            super().on_headers_complete()
            self.scope["extensions"] = {BREAK_EXTENSION: {"call": self._break_off}}

    def on_body(self, body: bytes) -> None:
        """Add a part of the body, up to the limit."""
        if self._uses_uvicorn:
            super().on_body(body)
            return
        if self._answered_early:
            return
        self._body_size += len(body)
        limit = self._application.body_limit
        if self._body_size <= limit:
            self._body_parts.append(body)
        elif self._body_size > DRAINED * limit:
            self._answered_early = True
            self._answer(self._request(), keep_alive=False)

    def on_message_complete(self) -> None:
        """Answer the request, or queue it behind a delayed answer."""
        if self._upgrading or self._answered_early:
            return
        if self._uses_uvicorn:
            super().on_message_complete()
        elif not self.transport.is_closing():
            keep_alive = self.parser.should_keep_alive()
            if self._is_delaying:
                self._queued.append((self._request(), keep_alive))
            else:
                self._answer(self._request(), keep_alive=keep_alive)

    def _is_busy(self) -> bool:
        """Return True while a request on uvicorn's path is unanswered."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # None before the first one
        return cycle is not None and not cycle.response_complete

    def _needs_uvicorn(self) -> bool:
        """Return True if the current request cannot be answered directly."""
        if self.parser.should_upgrade() or self.url[:1] != b"/":
            return True
        if self.url.startswith(b"/_mock") and is_control(_path(self.url)):
            return True
        return any(name.lower() == b"expect" for name, _ in self._raw_headers)

    # --- requests and answers ---

    def _request(self) -> Request:
        """Return the current request as the engine reads it; repeated fields are joined."""
        headers: dict[str, str] = {}
        names = _NAMES
        for raw, value in self._raw_headers:
            name = names.get(raw) or _name(raw)
            text = value.decode("latin-1")
            if name in headers:
                text = headers[name] + ("; " if name == "cookie" else ", ") + text
            headers[name] = text
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
        )

    def _answer(self, request: Request, *, keep_alive: bool) -> None:
        try:
            answer = self._refusal() or self._application.answer(request)
        except Exception:  # noqa: BLE001 - a defect of ours is answered, and the connection goes on
            _LOG.exception("request failed")
            answer = problem(500, "The mock failed; this is not the API's answer")
        if answer.delay:
            self._is_delaying = True
            self.flow.pause_reading()
            delay = answer.delay / SECOND
            self.loop.call_later(delay, self._release, request.method, answer, keep_alive)
        else:
            self._write(request.method, answer, keep_alive=keep_alive)

    def _refusal(self) -> Answer | None:
        """Return the answer to an invalid Host field (RFC 9112, section 3.2), else None."""
        fields = self._raw_headers
        hosts = [value for name, value in fields if len(name) == 4 and name.lower() == b"host"]  # noqa: PLR2004 - the name's length
        if is_valid_host(hosts, self.parser.get_http_version()):
            return None
        return problem(400, INVALID_HOST)

    def _release(self, method: str, answer: Answer, keep_alive: bool) -> None:  # noqa: FBT001 - a timer's argument
        """Send a delayed answer, then answer the queued requests."""
        self._is_delaying = False
        self._write(method, answer, keep_alive=keep_alive and not self._is_shutting_down)
        while self._queued and not self._cannot_send():
            request, stays_open = self._queued.popleft()
            self._answer(request, keep_alive=stays_open)
        if not self._cannot_send():
            self.flow.resume_reading()

    def _cannot_send(self) -> bool:
        """Return True if the next answer must wait, or the connection is closing."""
        return self._is_delaying or self.transport.is_closing()

    def _write(self, method: str, answer: Answer, *, keep_alive: bool) -> None:
        """Send head and body in one write, or the part of them that a fault allows."""
        if self.transport.is_closing():
            return
        if answer.cut_at == NOTHING_SENT:
            self._break_off(reset=True)
            return
        length, body = framing(method, answer)
        fields = "".join([f"{name}: {value}\r\n" for name, value in answer.headers])
        head = [STATUS_LINE.get(answer.status) or b"HTTP/1.1 %d \r\n" % answer.status]
        for name, value in self.server_state.default_headers:
            head.append(b"%b: %b\r\n" % (name, value))
        head.append(fields.encode(*ENCODING))
        if length is not None:
            head.append(b"content-length: %d\r\n" % length)
        head.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        head.append(body)
        self.transport.write(b"".join(head))
        self.server_state.total_requests += 1
        if not keep_alive or answer.cut_at is not None:
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

    def shutdown(self) -> None:
        """Close the connection after a delayed answer; end event streams, which would never end."""
        if self._is_delaying:
            self._is_shutting_down = True
            self.loop.call_later(SHUTDOWN_TIME, self.transport.close)
            return
        super().shutdown()
        if self._is_busy() and self.cycle.chunked_encoding:
            if self.flow.write_paused:
                self.transport.abort()
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
