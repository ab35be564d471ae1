"""Talk to the service under test, which is a mockserver or any other service (needs httpx).

`cli/verify_command.py` and `cli/proxy_command.py` call `open_target`, which asks `/_mock/health` to
tell a mockserver; `verification.py` sends with the `Target`. A mockserver gets sandboxes in the
required state (`create_sandbox`, `advance`), another service only the requests.
`contract_coverage.py` calls `ask_control`. Redirects are not followed, cookies not kept, answers of
operations bounded. Failures of the network and refused calls are a `TargetError`
(`UnreachableError` without an answer), whose message is not redacted.
"""

import secrets
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from mockserver import __version__
from mockserver.base.errors import MockserverError
from mockserver.base.json import JsonValue
from mockserver.contract.addresses import SANDBOX_PREFIX, Addresses
from mockserver.contract.conformance import ReceivedAnswer
from mockserver.contract.interactions import Given
from mockserver.contract.request_writing import FilledRequest
from mockserver.model.api import Api, Operation

if TYPE_CHECKING:
    import httpx

_USER_AGENT = f"mockserver/{__version__} (contract)"
MAX_ANSWER_SIZE = 10_000_000
"""Largest body of an answer that is read, in bytes."""
_CONTROL = "/_mock"


class TargetError(MockserverError):
    """A service that cannot be reached, or that rejects what a test needs."""


class UnreachableError(TargetError):
    """A service that sent no answer."""


_Result = TypeVar("_Result")


def open_client(timeout: float, transport: "httpx.BaseTransport | None" = None) -> "httpx.Client":
    """Return an HTTP client that does not follow redirects.

    Raises:
        TargetError: If httpx is not installed.
    """
    try:
        import httpx  # noqa: PLC0415 - an optional package, and slow to import
    except ModuleNotFoundError:
        message = "this command requires httpx; install it with: pip install httpx"
        raise TargetError(message) from None
    return httpx.Client(
        timeout=timeout,
        follow_redirects=False,
        headers={"user-agent": _USER_AGENT, "accept-encoding": "identity"},
        transport=transport,
    )


@dataclass(slots=True)
class Target:
    """The service under test, with the client that sends the requests."""

    client: "httpx.Client"
    api: Api
    origin: str
    base: str
    """Path of the API's base URL, without a slash at its end."""
    is_mock: bool = False
    control_headers: dict[str, str] = field(default_factory=dict)
    _run: str = field(default_factory=lambda: secrets.token_hex(4))
    _count: int = 0

    @property
    def address(self) -> str:
        """The base URL."""
        return self.origin + self.base

    @property
    def addresses(self) -> Addresses:
        """The addresses of the API's operations."""
        return Addresses(self.api, self.origin, self.base, self.is_mock)

    def send(
        self, request: FilledRequest, operation: Operation, sandbox: str | None = None
    ) -> ReceivedAnswer:
        """Send a request of an operation and return the answer.

        Args:
            request: Its path is relative to the base path of the operation.
            operation: The operation of the request.
            sandbox: Name of a sandbox, if the service is a mockserver.

        Raises:
            TargetError: If there is no answer.
            OtherServiceError: If the document places the operation on another service.
        """
        prefix = f"{SANDBOX_PREFIX}{sandbox}" if sandbox else ""
        base = self.addresses.base_of(operation)
        return _send(self.client, f"{self.origin}{prefix}{base}", request)

    def create_sandbox(self, given: Given) -> str | None:
        """Create a sandbox with a state and return its name; None if there are no sandboxes.

        Raises:
            TargetError: If the mockserver rejects the state.
        """
        if not self.is_mock:
            return None
        if self.base.startswith(SANDBOX_PREFIX):
            message = "remove the sandbox from the URL: each interaction gets a new sandbox"
            raise TargetError(message)
        self._count += 1
        sandbox = f"verify-{self._run}-{self._count}"
        if given.clock is not None:
            self._control("POST", "clock", sandbox, {"set": given.clock})
        if given.settings:
            self._control("PATCH", f"settings/{self.api.name}", sandbox, dict(given.settings))
        for collection, records in given.records.items():
            for record in records:
                path = f"records/{self.api.name}/{quote(collection, safe='')}"
                self._control("POST", path, sandbox, record)
        return sandbox

    def advance(self, sandbox: str, duration: str) -> None:
        """Advance the clock of a sandbox by a duration (ISO 8601)."""
        self._control("POST", "clock", sandbox, {"advance": duration})

    def delete_sandbox(self, sandbox: str) -> None:
        """Delete a sandbox; ignore a service that cannot be reached any more."""
        with suppress(TargetError):
            self._call("DELETE", f"sandboxes/{sandbox}", sandbox, None)

    def _control(self, method: str, path: str, sandbox: str, body: JsonValue) -> None:
        answer = self._call(method, path, sandbox, body)
        if answer.status_code >= _FIRST_ERROR_STATUS:
            message = f"the mockserver rejected {method} /_mock/{path}: {_detail(answer)}"
            raise TargetError(message)

    def _call(self, method: str, path: str, sandbox: str, body: JsonValue) -> "httpx.Response":
        url = f"{self.origin}{_CONTROL}/{path}"
        headers = {**self.control_headers, "mock-sandbox": sandbox}
        return _translate_errors(
            lambda: self.client.request(method, url, headers=headers, json=body)
        )


_FIRST_ERROR_STATUS = 400
_UNAUTHORIZED = 401


def _detail(answer: "httpx.Response") -> str:
    try:
        return str(answer.json()["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"


def open_target(
    client: "httpx.Client", api: Api, url: str, control_token: str | None = None
) -> Target:
    """Connect to the service at a URL, and detect whether it is a mockserver.

    Raises:
        TargetError: If the URL or the token is invalid, or a mockserver does not serve the API.
        UnreachableError: If the service sends no answer.
    """
    origin, path = _split_url(url)
    headers = _authorization(control_token)
    target = Target(client, api, origin, path, control_headers=headers)
    health = _translate_errors(lambda: client.get(f"{origin}{_CONTROL}/health", headers=headers))
    if health.status_code == _UNAUTHORIZED and "control API" in health.text:
        message = "this mockserver requires a control token; set MOCKSERVER_CONTROL_TOKEN"
        raise TargetError(message)
    served = _served_apis(health)
    if served is None:
        return target
    if api.name not in served:
        message = f"the mockserver at {origin} does not serve {api.name!r}"
        raise TargetError(f"{message}; it serves: {', '.join(served)}")
    target.is_mock = True
    mount = path.removesuffix(f"/{api.name}")
    if not mount or (mount.startswith(SANDBOX_PREFIX) and mount.count("/") == 1):
        server = api.servers[0].path if api.servers else ""
        target.base = f"{mount}/{api.name}{server}"
    return target


def ask_control(client: "httpx.Client", url: str, path: str, token: str | None) -> JsonValue:
    """Return the answer of a mockserver's control API to a GET request.

    Args:
        client: Sends the request.
        url: Address of the mockserver.
        path: Path below `/_mock/`, with the query.
        token: The control token, if the mockserver requires one.

    Raises:
        TargetError: If the service is not a mockserver, or rejects the request.
    """
    origin, _ = _split_url(url)
    headers = _authorization(token)
    answer = _translate_errors(lambda: client.get(f"{origin}{_CONTROL}/{path}", headers=headers))
    if answer.status_code >= _FIRST_ERROR_STATUS:
        raise TargetError(f"the mockserver at {origin} rejected the request: {_detail(answer)}")
    try:
        content: JsonValue = answer.json()
    except ValueError:
        raise TargetError(f"the service at {origin} is not a mockserver") from None
    return content


def _authorization(token: str | None) -> dict[str, str]:
    """Return the headers that carry a control token."""
    if not token:
        return {}
    if not token.isascii():
        raise TargetError("the control token has characters that are not ASCII")
    return {"authorization": f"Bearer {token}"}


def _served_apis(health: "httpx.Response") -> Sequence[str] | None:
    """Return the names of the APIs that a mockserver serves; None for any other service."""
    try:
        content: Any = health.json()
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("status") != "ok" or "sandboxes" not in content:
        return None
    apis = content.get("apis")
    return apis if isinstance(apis, list) else None


def _split_url(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TargetError(f"{url!r} is not a URL of a service; write http://… or https://…")
    if parts.username or parts.password or parts.query or parts.fragment:
        message = "the URL may have only scheme, host, port and path"
        raise TargetError(f"{message}; send credentials with --header")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return origin, parts.path.rstrip("/")


def _send(client: "httpx.Client", base: str, request: FilledRequest) -> ReceivedAnswer:
    """Send a request to a base URL and return the answer.

    Raises:
        TargetError: If a header cannot be sent, there is no answer, or its body is too long.
    """
    for name, value in request.headers.items():
        if not (name.isascii() and value.isascii()):
            message = f"the header {ascii(name)[1:-1]} has characters that are not ASCII"
            raise TargetError(f"{message}; encode them, for example with percent-encoding")
    url = base + request.path + (f"?{request.query}" if request.query else "")
    return _translate_errors(lambda: _stream(client, url, request))


def _stream(client: "httpx.Client", url: str, request: FilledRequest) -> ReceivedAnswer:
    began = perf_counter()
    with client.stream(
        request.method, url, headers=request.headers, content=request.body or None
    ) as answer:
        body = bytearray()
        for part in answer.iter_bytes():
            body += part
            if len(body) > MAX_ANSWER_SIZE:
                raise TargetError(
                    f"the body of the answer is longer than {MAX_ANSWER_SIZE:,} bytes"
                )
            if perf_counter() - began > (client.timeout.read or inf):
                raise TargetError("the answer did not end in time (increase --timeout)")
    client.cookies.clear()  # an interaction sends only the cookies that it names
    headers = [(key.lower(), value) for key, value in answer.headers.multi_items()]
    seconds = perf_counter() - began
    is_head = request.method == "HEAD"
    return ReceivedAnswer(answer.status_code, tuple(headers), bytes(body), seconds, is_head)


def _translate_errors(call: Callable[[], _Result]) -> _Result:
    """Call a function that uses the network, and translate its exceptions to a `TargetError`."""
    import httpx  # noqa: PLC0415 - an optional package, which the client has imported

    try:
        return call()
    except httpx.TimeoutException:
        raise UnreachableError("no answer in time (increase --timeout)") from None
    except httpx.ConnectError as error:
        raise UnreachableError(_connection_message(error)) from None
    except httpx.InvalidURL as error:
        raise TargetError(f"the URL is invalid: {error}") from None
    except httpx.HTTPError as error:
        raise UnreachableError(f"the connection broke: {error!s}".rstrip(": ")) from None
    except ssl.SSLError as error:
        raise UnreachableError(f"TLS failed: {error.reason}") from None


def _connection_message(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        hint = "set SSL_CERT_FILE to the certificate of its authority"
        return f"TLS failed: the certificate of the service is not trusted ({hint})"
    if "SSL" in text or "TLS" in text:
        return f"TLS failed: {text}"
    return f"no connection: {text}"
