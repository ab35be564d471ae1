"""Write exchanges as an HTTP Archive (HAR) 1.2, with secrets redacted.

- In: exchanges with their positions, and the member `_mockserver` of the log
  (`history_members.py`). Out: a `Har`, a JSON value.
- Callers: `request_calls.py` (`format=har`), `cli/run_command.py` (`--save`), and the command
  `mockserver replay`, which compares entries.
- Headers, query and bodies are redacted as in other views of exchanges, the path is not; with
  `plain` nothing is. Times are those of the sandbox, and the only duration is the delay of an
  answer. No file is written here.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from http import HTTPStatus
from typing import NotRequired
from urllib.parse import parse_qsl, quote

from typing_extensions import TypedDict

from mockserver import __version__
from mockserver.base.json import JsonValue
from mockserver.base.time import MILLISECOND, format_instant
from mockserver.control.body_redaction import shown_answer_body, shown_request_body
from mockserver.control.history_members import EntryMember, LogMember, entry_member
from mockserver.control.redaction import (
    redacted_headers,
    redacted_query,
    secret_parameters,
)
from mockserver.model.exchange import Exchange

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)
_IN_A_URL = "%/:?#[]@!$&'()*+,;=~"
_UNKNOWN = -1
"""HAR's value for an unknown size."""


class Pair(TypedDict):
    """A header or a query parameter."""

    name: str
    value: str


class PostData(TypedDict):
    """A request's body."""

    mimeType: str
    text: str


class HarRequest(TypedDict):
    """Request of an exchange."""

    method: str
    url: str
    httpVersion: str
    cookies: list[JsonValue]
    headers: list[Pair]
    queryString: list[Pair]
    postData: NotRequired[PostData]
    headersSize: int
    bodySize: int


class HarContent(TypedDict):
    """An answer's body."""

    size: int
    mimeType: str
    text: str
    encoding: NotRequired[str]


class HarResponse(TypedDict):
    """Response of an exchange."""

    status: int
    statusText: str
    httpVersion: str
    cookies: list[JsonValue]
    headers: list[Pair]
    content: HarContent
    redirectURL: str
    headersSize: int
    bodySize: int


class HarTimings(TypedDict):
    """Milliseconds; `wait` is the delay of the answer."""

    send: float
    wait: float
    receive: float


class HarEntry(TypedDict):
    """An exchange; `_id` is its id in the journal."""

    startedDateTime: str
    time: float
    request: HarRequest
    response: HarResponse
    cache: dict[str, JsonValue]
    timings: HarTimings
    _id: str
    _mockserver: EntryMember


class HarCreator(TypedDict):
    """Program that wrote the archive."""

    name: str
    version: str


class HarLog(TypedDict):
    """Exchanges, oldest first."""

    version: str
    creator: HarCreator
    entries: list[HarEntry]
    _mockserver: LogMember


class Har(TypedDict):
    """An HTTP Archive."""

    log: HarLog


def har(exchanges: Iterable[tuple[int, Exchange]], member: LogMember) -> Har:
    """Write exchanges with their positions as an archive."""
    creator: HarCreator = {"name": "mockserver", "version": __version__}
    plain = member["secrets"]
    entries = [har_entry(exchange, position, plain=plain) for position, exchange in exchanges]
    log: HarLog = {
        "version": "1.2",
        "creator": creator,
        "entries": entries,
        "_mockserver": member,
    }
    return {"log": log}


def har_entry(exchange: Exchange, position: int, *, plain: bool = False) -> HarEntry:
    """Write one exchange; `plain` keeps its secrets."""
    wait = exchange.answer.delay / MILLISECOND
    request = _request(exchange, plain=plain)
    text = request["postData"]["text"] if "postData" in request else ""
    return {
        "startedDateTime": format_instant(exchange.at),
        "time": wait,
        "request": request,
        "response": _response(exchange, plain=plain),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "_id": exchange.id,
        "_mockserver": entry_member(exchange, position, text, plain=plain),
    }


def _request(exchange: Exchange, *, plain: bool) -> HarRequest:
    request, secrets = exchange.request, secret_parameters(exchange)
    query = request.query if plain else redacted_query(request.query, secrets)
    items = request.header_lines()
    shown: HarRequest = {
        "method": request.method,
        "url": _url(exchange, query),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(items if plain else redacted_headers(items, secrets)),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": _UNKNOWN,
        "bodySize": len(request.body),
    }
    if request.body:
        media_type = request.headers.get("content-type", "")
        text = (
            request.body.decode("utf-8", "replace")
            if plain
            else _text(request.body, shown_request_body(exchange))
        )
        shown["postData"] = {"mimeType": media_type, "text": text}
    return shown


def _response(exchange: Exchange, *, plain: bool) -> HarResponse:
    answer, secrets = exchange.answer, secret_parameters(exchange)
    headers = answer.headers if plain else redacted_headers(answer.headers, secrets)
    named = {name.lower(): value for name, value in headers}
    media_type = named.get("content-type", "")
    return {
        "status": answer.status,
        "statusText": _phrase(answer.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "content": _plain_content(answer.body, media_type)
        if plain
        else {
            "size": len(answer.body),
            "mimeType": media_type,
            "text": _text(answer.body, shown_answer_body(exchange)),
        },
        "redirectURL": named.get("location", ""),
        "headersSize": _UNKNOWN,
        "bodySize": len(answer.body),
    }


def _plain_content(body: bytes, media_type: str) -> HarContent:
    content: HarContent = {"size": len(body), "mimeType": media_type, "text": ""}
    try:
        content["text"] = body.decode()
    except UnicodeDecodeError:
        content["text"], content["encoding"] = b64encode(body).decode(), "base64"
    return content


def _url(exchange: Exchange, query: str) -> str:
    request = exchange.request
    host = request.headers.get("host", "")
    origin = f"{request.scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"
    target = request.path + ("?" + query if query else "")
    return origin + quote(target, safe=_IN_A_URL).replace("[", "%5B").replace("]", "%5D")


def _pairs(items: Iterable[tuple[str, str]]) -> list[Pair]:
    return [{"name": name, "value": value} for name, value in items]


def _text(body: bytes, shown: JsonValue) -> str:
    if isinstance(shown, str) and not body.lstrip().startswith(b'"'):
        return shown
    return json.dumps(shown, ensure_ascii=False)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
