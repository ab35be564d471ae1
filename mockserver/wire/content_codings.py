"""Content codings of requests (RFC 9110, section 8.4.1), undone within the bound of a body."""

import zlib
from dataclasses import replace

from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""How zlib is told the format: 31 is gzip's, 15 zlib's, -15 has no header."""
_RAW = -15
_MOST_CODINGS = 3
_MOST_MEMBERS = 100
_ACCEPTED = (("Accept-Encoding", "gzip, deflate"),)


def decoded(request: Request, limit: int) -> Request:
    """Return the request with its body as it was before it was coded, up to `limit` bytes.

    One that cannot be undone is noted as `unread`, a longer one as `too_large`.
    """
    codings = [item.strip().lower() for item in request.headers["content-encoding"].split(",")]
    wanted = [item for item in codings if item not in ("", "identity")]
    if request.too_large or not request.body or not wanted:
        return request
    unknown = [item for item in wanted if item not in _WINDOWS]
    if unknown or len(wanted) > _MOST_CODINGS:
        message = f"the content coding {', '.join(wanted)[:50]} is not supported; send gzip or none"
        refusal = Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message, headers=_ACCEPTED)
        return replace(request, unread=refusal)
    body = request.body
    try:
        for coding in reversed(wanted):
            body = _inflated(body, coding, limit)
    except zlib.error:
        refusal = Refusal(Kind.MALFORMED, f"the body is not coded as {', '.join(wanted)}")
        return replace(request, unread=refusal)
    if len(body) > limit:
        return replace(request, body=b"", too_large=True)
    return replace(request, body=body)


def _inflated(data: bytes, coding: str, limit: int) -> bytes:
    """Return at most one byte more than the limit; gzip may have several members."""
    found = b""
    for _ in range(_MOST_MEMBERS):
        if not data or len(found) > limit:
            return found
        window = _WINDOWS[coding]
        if coding == "deflate" and not _has_zlib_header(data):
            window = _RAW
        inflater = zlib.decompressobj(window)
        found += inflater.decompress(data, limit + 1 - len(found))
        if not inflater.eof:
            if len(found) <= limit:
                raise zlib.error
            return found
        data = inflater.unused_data
    raise zlib.error


def _has_zlib_header(data: bytes) -> bool:
    """Tell RFC 1950 from a bare stream, which some clients send as deflate."""
    return len(data) > 1 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0  # noqa: PLR2004 - section 2.2
