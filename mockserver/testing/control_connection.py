"""Call the control API, over a socket or in an application of this process; read paged lists.

The clients of `testing/` share one `ControlConnection` of a server; `sandbox_client.py` and
`server_thread.py` make it. `call` returns the JSON of the answer, or None if it has no body;
`pages` all items of a list. They raise `ControlCallError` if a call is refused (with status and
errors), gets no answer (status 0), or the service is no mockserver. An address that is not http://
is a `ValueError`. `apis` is requested once. Several threads may share it. It never calls the APIs
themselves, and never retries.
"""

import http.client
import json
import selectors
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from mockserver.base.errors import MockserverError
from mockserver.testing.inprocess import AsgiCall, perform

if TYPE_CHECKING:
    from mockserver.base.asgi import AsgiApp

Json = Any
_PREFIX = "/_mock/"
_PAGE = 1_000
_FIRST_ERROR = 400
_TIMEOUT_SECONDS = 30.0


class ControlCallError(MockserverError):
    """The control API rejected a call, or did not answer."""

    def __init__(self, status: int, detail: str, errors: Json = None) -> None:
        super().__init__(detail)
        self.status = status
        """The HTTP status code; 0 if there was no answer."""
        self.errors = errors
        """The member `errors` of the answer; None if it has none."""


class _ControlAnswer(NamedTuple):
    """The status code and the body of an answer."""

    status: int
    body: bytes


class _ControlTransport(Protocol):
    """Sends requests to the control API."""

    origin: str
    """Scheme, host and port."""

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> _ControlAnswer:
        """Send a request to the control API and return the answer."""
        ...

    def close(self) -> None:
        """Release all resources; the next request acquires them again."""
        ...


class _SocketTransport:
    """A persistent HTTP connection, which several threads can share."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"{url!r} is not the address of a mockserver: http://127.0.0.1:8000")
        self.origin = f"http://{parts.netloc}"
        self._connection = http.client.HTTPConnection(
            parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS
        )
        self._lock = threading.Lock()
        weakref.finalize(self, self._connection.close)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> _ControlAnswer:
        """Send a request and return the answer."""
        with self._lock:
            if self._is_closed_by_server():
                self._connection.close()
            try:
                self._connection.request(method, target, body or None, dict(headers))
                response = self._connection.getresponse()
                return _ControlAnswer(response.status, response.read())
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                detail = f"no mockserver answers at {self.origin} ({type(error).__name__}: {error})"
                raise ControlCallError(0, detail) from error

    def _is_closed_by_server(self) -> bool:
        """Return True if the server has closed the idle connection."""
        if self._connection.sock is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection.sock, selectors.EVENT_READ)
            return bool(selector.select(0))

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        with self._lock:
            self._connection.close()


class _InProcessTransport:
    """Direct calls of an application in this process."""

    origin = "http://127.0.0.1"

    def __init__(self, app: "AsgiApp") -> None:
        self._app = app

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> _ControlAnswer:
        """Send a request and return the answer."""
        fields = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
        raw = [(name.encode(), value.encode()) for name, value in fields.items()]
        reply = perform(self._app, AsgiCall(method, target.encode(), raw, body))
        return _ControlAnswer(reply.status, reply.body)

    def close(self) -> None:
        """Do nothing; there are no resources to release."""


class ControlConnection:
    """Calls the control API, for all sandboxes of a server."""

    def __init__(self, target: "str | AsgiApp", token: str | None = None) -> None:
        """Connect to the server at a URL, or to an application in this process."""
        self._transport: _ControlTransport = (
            _SocketTransport(target) if isinstance(target, str) else _InProcessTransport(target)
        )
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._apis: dict[str, Json] = {}

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return self._transport.origin

    @property
    def apis(self) -> Mapping[str, Json]:
        """The served APIs by name; requested once."""
        if not self._apis:
            try:
                self._apis = {api["name"]: api for api in self.call("GET", "apis")}
            except (KeyError, TypeError):
                raise ControlCallError(0, self.other_service("GET apis")) from None
        return self._apis

    def call(
        self, method: str, path: str, body: Json = None, query: Mapping[str, str] | None = None
    ) -> Json:
        """Call the control API and return the JSON of its answer, or None if it has no body.

        Raises:
            ControlCallError: If the call is rejected, or the answer is not JSON.
        """
        target = _PREFIX + path + (f"?{urlencode(query)}" if query else "")
        headers = dict(self._headers)
        content = b""
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        try:
            status, answer = self._transport.send(method, target, headers, content)
        except UnicodeEncodeError:
            message = "the control token has characters that no header can have; use only ASCII"
            raise ControlCallError(0, message) from None
        if status >= _FIRST_ERROR:
            raise _error(f"{method} {_PREFIX}{path}", status, answer)
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise ControlCallError(status, self.other_service(f"{method} {path}")) from None

    def other_service(self, call: str) -> str:
        """Return a message about an answer that no mockserver gives."""
        reason = f"it answers {call} without the JSON of the control API"
        return f"the service at {self.origin} is not a mockserver: {reason}; check the URL"

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._transport.close()


def pages(control: ControlConnection, path: str, key: str, query: Mapping[str, str]) -> list[Json]:
    """Return all items of a paged list of the control API, each with the run if the list has it."""
    found: list[Json] = []
    while True:
        paged = {**query, "limit": str(_PAGE), "offset": str(len(found))}
        page = control.call("GET", path, query=paged)
        try:
            run = {"run": page["run"]} if "run" in page else {}
            items, total = [{**item, **run} for item in page[key]], int(page["total"])
        except (KeyError, TypeError, ValueError):
            raise ControlCallError(0, control.other_service(f"GET {path}")) from None
        found += items
        if len(found) >= total or not items:
            return found


def _error(call: str, status: int, answer: bytes) -> ControlCallError:
    try:
        problem = json.loads(answer)
        return ControlCallError(status, problem["detail"], problem.get("errors"))
    except (ValueError, KeyError, TypeError):
        return ControlCallError(status, f"{call} was answered with status {status}")
