"""HTTP/1.1 over uvicorn's protocol, with a short way for requests to the APIs.

uvicorn makes a task, an event and a scope for every request, and writes head and body apart. The
engine neither waits nor streams, so a request that is complete can be answered where it is
parsed, in one write. Whatever is not that simple takes uvicorn's own way through the application:
the control API, `Expect: 100-continue`, and what is pipelined behind any of these.

An `Upgrade` is ignored (RFC 9110, section 7.8). Java's client offers HTTP/2 with every first
request, and the parser takes what follows such a head for another protocol, the body too; so it is
given the head again without the offer.
"""

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
from mockserver.server.answer_head import ENCODING, framing
from mockserver.server.application import BAD_HOST, BREAK, App, is_host

_LOG = logging.getLogger("mockserver")
REQUEST_TIME = 30.0
"""Seconds that a client may take to send a whole request."""
IDLE_TIME = 75.0
"""Seconds that a connection may stay open without a request."""
LAST_TIME = 1.5
"""Seconds that an answer may still be held back when the server ends: less than uvicorn waits."""
LONGEST_HEAD = 65_536
"""Bytes of a request's target and headers."""
_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Makes closing a socket send a reset and drop what is unsent."""
_MOST_NAMES = 1_000
_NAMES: dict[bytes, str] = {}
"""Header names as they were sent → as text in lower case; bounded, they come from outside."""


def _name(raw: bytes) -> str:
    name = raw.decode("latin-1").lower()
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[raw] = name
    return name


def _path(target: bytes) -> str:
    return target.partition(b"?")[0].decode("latin-1")


def _offers(field: bytes) -> bool:
    """Tell whether a header, or what Connection says of it, offers another protocol."""
    return field.strip().lower() in {b"upgrade", b"http2-settings"}


class HeadTooLargeError(Exception):
    """A request whose target or headers are longer than is read."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    deadline: float
    """When the connection is closed if nothing happens, in the event loop's time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's business
        super().__init__(*args, **kwargs)
        self.access_log = False  # the journal is the log
        application = self.config.app
        assert isinstance(application, App)
        self._application = application
        self._raw: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._has_head = False
        """Whether all headers of the request that is being read are there."""
        self._unsent = 0
        """Bytes that the client had not taken when that was looked at last."""
        self._given_up = False
        """Whether the request that is being read was answered before its end: it is too large."""
        self._standard = False
        """Whether the request that is being read takes uvicorn's way."""
        self._upgrading = False
        """Whether the request that is being read offers another protocol."""
        self._holding = False
        """Whether an answer is held back."""
        self._is_ending = False
        """Whether the server ends, and what is held back is the last answer."""
        self._waiting: deque[tuple[Request, bool]] = deque()
        """Requests that came meanwhile, and whether the connection stays open after each."""
        self.deadline = self.loop.time() + REQUEST_TIME

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        self._unset_keepalive_if_required()
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._upgrading:
                    data = self._head() + data[upgrade.args[0] :]
                    self.parser = httptools.HttpRequestParser(self)
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                    continue
            except httptools.HttpParserError:
                message = "Invalid HTTP request received."
                self.logger.warning(message)
                self.send_400_response(message)
            return

    def _head(self) -> bytes:
        """Write the head of a request again, without its offer of another protocol."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        for name, value in self._raw:
            lowered = name.lower()
            if lowered == b"connection":
                kept = [token for token in value.split(b",") if not _offers(token)]
                lines.append(b"%b:%b" % (name, b",".join(kept)))
            elif not _offers(lowered):
                lines.append(b"%b:%b" % (name, value))
        return b"\r\n".join([*lines, b"", b""])

    # --- parser callbacks ---

    def on_message_begin(self) -> None:
        """Forget the previous request."""
        self.url = b""
        self._raw = []
        self._parts = []
        self._size = 0
        self._head_size = 0
        self._has_head = False
        self._given_up = False
        self._standard = False
        self._upgrading = False
        self.deadline = self.loop.time() + REQUEST_TIME

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; trailers must not be taken for headers (RFC 9110, section 6.5.1)."""
        self._measure(len(name) + len(value))
        if not self._has_head:
            self._raw.append((name, value))

    def _measure(self, size: int) -> None:
        self._head_size += size
        if self._head_size > LONGEST_HEAD:
            raise HeadTooLargeError

    def send_400_response(self, msg: str) -> None:
        """Say that a request is not HTTP, or that its head is too large (RFC 6585, section 5)."""
        if self._head_size <= LONGEST_HEAD:
            answer = problem(400, msg)
        elif self._raw:
            answer = problem(431, f"the headers are longer than {LONGEST_HEAD:,} bytes")
        else:
            answer = problem(414, f"the target is longer than {LONGEST_HEAD:,} bytes")
        self._write("GET", answer, keep_alive=False)

    def on_headers_complete(self) -> None:
        """Choose the way that the request takes."""
        self._has_head = True
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = True
            return
        if self._is_busy() or self._is_special():
            if self._holding:
                self.transport.close()
                return
            self._standard = True
            url, raw = self.url, self._raw
            super().on_message_begin()
            self.url = url
            for name, value in raw:
                super().on_header(name, value)
            super().on_headers_complete()
            self.scope["extensions"] = {BREAK: {"call": self._break_off}}

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body, up to the limit."""
        if self._standard:
            super().on_body(body)
            return
        if self._given_up:
            return
        self._size += len(body)
        limit = self._application.body_limit
        if self._size <= limit:
            self._parts.append(body)
        elif self._size > DRAINED * limit:
            self._given_up = True
            self._answer(self._request(), keep_alive=False)

    def on_message_complete(self) -> None:
        """Answer the request."""
        if self._upgrading or self._given_up:
            return
        if self._standard:
            super().on_message_complete()
        elif not self.transport.is_closing():
            keep_alive = self.parser.should_keep_alive()
            if self._holding:
                self._waiting.append((self._request(), keep_alive))
            else:
                self._answer(self._request(), keep_alive=keep_alive)

    def _is_busy(self) -> bool:
        """Tell whether a request that took uvicorn's way is still unanswered."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # uvicorn leaves it None at first
        return cycle is not None and not cycle.response_complete

    def _is_special(self) -> bool:
        if self.parser.should_upgrade() or self.url[:1] != b"/":
            return True
        if self.url.startswith(b"/_mock") and is_control(_path(self.url)):
            return True
        return any(name.lower() == b"expect" for name, _ in self._raw)

    # --- requests and answers ---

    def _request(self) -> Request:
        """Make the engine's request; a Host that is not there once is left out of it."""
        headers: dict[str, str] = {}
        names = _NAMES
        for raw, value in self._raw:
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
            self._parts[0] if len(self._parts) == 1 else b"".join(self._parts),
            scheme_of(headers, self.scheme or "http"),
            too_large=self._size > self._application.body_limit,
        )

    def _answer(self, request: Request, *, keep_alive: bool) -> None:
        try:
            answer = self._refusal() or self._application.answer(request)
        except Exception:  # noqa: BLE001 - a fault of ours must not cost the connection's others
            _LOG.exception("request failed")
            answer = problem(500, "The mock failed; this is not the API's answer")
        if answer.delay:
            self._holding = True
            self.flow.pause_reading()
            delay = answer.delay / SECOND
            self.loop.call_later(delay, self._release, request.method, answer, keep_alive)
        else:
            self._write(request.method, answer, keep_alive=keep_alive)

    def _refusal(self) -> Answer | None:
        """Refuse a request of HTTP/1.1 without exactly one Host (RFC 9112, section 3.2)."""
        hosts = [value for name, value in self._raw if len(name) == 4 and name.lower() == b"host"]  # noqa: PLR2004 - the name's length
        if is_host(hosts, self.parser.get_http_version()):
            return None
        return problem(400, BAD_HOST)

    def _release(self, method: str, answer: Answer, keep_alive: bool) -> None:  # noqa: FBT001 - a timer's argument
        """Send an answer that was held back, and answer what came meanwhile."""
        self._holding = False
        self._write(method, answer, keep_alive=keep_alive and not self._is_ending)
        while self._waiting and not self._is_stopped():
            request, stays = self._waiting.popleft()
            self._answer(request, keep_alive=stays)
        if not self._is_stopped():
            self.flow.resume_reading()

    def _is_stopped(self) -> bool:
        return self._holding or self.transport.is_closing()

    def _write(self, method: str, answer: Answer, *, keep_alive: bool) -> None:
        """Send head and body in one write, or as much of them as a fault lets through."""
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
        """End the connection in the middle; after a reset the client knows that it was no end."""
        if not reset:
            self.transport.close()
            return
        connection = self.transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def shutdown(self) -> None:
        """Send what is held back and close then; let go of who would be told events for ever."""
        if self._holding:
            self._is_ending = True
            self.loop.call_later(LAST_TIME, self.transport.close)
            return
        super().shutdown()
        if self._is_busy() and self.cycle.chunked_encoding:
            if self.flow.write_paused:
                self.transport.abort()
            else:
                self.transport.close()

    def resume_writing(self) -> None:
        """Read on when the client has read enough."""
        super().resume_writing()
        if not self._holding:
            self.flow.resume_reading()

    def close_if_late(self, now: float) -> None:
        """Close a connection whose client takes too long to send a request, or stops reading."""
        if now <= self.deadline:
            return
        unsent, before = self.transport.get_write_buffer_size(), self._unsent
        self._unsent = unsent
        if unsent and unsent == before:
            self.transport.abort()  # closing would wait for the client to read
        elif unsent:
            self.deadline = now + IDLE_TIME
        elif not self._holding and (not self._is_busy() or self._lacks_body()):
            self.transport.close()

    def _lacks_body(self) -> bool:
        """Tell whether the only request that is unanswered waits for the rest of its body."""
        return self.cycle.more_body and not self.pipeline
