"""Split `multipart` bodies into their parts (RFC 2046, section 5.1; RFC 7578).

`forms.py` is the only caller of `parts_of`: bytes and Content-Type go in, a list of `Part` (headers
and content) comes out, or a `malformed` refusal is raised, also beyond 1,000 parts. Values of the
parts are read in `forms.py`.
"""

# Splitting at the boundary is exact for any bytes and takes linear time. The `email` package of the
# standard library reads and decodes line by line, which costs more than the rest of a request.

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mockserver.base.http import media_type, parameters
from mockserver.model.refusal import Kind, Refusal

MOST_PARTS = 1_000
_LONGEST_HEAD = 8_192
"""Maximum number of bytes of the header fields of one part."""
_LONGEST_BOUNDARY = 70
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a body."""

    headers: Mapping[str, str]
    """Values by names in lower case."""
    content: bytes

    @property
    def name(self) -> str | None:
        """The name of the form field (RFC 7578, section 4.2); None if the part has none."""
        return self.label if self._disposition()[0] == "form-data" else None

    @property
    def label(self) -> str | None:
        """The name in a Content-Disposition of any kind; None if the part has none."""
        return self._disposition()[1].get("name")

    @property
    def filename(self) -> str | None:
        """The name of the uploaded file (RFC 7578, section 4.2); None if it is no file."""
        disposition = self._disposition()[1]
        extended = disposition.get("filename*")
        if extended is not None and extended.lower().startswith("utf-8''"):
            return unquote(extended[len("utf-8''") :])
        return disposition.get("filename")

    @property
    def content_type(self) -> str:
        """The Content-Type; empty if the part has none."""
        return self.headers.get("content-type", "")

    def _disposition(self) -> tuple[str, Mapping[str, str]]:
        kind, semicolon, rest = self.headers.get("content-disposition", "").partition(";")
        return kind.strip().lower(), parameters(semicolon + rest)


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """Split a body into its parts.

    Raises:
        Refusal: `malformed` if the body is not valid multipart, or has more than 1,000 parts.
    """
    boundary = media_type(content_type).parameters.get("boundary", "")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise _malformed("its Content-Type has no valid boundary")
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
        if not blank or len(head) > _LONGEST_HEAD:
            raise _malformed(f"a part has no header fields, or more than {_LONGEST_HEAD:,} bytes")
        yield Part(_headers(head), content)
    raise _malformed("its last boundary is missing")


def _headers(head: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _malformed(reason: str) -> Refusal:
    return Refusal(Kind.MALFORMED, f"the body is not multipart: {reason}")
