"""Forward requests to a service, validate both directions, and record them (an ASGI application).

`cli/proxy_command.py` runs a `Proxy`, prints each `ProxiedExchange`, and exits by its `Tally`.
Requests go only to the user's origin, below the base path of the user or the operation (a path that
leaves it is a 400); redirects are returned. The client gets the answer as it came, even an invalid
one, without headers of one connection and codings that httpx decodes; without an answer (or with
one above 10 MB) a 502 or 504. A request above 10 MB is a 413; it and the 400 are not counted or
printed. Reports contain places and rules, but no values: these may be secret.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from mockserver.base.http import WITHOUT_LENGTH
from mockserver.contract.addresses import Addresses, OtherServiceError
from mockserver.contract.answer_comparison import Difference
from mockserver.contract.conformance import (
    DECODED_CODINGS,
    Contract,
    ReceivedAnswer,
    answer_differences,
)
from mockserver.contract.recording import RecordedExchange, Recorder
from mockserver.contract.targets import MAX_ANSWER_SIZE
from mockserver.model.api import Operation
from mockserver.model.messages import Request
from mockserver.model.refusal import Violation
from mockserver.wire.content_codings import decoded

if TYPE_CHECKING:
    import httpx

MAX_REQUEST_SIZE = 10_000_000
"""Largest body of a request that is forwarded, in bytes."""
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers that concern a single connection (RFC 9110, section 7.6.1)."""
_NOT_FORWARDED = _HOP_BY_HOP | {"host", "content-length", "accept-encoding", "expect"}

_AsgiScope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ProxiedExchange:
    """A forwarded request with its answer, and the violations of both."""

    method: str
    operation: Operation | None
    status: int
    request: tuple[Violation, ...]
    answer: tuple[Difference, ...]
    reason: str = ""
    """The reason why the upstream gave no answer; `status` is then the proxy's own."""

    def lines(self) -> Iterator[str]:
        """Yield the lines of a report without any value that was sent."""
        operation = self.operation
        name = f"{operation.path}  {operation.id}" if operation else "(not documented)"
        yield f"{self.method} {name}  {self.status}"
        if self.reason:
            yield f"  no answer: {self.reason}"
        for violation in self.request:
            where = "" if violation.where in ("body", violation.field) else f"{violation.where} "
            yield f"  request: {where}{violation.field} {violation.message}"
        for difference in self.answer:
            yield f"  answer: {difference.place}: {difference.expected}"


@dataclass(slots=True)
class Tally:
    """Numbers of exchanges."""

    exchanges: int = 0
    violating: int = 0
    failed: int = 0
    """Requests without an answer of the upstream."""


@dataclass(slots=True)
class Proxy:
    """An ASGI application that returns the answers of its upstream."""

    contract: Contract
    upstream: Addresses
    """The addresses of the service; no request is sent to any other."""
    client: "httpx.AsyncClient"
    on_exchange: Callable[[ProxiedExchange], None]
    recorder: Recorder | None = None
    tally: Tally = field(default_factory=Tally)

    async def __call__(self, scope: _AsgiScope, receive: _Receive, send: _Send) -> None:
        """Forward one request (ASGI 3)."""
        if scope["type"] != "http":
            return
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        body = await _body(receive)
        if body is None:
            detail = f"the body of the request is longer than {MAX_REQUEST_SIZE:,} bytes"
            await _send_problem(send, 413, detail)
        elif _escapes_base(path):
            await _send_problem(send, 400, "the path leaves the upstream's base URL")
        else:
            request = Request(scope["method"], path, query, _headers(scope), body)
            await self._handle(request, send)

    async def _handle(self, request: Request, send: _Send) -> None:
        import httpx  # noqa: PLC0415 - an optional package, which the client has imported

        self.tally.exchanges += 1
        request = self._normalized(request)
        operation = self.contract.operation(request.method, request.path)
        try:
            base = self.upstream.base_of(operation) if operation else self.upstream.base
            # httpx limits the time between two parts of an answer, not the whole of it.
            async with asyncio.timeout(self.client.timeout.read):
                answer = await self._forward(request, self.upstream.origin + base)
        except (httpx.TimeoutException, TimeoutError):
            await self._fail(send, request, 504, "the upstream did not answer in time")
            return
        except OtherServiceError as error:
            await self._fail(send, request, 502, str(error))
            return
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, _AnswerTooLongError) as error:
            reason = f"the upstream gave no answer: {error}".rstrip(": ")
            await self._fail(send, request, 502, reason)
            return
        if "content-encoding" in request.headers:
            request = decoded(request, MAX_REQUEST_SIZE)
        self._examine(request, answer)
        await _respond(send, answer)

    def _normalized(self, request: Request) -> Request:
        """Return a request with its path relative to the base path of its operation."""
        if self.contract.operation(request.method, request.path) is not None:
            return request
        for operation, path in self.upstream.operations_at(request.path):
            if self.contract.operation(request.method, path) is operation:
                return replace(request, path=path)
        return request

    async def _fail(self, send: _Send, request: Request, status: int, reason: str) -> None:
        """Count and report a failure, and send an answer in place of the upstream's."""
        self.tally.failed += 1
        operation = self.contract.operation(request.method, request.path)
        self.on_exchange(ProxiedExchange(request.method, operation, status, (), (), reason))
        await _send_problem(send, status, reason)

    async def _forward(self, request: Request, base: str) -> ReceivedAnswer:
        import httpx  # noqa: PLC0415 - an optional package, which the client has imported

        url = base + request.path + (f"?{request.query}" if request.query else "")
        named = _connection_options(request.headers.get("connection", ""))
        headers = {
            name.encode("latin-1"): value.encode("latin-1")  # the bytes that came
            for name, value in request.headers.items()
            if name not in _NOT_FORWARDED | named
        }
        sent = httpx.Request(  # client.build_request would add cookies of other clients
            request.method,
            url,
            headers={**headers, b"accept-encoding": b"identity"},
            content=request.body or None,
            extensions={"timeout": self.client.timeout.as_dict()},
        )
        answer = await self.client.send(sent, stream=True)
        try:
            body = bytearray()
            is_decoded = answer.headers.get("content-encoding", "").lower() in DECODED_CODINGS
            async for part in answer.aiter_bytes() if is_decoded else answer.aiter_raw():
                body += part
                if len(body) > MAX_ANSWER_SIZE:
                    message = f"its body is longer than {MAX_ANSWER_SIZE:,} bytes"
                    raise _AnswerTooLongError(message)
        finally:
            await answer.aclose()
        pairs = tuple((key.lower(), value) for key, value in answer.headers.multi_items())
        return ReceivedAnswer(
            answer.status_code, pairs, bytes(body), is_head=request.method == "HEAD"
        )

    def _examine(self, request: Request, answer: ReceivedAnswer) -> None:
        """Validate an exchange against the document, record it, and report it."""
        operation = self.contract.operation(request.method, request.path)
        violations = tuple(self.contract.request_violations(request))
        differences = tuple(answer_differences(operation, answer)) if operation else ()
        if violations or differences:
            self.tally.violating += 1
        if self.recorder is not None:
            self.recorder.record(RecordedExchange(request, answer))
        self.on_exchange(
            ProxiedExchange(request.method, operation, answer.status, violations, differences)
        )


class _AnswerTooLongError(Exception):
    """An answer whose body exceeds the size limit."""


def _escapes_base(path: str) -> bool:
    segments = unquote(path).replace("\\", "/").split("/")
    return not path.startswith("/") or not {".", ".."}.isdisjoint(segments)


def _connection_options(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")} - {""}


def _headers(scope: _AsgiScope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{separator}{value}" if name in headers else value
    return headers


async def _body(receive: _Receive) -> bytes | None:
    """Return the body of a request; None if it exceeds the size limit."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_REQUEST_SIZE:
            return None
    return bytes(body)


async def _respond(send: _Send, answer: ReceivedAnswer) -> None:
    coding = (answer.header("content-encoding") or "").lower()
    omitted = _HOP_BY_HOP | _connection_options(answer.header("connection") or "")
    has_length = answer.status not in WITHOUT_LENGTH
    if not (answer.is_head and has_length):
        omitted |= {"content-length"}
    omitted |= {"content-encoding"} if coding in DECODED_CODINGS else set()
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in answer.headers
        if name not in omitted
    ]
    if has_length and not answer.is_head:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_problem(send: _Send, status: int, detail: str) -> None:
    """Send an answer of the proxy itself."""
    problem = {"title": "mockserver proxy", "status": status, "detail": detail}
    headers = (("content-type", "application/problem+json"), ("mock-reason", "proxy"))
    await _respond(send, ReceivedAnswer(status, headers, orjson.dumps(problem)))
