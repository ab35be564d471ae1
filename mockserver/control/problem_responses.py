"""Make the responses of the control API (JSON, other content, problems), and define `ControlError`.

`adapter.py` and `guard.py` make responses; handlers, and the modules that read and check requests
for them, raise `ControlError` (status, sentence, errors), which `adapter.py` answers as a problem
(RFC 9457). Each response has headers by which other sites cannot read it and caches do not store it
(`PROTECTION`, which `event_calls.py` sends, too). Problems of the APIs themselves are written in
`engine/rendering.py`.
"""

from http import HTTPStatus

from starlette.responses import Response

from mockserver.base.json import JsonValue
from mockserver.engine.rendering import PROBLEM
from mockserver.wire.media import json_bytes

JSON = "application/json"
PROTECTION = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ControlError(Exception):
    """An error of a call, with the status and the sentence to answer."""

    def __init__(self, status: int, detail: str, errors: JsonValue = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors


def problem_response(
    status: int,
    detail: str,
    errors: JsonValue = None,
    kind: str = "about:blank",
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a problem as a response (RFC 9457)."""
    body = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    challenge = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return content_response(json_bytes(body), PROBLEM, status, {**challenge, **(headers or {})})


def json_response(value: JsonValue, status: int = 200) -> Response:
    """Return a JSON value as a response."""
    return content_response(json_bytes(value), JSON, status)


def content_response(
    content: bytes, media_type: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return bytes as a response that other sites cannot read and caches do not store."""
    return Response(content, status, {**PROTECTION, **(headers or {})}, media_type)


def empty_response(status: int) -> Response:
    """Return a response without a body."""
    return Response(status_code=status, headers=PROTECTION)
