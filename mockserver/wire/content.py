"""From the bytes of a body or of a part of it to text and JSON."""

import re
from collections.abc import Mapping

import orjson

from mockserver.base.http import media_type
from mockserver.base.json import JsonValue
from mockserver.model.refusal import Kind, Refusal

DEEPEST = 100
"""Levels of nesting that a body may have."""
_CHARSETS: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
}
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_MARK = b"\xef\xbb\xbf"


def text_of(body: bytes, content_type: str) -> str:
    """Decode a text by the `charset` of its media type, UTF-8 without.

    Raises:
        Refusal: `malformed` if it is not of that encoding, `unsupported_media_type` if that
            encoding is not known.
    """
    charset = media_type(content_type).charset
    codec = _CHARSETS.get(charset)
    if codec is None:
        message = f"the charset {charset[:50]!r} is not supported; send utf-8"
        raise Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message)
    try:
        return body.decode(codec)
    except UnicodeError:
        raise Refusal(Kind.MALFORMED, f"the body is not {charset.upper()}") from None


def json_of(body: bytes, content_type: str = "application/json") -> JsonValue:
    """Read a JSON text (RFC 8259) in the encoding that its media type names.

    Raises:
        Refusal: `malformed`, saying where it stops being JSON.
    """
    if "charset" in content_type.lower():
        body = text_of(body, content_type).encode()
    return parse_json(body)


def parse_json(body: bytes | str, deepest: int = DEEPEST) -> JsonValue:
    """Read a JSON text in UTF-8, of so many levels; a byte order mark before it is passed over.

    Raises:
        Refusal: `malformed`, saying where it stops being JSON.
    """
    if isinstance(body, str):
        body = body.encode()
    if body.count(b"[") + body.count(b"{") > deepest and _too_deep(body, deepest):
        raise Refusal(Kind.MALFORMED, f"the body is nested deeper than {deepest} levels")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if body.startswith(_MARK):
            return parse_json(body[len(_MARK) :], deepest)
        message = f"the body is not JSON: {error.msg}: line {error.lineno} column {error.colno}"
        raise Refusal(Kind.MALFORMED, message) from None


def _too_deep(body: bytes, deepest: int) -> bool:
    depth = 0
    for bracket in _TEXTS.sub(b"", body).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            return True
    return False
