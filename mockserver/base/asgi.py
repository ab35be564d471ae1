"""ASGI: its types, and reading the body of a request within a bound."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

CONTROL_PREFIX = "/_mock"


Message = MutableMapping[str, Any]


AsgiScope = MutableMapping[str, Any]


Receive = Callable[[], Awaitable[Message]]


Send = Callable[[Message], Awaitable[None]]


AsgiApp = Callable[[AsgiScope, Receive, Send], Awaitable[None]]


def is_control(path: str) -> bool:
    """Tell whether a path is the control API's."""
    return path.startswith(CONTROL_PREFIX) and path[len(CONTROL_PREFIX) :][:1] in ("", "/")


class ClientGoneError(Exception):
    """A client that was gone before it had sent its request; there is nobody to answer."""


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """Read a request's body; None if it is longer than the limit, of which no more is kept.

    Raises:
        ClientGoneError: If the client does not send all of it.
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
"""So many times the limit is read and thrown away, so that the client hears the answer."""
