"""Reading a request's parameters and body, and naming everything that is wrong with them."""

import re

import orjson

from mockserver.engine.matching import Match
from mockserver.engine.run import Run
from mockserver.engine.security import cookies
from mockserver.exchange import JsonValue, Kind, Refusal, Request, Violation
from mockserver.model import RequestBody, RequestMedia

DEEPEST = 100
"""Levels of nesting that a JSON body may have."""
_TEXTS = re.compile(rb'"(?:[^"\\\\]|\\\\.)*"?', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def validate(run: Run, request: Request, match: Match) -> None:
    """Put the typed parameters and the body into the scope.

    Raises:
        Refusal: `invalid` with all violations of parameters and body at once; or `too_large`,
            `unsupported_media_type`, `malformed` when the body cannot be read at all.
    """
    scope = run.scope
    violations: list[Violation] = []
    operation = run.operation
    if operation.parameters is None:
        scope["path"], scope["query"], scope["cookie"] = {}, {}, {}
    else:
        path = match.parameters(operation)
        jar = cookies(request)
        values, violations = operation.parameters.decode(path, request.query, request.headers, jar)
        scope["path"], scope["query"], scope["cookie"], declared = (
            values["path"],
            values["query"],
            values["cookie"],
            values["header"],
        )
        if declared:
            scope["header"] = {**request.headers, **declared}
    if request.too_large:
        raise Refusal(Kind.TOO_LARGE, "the request body is too large")
    if operation.body is not None:
        scope["body"], found = _read_body(operation.body, request)
        violations = [*violations, *found]
    if violations:
        raise Refusal(Kind.INVALID, _summary(violations), tuple(violations))


def _summary(violations: list[Violation]) -> str:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{first.field} {first.message}{more}"


def _read_body(body: RequestBody, request: Request) -> tuple[JsonValue, list[Violation]]:
    if not request.body:
        missing = Violation("body", "", "required", "is required")
        return None, [missing] if body.required else []
    given = media_type_of(request.headers.get("content-type", ""))
    media = _media(body, given)
    violations: list[Violation] = []
    if media.form is not None:
        value, violations = media.form(_form_text(request.body))
    elif _is_json(given or media.media_type):
        value = parse_json(request.body)
    else:
        return request.body.decode("utf-8", "replace"), []
    if media.validator is not None and not media.validator.is_valid(value):
        violations = [*violations, *media.validator.violations(value, "body")]
    return value, violations


def _media(body: RequestBody, given: str) -> RequestMedia:
    """Choose how to read a body; without a media type as the first one documented."""
    if not given:
        return body.media[0]
    for media in body.media:
        if _fits(media.media_type, given):
            return media
    offered = ", ".join(media.media_type for media in body.media)
    message = f"{given or 'this media type'} is not supported; send {offered}"
    raise Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message, headers=(("Accept", offered),))


def media_type_of(content_type: str) -> str:
    """Return the media type without its parameters, in lower case."""
    if content_type == "application/json":
        return content_type
    return content_type.partition(";")[0].strip().lower()


def _fits(offered: str, given: str) -> bool:
    if offered in (given, "*/*"):
        return True
    return offered.endswith("/*") and given.startswith(offered[:-1])


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _form_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refusal(Kind.MALFORMED, "the form is not UTF-8") from None


def parse_json(body: bytes, deepest: int = DEEPEST) -> JsonValue:
    """Read a JSON text (RFC 8259) of so many levels.

    Raises:
        Refusal: `malformed`, saying where it stops being JSON.
    """
    if body.count(b"[") + body.count(b"{") > deepest and _too_deep(body, deepest):
        raise Refusal(Kind.MALFORMED, f"the body is nested deeper than {deepest} levels")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = f"the body is not JSON: {error.msg}: line {error.lineno} column {error.colno}"
        raise Refusal(Kind.MALFORMED, message) from None


def _too_deep(body: bytes, deepest: int) -> bool:
    depth = 0
    for bracket in _TEXTS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            return True
    return False
