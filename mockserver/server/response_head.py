"""Heads of answers: both ways of a request through the server send what this module says."""

import re

from mockserver.base.http import WITHOUT_LENGTH
from mockserver.base.time import Instant, http_date
from mockserver.model.messages import Answer

ENCODING = ("latin-1", "replace")
"""How names and values of fields become bytes: a character outside of Latin-1 becomes `?`."""
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FIRST_FINAL = 200
_RESET_CONTENT = 205


def framing(method: str, answer: Answer) -> tuple[int | None, bytes]:
    """Return the Content-Length and the body to send in answer to a request of a method.

    The length is that of the whole body, also where less is sent: in answer to HEAD (RFC 9110,
    section 9.3.2), and where a fault cuts the body. 1xx, 204 and 304 have neither length nor body
    (section 8.6), 205 has no body (section 15.3.6).
    """
    if answer.status in WITHOUT_LENGTH or answer.status < _FIRST_FINAL:
        return None, b""
    if answer.status == _RESET_CONTENT:
        return 0, b""
    body = answer.body
    return len(body), b"" if method == "HEAD" else body[: answer.cut_at]


def fields_and_body(method: str, answer: Answer) -> tuple[list[tuple[str, str]], bytes]:
    """Return all fields and the body to send in answer to a request of a method.

    A control character in a value becomes a space (RFC 9110, section 5.5).
    """
    fields = answer.headers
    if not "".join([value for _, value in fields]).isprintable():
        fields = [(name, _CONTROLS.sub(" ", value)) for name, value in fields]
    length, body = framing(method, answer)
    if length is not None:
        fields = [*fields, ("content-length", str(length))]
    return fields, body


def add_date(answer: Answer, at: Instant) -> None:
    """Add the header Date (RFC 9110, section 6.6.1) unless the answer has one."""
    headers = answer.headers
    for name, _ in headers:
        if len(name) == 4 and name.lower() == "date":  # noqa: PLR2004 - the name's length
            return
    headers.append(("Date", http_date(at)))
