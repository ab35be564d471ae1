"""Serves a synchronous httpx client from an application, without a socket or a thread."""

from typing import TYPE_CHECKING

import httpx

from mockserver.base.time import SECOND, parse_duration
from mockserver.testing.inprocess import AsgiCall, AsgiReply, perform

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp

_DELAY = b"mock-delay"


class Transport(httpx.BaseTransport):
    """An httpx transport in front of an application, such as `create_app` makes.

    Nothing is waited for: an answer that would take longer than the client's read timeout is a
    `ReadTimeout` at once. For an asynchronous client there is `httpx.ASGITransport`.
    """

    def __init__(self, app: "AsgiApp") -> None:
        """Serve `app`."""
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request.

        Raises:
            WaitsError: If the request is for an event stream.
            httpx.ReadTimeout: If the answer is delayed beyond the client's read timeout.
            httpx.ReadError: If a fault breaks the connection before the answer.
            httpx.RemoteProtocolError: If a fault cuts the answer off.
        """
        target = request.url.raw_path
        call = AsgiCall(
            request.method, target, request.headers.raw, request.read(), request.url.scheme
        )
        reply = perform(self._app, call)
        _check_time(request, reply)
        if not reply.status:
            raise httpx.ReadError("the mock reset the connection", request=request)
        if not reply.complete:
            message = "the mock cut the answer off before its end"
            raise httpx.RemoteProtocolError(message, request=request)
        return httpx.Response(
            reply.status,
            headers=reply.headers,
            stream=httpx.ByteStream(reply.body),
            extensions={"http_version": b"HTTP/1.1"},
        )


def _check_time(request: httpx.Request, reply: AsgiReply) -> None:
    delays = [value.decode() for name, value in reply.headers if name.lower() == _DELAY]
    allowed = request.extensions.get("timeout", {}).get("read")
    if delays and allowed is not None and parse_duration(delays[0]) > allowed * SECOND:
        raise httpx.ReadTimeout(f"the mock would answer after {delays[0]}", request=request)
