"""In which of the documented media types an answer of steps is sent."""

from typing import NamedTuple

from mockserver.base.http import essence, is_json, is_xml
from mockserver.base.json import JsonValue
from mockserver.engine.documented_answers import MOST_KEPT, response_for
from mockserver.model.api import Operation
from mockserver.model.contents import ResponseMedia

_JSON = "application/json"


class Representation(NamedTuple):
    """A media type for a body, and what the document says of it."""

    content_type: str
    media: ResponseMedia | None = None
    varies: bool = False
    """Another `Accept` may get another one."""


def represent(
    operation: Operation, status: int, body: JsonValue, wanted: str, accept: str
) -> Representation:
    """Choose the media type of an answer: the client's choice of those that can hold the body.

    A client that takes none of them gets the first: real services rarely refuse.

    Args:
        operation: Whose answers are documented.
        status: Of the answer.
        body: What is to be sent.
        wanted: The media type that a step names; empty if it names none.
        accept: The header's value.
    """
    is_text = isinstance(body, str | bytes)
    key = (status, wanted, is_text, accept)
    found: Representation | None = operation.rendered.get(key)
    if found is None:
        if len(operation.rendered) >= MOST_KEPT:
            operation.rendered.clear()
        response = response_for(operation, status)
        media = () if response is None else response.media
        found = _named(media, wanted) if wanted else _negotiated(media, accept, is_text=is_text)
        operation.rendered[key] = found
    return found


def _named(media: tuple[ResponseMedia, ...], wanted: str) -> Representation:
    name = essence(wanted)
    same = (one for one in media if essence(one.media_type) == name)
    return Representation(wanted, next(same, None) or next(filter(_is_json, media), None))


def _negotiated(media: tuple[ResponseMedia, ...], accept: str, *, is_text: bool) -> Representation:
    fitting = [one for one in media if is_text or _is_json(one) or _is_written_xml(one)]
    if not fitting:
        return Representation(_JSON)
    if len(fitting) == 1 and "*" not in fitting[0].media_type:
        return Representation(fitting[0].media_type, fitting[0])
    from mockserver.wire.negotiation import negotiate  # noqa: PLC0415 - costs start time

    offered = [one.media_type for one in fitting]
    choice = negotiate(offered, accept) or negotiate(offered, "")
    assert choice is not None
    return Representation(choice.media_type, fitting[choice.index], len(fitting) > 1)


def _is_json(media: ResponseMedia) -> bool:
    """Tell whether it is JSON, or a range, which may be."""
    return is_json(essence(media.media_type)) or "*" in media.media_type


def _is_written_xml(media: ResponseMedia) -> bool:
    return media.write_xml is not None and is_xml(essence(media.media_type))
