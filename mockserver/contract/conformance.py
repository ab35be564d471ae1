"""Find the operations of an API, and validate requests and received answers against the document.

`Contract` finds operations by method and path below the base URL, for `cli/proxy_command.py` and
the modules of `contract/` that look operations up. Its `request_violations` returns what a request
violates (`proxy.py`, `checking.py`); `answer_differences` yields what an answer does (`proxy.py`,
`verification.py`): status, headers, and the body if it is JSON or plain text, and no stream.
`ReceivedAnswer` is an answer of a service; its `json()` raises `Refusal` if the body is not JSON.
Violations are returned, not raised; nothing is sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from mockserver.base.http import WITHOUT_LENGTH, is_json, media_type
from mockserver.base.json import JsonValue
from mockserver.contract.answer_comparison import ABSENT, Difference
from mockserver.contract.header_fields import header_differences, text_violations
from mockserver.contract.interactions import Interaction, RequestPart
from mockserver.contract.variables import PLACEHOLDER, value_at
from mockserver.engine.documented_answers import response_for
from mockserver.engine.routing import Match, Router
from mockserver.model.api import Api, Operation
from mockserver.model.contents import DocumentedResponse, ResponseMedia, Validator
from mockserver.model.messages import Request
from mockserver.model.refusal import Refusal, Violation
from mockserver.wire.media import json_of, read_body, text_of

DECODED_CODINGS = frozenset(("", "identity", "gzip", "deflate"))
"""Content codings that HTTP clients decode by themselves; an empty one is `identity`."""
_READABLE_CODINGS = "gzip, deflate, or none"
_EXCERPT_SIZE = 12


@dataclass(frozen=True, slots=True)
class ReceivedAnswer:
    """An answer as a client received it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes
    seconds: float = 0.0
    is_head: bool = False
    """True for the answer to HEAD, which has no body (RFC 9110, section 9.3.2)."""

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None; repeated headers are joined with a comma.

        Args:
            name: In lower case.
        """
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    @property
    def location_parameters(self) -> dict[str, str]:
        """The query parameters of the Location header; none if it is missing or invalid."""
        try:
            return dict(parse_qsl(urlsplit(self.header("location") or "").query))
        except ValueError:
            return {}

    @property
    def media_type(self) -> str:
        """The media type without parameters; empty if there is no Content-Type."""
        return media_type(self.header("content-type") or "").name

    @property
    def is_json(self) -> bool:
        """True if the Content-Type is JSON."""
        return is_json(self.media_type)

    @property
    def excerpt(self) -> str:
        """The size and the first bytes of the body; too few to contain a secret."""
        begins = ascii(self.body[:_EXCERPT_SIZE].decode("latin-1"))
        return f"{len(self.body)} bytes that begin with {begins}"

    def json(self) -> JsonValue:
        """Parse the body.

        Raises:
            Refusal: If it is not JSON, with the position of the error.
        """
        return json_of(self.body, self.header("content-type") or "")


class Contract:
    """The operations of an API, found by method and path, and their rules for requests.

    All paths are relative to the API's base URL.
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        self._router = Router(api.operations)
        self._by_id = {operation.id: operation for operation in api.operations}

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The operations of the API by operation id."""
        return self._by_id

    def match(self, path: str, method: str = "") -> Match | None:
        """Find the path template that matches a path, preferably one that has the method."""
        return self._router.find(path, method)

    def operation(self, method: str, path: str) -> Operation | None:
        """Find an operation by method and path."""
        found = self.match(path, method)
        return None if found is None else found.operation(method)

    def path_values(self, path: str, operation: Operation) -> Mapping[str, str]:
        """Return the path parameters of a request, not percent-decoded."""
        match = self.match(path, operation.method)
        return match.parameters(operation) if match is not None else {}

    def find_operation(self, request: RequestPart) -> Operation | None:
        """Find the operation of an interaction's request; its placeholders match any value."""
        return self.operation(request.method, PLACEHOLDER.sub("x", request.path))

    def operation_of(self, interaction: Interaction) -> Operation:
        """Return the operation of an interaction that was loaded for this API."""
        if interaction.operation is not None:
            return self._by_id[interaction.operation]
        found = self.find_operation(interaction.request)
        assert found is not None, "loading rejects an interaction without an operation"
        return found

    def request_violations(self, request: Request) -> list[Violation]:
        """List the violations of a request, whose path is relative to the base URL."""
        match = self.match(request.path, request.method)
        operation = None if match is None else match.operation(request.method)
        if operation is None or match is None:
            return [Violation("path", "", "path", "and method are not documented")]
        violations: list[Violation] = []
        if operation.parameters is not None:
            path = match.parameters(operation)
            _, violations = operation.parameters.decode(path, request.query, request.headers)
        return [*violations, *_body_violations(operation, request)]


def _body_violations(operation: Operation, request: Request) -> list[Violation]:
    if operation.body is None:
        if request.body:
            return [Violation("body", "", "body", "is not documented")]
        return []
    try:
        return read_body(operation.body, request)[1]
    except Refusal as refusal:
        return [Violation("body", "", str(refusal.kind), refusal.message)]


def answer_differences(operation: Operation, answer: ReceivedAnswer) -> Iterator[Difference]:
    """Yield the differences between an answer and its documentation."""
    documented = response_for(operation, answer.status)
    if documented is None:
        known = ", ".join(response.status for response in operation.responses) or "none"
        words = f"a documented status ({known})"
        yield Difference("status", "", words, answer.status, "document")
        return
    yield from header_differences(documented.headers, answer.header)
    if answer.status in WITHOUT_LENGTH or answer.is_head:
        return
    if answer.body:
        yield from _content_differences(documented, answer)
    elif _has_schema(documented):
        yield Difference("body", "", "a body", ABSENT, "document")


def _has_schema(documented: DocumentedResponse) -> bool:
    return any(media.schema is not None for media in documented.media)


def _content_differences(
    documented: DocumentedResponse, answer: ReceivedAnswer
) -> Iterator[Difference]:
    media = _best_media(documented.media, answer.header("content-type") or "")
    if media is None:
        if documented.media:
            words = " or ".join(item.media_type for item in documented.media)
            found = answer.header("content-type") or ABSENT
            yield Difference("header", "content-type", words, found, "document")
        return
    if (coding := answer.header("content-encoding") or "").lower() not in DECODED_CODINGS:
        yield Difference("header", "content-encoding", _READABLE_CODINGS, coding, "document")
    elif answer.is_json and not media.is_stream:
        yield from _json_differences(media, answer)
    elif answer.media_type == "text/plain" and media.schema is not None:
        yield from _text_differences(media.schema, answer)


def _json_differences(media: ResponseMedia, answer: ReceivedAnswer) -> Iterator[Difference]:
    try:
        value = answer.json()
    except Refusal as refusal:
        yield Difference("body", "", f"JSON ({refusal.message})", answer.excerpt, "document")
        return
    if media.schema is not None:
        yield from _violation_differences(media.schema.violations(value, "body"), value)


def _text_differences(schema: Validator, answer: ReceivedAnswer) -> Iterator[Difference]:
    try:
        text = text_of(answer.body, answer.header("content-type") or "")
    except Refusal as refusal:
        yield Difference("body", "", f"text ({refusal.message})", answer.excerpt, "document")
        return
    yield from _violation_differences(text_violations(schema, text), text)


def _best_media(offered: Iterable[ResponseMedia], content_type: str) -> ResponseMedia | None:
    """Return the documented media type or range that matches a media type most precisely."""
    given, best, best_precision = media_type(content_type), None, 0
    for media in offered:
        if (found := media_type(media.media_type).admits(given)) > best_precision:
            best, best_precision = media, found
    return best


def _violation_differences(
    violations: Iterable[Violation], value: JsonValue
) -> Iterator[Difference]:
    """Yield a difference for each violation of a schema.

    Args:
        violations: Of the schema.
        value: The value that violates it.
    """
    for violation in violations:
        yield Difference(
            violation.where,
            violation.pointer,
            violation.message,
            _value_at(value, violation.pointer),
            "document",
        )


def _value_at(value: JsonValue, pointer: str) -> JsonValue:
    try:
        return value_at(value, pointer)
    except LookupError:
        return ABSENT
