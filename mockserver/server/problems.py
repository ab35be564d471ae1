"""Answers of the control API: JSON, and problems (RFC 9457)."""

from http import HTTPStatus

import orjson
from starlette.responses import Response

from mockserver.engine.rendering import PROBLEM
from mockserver.exchange import JsonValue


class ControlError(Exception):
    """A call that cannot be done, with the status and sentence to answer."""

    def __init__(self, status: int, detail: str, errors: JsonValue = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors


def problem_response(status: int, detail: str, errors: JsonValue = None) -> Response:
    """Say what is wrong."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return Response(orjson.dumps(body), status, headers, PROBLEM)


def json_response(value: JsonValue, status: int = 200) -> Response:
    """Answer with a JSON value."""
    return Response(orjson.dumps(value), status, media_type="application/json")
