"""From replies and refusals to the bytes of an answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from mockserver.base.html import HEADERS
from mockserver.base.http import essence, is_json, is_xml
from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.base.time import Instant, whole_seconds
from mockserver.engine.answer_headers import add_missing_headers, replace_headers
from mockserver.engine.documented_answers import (
    BODILESS,
    MOST_KEPT,
    Wish,
    documented,
    response_for,
    violations_of,
)
from mockserver.model.api import Api, ErrorAnswer, Operation
from mockserver.model.contents import ResponseMedia
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import STATUS_OF_KIND, Kind, Refusal, Violation
from mockserver.model.scope import Scope, Template
from mockserver.verbs.review_page import refusal_page
from mockserver.wire.media import json_bytes, write

PROBLEM = "application/problem+json"
STATUS_PHRASES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus}
RETRY_STATUSES = frozenset({429, 503})
_INVALID_STATUSES = (422, 400)
OAUTH_KINDS = frozenset(
    (
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "unsupported_grant_type",
    )
)
"""Errors of the token endpoint, which answers JSON of its own (RFC 6749, section 5.2)."""


@dataclass(slots=True)
class Reply:
    """The answer that the steps chose, before it is rendered."""

    status: int
    headers: list[tuple[str, str]]
    body: JsonValue
    """JSON, or bytes that go out as they are; None for no body."""
    content_type: str
    because: str
    example: str | None = None
    """The name of the documented example that it is; empty for one without a name."""
    media: ResponseMedia | None = None
    """What the document says of such a body."""
    source: Source | None = None
    """Where the document says so."""


def render_reply(reply: Reply) -> Answer:
    """Write a reply's body; a header that the reply names itself is not added again."""
    headers = reply.headers
    body = reply.body
    if body is None or reply.status in BODILESS:
        return Answer(reply.status, headers, b"", example=reply.example)
    content_type = reply.content_type
    if not headers or not any(name.lower() == "content-type" for name, _ in headers):
        headers = [("Content-Type", content_type), *headers]
    content = write(body, content_type, reply.media.write_xml if reply.media else None)
    return Answer(reply.status, headers, content, example=reply.example)


def header_fields(templates: Iterable[tuple[str, Template]], scope: Scope) -> list[tuple[str, str]]:
    """Evaluate header templates; a line break in a value becomes a space (RFC 9110, 5.5)."""
    return [(name, " ".join(str(template(scope)).splitlines())) for name, template in templates]


def render_refusal(
    refusal: Refusal,
    api: Api,
    operation: Operation | None,
    scope: Scope,
    now: Instant,
    accept: str = "",
) -> Answer:
    """Write a refusal as the API does: its own error, the documented answer, or a problem."""
    if operation is not None and operation.is_page:
        status = STATUS_OF_KIND.get(refusal.kind, 400)
        return Answer(status, list(HEADERS), refusal_page(refusal.message))
    errors = api.errors if operation is None else operation.errors
    chosen = errors.get(refusal.kind)
    status = chosen.status if chosen else _status(refusal.kind, operation)
    wait = None if refusal.passes_at is None else max(whole_seconds(refusal.passes_at - now), 0)
    error = error_scope(refusal, status, wait)
    if chosen is not None:
        answer = _own(chosen, {**scope, "error": error})
    elif refusal.kind in OAUTH_KINDS:
        fields = {"error": refusal.kind, "error_description": refusal.message}
        answer = render_reply(Reply(status, [], fields, "application/json", ""))
    else:
        answer = _documented(operation, status, refusal, accept) or problem(
            status, refusal.message, error
        )
    _add_required(answer, refusal)
    if wait is not None and status in RETRY_STATUSES:
        add = add_missing_headers if chosen is not None else replace_headers
        add(answer.headers, [("Retry-After", str(wait))])
    return answer


def _add_required(answer: Answer, refusal: Refusal) -> None:
    """Add the headers that a refusal must have; a challenge of the API itself is kept."""
    name = "WWW-Authenticate"
    replace_headers(answer.headers, [item for item in refusal.headers if item[0] != name])
    add_missing_headers(answer.headers, [item for item in refusal.headers if item[0] == name])


def error_scope(refusal: Refusal, status: int, wait: int | None) -> dict[str, JsonValue]:
    """Return a refusal as the names `error.…` that the expressions of error bodies see."""
    return {
        "kind": str(refusal.kind),
        "message": refusal.message,
        "violations": [_violation(item) for item in refusal.violations],
        "retry_after": wait,
        "status": status,
    }


def _violation(violation: Violation) -> dict[str, JsonValue]:
    return {
        "where": violation.where,
        "pointer": violation.pointer,
        "field": violation.field,
        "keyword": violation.keyword,
        "message": violation.message,
    }


def _status(kind: str, operation: Operation | None) -> int:
    """Return the status of a kind that the API does not map: of what it documents if it does."""
    if kind == Kind.INVALID and operation is not None:
        exact = {response.status for response in operation.responses}
        return next((status for status in _INVALID_STATUSES if str(status) in exact), 400)
    return 401 if kind == "invalid_client" else STATUS_OF_KIND.get(kind, 400)


def _own(chosen: ErrorAnswer, scope: Scope) -> Answer:
    headers = header_fields(chosen.headers, scope)
    body = None if chosen.body is None else chosen.body(scope)
    return render_reply(Reply(chosen.status, headers, body, chosen.content_type, ""))


def _documented(
    operation: Operation | None, status: int, refusal: Refusal, accept: str
) -> Answer | None:
    """Use the documented answer for a status, if it has a body or headers to give."""
    if operation is None or refusal.kind == Kind.BROKEN_ANSWER:
        return None
    found = documented(operation, status, Wish(accept, must_fit=False))
    if found is None or not found.headers:  # a description alone says nothing of the answer
        return None
    return found.answer()


def problem(status: int, detail: str, extra: Mapping[str, Any] | None = None) -> Answer:
    """Make an answer of the mock's own (RFC 9457)."""
    body: dict[str, JsonValue] = {
        "type": "about:blank",
        "title": STATUS_PHRASES.get(status, "Unassigned"),
        "status": status,
        "detail": detail,
    }
    violations = (extra or {}).get("violations")
    if violations:
        body["violations"] = violations
    return Answer(status, [("Content-Type", PROBLEM)], json_bytes(body))


def has_header(answer: Answer, name: str) -> bool:
    """Return True if an answer has a header; the name is in lower case."""
    return any(key.lower() == name for key, _ in answer.headers)


def violations_of_reply(operation: Operation, reply: Reply) -> list[Violation]:
    """List how a reply breaks the document; what the document doesn't describe breaks nothing."""
    response = response_for(operation, reply.status)
    if response is None or reply.body is None:
        return []
    given = essence(reply.content_type)
    media = next((item for item in response.media if essence(item.media_type) == given), None)
    return [] if media is None else violations_of(media, reply.content_type, reply.body)


_JSON = "application/json"


class Representation(NamedTuple):
    """A media type for a body, and what the document says of it."""

    content_type: str
    media: ResponseMedia | None = None
    varies: bool = False
    """Another `Accept` may get another one."""


def represent(
    operation: Operation, status: int, body: JsonValue, wanted: str, request: Request
) -> Representation:
    """Choose the media type of an answer: the client's choice of those that can hold the body.

    A client that takes none of them gets the first: real services rarely refuse.

    Args:
        operation: Whose answers are documented.
        status: Of the answer.
        body: What is to be sent.
        wanted: The media type that a step names; empty if it names none.
        request: Whose `Accept` counts.
    """
    is_text = isinstance(body, str | bytes)
    accept = request.headers.get("accept", "")
    key = (status, wanted, is_text, accept)
    found: Representation | None = operation.rendered.get(key)
    if found is None:
        if len(operation.rendered) >= MOST_KEPT:
            operation.rendered.clear()
        response = response_for(operation, status)
        media = () if response is None else response.media
        found = _named(media, wanted) if wanted else _negotiated(media, accept, is_text=is_text)
        operation.rendered[key] = found
    return found


def _named(media: tuple[ResponseMedia, ...], wanted: str) -> Representation:
    name = essence(wanted)
    same = (one for one in media if essence(one.media_type) == name)
    return Representation(wanted, next(same, None) or next(filter(_is_json, media), None))


def _negotiated(media: tuple[ResponseMedia, ...], accept: str, *, is_text: bool) -> Representation:
    fitting = [one for one in media if is_text or _is_json(one) or _is_written_xml(one)]
    if not fitting:
        return Representation(_JSON)
    if len(fitting) == 1 and "*" not in fitting[0].media_type:
        return Representation(fitting[0].media_type, fitting[0])
    from mockserver.wire.negotiation import negotiate  # noqa: PLC0415 - costs start time

    offered = [one.media_type for one in fitting]
    choice = negotiate(offered, accept) or negotiate(offered, "")
    assert choice is not None
    return Representation(choice.media_type, fitting[choice.index], len(fitting) > 1)


def _is_json(media: ResponseMedia) -> bool:
    """Return True for JSON, and for a media range, which may be JSON."""
    return is_json(essence(media.media_type)) or "*" in media.media_type


def _is_written_xml(media: ResponseMedia) -> bool:
    return media.write_xml is not None and is_xml(essence(media.media_type))
