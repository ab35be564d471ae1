"""Write answers: turn a reply of the steps, or a refusal, into status, headers and bytes.

- In: a `Reply`, which the steps of an operation chose; or a `Refusal`, with the API and the
  operation that define its body. Out: an `Answer`, or `ExpressionError` for invalid headers.
- Callers: `pipeline.py`, `run.py` and `fault_injection.py`. `server/application.py` and
  `server/protocol.py` use `problem` for errors of their own; `cors.py` uses `replace_headers`.
- It does not choose status or body of a reply: the steps do; `represent` chooses its media type.
  `violations_of_reply` compares a reply with its schema. Answers from examples and schemas are made
  in `documented_answers.py`. It sends nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from mockserver.base.errors import ExpressionError
from mockserver.base.html import HEADERS
from mockserver.base.http import essence, is_json, is_xml
from mockserver.base.json import JsonValue, text, unescape
from mockserver.base.places import Source
from mockserver.base.time import Instant, whole_seconds
from mockserver.engine.conventions import (
    DEFAULT_CONVENTIONS,
    DEFAULT_STYLE,
    AnswerStyle,
    Conventions,
)
from mockserver.engine.documented_answers import (
    BODILESS,
    MOST_KEPT,
    AnswerCriteria,
    documented_answer,
    response_for,
    violations_of,
    xml_writer,
)
from mockserver.model.api import Api, ErrorAnswer, Operation
from mockserver.model.contents import ResponseMedia
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import STATUS_OF_KIND, Kind, Refusal, Violation
from mockserver.model.scope import Scope
from mockserver.verbs.oauth_records import error_description
from mockserver.verbs.review_page import refusal_page
from mockserver.wire.media import json_bytes, write

PROBLEM = "application/problem+json"
STATUS_PHRASES: Mapping[int, str] = {status.value: status.phrase for status in HTTPStatus}
RETRY_STATUSES = frozenset({429, 503})
_DESCRIPTION = "error_description"
"""The member of an OAuth error beside `error`; RFC 6749, 5.2, limits its characters."""
OAUTH_KINDS = frozenset(
    (
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "unsupported_grant_type",
    )
)
"""Error kinds of the OAuth token endpoint; RFC 6749, section 5.2, defines their JSON."""


@dataclass(slots=True)
class Reply:
    """The answer that the steps chose, before its body is written as bytes."""

    status: int
    headers: list[tuple[str, str]]
    body: JsonValue
    """A JSON value, or bytes that are already written; None for no body."""
    content_type: str
    because: str
    """The reason, for the trace."""
    example: str | None = None
    """Name of the documented example that was used; empty for an unnamed example."""
    media: ResponseMedia | None = None
    """The description of this media type in the document."""
    source: Source | None = None
    """The place in the document: a step, an example or a media type."""


def render_reply(reply: Reply, style: AnswerStyle = DEFAULT_STYLE) -> Answer:
    """Return the answer for a reply; add `Content-Type` unless the reply has this header."""
    headers = reply.headers
    body = reply.body
    if body is None or reply.status in BODILESS:
        return Answer(reply.status, headers, b"", example=reply.example)
    content_type = reply.content_type
    if not headers or not any(name.lower() == "content-type" for name, _ in headers):
        headers = [("Content-Type", content_type), *headers]
    writer = xml_writer(reply.media, style) if "xml" in content_type.lower() else None
    content = write(body, content_type, writer)
    return Answer(reply.status, headers, content, example=reply.example)


def header_fields(headers: Iterable[tuple[str, JsonValue]]) -> list[tuple[str, str]]:
    """Return the lines of headers: one for each item of a list, and none for null.

    A value is written as in JSON, and a line break in it becomes a space (RFC 9110, 5.5).

    Raises:
        ExpressionError: If a value is a map, or a list that contains a map or a list.
    """
    lines: list[tuple[str, str]] = []
    for name, value in headers:
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, list | dict):
                raise ExpressionError(f"the header {name} can be neither a map nor a nested list")
            if item is not None:
                lines.append((name, " ".join(text(item).splitlines())))
    return lines


class ErrorCriteria(NamedTuple):
    """What determines how an error is answered, besides its kind."""

    accept: str = ""
    conventions: Conventions = DEFAULT_CONVENTIONS
    example: str | None = None
    """The name of the documented example that the client asks for."""

    @property
    def for_answer(self) -> AnswerCriteria:
        """The criteria for the documented answer."""
        accept = "" if self.conventions.errors_ignore_accept else self.accept
        style = self.conventions.answer_style
        return AnswerCriteria(accept, example=self.example, must_fit=False, style=style)


DEFAULT_CRITERIA = ErrorCriteria()


def render_refusal(
    refusal: Refusal,
    api: Api,
    operation: Operation | None,
    scope: Scope,
    now: Instant,
    criteria: ErrorCriteria = DEFAULT_CRITERIA,
) -> Answer:
    """Return the answer for a refusal.

    The first of these that exists is used: the error that `x-mock` defines for the kind, the JSON
    of an OAuth error, the documented answer for the status, a problem (RFC 9457). A page answers
    with HTML.
    """
    if operation is not None and operation.is_page:
        status = STATUS_OF_KIND.get(refusal.kind, 400)
        return Answer(status, list(HEADERS), refusal_page(refusal.message))
    errors = api.errors if operation is None else operation.errors
    chosen = errors.get(refusal.kind)
    status = (
        chosen.status if chosen else _default_status(refusal.kind, operation, criteria.conventions)
    )
    wait = None if refusal.passes_at is None else max(whole_seconds(refusal.passes_at - now), 0)
    error = _error_scope(refusal, status, wait)
    if chosen is not None:
        answer = _error_answer(chosen, {**scope, "error": error})
    elif (oauth_kind := _oauth_kind(refusal.kind, operation)) is not None:
        described = error_description(refusal.message)
        fields = {"error": oauth_kind, "error_description": described}
        answer = render_reply(Reply(status, [], fields, "application/json", ""))
    else:
        # of the path only: other advice may show a credential or a record
        advice = f"; {refusal.advice}" if operation is None and refusal.advice else ""
        members = _problem_members(refusal, error, criteria.conventions)
        answer = _documented(operation, status, refusal, criteria) or problem(
            status, refusal.message + advice, members
        )
    _add_required(answer, refusal)
    if wait is not None and status in RETRY_STATUSES:
        add = _add_missing_headers if chosen is not None else replace_headers
        add(answer.headers, [("Retry-After", str(wait))])
    return answer


def _oauth_kind(kind: str, operation: Operation | None) -> str | None:
    """Return the OAuth error for an error kind; None if it is not one of the token endpoint."""
    if kind in OAUTH_KINDS:
        return kind
    program = None if operation is None else operation.program
    if kind not in {Kind.INVALID, Kind.MALFORMED} or program is None:
        return None
    is_token_endpoint = any(step.verb == "oauth_token" for step in program.steps)
    return "invalid_request" if is_token_endpoint else None


def _add_required(answer: Answer, refusal: Refusal) -> None:
    """Add the headers that a refusal must have; a challenge of the API itself is kept."""
    name = "WWW-Authenticate"
    replace_headers(answer.headers, [item for item in refusal.headers if item[0] != name])
    _add_missing_headers(answer.headers, [item for item in refusal.headers if item[0] == name])


def _error_scope(refusal: Refusal, status: int, wait: int | None) -> dict[str, JsonValue]:
    """Return the members of `error`, which expressions in error bodies use."""
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


def _default_status(kind: str, operation: Operation | None, conventions: Conventions) -> int:
    """Return the status of an error kind for which `x-mock` defines none.

    For `invalid` this is 422 or 400, whichever the operation documents.
    """
    statuses = conventions.error_statuses.get(kind)
    if statuses is not None and operation is not None:
        exact = {response.status for response in operation.responses}
        documented = (status for status in statuses.documented if str(status) in exact)
        return next(documented, statuses.otherwise)
    return 401 if kind == "invalid_client" else STATUS_OF_KIND.get(kind, 400)


def _error_answer(chosen: ErrorAnswer, scope: Scope) -> Answer:
    headers = header_fields((name, template(scope)) for name, template in chosen.headers)
    body = None if chosen.body is None else chosen.body(scope)
    if isinstance(body, dict) and "error" in body and isinstance(body.get(_DESCRIPTION), str):
        body = {**body, _DESCRIPTION: error_description(body[_DESCRIPTION])}
    return render_reply(Reply(chosen.status, headers, body, chosen.content_type, ""))


def _documented(
    operation: Operation | None,
    status: int,
    refusal: Refusal,
    criteria: ErrorCriteria,
) -> Answer | None:
    """Return the documented answer for a status; None if it has neither body nor headers."""
    if operation is None or refusal.kind == Kind.BROKEN_ANSWER:
        return None
    found = documented_answer(operation, status, criteria.for_answer)
    if found is None:
        return None
    if not found.headers and not criteria.conventions.bodiless_errors:
        return None  # a description alone says nothing of the answer
    return found.answer()


def _problem_members(
    refusal: Refusal, error: Mapping[str, JsonValue], conventions: Conventions
) -> Mapping[str, JsonValue]:
    """Return what the problem of a refusal says besides its status and its message."""
    members = dict(error)
    if (uri := conventions.problem_types.get(refusal.kind)) is not None:
        members["type"] = uri
    if conventions.validation_member:
        members["validation"] = [_validation_item(item) for item in refusal.violations]
    return members


def _validation_item(violation: Violation) -> dict[str, JsonValue]:
    """Return a violation with the path to the value; a missing member has that of its object."""
    steps = [unescape(step) for step in violation.pointer.split("/")[1:]]
    if violation.keyword == "required":
        steps = steps[:-1]
    return {
        "location": [violation.where, *steps],
        "severity": "Error",
        "code": violation.keyword,
        "message": violation.message,
    }


def problem(status: int, detail: str, extra: Mapping[str, Any] | None = None) -> Answer:
    """Return a problem (RFC 9457), the format of errors that no document defines."""
    extra = extra or {}
    body: dict[str, JsonValue] = {
        "type": extra.get("type", "about:blank"),
        "title": STATUS_PHRASES.get(status, "Unassigned"),
        "status": status,
        "detail": detail,
    }
    for name in ("violations", "validation"):
        if members := extra.get(name):
            body[name] = members
    return Answer(status, [("Content-Type", PROBLEM)], json_bytes(body))


def has_header(answer: Answer, name: str) -> bool:
    """Return True if an answer has a header; the name is in lower case."""
    return any(key.lower() == name for key, _ in answer.headers)


def violations_of_reply(operation: Operation, reply: Reply) -> list[Violation]:
    """Return the violations of the documented schema; none if the reply is not documented."""
    response = response_for(operation, reply.status)
    if response is None or reply.body is None:
        return []
    given = essence(reply.content_type)
    media = next((item for item in response.media if essence(item.media_type) == given), None)
    return [] if media is None else violations_of(media, reply.content_type, reply.body)


_JSON = "application/json"


class Representation(NamedTuple):
    """The media type chosen for a body, with its description in the document."""

    content_type: str
    media: ResponseMedia | None = None
    varies: bool = False
    """True if another `Accept` may lead to another media type."""


def represent(
    operation: Operation, status: int, body: JsonValue, wanted: str, request: Request
) -> Representation:
    """Choose the media type of an answer by `Accept`, from the documented ones that suit the body.

    If the client accepts none of them, the first is used: few real services refuse.

    Args:
        operation: The operation with the documented answers.
        status: The status code of the answer.
        body: The body to write.
        wanted: The media type that the step names; empty for none.
        request: The request with the `Accept` header.
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
        found = _with_type(media, wanted) if wanted else _negotiated(media, accept, is_text=is_text)
        operation.rendered[key] = found
    return found


def _with_type(media: tuple[ResponseMedia, ...], wanted: str) -> Representation:
    name = essence(wanted)
    same = (one for one in media if essence(one.media_type) == name)
    return Representation(wanted, next(same, None) or next(filter(_is_json, media), None))


def _negotiated(media: tuple[ResponseMedia, ...], accept: str, *, is_text: bool) -> Representation:
    fitting = [one for one in media if is_text or _is_json(one) or _is_written_xml(one)]
    if not fitting:
        return Representation(_JSON)
    if len(fitting) == 1 and "*" not in fitting[0].media_type:
        return Representation(fitting[0].media_type, fitting[0])
    from mockserver.wire.negotiation import Holds, negotiate  # noqa: PLC0415 - costs start time

    offered = [one.media_type for one in fitting]
    holds = [Holds.ANYTHING if is_text else Holds.VALUE] * len(offered)
    choice = negotiate(offered, accept, holds) or negotiate(offered, "", holds)
    assert choice is not None
    chosen = fitting[choice.index]
    varies = len(fitting) > 1 or "*" in chosen.media_type
    return Representation(choice.media_type, chosen, varies)


def _is_json(media: ResponseMedia) -> bool:
    """Return True for JSON and for a media range, because a range may include JSON."""
    return is_json(essence(media.media_type)) or "*" in media.media_type


def _is_written_xml(media: ResponseMedia) -> bool:
    return media.write_xml is not None and is_xml(essence(media.media_type))


def replace_headers(headers: list[tuple[str, str]], ours: Iterable[tuple[str, str]]) -> None:
    """Add headers that must be true; documented values of the same names are removed.

    Most headers may be sent only once (RFC 9110, section 5.3), and an example does not know this
    request.
    """
    added = list(ours)
    if added:
        names = {name.lower() for name, _ in added}
        headers[:] = [item for item in headers if item[0].lower() not in names]
        headers += added


def _add_missing_headers(headers: list[tuple[str, str]], more: Iterable[tuple[str, str]]) -> None:
    """Add those headers of which the answer has none of the same name."""
    present = {name.lower() for name, _ in headers}
    headers += [item for item in more if item[0].lower() not in present]
