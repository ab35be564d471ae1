"""Define HTTP requests and answers as values, independent of sockets.

`server/` makes a `Request` (so do `contract/` and `cli/explain_command.py`), and the engine returns
an `Answer`, which `server/` sends. Header names of requests are in lower case. An answer states a
delay, or where the connection is cut (`NOTHING_SENT`: before all); only the server acts on both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mockserver.base.time import ZERO, Duration
from mockserver.model.refusal import Refusal


@dataclass(slots=True)
class Request:
    """An HTTP request."""

    method: str
    path: str
    """As sent: percent-encoded, including sandbox prefix and API name."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case; values of a repeated header joined by commas (RFC 9110, 5.3)."""
    body: bytes = b""
    scheme: str = "http"
    too_large: bool = False
    """True if the body exceeds the limit of the server."""
    unread: "Refusal | None" = None
    """The refusal if the body cannot be read."""
    fields: Sequence[tuple[bytes, bytes]] = ()
    """The header lines as they came, in order; empty if the request did not come over a socket."""
    head_size: int = 0
    """Number of bytes of target and header lines."""

    def header_lines(self) -> list[tuple[str, str]]:
        """Return the header lines in their order, repeated ones too, as far as they are known."""
        if not self.fields:
            return list(self.headers.items())
        lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.fields]
        return [(name, value.strip(" \t")) for name, value in lines]

    @property
    def accept(self) -> str:
        """The value of the Accept header, or an empty text."""
        return self.headers.get("accept", "")


NOTHING_SENT = -1
"""The value of `cut_at` for an answer that is not sent at all: the connection is reset."""


@dataclass(slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    delay: Duration = ZERO
    cut_at: int | None = None
    """Number of bytes of the body after which the connection is closed, or `NOTHING_SENT`."""
    example: str | None = None
    """The name of the documented example that was used; empty for an unnamed example."""
