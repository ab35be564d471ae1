"""The framing of an answer, which HTTP/1.1 (`protocol.py`) and ASGI (`application.py`) share.

The two write fields differently, one as a text and the other as pairs, but what they write is
decided here: whether there is a Content-Length, what is sent of the body, and the encoding.
"""

from mockserver.base.http import WITHOUT_LENGTH
from mockserver.model.messages import Answer

ENCODING = ("latin-1", "replace")
"""How names and values of fields become bytes: a character outside of Latin-1 becomes `?`."""


def framing(method: str, answer: Answer) -> tuple[int | None, bytes]:
    """Return the Content-Length and the body to send in answer to a request of a method.

    The length is that of the whole body, also where less is sent: in answer to HEAD (RFC 9110,
    section 9.3.2), and where a fault cuts the body. 204 and 304 have neither length nor body.
    """
    if answer.status in WITHOUT_LENGTH:
        return None, b""
    body = answer.body
    return len(body), b"" if method == "HEAD" else body[: answer.cut_at]
