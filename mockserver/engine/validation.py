"""Reading a request's parameters and body, and naming everything that is wrong with them."""

from mockserver.base.http import media_type
from mockserver.base.json import JsonValue
from mockserver.model.contents import RequestBody, RequestMedia
from mockserver.model.messages import Request
from mockserver.model.refusal import Kind, Refusal, Violation

_UNNAMED = "application/octet-stream"
"""What a body without Content-Type may be taken for (RFC 9110, section 8.3)."""
_OFFERS = {"POST": "Accept-Post", "PATCH": "Accept-Patch"}


def read_body(body: RequestBody, request: Request) -> tuple[JsonValue, list[Violation]]:
    """Return a body's value, and everything that is wrong with it.

    Raises:
        Refusal: `unsupported_media_type` or `malformed` if it cannot be read at all.
    """
    if request.unread is not None:
        raise request.unread
    if not request.body:
        missing = Violation("body", "", "required", "is required")
        return None, [missing] if body.required else []
    content_type = request.headers.get("content-type", "")
    media = _media(body, content_type)
    if media is None:
        raise _unsupported(body, request.method, content_type)
    return media.read(request.body, content_type)


def _media(body: RequestBody, content_type: str) -> RequestMedia | None:
    """Choose the most specific of the media types that are read."""
    for media in body.media:
        if media.media_type == content_type:
            return media
    given = media_type(content_type or _UNNAMED)
    best, closeness = None, 0
    for media in body.media:
        if (found := media.accepts.admits(given)) > closeness:
            best, closeness = media, found
    return best


def _unsupported(body: RequestBody, method: str, content_type: str) -> Refusal:
    offered = ", ".join(media.media_type for media in body.media)
    if content_type:
        message = f"{content_type[:100]} is not supported; send {offered}"
    else:
        message = f"the body has no Content-Type; send {offered}"
    names = ["Accept", *([_OFFERS[method]] if method in _OFFERS else [])]
    headers = tuple((name, offered) for name in names)
    return Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, message, headers=headers)
