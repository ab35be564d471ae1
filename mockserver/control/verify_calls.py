"""The call that tells whether a request was made, and if not, which came nearest."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qsl

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.http import FORM, media_type
from mockserver.base.json import JsonValue, escape, unescape
from mockserver.base.secrets import REDACTED
from mockserver.base.wildcards import like
from mockserver.control.declarations import Ask, Body, Call, InSandbox, Integer
from mockserver.control.matchers import Matcher, MatcherError, Miss, compile_matcher
from mockserver.control.problem_responses import ControlError
from mockserver.control.redaction import is_secret, redacted, secret_parameters
from mockserver.model.exchange import Exchange
from mockserver.model.refusal import Refusal
from mockserver.wire.media import parse_json

TAG = "Requests"
MOST_NEAR = 3
MOST_DIFFERENCES = 20
"""Told of one exchange; more are counted up to this and not told."""
_MOST_COUNTED = 1_000
_PLAIN = ("api", "operation", "method", "status", "reason")


class RequestMatch(Body):
    """What a request was like; what is left out may be anything."""

    api: str | None = Field(None, description="The API's name.")
    operation: str | None = Field(None, description="The operation's id.")
    method: str | None = Field(None, description="In capitals.", examples=["POST"])
    path: str | None = Field(
        None,
        description="As it was sent; `*` stands for any part of it.",
        examples=["/partoo/v2/*"],
    )
    query: dict[str, JsonValue] = Field(
        {}, description="Parameters by name: a text, a matcher, or null for one that is not there."
    )
    headers: dict[str, JsonValue] = Field(
        {}, description="Headers by name in any case; values as in `query`."
    )
    body: JsonValue = Field(
        None,
        description="JSON or a form: objects match in part, lists exactly; `$regex`, `$type` and "
        "`$any` match where they stand. Any other body is one text.",
        examples=[{"target_phone": {"$regex": "^\\+33"}}],
    )
    status: Integer | None = Field(None, description="What was answered.", examples=[200])
    reason: str | None = Field(None, description="Why the mock decided the answer.")


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


class VerificationResult(Body):
    """Which requests are expected, and how many; without a number at least one."""

    model_config = ConfigDict(json_schema_extra=_ONE_WAY)

    match: RequestMatch
    count: Integer | None = Field(None, description="Exactly so many.", ge=0)
    at_least: Integer | None = Field(None, ge=0)
    at_most: Integer | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one_way(self) -> "VerificationResult":
        if self.count is not None and (self.at_least is not None or self.at_most is not None):
            raise ValueError("give either count, or at_least and at_most")
        return self

    def bounds(self) -> tuple[int, int | None]:
        """Return how many there must be, and how many there may be."""
        if self.count is not None:
            return self.count, self.count
        default = 1 if self.at_most is None else 0
        return default if self.at_least is None else self.at_least, self.at_most


class DifferenceView(TypedDict):
    """One way in which an exchange is not what is expected."""

    where: str
    """Part of the exchange: api, method, path, query, headers, body, status…"""
    pointer: str
    """JSON Pointer into that part; empty for the whole of it."""
    expected: JsonValue
    found: JsonValue
    """Null where there is nothing; secrets are hidden."""


class NearMiss(TypedDict):
    """An exchange that comes near, and why it is not what is expected."""

    id: str
    differences: list[DifferenceView]


class Verified(TypedDict):
    """What was found."""

    ok: bool
    matched: list[str]
    nearest: list[NearMiss]
    """If there are too few: those with the fewest differences first."""


class MatcherPart(NamedTuple):
    """A comparison of one part of exchanges."""

    where: str
    misses: Matcher


def verify_requests(ask: Ask[InSandbox, VerificationResult]) -> Verified:
    """Compare what was really sent with what is expected."""
    parts = _parts(ask.body.match)
    matched: list[str] = []
    others: list[tuple[int, Exchange]] = []
    for exchange in ask.sandbox().journal:
        count = sum(1 for _ in islice(_misses(exchange, parts), _MOST_COUNTED))
        if count:
            others.append((count, exchange))
        else:
            matched.append(exchange.id)
    least, most = ask.body.bounds()
    too_few = len(matched) < least
    ok = not too_few and (most is None or len(matched) <= most)
    others.reverse()  # of those equally near the latest goes first
    nearest = sorted(others, key=lambda item: item[0])[:MOST_NEAR] if too_few else []
    return {
        "ok": ok,
        "matched": matched,
        "nearest": [_near_miss(exchange, parts) for _, exchange in nearest],
    }


def _parts(match: RequestMatch) -> list[MatcherPart]:
    """Prepare the comparisons; ControlError with every matcher that cannot be."""
    wanted = [(name, getattr(match, name)) for name in _PLAIN]
    parts = [
        MatcherPart(name, compile_matcher(value)) for name, value in wanted if value is not None
    ]
    if match.path is not None:
        parts.append(MatcherPart("path", _path(match.path)))
    try:
        parts += [_fields("query", match.query)]
        headers = {name.lower(): value for name, value in match.headers.items()}
        parts += [_fields("headers", headers)]
        if "body" in match.model_fields_set:
            parts.append(MatcherPart("body", compile_matcher(match.body, "/match/body")))
    except MatcherError as error:
        told = {"where": "body", "pointer": error.pointer, "message": error.message}
        raise ControlError(422, f"{error.pointer} {error.message}", [told]) from None
    return parts


def _fields(where: str, expected: dict[str, JsonValue]) -> MatcherPart:
    """Compare fields that each may have several values; null asks for none."""
    pointer = f"/match/{where}"
    matchers = {
        name: compile_matcher(value, f"{pointer}/{escape(name)}")
        for name, value in expected.items()
    }

    def misses(found: JsonValue, at: str) -> Iterator[Miss]:
        for name, matcher in matchers.items():
            values: list[JsonValue] = found.get(name, [])
            if expected[name] is None and not values:
                continue
            tried = (*values, values) if values else ()
            if all([*matcher(value, at)] for value in tried):
                shown = values[0] if len(values) == 1 else values or None
                yield Miss(f"{at}/{escape(name)}", expected[name], shown)

    return MatcherPart(where, misses)


def _path(expected: str) -> Matcher:
    def misses(found: JsonValue, at: str) -> Iterator[Miss]:
        if not like(expected, found):
            yield Miss(at, expected, found)

    return misses


def _misses(exchange: Exchange, parts: Iterable[MatcherPart]) -> Iterator[tuple[str, Miss]]:
    for part in parts:
        for miss in part.misses(_READERS[part.where](exchange), ""):
            yield part.where, miss


def _many(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _body(exchange: Exchange) -> JsonValue:
    """Read what was sent: JSON, the fields of a form, else a text; None if there is nothing."""
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
    "path": lambda exchange: exchange.request.path,
    "query": lambda exchange: _many(parse_qsl(exchange.request.query, keep_blank_values=True)),
    "headers": lambda exchange: {name: [value] for name, value in exchange.request.headers.items()},
    "body": _body,
    "status": lambda exchange: exchange.answer.status,
    "reason": lambda exchange: exchange.reason or None,
}
"""How each part of an exchange is read, as it was really sent."""


def _near_miss(exchange: Exchange, parts: Iterable[MatcherPart]) -> NearMiss:
    told = islice(_misses(exchange, parts), MOST_DIFFERENCES)
    return {"id": exchange.id, "differences": [_difference(exchange, *item) for item in told]}


def _difference(exchange: Exchange, where: str, miss: Miss) -> DifferenceView:
    secrets = secret_parameters(exchange) if where in ("query", "headers") else frozenset()
    names = [unescape(token) for token in miss.pointer.split("/")[1:]]
    is_hidden = any(is_secret(name, secrets) for name in names) and miss.found is not None
    return {
        "where": where,
        "pointer": miss.pointer,
        "expected": miss.expected,
        "found": REDACTED if is_hidden else redacted(miss.found),
    }


_EXAMPLE = {
    "match": {
        "operation": "sendReviewInvitation",
        "body": {"target_phone": {"$regex": "^\\+33"}},
    },
    "count": 1,
}
CALLS = (
    Call(
        "POST",
        "/requests/verify",
        "verifyRequests",
        TAG,
        "Tell whether requests were made, else which came nearest",
        verify_requests,
        body=VerificationResult,
        body_example=_EXAMPLE,
        result=Verified,
        result_example={"ok": True, "matched": ["r1"], "nearest": []},
        description="Looks at what the journal keeps, as it was really sent.",
    ),
)
