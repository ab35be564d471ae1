"""Heads of requests: fields, targets, and what cannot be read (RFC 9112)."""

import re
from collections.abc import Iterable, Iterator, Sequence

from mockserver.base.asgi import is_control
from mockserver.engine.rendering import problem
from mockserver.model.messages import Answer

_TLS_HANDSHAKE = b"\x16\x03"
"""First bytes of a TLS connection (RFC 8446, section 5.1)."""
MAX_HEAD_SIZE = 65_536
"""Bytes that the target and all fields of a request may have together."""
INVALID_HOST = (
    "the header Host is missing, repeated or invalid: "
    "send it exactly once, as a host name or IP address, with or without a port"
)
_HOST = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+(?:%25[\w.~-]+)?\]|[\w.~!$&'()*+,;=%-]*)(?::[0-9]*)?", re.ASCII
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
_BLANKS = " \t"
_MAX_NAMES = 1_000
_NAMES: dict[bytes, str] = {}
"""Cache of header names: as sent → in lower case; bounded, because clients choose the names."""


class BadHeadError(Exception):
    """A head after which nothing more can be read from the connection."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.answer = problem(status, detail)


def _lowered(raw: bytes) -> str:
    name = raw.decode("latin-1").lower()
    if len(_NAMES) < _MAX_NAMES:
        _NAMES[raw] = name
    return name


def read_fields(raw: Iterable[tuple[bytes, bytes]]) -> tuple[dict[str, str], list[str]]:
    """Return the headers by lower-case name, and all values of Host.

    White space around a value is no part of it (RFC 9112, section 5.1). Fields of one name are
    joined by commas (RFC 9110, section 5.3), cookies by semicolons.
    """
    headers: dict[str, str] = {}
    hosts = []
    names = _NAMES
    for raw_name, value in raw:
        name = names.get(raw_name) or _lowered(raw_name)
        text = value.decode("latin-1").strip(_BLANKS)
        if name == "host":
            hosts.append(text)
        if name in headers:
            text = headers[name] + ("; " if name == "cookie" else ", ") + text
        headers[name] = text
    return headers, hosts


def is_valid_host(values: Sequence[str], version: str) -> bool:
    """Return True if a request of this HTTP version may have these Host fields (RFC 9112, 3.2)."""
    if len(values) == 1:
        return _HOST.fullmatch(values[0]) is not None
    return not values and version == "1.0"


def split_absolute(target: bytes) -> tuple[bytes, bytes]:
    """Split a URL into its authority, and its path with the query (RFC 9112, section 3.2.2).

    Raises:
        BadHeadError: If it is no URL of HTTP, or has no host, or user information.
    """
    found = _ABSOLUTE.fullmatch(target.partition(b"#")[0])
    authority = found[1] if found else b""
    host = authority.decode("latin-1")
    if found is None or not _HOST.fullmatch(host) or not host.partition(":")[0]:
        raise BadHeadError(400, "the target of the request is neither a path nor an http URL")
    path = found[2]
    return authority, path if path[:1] == b"/" else b"/" + path


def check_version(version: str) -> None:
    """Refuse other versions than HTTP/1.x (RFC 9110, section 15.6.6).

    Raises:
        BadHeadError: For any other.
    """
    if not version.startswith("1."):
        raise BadHeadError(505, f"HTTP/{version} is not supported; use HTTP/1.1")


def check_transfer_coding(value: str, version: str) -> None:
    """Refuse transfer codings other than chunked (RFC 9112, section 6.1).

    Raises:
        BadHeadError: For any other, and for all of them in HTTP/1.0.
    """
    if version == "1.0":
        raise BadHeadError(400, "HTTP/1.0 has no Transfer-Encoding")
    codings = [coding.strip(_BLANKS).lower() for coding in value.split(",")]
    codings = [coding for coding in codings if coding]
    if codings[-1:] != ["chunked"] or codings.count("chunked") > 1:
        raise BadHeadError(
            400, "the end of the body is not known: Transfer-Encoding is not chunked"
        )
    if len(codings) > 1:
        raise BadHeadError(501, f"the transfer coding {codings[0][:40]!r} is not supported")


def without_upgrade(raw: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the lines of fields, without those that offer another protocol."""
    for name, value in raw:
        lowered = name.lower()
        if lowered == b"connection":
            kept = [token for token in value.split(b",") if not _offers_upgrade(token)]
            yield b"%b:%b" % (name, b",".join(kept))
        elif not _offers_upgrade(lowered):
            yield b"%b:%b" % (name, value)


def _offers_upgrade(field: bytes) -> bool:
    """Return True for a field name, or an option of Connection, that offers another protocol."""
    return field.strip().lower() in {b"upgrade", b"http2-settings"}


def is_control_target(target: bytes) -> bool:
    """Return True if a target belongs to the control API."""
    return target.startswith(b"/_mock") and is_control(target.partition(b"?")[0].decode("latin-1"))


def too_large(*, has_fields: bool) -> Answer:
    """Return the answer to a head of more than MAX_HEAD_SIZE bytes."""
    if has_fields:
        return problem(431, f"the headers are longer than {MAX_HEAD_SIZE:,} bytes")
    return problem(414, f"the target is longer than {MAX_HEAD_SIZE:,} bytes")


def unreadable(data: bytes) -> str:
    """Return the message for bytes that are no HTTP, with advice if they begin a TLS connection."""
    message = "Invalid HTTP request received."
    if data.startswith(_TLS_HANDSHAKE):
        return f"{message} It begins a TLS connection: use http:// instead of https:// in the URL."
    return message
