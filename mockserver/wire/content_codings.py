"""Decompress request bodies by `Content-Encoding` (RFC 9110, section 8.4.1), up to a limit.

`server/application.py` and `contract/proxy.py` call `decoded` for a request with that header. Out
comes the request with its decompressed body, or with the reason why it has none: `unread` is a
refusal (a coding other than gzip and deflate, more than 3 of them, or invalid data), `too_large` is
set beyond the limit. The refusal is not raised here. Answers are neither compressed nor
decompressed here.
"""

import zlib
from dataclasses import replace

from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""The `wbits` argument of zlib: 31 reads the gzip format, 15 the zlib format."""
_WITHOUT_HEADER = -15
"""The `wbits` argument for a raw deflate stream."""
_MOST_CODINGS = 3
_MOST_MEMBERS = 100
_ACCEPTED = (("Accept-Encoding", "gzip, deflate"),)


def decoded(request: Request, limit: int) -> Request:
    """Return the request with its body decompressed.

    If the body cannot be decompressed, `unread` has the refusal. If the result is longer than
    `limit` bytes, `too_large` is set.
    """
    listed = [item.strip().lower() for item in request.headers["content-encoding"].split(",")]
    codings = [item for item in listed if item not in ("", "identity")]
    if request.too_large or not request.body or not codings:
        return request
    unknown = [item for item in codings if item not in _WINDOWS]
    if unknown or len(codings) > _MOST_CODINGS:
        names = ", ".join(codings)[:50]
        message = f"the content coding {names} is not supported; send gzip or none"
        refusal = Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message, headers=_ACCEPTED)
        return replace(request, unread=refusal)
    body = request.body
    try:
        for coding in reversed(codings):
            body = _inflated(body, coding, limit)
    except zlib.error:
        refusal = Refusal(Kind.MALFORMED, f"the body is not valid {', '.join(codings)}")
        return replace(request, unread=refusal)
    if len(body) > limit:
        return replace(request, body=b"", too_large=True)
    return replace(request, body=body)


def _inflated(data: bytes, coding: str, limit: int) -> bytes:
    """Decompress up to one byte more than the limit; a gzip file may have several members."""
    inflated = b""
    for _ in range(_MOST_MEMBERS):
        if not data or len(inflated) > limit:
            return inflated
        window = _WINDOWS[coding]
        if coding == "deflate" and not _has_zlib_header(data):
            window = _WITHOUT_HEADER
        inflater = zlib.decompressobj(window)
        inflated += inflater.decompress(data, limit + 1 - len(inflated))
        if not inflater.eof:
            if len(inflated) <= limit:
                raise zlib.error
            return inflated
        data = inflater.unused_data
    raise zlib.error


def _has_zlib_header(data: bytes) -> bool:
    """Return True for the zlib format (RFC 1950); some clients send raw deflate without it."""
    return len(data) > 1 and data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0  # noqa: PLR2004 - section 2.2
