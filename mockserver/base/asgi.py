"""Read ASGI request bodies up to a limit, recognise paths of the control API, name ASGI types.

`server/application.py` and `control/adapter.py` call `read_body`: bytes come out, or None if the
body is longer than the limit (the rest is read up to `DRAINED` times the limit, and discarded);
`ClientGoneError` is raised if the client disconnects. `server/application.py` calls `is_control`.
`server/` and `testing/` use the types and `DATE_EXTENSION`; `control/` and `dashboard/` use
`CONTROL_PREFIX`. No application and no server is here.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

CONTROL_PREFIX = "/_mock"
DATE_EXTENSION = "mockserver.date"
"""Name of the ASGI extension of servers that leave the header Date to the application.

Others, such as uvicorn's own, add the time of the system to every answer.
"""


Message = MutableMapping[str, Any]


AsgiScope = MutableMapping[str, Any]


Receive = Callable[[], Awaitable[Message]]


Send = Callable[[Message], Awaitable[None]]


AsgiApp = Callable[[AsgiScope, Receive, Send], Awaitable[None]]


def is_control(path: str) -> bool:
    """Return True if a path belongs to the control API."""
    return path.startswith(CONTROL_PREFIX) and path[len(CONTROL_PREFIX) :][:1] in ("", "/")


class ClientGoneError(Exception):
    """The client disconnected before it sent its whole request; no answer can be sent."""


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """Read a request body; return None if it is longer than `limit` bytes.

    A body that is too long is not kept in memory, but up to `DRAINED` times the limit is read.

    Raises:
        ClientGoneError: If the client disconnects before the end of the body.
    """
    message = await _received(receive)
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= limit else None
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await _received(receive)
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        elif size > DRAINED * limit:
            return None
    return b"".join(parts) if size <= limit else None


async def _received(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message


DRAINED = 4
"""How much of a body that is too long is read and discarded, as a multiple of the limit.

Many clients read the answer only after they have sent the whole body."""
