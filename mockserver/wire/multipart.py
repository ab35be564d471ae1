"""`multipart` bodies (RFC 2046, section 5.1; RFC 7578), from bytes to their parts.

A split at the boundary is exact for any bytes and takes linear time. The standard library's
`email` reads lines, decodes them and nests, which costs more than all the rest of a request.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mockserver.base.http import media_type, parameters
from mockserver.model.refusal import Kind, Refusal

MOST_PARTS = 1_000
LONGEST_HEAD = 8_192
"""Bytes of the header fields of one part."""
_LONGEST_BOUNDARY = 70
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body."""

    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        return self._disposition().get("name")

    @property
    def filename(self) -> str | None:
        """The name of the file that was uploaded (RFC 7578, section 4.2)."""
        given = self._disposition()
        extended = given.get("filename*")
        if extended is not None and extended.lower().startswith("utf-8''"):
            return unquote(extended[len("utf-8''") :])
        return given.get("filename")

    @property
    def content_type(self) -> str:
        """As it is sent; empty if it is not."""
        return self.headers.get("content-type", "")

    def _disposition(self) -> Mapping[str, str]:
        kind, semicolon, rest = self.headers.get("content-disposition", "").partition(";")
        return parameters(semicolon + rest) if kind.strip().lower() == "form-data" else {}


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """Cut a body into its parts.

    Raises:
        Refusal: `malformed` if it is not of the form, or has more parts than are read.
    """
    boundary = media_type(content_type).parameters.get("boundary", "")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise _malformed("its Content-Type names no boundary")
    delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
    _preamble, *pieces = (b"\r\n" + body).split(delimiter, MOST_PARTS + 2)
    if len(pieces) > MOST_PARTS + 1:
        raise _malformed(f"it has more than {MOST_PARTS:,} parts")
    return list(_parts(pieces))


def _parts(pieces: list[bytes]) -> Iterator[Part]:
    for piece in pieces:
        if piece.startswith(b"--"):
            return
        padding, line, rest = piece.partition(b"\r\n")
        if padding.strip(b" \t") or not line:
            raise _malformed("a boundary is not at the end of its line")
        head, blank, content = (b"\r\n" + rest).partition(_END)
        if not blank or len(head) > LONGEST_HEAD:
            raise _malformed(f"a part has no header fields, or more than {LONGEST_HEAD:,} bytes")
        yield Part(_headers(head), content)
    raise _malformed("its last boundary is missing")


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _malformed(why: str) -> Refusal:
    return Refusal(Kind.MALFORMED, f"the body is not multipart: {why}")
