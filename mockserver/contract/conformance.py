"""Holds requests and answers against the document that describes them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mockserver.base.http import WITHOUT_LENGTH, is_json, media_type
from mockserver.base.json import JsonValue
from mockserver.contract.answer_comparison import ABSENT, Difference
from mockserver.contract.header_fields import header_differences, text_violations
from mockserver.contract.interactions import Interaction, RequestPart
from mockserver.contract.variables import PLACEHOLDER, at
from mockserver.engine.bodies_tmp import read_body
from mockserver.engine.documented_answers import response_for
from mockserver.engine.routing import Match, Router
from mockserver.model.api import Api, Operation
from mockserver.model.contents import DocumentedResponse, ResponseMedia, Validator
from mockserver.model.messages import Request
from mockserver.model.refusal import Refusal, Violation
from mockserver.wire.media import json_of, text_of

DECODED = frozenset(("", "identity", "gzip", "deflate"))
"""Content codings that every HTTP client takes off."""
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came over the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes
    seconds: float = 0.0
    is_head: bool = False
    """It answers HEAD, so that its body is left out (RFC 9110, section 9.3.2)."""

    def header(self, name: str) -> str | None:
        """Return a header's value, or None; several of one name are joined."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    @property
    def media_type(self) -> str:
        """Without parameters; empty if none is given."""
        return media_type(self.header("content-type") or "").name

    @property
    def is_json(self) -> bool:
        """It says that its body is JSON."""
        return is_json(self.media_type)

    @property
    def beginning(self) -> str:
        """What a body that cannot be read looks like; too little of it to hold a secret."""
        begins = ascii(self.body[:_SHORT].decode("latin-1"))
        return f"{len(self.body)} bytes that begin with {begins}"

    def json(self) -> JsonValue:
        """Read the body.

        Raises:
            Refusal: Saying where it stops being JSON.
        """
        return json_of(self.body, self.header("content-type") or "")


class Contract:
    """What a document says of requests and answers, found by method and path."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._router = Router(api.operations)
        self._by_id = {operation.id: operation for operation in api.operations}

    @property
    def operations(self) -> Mapping[str, Operation]:
        """The API's operations by their ids."""
        return self._by_id

    def match(self, path: str) -> Match | None:
        """Find what is documented under a path below the base URL."""
        return self._router.find(path)

    def operation(self, method: str, path: str) -> Operation | None:
        """Find an operation by method and path."""
        found = self.match(path)
        return None if found is None else found.operation(method)

    def path_values(self, path: str, operation: Operation) -> Mapping[str, str]:
        """Return the path parameters of a request, still percent-encoded."""
        match = self._router.find(path)
        return match.parameters(operation) if match is not None else {}

    def leads_to(self, request: RequestPart) -> Operation | None:
        """Find the operation of an interaction's request, whatever its placeholders stand for."""
        return self.operation(request.method, PLACEHOLDER.sub("x", request.path))

    def operation_of(self, interaction: Interaction) -> Operation:
        """Return the operation of an interaction that was loaded."""
        if interaction.operation is not None:
            return self._by_id[interaction.operation]
        found = self.leads_to(interaction.request)
        assert found is not None, "an interaction that leads nowhere is not loaded"
        return found

    def request_violations(self, request: Request) -> list[Violation]:
        """List what is wrong with a request, whose path is the one below the base URL."""
        operation, match = self.operation(request.method, request.path), self.match(request.path)
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


def answer_differences(operation: Operation, answer: Received) -> Iterator[Difference]:
    """Yield the ways in which an answer is not what the document describes."""
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
        yield from _content(documented, answer)
    elif _has_schema(documented):
        yield Difference("body", "", "a body", ABSENT, "document")


def _has_schema(documented: DocumentedResponse) -> bool:
    return any(media.schema is not None for media in documented.media)


def _content(documented: DocumentedResponse, answer: Received) -> Iterator[Difference]:
    media = _media(documented.media, answer.header("content-type") or "")
    if media is None:
        if documented.media:
            words = " or ".join(item.media_type for item in documented.media)
            found = answer.header("content-type") or ABSENT
            yield Difference("header", "content-type", words, found, "document")
        return
    if (coding := answer.header("content-encoding") or "").lower() not in DECODED:
        yield Difference("header", "content-encoding", "none, or gzip", coding, "document")
    elif answer.is_json and not media.is_stream:
        yield from _json_differences(media, answer)
    elif answer.media_type == "text/plain" and media.schema is not None:
        yield from _text_differences(media.schema, answer)


def _json_differences(media: ResponseMedia, answer: Received) -> Iterator[Difference]:
    try:
        value = answer.json()
    except Refusal as refusal:
        yield Difference("body", "", f"JSON ({refusal.message})", answer.beginning, "document")
        return
    if media.schema is not None:
        yield from violation_differences(media.schema.violations(value, "body"), value)


def _text_differences(schema: Validator, answer: Received) -> Iterator[Difference]:
    try:
        text = text_of(answer.body, answer.header("content-type") or "")
    except Refusal as refusal:
        yield Difference("body", "", f"text ({refusal.message})", answer.beginning, "document")
        return
    yield from violation_differences(text_violations(schema, text), text)


def _media(offered: Iterable[ResponseMedia], content_type: str) -> ResponseMedia | None:
    """Return what describes a media type most closely."""
    given, best, closeness = media_type(content_type), None, 0
    for media in offered:
        if (found := media_type(media.media_type).admits(given)) > closeness:
            best, closeness = media, found
    return best


def violation_differences(
    violations: Iterable[Violation], value: JsonValue
) -> Iterator[Difference]:
    """Tell violations of a schema as differences."""
    for violation in violations:
        yield Difference(
            violation.where,
            violation.pointer,
            violation.message,
            _found(value, violation.pointer),
            "document",
        )


def _found(value: JsonValue, pointer: str) -> JsonValue:
    try:
        return at(value, pointer)
    except LookupError:
        return ABSENT
