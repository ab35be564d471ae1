"""Sort media types into families that are read in the same way, and complete a Content-Type.

`family_of` gets the name of a media type; `media.py`, `openapi/parameter_objects.py` and
`openapi/request_bodies.py` choose readers by the family. `engine/documented_answers.py` asks
whether a type `is_text`, and calls `content_type_for` for the header of an answer: it adds
`charset=utf-8` to text types, and to multipart types the boundary, which it looks up in the body if
that is an example. No body is decoded or changed here.
"""

import re

from mockserver.base.http import FORM, is_json, is_json_lines, is_json_sequence, is_xml

VALIDATED_FAMILIES = frozenset(("json", "form", "multipart", "parts", "xml"))
"""Families whose bodies can be validated against the schema of an object or an array."""

_READ_AS_TEXT = ("text/", "application/yaml", "application/x-yaml", "application/graphql")
_WRITTEN_AS_TEXT = ("text/", "application/javascript", "application/yaml", "multipart/")
_FIRST_BOUNDARY = re.compile(rb"\s*--([0-9A-Za-z'+_.-]{1,70})[ \t]*\r?\n")
"""The first boundary of an example that is a complete multipart body (RFC 2046, section 5.1.1)."""


def family_of(name: str) -> str:
    """Return the family of a media type: media types of one family are read in the same way."""
    if name == FORM:
        return "form"
    if name.startswith("multipart/"):
        return "multipart" if name == "multipart/form-data" else "parts"
    if is_json_lines(name) or is_json_sequence(name):
        return "sequence"
    if is_json(name):
        return "json"
    if is_xml(name):
        return "xml"
    return "text" if name.startswith(_READ_AS_TEXT) else "binary"


def is_text(name: str) -> bool:
    """Return True if a media type, given without parameters, is text and not a binary file."""
    from mockserver.wire.body_formats import writer_of  # noqa: PLC0415 - it imports `media.py`

    if name.startswith(_WRITTEN_AS_TEXT) or writer_of(name) is not None:
        return True
    return is_json(name) or is_xml(name)


def _with_charset(content_type: str) -> str:
    """Add `charset=utf-8` to a text type that names no charset (RFC 9110, section 8.3.2)."""
    if content_type.lower().startswith("text/") and "charset" not in content_type.lower():
        return f"{content_type}; charset=utf-8"
    return content_type


def content_type_for(content_type: str, content: bytes = b"") -> str:
    """Return the Content-Type to send, with the charset or boundary that a client needs."""
    if content_type.lower().startswith("multipart/") and "boundary" not in content_type.lower():
        from mockserver.wire.body_formats import BOUNDARY  # noqa: PLC0415 - it imports `media.py`

        first = _FIRST_BOUNDARY.match(content)
        boundary = first[1].decode() if first else BOUNDARY
        return f"{content_type}; boundary={boundary}"
    return _with_charset(content_type)
