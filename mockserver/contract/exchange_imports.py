"""Reads exchanges from other tools' files: HTTP Archive 1.2, and Postman collections 2.1."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import orjson

from mockserver.base.errors import MockserverError
from mockserver.base.http import FORM
from mockserver.base.json import JsonValue
from mockserver.contract.conformance import Contract, Received
from mockserver.contract.recording import Seen
from mockserver.model.api import Api
from mockserver.model.messages import Request

_DEEPEST = 50
_BAD = 400


class ImportFileError(MockserverError):
    """A file that cannot be read as what it is said to be."""


def read_json_file(content: bytes) -> dict[str, JsonValue]:
    """Read the object that a file is.

    Raises:
        ImportFileError: If it is none.
    """
    try:
        value = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        message = f"this is not JSON: {error.msg}: line {error.lineno} column {error.colno}"
        raise ImportFileError(message) from None
    if not isinstance(value, dict):
        raise ImportFileError("this is no JSON object")
    return value


def path_below(contract: Contract, url: str) -> str | None:
    """Return the path of a URL below the API's base URL, if it leads to an operation."""
    path = urlsplit(url).path or "/"
    own = (server for operation in contract.api.operations for server in operation.servers)
    bases = [server.path for server in (*contract.api.servers, *own)]
    mounted = [f"/{contract.api.name}{base}" for base in bases]
    for base in sorted((*bases, *mounted, ""), key=len, reverse=True):
        below = _without_sandbox(path)
        if below.startswith(base) and contract.match(below[len(base) :] or "/") is not None:
            return below[len(base) :] or "/"
    return None


def _without_sandbox(path: str) -> str:
    return "/" + path.partition("/~")[2].partition("/")[2] if path.startswith("/~") else path


@dataclass(slots=True)
class Left:
    """How many exchanges of a file could not be taken."""

    elsewhere: int = 0
    """Requests that lead to no operation of the API."""
    unanswered: int = 0
    """Requests without an answer."""


def read_har(value: Mapping[str, JsonValue], api: Api, left: Left) -> Iterator[Seen]:
    """Yield the exchanges of an HTTP Archive that lead to the API.

    Raises:
        ImportFileError: If it is none.
    """
    contract, entries = Contract(api), _at(value, "log", "entries")
    if not isinstance(entries, list):
        raise ImportFileError("this is no HTTP Archive: it has no log.entries")
    for entry in entries:
        request, response = _at(entry, "request"), _at(entry, "response")
        path = path_below(contract, str(_at(request, "url") or ""))
        status = _at(response, "status")
        if path is None:
            left.elsewhere += 1
        elif not isinstance(status, int) or not 100 <= status <= 599:  # noqa: PLR2004 - RFC 9110, 15
            left.unanswered += 1
        else:
            yield Seen(_har_request(request, path), _har_answer(response, status))


def _har_request(request: JsonValue, path: str) -> Request:
    body = str(_at(request, "postData", "text") or "").encode()
    params = _at(request, "postData", "params")
    if not body and isinstance(params, list) and params:
        body = urlencode([(_text(one, "name"), _text(one, "value")) for one in params]).encode()
    headers = {name.lower(): value for name, value in _pairs(_at(request, "headers"))}
    if body and (media_type := _text(_at(request, "postData"), "mimeType")):
        headers.setdefault("content-type", media_type)
    query = urlsplit(_text(request, "url")).query
    return Request(_text(request, "method").upper(), path, query, headers, body)


def _har_answer(response: JsonValue, status: int) -> Received:
    content = _at(response, "content")
    body = _text(content, "text").encode()
    if _text(content, "encoding") == "base64":
        try:
            body = base64.b64decode(body, validate=True)
        except (ValueError, binascii.Error):
            body = b""
    headers = {name.lower(): value for name, value in _pairs(_at(response, "headers"))}
    if body and (media_type := _text(content, "mimeType")):
        headers.setdefault("content-type", media_type)
    return Received(status, tuple(headers.items()), body)


def read_postman(value: Mapping[str, JsonValue], api: Api, left: Left) -> Iterator[Seen]:
    """Yield the saved examples of a Postman collection that lead to the API.

    Raises:
        ImportFileError: If it is none, or of another version than 2.1.
    """
    schema = str(_at(value, "info", "schema") or "")
    if "/v2.1" not in schema or not isinstance(value.get("item"), list):
        raise ImportFileError("this is no Postman collection of version 2.1")
    variables = {_text(one, "key"): _text(one, "value") for one in _list(value.get("variable"))}
    contract = Contract(api)
    for item in _items(value["item"], 0):
        examples = _list(item.get("response"))
        left.unanswered += not examples
        for example in examples:
            request = _at(example, "originalRequest") or item.get("request")
            seen = _example(contract, request, example, variables)
            if seen is None:
                left.elsewhere += 1
            else:
                yield seen


def _items(items: JsonValue, depth: int) -> Iterator[dict[str, JsonValue]]:
    for item in _list(items):
        if not isinstance(item, dict) or depth > _DEEPEST:
            continue
        if "item" in item:
            yield from _items(item["item"], depth + 1)
        elif "request" in item:
            yield item


def _example(
    contract: Contract, request: JsonValue, example: JsonValue, variables: Mapping[str, str]
) -> Seen | None:
    given = _at(request, "url")
    raw = given if isinstance(given, str) else _text(given, "raw")
    url = _filled(raw, variables)
    path = path_below(contract, _WITHOUT_BASE.sub("http://base/", url))
    status = _at(example, "code")
    if path is None or not isinstance(status, int):
        return None
    headers = {
        name.lower(): _filled(value, variables) for name, value in _pairs(_at(request, "header"))
    }
    body, media_type = _postman_body(_at(request, "body"), variables)
    if body and media_type:
        headers.setdefault("content-type", media_type)
    query = url.partition("#")[0].partition("?")[2]
    method = (_text(request, "method") or "GET").upper()
    answer_headers = {name.lower(): value for name, value in _pairs(_at(example, "header"))}
    text = _text(example, "body").encode()
    if text.lstrip()[:1] in (b"{", b"["):
        answer_headers.setdefault("content-type", "application/json")
    sent = Request(method, path, query, headers, body)
    return Seen(sent, Received(status, tuple(answer_headers.items()), text))


_WITHOUT_BASE = re.compile(r"^\{\{[^{}]+\}\}/?")


def _postman_body(body: JsonValue, variables: Mapping[str, str]) -> tuple[bytes, str]:
    mode = _text(body, "mode")
    if mode == "urlencoded":
        pairs = [
            (_text(one, "key"), _filled(_text(one, "value"), variables))
            for one in _list(_at(body, "urlencoded"))
        ]
        return urlencode(pairs).encode(), FORM
    raw = _filled(_text(body, "raw"), variables) if mode == "raw" else ""
    is_json = raw.lstrip()[:1] in ("{", "[")
    return raw.encode(), "application/json" if is_json else "text/plain"


def _filled(text: str, variables: Mapping[str, str]) -> str:
    """Replace the collection's own variables; those of an environment stay."""
    return re.sub(r"\{\{([^{}]+)\}\}", lambda found: variables.get(found[1]) or found[0], text)


def _at(value: JsonValue, *keys: str) -> JsonValue:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: JsonValue, key: str) -> str:
    found = _at(value, key)
    return found if isinstance(found, str) else ""


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _pairs(value: JsonValue) -> Iterator[tuple[str, str]]:
    for one in _list(value):
        name = _text(one, "name") or _text(one, "key")
        if name and not name.startswith(":"):
            yield name, _text(one, "value")
