"""Who may use the control API: this machine's own user, or whoever has the token."""

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
    """Refuses what another site or another machine could have caused."""

    app: ASGIApp
    token: str | None = None
    """Asked for as a bearer token if set; without it only loopback names are served."""
    is_open: Callable[[Scope], bool] = lambda _scope: False
    """Tells which requests may come from anywhere: a browser opens pages without a token."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not."""
        request = Request(scope)
        refusal = self._wrong_host(request)
        if refusal is None and not self.is_open(scope):
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
            return 401, "the control API needs `Authorization: Bearer <token>` here"
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
    except ValueError:  # brackets without an address in them
        return urlsplit("")


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    return length != "0" or "transfer-encoding" in request.headers


def _has_token(given: str | None, token: str) -> bool:
    scheme, _, value = (given or "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(value.encode(), token.encode())
