"""Send the requests of a synchronous httpx client to an application without a socket.

Users import it as `mockserver.Transport` and give it an application of `create_app`; it needs
httpx. A delayed answer comes at once, or raises `httpx.ReadTimeout` if the delay is longer than the
read timeout of the client. A fault that resets the connection before the answer raises
`httpx.ReadError`, one that truncates the answer `httpx.RemoteProtocolError`. `inprocess.py` calls
the application; a stream of events raises its `WaitsError`.
"""

from typing import TYPE_CHECKING

import httpx

from mockserver.base.time import SECOND, parse_duration
from mockserver.testing.inprocess import AsgiCall, AsgiReply, perform

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp

_DELAY = b"mock-delay"


class Transport(httpx.BaseTransport):
    """An httpx transport that sends all requests to an application made by `create_app`.

    Delays do not take time: an answer that would come after the read timeout of the client raises
    `ReadTimeout` at once. For an asynchronous client use `httpx.ASGITransport`.
    """

    def __init__(self, app: "AsgiApp") -> None:
        """Send requests to `app`."""
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer of the application to a request.

        Raises:
            WaitsError: If the request is for an event stream.
            httpx.ReadTimeout: If the answer is delayed beyond the read timeout of the client.
            httpx.ReadError: If a fault resets the connection before the answer.
            httpx.RemoteProtocolError: If a fault truncates the answer.
        """
        target = request.url.raw_path
        call = AsgiCall(
            request.method, target, request.headers.raw, request.read(), request.url.scheme
        )
        reply = perform(self._app, call)
        _check_delay(request, reply)
        if not reply.status:
            raise httpx.ReadError("the mock reset the connection", request=request)
        if not reply.complete:
            message = "the mock closed the connection before the end of the answer"
            raise httpx.RemoteProtocolError(message, request=request)
        return httpx.Response(
            reply.status,
            headers=reply.headers,
            stream=httpx.ByteStream(reply.body),
            extensions={"http_version": b"HTTP/1.1"},
        )


def _check_delay(request: httpx.Request, reply: AsgiReply) -> None:
    delays = [value.decode() for name, value in reply.headers if name.lower() == _DELAY]
    allowed = request.extensions.get("timeout", {}).get("read")
    if delays and allowed is not None and parse_duration(delays[0]) > allowed * SECOND:
        raise httpx.ReadTimeout(
            f"the answer of the mock is delayed by {delays[0]}", request=request
        )
