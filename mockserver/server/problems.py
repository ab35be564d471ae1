"""Answers of the control API: JSON, and problems (RFC 9457)."""

import json
from http import HTTPStatus

import orjson
from starlette.responses import Response

from mockserver.engine.rendering import PROBLEM
from mockserver.exchange import JsonValue

JSON = "application/json"
PROTECTION = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ControlError(Exception):
    """A call that cannot be done, with the status and sentence to answer."""

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
    """Say what is wrong."""
    body = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    challenge = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return content_response(orjson.dumps(body), PROBLEM, status, {**challenge, **(headers or {})})


def json_response(value: JsonValue, status: int = 200) -> Response:
    """Answer with a JSON value."""
    return content_response(_written(value), JSON, status)


def _written(value: JsonValue) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # whole numbers of more than 64 bits, and lone surrogates
        return json.dumps(value).encode()


def content_response(
    content: bytes, media_type: str, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Answer with bytes, which no other site can use and no cache keeps."""
    return Response(content, status, {**PROTECTION, **(headers or {})}, media_type)


def empty_response(status: int) -> Response:
    """Answer without a body."""
    return Response(status_code=status, headers=PROTECTION)
