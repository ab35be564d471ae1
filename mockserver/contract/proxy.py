"""A proxy in front of a service: forwards, holds both directions against the document, records."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

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
"""Bytes of a request's body."""
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
"""Fields that are about one connection (RFC 9110, section 7.6.1)."""
_NOT_FORWARDED = _HOP_BY_HOP | {"host", "content-length", "accept-encoding", "expect"}

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ProxiedExchange:
    """An exchange that went through, and what is wrong with it."""

    method: str
    operation: Operation | None
    status: int
    request: tuple[Violation, ...]
    answer: tuple[Difference, ...]
    reason: str = ""
    """Why the upstream gave no answer; the status is then the proxy's own."""

    def lines(self) -> Iterator[str]:
        """Yield what people are told; no value that was sent is among it."""
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
    """How many exchanges went through."""

    exchanges: int = 0
    violating: int = 0
    failed: int = 0
    """Requests that the upstream gave no answer to."""


@dataclass(slots=True)
class Proxy:
    """An ASGI application that answers with what its upstream answers."""

    contract: Contract
    upstream: Addresses
    """Where the service is; nothing is sent elsewhere."""
    client: "httpx.AsyncClient"
    on_exchange: Callable[[ProxiedExchange], None]
    recorder: Recorder | None = None
    tally: Tally = field(default_factory=Tally)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Forward one request (ASGI 3)."""
        if scope["type"] != "http":
            return
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        body = await _body(receive)
        if body is None:
            await _send_problem(send, 413, f"the request is longer than {MAX_REQUEST_SIZE:,} bytes")
        elif _escapes_base(path):
            await _send_problem(send, 400, "the path leads out of the upstream's base URL")
        else:
            request = Request(scope["method"], path, query, _headers(scope), body)
            await self._handle(request, send)

    async def _handle(self, request: Request, send: Send) -> None:
        import httpx  # noqa: PLC0415 - whoever has a client has imported it

        self.tally.exchanges += 1
        request = self._normalized(request)
        operation = self.contract.operation(request.method, request.path)
        try:
            base = self.upstream.base_of(operation) if operation else self.upstream.base
            async with asyncio.timeout(self.client.timeout.read):  # also for one without an end
                answer = await self._forward(request, self.upstream.origin + base)
        except (httpx.TimeoutException, TimeoutError):
            await self._fail(send, request, 504, "the upstream did not answer in time")
            return
        except OtherServiceError as error:
            await self._fail(send, request, 502, str(error))
            return
        except (httpx.HTTPError, httpx.InvalidURL, _AnswerTooLongError) as error:
            reason = f"the upstream gave no answer: {error}".rstrip(": ")
            await self._fail(send, request, 502, reason)
            return
        if "content-encoding" in request.headers:
            request = decoded(request, MAX_REQUEST_SIZE)
        self._examine(request, answer)
        await _respond(send, answer)

    def _normalized(self, request: Request) -> Request:
        """Return a request with its path below the base of the operation that it leads to."""
        if self.contract.operation(request.method, request.path) is not None:
            return request
        for operation, path in self.upstream.operations_at(request.path):
            if self.contract.operation(request.method, path) is operation:
                return replace(request, path=path)
        return request

    async def _fail(self, send: Send, request: Request, status: int, reason: str) -> None:
        """Answer in place of an upstream that did not."""
        self.tally.failed += 1
        operation = self.contract.operation(request.method, request.path)
        self.on_exchange(ProxiedExchange(request.method, operation, status, (), (), reason))
        await _send_problem(send, status, reason)

    async def _forward(self, request: Request, base: str) -> ReceivedAnswer:
        import httpx  # noqa: PLC0415 - whoever has a client has imported it

        url = base + request.path + (f"?{request.query}" if request.query else "")
        named = _connection_options(request.headers.get("connection", ""))
        headers = {k: v for k, v in request.headers.items() if k not in _NOT_FORWARDED | named}
        sent = httpx.Request(  # made here so that no cookie of another client is added
            request.method,
            url,
            headers={**headers, "accept-encoding": "identity"},
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
                    raise _AnswerTooLongError(f"it is longer than {MAX_ANSWER_SIZE:,} bytes")
        finally:
            await answer.aclose()
        pairs = tuple((key.lower(), value) for key, value in answer.headers.multi_items())
        return ReceivedAnswer(
            answer.status_code, pairs, bytes(body), is_head=request.method == "HEAD"
        )

    def _examine(self, request: Request, answer: ReceivedAnswer) -> None:
        """Hold an exchange against the document, tell what is wrong, and record it."""
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
    """An answer that is not read to its end."""


def _escapes_base(path: str) -> bool:
    segments = unquote(path).replace("\\", "/").split("/")
    return not path.startswith("/") or not {".", ".."}.isdisjoint(segments)


def _connection_options(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")} - {""}


def _headers(scope: AsgiScope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ", "
        headers[name] = f"{headers[name]}{separator}{value}" if name in headers else value
    return headers


async def _body(receive: Receive) -> bytes | None:
    """Read a request's body; None if it is too long."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_REQUEST_SIZE:
            return None
    return bytes(body)


async def _respond(send: Send, answer: ReceivedAnswer) -> None:
    coding = (answer.header("content-encoding") or "").lower()
    omitted = _HOP_BY_HOP if answer.is_head else _HOP_BY_HOP | {"content-length"}
    omitted |= {"content-encoding"} if coding in DECODED_CODINGS else set()
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in answer.headers
        if name not in omitted
    ]
    if not answer.is_head:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_problem(send: Send, status: int, detail: str) -> None:
    """Answer in the proxy's own name."""
    problem = {"title": "mockserver proxy", "status": status, "detail": detail}
    headers = (("content-type", "application/problem+json"), ("mock-reason", "proxy"))
    await _respond(send, ReceivedAnswer(status, headers, orjson.dumps(problem)))
