"""What travels while a request is handled: the request, its answer, a refusal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mockserver.clock import ZERO, Duration, Instant
from mockserver.errors import Source

JsonValue = Any
"""What JSON can say: None, bool, int, float, str, list and dict with text keys."""
Record = dict[str, JsonValue]
"""One stored row; never changed in place, so that rows can be shared and rolled back."""
Scope = dict[str, Any]
"""The names an expression sees while one request is handled."""
Template = Callable[[Scope], Any]
"""A compiled value of a document: evaluates its expressions on a scope."""
SCOPE_NAMES = frozenset(
    (
        "body",
        "path",
        "query",
        "header",
        "cookie",
        "principal",
        "credential",
        "scopes",
        "settings",
        "now",
        "base_url",
        "test",
        "request_id",
    )
)
"""What every expression of an operation can see; null until it is known."""


class Kind(StrEnum):
    """The error kinds every API has; documents may add their own."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    MALFORMED = "malformed"
    INVALID = "invalid"
    RATE_LIMITED = "rate_limited"
    COOLDOWN = "cooldown"
    QUOTA_EXHAUSTED = "quota_exhausted"
    FULL = "full"
    BROKEN_ANSWER = "broken_answer"


STATUS_OF_KIND: Mapping[str, int] = {
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_MEDIA_TYPE: 415,
    Kind.MALFORMED: 400,
    Kind.INVALID: 400,
    Kind.RATE_LIMITED: 429,
    Kind.COOLDOWN: 429,
    Kind.QUOTA_EXHAUSTED: 429,
    Kind.FULL: 503,
    Kind.BROKEN_ANSWER: 500,
}
"""The status of an error kind for which neither `x-mock` nor the document has an answer."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a request breaks its operation's description."""

    where: str
    """Part of the request: body, query, path, header or cookie."""
    pointer: str
    """JSON Pointer into that part, such as `/channel/email`; empty for the whole of it."""
    keyword: str
    """The rule that is broken, such as `required`."""
    message: str

    @property
    def field(self) -> str:
        """The pointer as a dotted name: `channel.email`; the part's name for the whole of it."""
        dotted = self.pointer.removeprefix("/").replace("/", ".")
        return dotted.replace("~1", "/").replace("~0", "~") or self.where


@dataclass(slots=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    """As sent: percent-encoded, with any sandbox prefix and mount name."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; values of a repeated header joined by commas (RFC 9110, 5.3)."""
    body: bytes = b""
    scheme: str = "http"
    too_large: bool = False
    """The body was longer than the server reads."""
    unread: "Refusal | None" = None
    """Why the body cannot be read, if it cannot."""

    @property
    def accept(self) -> str:
        """The media types that the client takes, as it wrote them."""
        return self.headers.get("accept", "")


NOTHING_SENT = -1
"""Where an answer is cut of which not even the head is sent: the connection is reset."""


@dataclass(slots=True)
class Answer:
    """What goes back to the client."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    delay: Duration = ZERO
    cut_at: int | None = None
    """Bytes of the body after which the connection is broken, or `NOTHING_SENT`."""
    example: str | None = None
    """The name of the documented example that it is; empty for one without a name."""


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A request that is not granted; nothing it did is kept."""

    kind: str
    message: str
    violations: tuple[Violation, ...] = ()
    source: Source | None = None
    passes_at: Instant | None = None
    """When the same request would pass, as far as it is known."""
    headers: tuple[tuple[str, str], ...] = ()
