"""Call an ASGI application without a socket, a thread or an event loop.

`httpx_transport.py` and `control_connection.py` pass `perform` an `AsgiCall` and get an
`AsgiReply`; one that a fault breaks off is incomplete (`status` 0, or `complete` False). Only one
call runs at a time in a process. An application that waits, for the next event of a stream or for a
delay, raises `WaitsError`; so make it with `create_app`, which by default only states delays.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from mockserver.base.asgi import DATE_EXTENSION
from mockserver.base.errors import MockserverError

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp, Message

_Header = tuple[bytes, bytes]
_MOST_TURNS = 10_000
_ONE_AT_A_TIME = threading.Lock()


class WaitsError(MockserverError):
    """A call in this process waits for something, such as the next event of a stream."""


@dataclass(frozen=True, slots=True)
class AsgiCall:
    """A request to an application."""

    method: str
    target: bytes
    """Path and query, percent-encoded."""
    headers: Sequence[_Header]
    body: bytes = b""
    scheme: str = "http"


@dataclass(slots=True)
class AsgiReply:
    """The answer of an application, possibly incomplete."""

    status: int = 0
    """0 until the answer begins."""
    headers: list[_Header] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False


def perform(app: "AsgiApp", call: AsgiCall) -> AsgiReply:
    """Return the answer of an application to a request; only one call runs at a time.

    A fault that breaks the connection leaves the answer incomplete.

    Raises:
        WaitsError: If the application waits for something.
    """
    reply = AsgiReply()
    pending = [{"type": "http.request", "body": call.body, "more_body": False}]

    async def receive() -> "Message":
        if not pending:
            raise WaitsError(_waits_message(call))
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
            _run(coroutine, call)
        except ConnectionError:
            return reply
        finally:
            coroutine.close()  # type: ignore[attr-defined] # applications are async functions
    return reply


def _run(coroutine: Any, call: AsgiCall) -> None:  # noqa: ANN401 - an Awaitable has no `send`
    """Run a coroutine to its end, without an event loop."""
    for _ in range(_MOST_TURNS):
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        except RuntimeError as error:
            if "event loop" in str(error):  # it tried to wait, but no loop runs
                raise WaitsError(_waits_message(call)) from error
            raise
        if awaited is not None:
            break
    raise WaitsError(_waits_message(call))


def _waits_message(call: AsgiCall) -> str:
    target = call.target.decode("latin-1")
    return f"{call.method} {target} waits for events: call it on a server, not in-process"


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
        "extensions": {DATE_EXTENSION: {}},
    }
