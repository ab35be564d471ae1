"""Refuse requests to the control API that another web site or another machine may have caused.

`control_app.py` puts `Guard`, an ASGI application, in front of dashboard and calls. Without a
token, `Host` must be a loopback name (403), also for public files; with one, any host will do, and
all but public files need the token as a bearer token (401). A page of another origin is refused
(403), as is a POST, PUT or PATCH whose body is not `application/json` (415); public files are not
checked for these. It never reads a body, and protects only `/_mock`: the APIs themselves are open.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.base.hosts import is_loopback
from mockserver.base.http import essence
from mockserver.control.problem_responses import problem_response

_WRITING = frozenset(("POST", "PUT", "PATCH"))


@dataclass(frozen=True, slots=True)
class Guard:
    """Filter that refuses requests which another web site or another machine may have caused."""

    app: ASGIApp
    token: str | None = None
    """Required bearer token; without one, only loopback host names are accepted."""
    is_public: Callable[[Scope], bool] = lambda _scope: False
    """Predicate of requests without access control: a browser opens pages without a token."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request, or answer why it is refused."""
        request = Request(scope)
        refusal = self._wrong_host(request)
        if refusal is None and not self.is_public(scope):
            refusal = self._refusal(request)
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            status, detail = refusal
            await problem_response(status, detail)(scope, receive, send)

    def _wrong_host(self, request: Request) -> tuple[int, str] | None:
        host = _split(f"//{request.headers.get('host', '')}")
        if self.token is None and not is_loopback(host.hostname or ""):
            return 403, "the control API answers only under localhost, 127.0.0.1 and [::1]"
        return None

    def _refusal(self, request: Request) -> tuple[int, str] | None:
        headers = request.headers
        if self.token is not None and not _has_token(headers.get("authorization"), self.token):
            return 401, "the control API requires the header `Authorization: Bearer <token>`"
        origin = headers.get("origin")
        if origin is not None and _split(origin).netloc != headers.get("host"):
            return 403, "the control API does not answer pages of other sites"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "the control API does not answer pages of other sites"
        is_json = essence(headers.get("content-type", "")) == "application/json"
        if request.method in _WRITING and not is_json and _has_body(request):
            return 415, "the control API reads application/json"
        return None


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:  # brackets without an IP address
        return urlsplit("")


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    return length != "0" or "transfer-encoding" in request.headers


def _has_token(given: str | None, token: str) -> bool:
    scheme, _, value = (given or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(value.encode(), token.encode())
