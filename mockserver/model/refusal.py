"""Define refusals: the error kinds, their default status codes, and the violations of a document.

A `Refusal` is an exception that `wire/`, `engine/` and verbs raise at request time, also through
`otherwise`; `engine/pipeline.py` rolls back and `engine/rendering.py` answers it, as `x-mock` or
the document defines its kind, otherwise with `STATUS_OF_KIND`. `kind` is a text, because documents
can define more. `schemas/` and `wire/` make a `Violation` for each fault of a request;
`contract/` also uses them for answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mockserver.base.places import Source
from mockserver.base.time import Instant


class Kind(StrEnum):
    """The error kinds that every API has; documents may define others."""

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
"""The status code of an error kind for which `x-mock` and the document define none."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation of an operation's description by a request."""

    where: str
    """Part of the request: body, query, path, header or cookie."""
    pointer: str
    """JSON Pointer into that part, such as `/channel/email`; empty for the whole part."""
    keyword: str
    """The violated keyword, such as `required`."""
    message: str
    tolerated: str = ""
    """How the value is read although it is wrong; empty if the request is refused."""

    @property
    def field(self) -> str:
        """The pointer as a dotted name, such as `channel.email`; `where` if it is empty."""
        dotted = self.pointer.removeprefix("/").replace("/", ".")
        return dotted.replace("~1", "/").replace("~0", "~") or self.where


@dataclass(slots=True)
class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The refusal of a request, whose changes are rolled back."""

    kind: str
    message: str
    violations: tuple[Violation, ...] = ()
    source: Source | None = None
    passes_at: Instant | None = None
    """When the same request would be accepted, if known."""
    headers: tuple[tuple[str, str], ...] = ()
    cause: str = ""
    """What refused, in the words of the mock; empty if `message` says it."""
    advice: str = ""
    """What the client can do."""
