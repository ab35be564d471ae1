"""Calls an ASGI application without a socket, a thread or an event loop."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockserver.base.errors import MockserverError

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp, Message

Header = tuple[bytes, bytes]
_MOST_TURNS = 10_000
_ONE_AT_A_TIME = threading.Lock()


class WaitsError(MockserverError):
    """A call that never ends by itself, such as an event stream, was made without a server."""


@dataclass(frozen=True, slots=True)
class AsgiCall:
    """A request to an application."""

    method: str
    target: bytes
    """Path and query, percent-encoded."""
    headers: Sequence[Header]
    body: bytes = b""
    scheme: str = "http"


@dataclass(slots=True)
class AsgiReply:
    """What an application answered, as far as it came."""

    status: int = 0
    """0 until the answer begins."""
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False


def perform(app: "AsgiApp", call: AsgiCall) -> AsgiReply:
    """Have an application answer a request; calls from several threads take turns.

    What breaks a connection leaves the reply incomplete.

    Raises:
        WaitsError: If the application waits for something.
    """
    reply = AsgiReply()
    pending = [{"type": "http.request", "body": call.body, "more_body": False}]

    async def receive() -> "Message":
        if not pending:
            raise WaitsError(_refusal(call))
        return pending.pop()

    async def send(message: "Message") -> None:
        if message["type"] == "http.response.start":
            reply.status, reply.headers = message["status"], list(message["headers"])
        else:
            reply.body += message.get("body", b"")
            reply.complete = not message.get("more_body")

    with _ONE_AT_A_TIME:
        coroutine = app(_scope(call), receive, send)
        try:
            _drive(coroutine, call)
        except ConnectionError:
            return reply
        finally:
            coroutine.close()  # type: ignore[attr-defined] # an async function's, not any awaitable
    return reply


def _drive(coroutine: Any, call: AsgiCall) -> None:  # noqa: ANN401 - an async function's result
    for _ in range(_MOST_TURNS):
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        except RuntimeError as error:
            if "event loop" in str(error):  # there is none to wait in
                raise WaitsError(_refusal(call)) from error
            raise
        if awaited is not None:
            break
    raise WaitsError(_refusal(call))


def _refusal(call: AsgiCall) -> str:
    target = call.target.decode("latin-1")
    return f"{call.method} {target} waits for what is to come: call it on a server, not in-process"


def _scope(call: AsgiCall) -> dict[str, Any]:
    path, _, query = call.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "headers": [(name.lower(), value) for name, value in call.headers],
        "scheme": call.scheme,
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }
