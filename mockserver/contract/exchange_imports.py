"""Read exchanges from files of other tools: HTTP Archive 1.2 and Postman collections 2.1.

`cli/import_command.py` parses a file's bytes with `read_json_file`, and calls `read_har` or
`read_postman`. They yield a `RecordedExchange` (`recording.py` masks and converts it) if the path
is one of the API; `SkippedExchanges` counts the others and those without an answer. A file of
another format or with an invalid URL raises `ImportFileError`. `path_below`, used by `pact.py`,
too, returns the path relative to the API's base URL, or None. Variables of a collection are
replaced, those of an environment are not. Nothing is masked here, and no file is opened.
"""

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
from mockserver.contract.conformance import Contract, ReceivedAnswer
from mockserver.contract.recording import RecordedExchange
from mockserver.model.api import Api
from mockserver.model.messages import Request
from mockserver.wire.long_integers import MOST_DIGITS, TooLongIntegerError, read_json

_MAX_DEPTH = 50
_BAD = 400


class ImportFileError(MockserverError):
    """A file that does not have the format that the user named."""


def read_json_file(content: bytes) -> dict[str, JsonValue]:
    """Parse a file that must contain a JSON object.

    Raises:
        ImportFileError: If it does not.
    """
    try:
        value = read_json(content.removeprefix(b"\xef\xbb\xbf"))
    except TooLongIntegerError:
        message = f"this has an integer of more than {MOST_DIGITS:,} digits"
        raise ImportFileError(message) from None
    except orjson.JSONDecodeError as error:
        message = f"this is not JSON: {error.msg}: line {error.lineno} column {error.colno}"
        raise ImportFileError(message) from None
    if not isinstance(value, dict):
        raise ImportFileError("this is not a JSON object")
    return value


def path_below(contract: Contract, url: str, place: str) -> str | None:
    """Return the path of a URL relative to the API's base URL; None if no operation matches.

    Raises:
        ImportFileError: If the URL is invalid; the message names its place in the file.
    """
    try:
        path = urlsplit(url).path or "/"
    except ValueError as error:
        message = f"{place} has an invalid URL ({error}); correct or remove it"
        raise ImportFileError(message) from None
    own = (server for operation in contract.api.operations for server in operation.servers)
    bases = [server.path for server in (*contract.api.servers, *own)]
    mounted = [f"/{contract.api.name}{base}" for base in bases]
    for base in sorted((*bases, *mounted, ""), key=len, reverse=True):
        below = _strip_sandbox(path)
        if below.startswith(base) and contract.match(below[len(base) :] or "/") is not None:
            return below[len(base) :] or "/"
    return None


def _strip_sandbox(path: str) -> str:
    return "/" + path.partition("/~")[2].partition("/")[2] if path.startswith("/~") else path


@dataclass(slots=True)
class SkippedExchanges:
    """Numbers of exchanges that were not imported, by reason."""

    other_operations: int = 0
    """Number of requests that match no operation of the API."""
    unanswered: int = 0
    """Number of requests without an answer."""


def read_har(
    value: Mapping[str, JsonValue], api: Api, skipped: SkippedExchanges
) -> Iterator[RecordedExchange]:
    """Yield the exchanges of an HTTP Archive that match the API, and count the others.

    Raises:
        ImportFileError: If the file is not an HTTP Archive, or has an invalid URL.
    """
    contract, entries = Contract(api), _member(value, "log", "entries")
    if not isinstance(entries, list):
        raise ImportFileError("this is not an HTTP Archive: it has no log.entries")
    for index, entry in enumerate(entries):
        request, response = _member(entry, "request"), _member(entry, "response")
        url = str(_member(request, "url") or "")
        path = path_below(contract, url, f"log.entries[{index}]")
        status = _member(response, "status")
        if path is None:
            skipped.other_operations += 1
        elif not isinstance(status, int) or not 100 <= status <= 599:  # noqa: PLR2004 - RFC 9110, 15
            skipped.unanswered += 1
        else:
            yield RecordedExchange(_har_request(request, path), _har_answer(response, status))


def _har_request(request: JsonValue, path: str) -> Request:
    body = str(_member(request, "postData", "text") or "").encode()
    params = _member(request, "postData", "params")
    if not body and isinstance(params, list) and params:
        body = urlencode([(_text(one, "name"), _text(one, "value")) for one in params]).encode()
    headers = {name.lower(): value for name, value in _pairs(_member(request, "headers"))}
    if body and (media_type := _text(_member(request, "postData"), "mimeType")):
        headers.setdefault("content-type", media_type)
    query = urlsplit(_text(request, "url")).query
    query = query or urlencode(list(_pairs(_member(request, "queryString"))))
    return Request(_text(request, "method").upper(), path, query, headers, body)


def _har_answer(response: JsonValue, status: int) -> ReceivedAnswer:
    content = _member(response, "content")
    body = _text(content, "text").encode()
    if _text(content, "encoding") == "base64":
        try:
            body = base64.b64decode(body, validate=True)
        except (ValueError, binascii.Error):
            body = b""
    headers = {name.lower(): value for name, value in _pairs(_member(response, "headers"))}
    if body and (media_type := _text(content, "mimeType")):
        headers.setdefault("content-type", media_type)
    return ReceivedAnswer(status, tuple(headers.items()), body)


def read_postman(
    value: Mapping[str, JsonValue], api: Api, skipped: SkippedExchanges
) -> Iterator[RecordedExchange]:
    """Yield the saved examples of a Postman collection that match the API, and count the others.

    Raises:
        ImportFileError: If the file is not a Postman collection of version 2.1, or has an invalid
            URL.
    """
    schema = str(_member(value, "info", "schema") or "")
    if "/v2.1" not in schema or not isinstance(value.get("item"), list):
        raise ImportFileError("this is not a Postman collection of version 2.1")
    variables = {_text(one, "key"): _text(one, "value") for one in _list(value.get("variable"))}
    contract = Contract(api)
    for item in _items(value["item"], 0):
        examples = _list(item.get("response"))
        skipped.unanswered += not examples
        for example in examples:
            request = _member(example, "originalRequest") or item.get("request")
            place = f"item {_text(item, 'name')!r}"
            seen = _example(contract, request, example, variables, place)
            if seen is None:
                skipped.other_operations += 1
            else:
                yield seen


def _items(items: JsonValue, depth: int) -> Iterator[dict[str, JsonValue]]:
    for item in _list(items):
        if not isinstance(item, dict) or depth > _MAX_DEPTH:
            continue
        if "item" in item:
            yield from _items(item["item"], depth + 1)
        elif "request" in item:
            yield item


def _example(
    contract: Contract,
    request: JsonValue,
    example: JsonValue,
    variables: Mapping[str, str],
    place: str,
) -> RecordedExchange | None:
    given = _member(request, "url")
    url = _substitute(given if isinstance(given, str) else _postman_url(given), variables)
    path = path_below(contract, _WITHOUT_BASE.sub("http://base/", url), place)
    status = _member(example, "code")
    if path is None or not isinstance(status, int):
        return None
    headers = {
        name.lower(): _substitute(value, variables)
        for name, value in _pairs(_member(request, "header"))
    }
    body, media_type = _postman_body(_member(request, "body"), variables)
    if body and media_type:
        headers.setdefault("content-type", media_type)
    query = url.partition("#")[0].partition("?")[2]
    method = (_text(request, "method") or "GET").upper()
    answer_headers = {name.lower(): value for name, value in _pairs(_member(example, "header"))}
    text = _text(example, "body").encode()
    if text.lstrip()[:1] in (b"{", b"["):
        answer_headers.setdefault("content-type", "application/json")
    sent = Request(method, path, query, headers, body)
    return RecordedExchange(sent, ReceivedAnswer(status, tuple(answer_headers.items()), text))


def _postman_url(url: JsonValue) -> str:
    """Return a URL as text, which a collection may give in parts only."""
    if raw := _text(url, "raw"):
        return raw
    host, path = (
        part if isinstance(part, str) else between.join(map(str, _list(part)))
        for part, between in ((_member(url, "host"), "."), (_member(url, "path"), "/"))
    )
    query = urlencode(list(_pairs(_member(url, "query"))), safe="{}")
    return f"{_text(url, 'protocol') or 'http'}://{host}/{path.lstrip('/')}{query and '?'}{query}"


_WITHOUT_BASE = re.compile(r"^\{\{[^{}]+\}\}/?")


def _postman_body(body: JsonValue, variables: Mapping[str, str]) -> tuple[bytes, str]:
    mode = _text(body, "mode")
    if mode == "urlencoded":
        pairs = [
            (_text(one, "key"), _substitute(_text(one, "value"), variables))
            for one in _list(_member(body, "urlencoded"))
            if not _member(one, "disabled")
        ]
        return urlencode(pairs).encode(), FORM
    raw = _substitute(_text(body, "raw"), variables) if mode == "raw" else ""
    is_json = raw.lstrip()[:1] in ("{", "[")
    return raw.encode(), "application/json" if is_json else "text/plain"


def _substitute(text: str, variables: Mapping[str, str]) -> str:
    """Replace the variables of the collection; variables of an environment are kept."""
    return re.sub(r"\{\{([^{}]+)\}\}", lambda found: variables.get(found[1]) or found[0], text)


def _member(value: JsonValue, *keys: str) -> JsonValue:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: JsonValue, key: str) -> str:
    found = _member(value, key)
    return found if isinstance(found, str) else ""


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _pairs(value: JsonValue) -> Iterator[tuple[str, str]]:
    for one in _list(value):
        name = _text(one, "name") or _text(one, "key")
        if name and not name.startswith(":") and not _member(one, "disabled"):
            yield name, _text(one, "value")
