"""HTTP messages as values: what a client sent, and what goes back to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockserver.base.time import ZERO, Duration
from mockserver.model.refusal import Refusal


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
