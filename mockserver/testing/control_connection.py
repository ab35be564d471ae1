"""Ways to the control API: over a socket, or into an application in this process."""

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
    """The control API refused a call, or did not answer."""

    def __init__(self, status: int, detail: str, errors: Json = None) -> None:
        super().__init__(detail)
        self.status = status
        """The HTTP status; 0 where there was no answer."""
        self.errors = errors
        """What is wrong in detail, where the control API says so."""


class ControlAnswer(NamedTuple):
    """A status and a body."""

    status: int
    body: bytes


class ControlTransport(Protocol):
    """How requests get to the control API."""

    origin: str
    """Scheme, host and port."""

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> ControlAnswer:
        """Send a request to the control API and return the answer."""
        ...

    def close(self) -> None:
        """Let go of what is held; the next request takes it anew."""
        ...


class Socket:
    """A connection that is kept alive; several threads take turns on it."""

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
    ) -> ControlAnswer:
        """Send a request and return the answer."""
        with self._lock:
            if self._is_over():
                self._connection.close()
            try:
                self._connection.request(method, target, body or None, dict(headers))
                response = self._connection.getresponse()
                return ControlAnswer(response.status, response.read())
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                detail = f"no mockserver answers at {self.origin} ({type(error).__name__}: {error})"
                raise ControlCallError(0, detail) from error

    def _is_over(self) -> bool:
        """Tell whether the server has closed the connection meanwhile."""
        if self._connection.sock is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._connection.sock, selectors.EVENT_READ)
            return bool(selector.select(0))

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        with self._lock:
            self._connection.close()


class InProcess:
    """An application of this process, called directly."""

    origin = "http://127.0.0.1"

    def __init__(self, app: "AsgiApp") -> None:
        self._app = app

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> ControlAnswer:
        """Have the application answer a request."""
        sent = {"host": "127.0.0.1", "content-length": str(len(body)), **headers}
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        reply = perform(self._app, AsgiCall(method, target.encode(), raw, body))
        return ControlAnswer(reply.status, reply.body)

    def close(self) -> None:
        """Nothing is held."""


class ControlConnection:
    """Calls of the control API, for all sandboxes of a server."""

    def __init__(self, target: "str | AsgiApp", token: str | None = None) -> None:
        """Call the server at an address, or an application of this process."""
        self._way: ControlTransport = (
            Socket(target) if isinstance(target, str) else InProcess(target)
        )
        self._headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self._apis: dict[str, Json] = {}

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return self._way.origin

    @property
    def apis(self) -> Mapping[str, Json]:
        """What is served, by name; asked for once."""
        if not self._apis:
            self._apis = {api["name"]: api for api in self.call("GET", "apis")}
        return self._apis

    def call(
        self, method: str, path: str, body: Json = None, query: Mapping[str, str] | None = None
    ) -> Json:
        """Call and return the answer's JSON, or None where it has no body.

        Raises:
            ControlCallError: If the call is refused.
        """
        target = _PREFIX + path + (f"?{urlencode(query)}" if query else "")
        headers = dict(self._headers)
        content = b""
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        status, answer = self._way.send(method, target, headers, content)
        if status >= _FIRST_ERROR:
            raise _refusal(f"{method} {_PREFIX}{path}", status, answer)
        return json.loads(answer) if answer else None

    def close(self) -> None:
        """Let go of the connection; a further call opens another."""
        self._way.close()


def pages(control: ControlConnection, path: str, key: str, query: Mapping[str, str]) -> list[Json]:
    """Return all of a list that the control API hands out in pages."""
    found: list[Json] = []
    while True:
        paged = {**query, "limit": str(_PAGE), "offset": str(len(found))}
        page = control.call("GET", path, query=paged)
        found += page[key]
        if len(found) >= page["total"] or not page[key]:
            return found


def _refusal(call: str, status: int, answer: bytes) -> ControlCallError:
    try:
        problem = json.loads(answer)
        return ControlCallError(status, problem["detail"], problem.get("errors"))
    except (ValueError, KeyError, TypeError):
        return ControlCallError(status, f"{call} was answered {status}")
