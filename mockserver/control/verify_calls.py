"""Declare and answer the call that checks which requests were made, and finds similar ones if not.

`control_app.py` adds its `CALLS`. It compares each exchange of the journal with a pattern
(`matchers.py`), secrets included. `ok` is False, and `cannot_tell` says why, if the journal has
dropped entries that may decide. With too few matches, up to three similar exchanges are returned,
fewest differences first, with found values without secrets, as the journal shows them. Unknown
names and wrong patterns are a 422; an unmet expectation is no HTTP error, and nothing is changed.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qsl

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.http import FORM, media_type
from mockserver.base.json import JsonValue, escape, unescape
from mockserver.base.secrets import REDACTED, names_secret_number
from mockserver.control.body_redaction import shown_request_body, without_credentials
from mockserver.control.declarations import Body, Call, ControlRequest, Count, Integer, SandboxQuery
from mockserver.control.known_names import (
    PATH_MEANING,
    check_conditions,
    exchange_paths,
    plain_method,
    plain_path,
)
from mockserver.control.matchers import Matcher, MatcherError, Mismatch, compile_matcher
from mockserver.control.problem_responses import ControlError
from mockserver.control.redaction import is_secret, redacted, redacted_urls, secret_parameters
from mockserver.engine.history import History
from mockserver.engine.record_budget import MEGABYTE
from mockserver.model.exchange import Exchange
from mockserver.model.refusal import Refusal
from mockserver.model.request_paths import fits_one
from mockserver.wire.media import parse_json

TAG = "Requests"
_MAX_NEAREST = 3
_MAX_DIFFERENCES = 20
"""Differences of one exchange in an answer."""
_MAX_COUNTED = 1_000
"""Differences of one exchange that are counted, to find the most similar ones."""
_PLAIN = ("api", "operation", "status", "reason")


class RequestPattern(Body):
    """Pattern of a request and its answer; missing fields match anything."""

    api: str | None = Field(None, description="Name of the API.")
    operation: str | None = Field(None, description="Id of the operation.")
    method: str | None = Field(None, description="Method, in any case.", examples=["POST"])
    path: str | None = Field(None, description=f"Path. {PATH_MEANING}", examples=["/partoo/v2/*"])
    query: dict[str, JsonValue] = Field(
        {}, description="Parameters by name: a text, a matcher, or null for a missing one."
    )
    headers: dict[str, JsonValue] = Field(
        {}, description="Headers by case-insensitive name; values as in `query`."
    )
    body: JsonValue = Field(
        None,
        description='JSON or a form: objects match in part, lists exactly, `{"$regex": …}`, '
        '`{"$type": …}` and `{"$any": true}` one value. A member whose name begins with `$` is '
        "written with another `$`: `$$ref`. Any other body is one text.",
        examples=[{"target_phone": {"$regex": "^\\+33"}}],
    )
    status: Integer | None = Field(None, description="Status of the answer.", examples=[200])
    reason: str | None = Field(None, description="Reason of the answer.")


_ONE_WAY: dict[str, JsonValue] = {
    "not": {
        "properties": {"count": {"type": "integer"}},
        "required": ["count"],
        "anyOf": [
            {"properties": {name: {"type": "integer"}}, "required": [name]}
            for name in ("at_least", "at_most")
        ],
    }
}


class ExpectedRequests(Body):
    """Which requests are expected, and how many; without a number, at least one."""

    model_config = ConfigDict(json_schema_extra=_ONE_WAY)

    match: RequestPattern
    count: Count | None = Field(None, description="Exact number of requests.")
    at_least: Count | None = Field(None, description="Smallest number of requests.")
    at_most: Count | None = Field(None, description="Largest number of requests.")

    @model_validator(mode="after")
    def _one_way(self) -> "ExpectedRequests":
        if self.count is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("give either count, or at_least and at_most")
        return self

    def bounds(self) -> tuple[int, int | None]:
        """Return the smallest and the largest number of requests; None if there is no largest."""
        if self.count is not None:
            return self.count, self.count
        default = 1 if self.at_most is None else 0
        return default if self.at_least is None else self.at_least, self.at_most


class DifferenceView(TypedDict):
    """A difference between an exchange and the expected one."""

    where: str
    """Part of the exchange: api, method, path, query, headers, body, status…"""
    pointer: str
    """JSON Pointer into that part; empty for the part itself."""
    expected: JsonValue
    found: JsonValue
    """Null if there is no value; secrets are hidden."""


class NearMiss(TypedDict):
    """An exchange that is similar to the expected one, with their differences."""

    id: str
    differences: list[DifferenceView]


class VerificationResult(TypedDict):
    """Result of a verification."""

    ok: bool
    matched: list[str]
    dropped: int
    """Number of exchanges, since the journal was last cleared, for which it had no room."""
    cannot_tell: str | None
    """Why it is not known whether the requests were made; null if it is known."""
    nearest: list[NearMiss]
    """If there are too few matches: similar exchanges, fewest differences first."""


class _MatcherPart(NamedTuple):
    """Matcher of one part of an exchange."""

    where: str
    mismatches: Matcher


def verify_requests(request: ControlRequest[SandboxQuery, ExpectedRequests]) -> VerificationResult:
    """Compare the journal with the expected requests."""
    sandbox = request.sandbox()
    check_conditions(request.body.match, sandbox, "body", "/match")
    parts = _parts(request.body.match, sandbox.name)
    matched: list[str] = []
    others: list[tuple[int, Exchange]] = []
    for exchange in sandbox.history:
        count = sum(1 for _ in islice(_mismatches(exchange, parts), _MAX_COUNTED))
        if count:
            others.append((count, exchange))
        else:
            matched.append(exchange.id)
    least, most = request.body.bounds()
    most = sys.maxsize if most is None else most
    dropped = sandbox.history.dropped
    too_few = len(matched) < least
    is_known = _is_known(len(matched), len(matched) + dropped, least, most)
    others.reverse()  # of equally similar ones, the latest comes first
    nearest = sorted(others, key=lambda item: item[0])[:_MAX_NEAREST] if too_few else []
    return {
        "ok": is_known and least <= len(matched) <= most,
        "matched": matched,
        "dropped": dropped,
        "cannot_tell": None if is_known else _forgotten(sandbox.history),
        "nearest": [_near_miss(exchange, parts) for _, exchange in nearest],
    }


def _is_known(fewest: int, greatest: int, least: int, most: int) -> bool:
    """Return True if every number of matches from `fewest` to `greatest` has the same verdict."""
    return greatest < least or fewest > most or (least <= fewest and greatest <= most)


def _forgotten(history: History) -> str:
    return (
        f"cannot tell: {history.dropped:,} {_entries(history.dropped)} dropped, because the "
        f"history has room for {history.capacity:,} entries and for {history.room // MEGABYTE:,} "
        "MB in all sandboxes; give it more (`serve --journal` or `--history-memory`, `journal=` or "
        "`history_memory=` in Python), or clear it before the requests that are to be checked"
    )


def _entries(number: int) -> str:
    return "entry was" if number == 1 else "entries were"


def _parts(match: RequestPattern, sandbox: str) -> list[_MatcherPart]:
    """Compile the matchers of all parts; ControlError if one is invalid."""
    wanted = [(name, getattr(match, name)) for name in _PLAIN]
    if match.method is not None:
        wanted.append(("method", plain_method(match.method)))
    parts = [
        _MatcherPart(name, compile_matcher(value)) for name, value in wanted if value is not None
    ]
    if match.path is not None:
        parts.append(_MatcherPart("path", _path(plain_path(match.path, sandbox))))
    try:
        parts += [_fields("query", match.query)]
        headers = {name.lower(): value for name, value in match.headers.items()}
        parts += [_fields("headers", headers)]
        if "body" in match.model_fields_set:
            parts.append(_MatcherPart("body", compile_matcher(match.body, "/match/body")))
    except MatcherError as error:
        detail = {"where": "body", "pointer": error.pointer, "message": error.message}
        raise ControlError(422, f"{error.pointer} {error.message}", [detail]) from None
    return parts


def _fields(where: str, expected: dict[str, JsonValue]) -> _MatcherPart:
    """Compile matchers of fields, which may have several values; null expects none."""
    pointer = f"/match/{where}"
    matchers = {
        name: compile_matcher(value, f"{pointer}/{escape(name)}")
        for name, value in expected.items()
    }

    def mismatches(found: JsonValue, at: str) -> Iterator[Mismatch]:
        for name, matcher in matchers.items():
            values: list[JsonValue] = found.get(name, [])
            if expected[name] is None and not values:
                continue
            tried = (*values, values) if values else ()
            if all([*matcher(value, at)] for value in tried):
                shown = values[0] if len(values) == 1 else values or None
                yield Mismatch(f"{at}/{escape(name)}", expected[name], shown)

    return _MatcherPart(where, mismatches)


def _path(expected: str) -> Matcher:
    def mismatches(found: JsonValue, at: str) -> Iterator[Mismatch]:
        if not fits_one(expected, found):
            yield Mismatch(at, expected, found[0])

    return mismatches


def _mismatches(
    exchange: Exchange, parts: Iterable[_MatcherPart]
) -> Iterator[tuple[str, Mismatch]]:
    for part in parts:
        for miss in part.mismatches(_READERS[part.where](exchange), ""):
            yield part.where, miss


def _many(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _body(exchange: Exchange) -> JsonValue:
    """Return the request body: a JSON value, the fields of a form, else a text; None if empty."""
    body = exchange.request.body
    if not body:
        return None
    content_type = media_type(exchange.request.headers.get("content-type", ""))
    text = body.decode("utf-8", "replace")
    if content_type.name == FORM:
        fields = _many(parse_qsl(text, keep_blank_values=True))
        return {name: many[0] if len(many) == 1 else many for name, many in fields.items()}
    try:
        return parse_json(body)
    except Refusal:
        return text


_READERS: Mapping[str, Callable[[Exchange], JsonValue]] = {
    "api": lambda exchange: exchange.api.name if exchange.api else None,
    "operation": lambda exchange: exchange.operation.id if exchange.operation else None,
    "method": lambda exchange: exchange.request.method,
    "path": exchange_paths,
    "query": lambda exchange: _many(parse_qsl(exchange.request.query, keep_blank_values=True)),
    "headers": lambda exchange: {name: [value] for name, value in exchange.request.headers.items()},
    "body": _body,
    "status": lambda exchange: exchange.answer.status,
    "reason": lambda exchange: exchange.reason or None,
}
"""How each part of an exchange is read, with its secrets."""


def _near_miss(exchange: Exchange, parts: Iterable[_MatcherPart]) -> NearMiss:
    found = islice(_mismatches(exchange, parts), _MAX_DIFFERENCES)
    return {"id": exchange.id, "differences": [_difference(exchange, *item) for item in found]}


def _difference(exchange: Exchange, where: str, miss: Mismatch) -> DifferenceView:
    secrets = secret_parameters(exchange) if where in ("query", "headers") else frozenset()
    names = [unescape(token) for token in miss.pointer.split("/")[1:]]
    is_number = isinstance(miss.found, int)
    is_hidden = miss.found is not None and any(
        is_secret(name, secrets) or (is_number and names_secret_number(name)) for name in names
    )
    return {
        "where": where,
        "pointer": miss.pointer,
        "expected": miss.expected,
        "found": REDACTED if is_hidden else _shown(exchange, where, miss),
    }


def _shown(exchange: Exchange, where: str, miss: Mismatch) -> JsonValue:
    """Return a found value without secrets, as the journal shows it."""
    if where in ("query", "headers"):
        secrets = secret_parameters(exchange)
        if isinstance(miss.found, list):
            return [redacted_urls(value, secrets) for value in miss.found]
        return redacted_urls(miss.found, secrets) if isinstance(miss.found, str) else miss.found
    if where != "body":
        return redacted(miss.found)
    if isinstance(miss.found, str) and not miss.pointer:
        return shown_request_body(exchange)
    return without_credentials(exchange, redacted(miss.found))


_EXAMPLE = {
    "match": {
        "operation": "sendReviewInvitation",
        "body": {"target_phone": {"$regex": "^\\+33"}},
    },
    "count": 1,
}
_RESULT = {"ok": True, "matched": ["r1"], "dropped": 0, "cannot_tell": None, "nearest": []}
CALLS = (
    Call(
        "POST",
        "/requests/verify",
        "verifyRequests",
        TAG,
        "Check whether requests were made, and find similar ones if not",
        verify_requests,
        body=ExpectedRequests,
        body_example=_EXAMPLE,
        reads=True,
        result=VerificationResult,
        result_example=_RESULT,
        description="Compares with the journal, secrets included. A name or a path that no request "
        "can have is an error. If the journal dropped entries that may decide, the answer is not "
        "ok, and `cannot_tell` says so.",
    ),
)
