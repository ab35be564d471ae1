"""Comparing the answers that steps choose with what the document says of them."""

from mockserver.base.http import essence
from mockserver.engine.documented_answers import response_for, violations_of
from mockserver.engine.rendering import Reply
from mockserver.model.api import Operation
from mockserver.model.refusal import Violation


def violations_of_reply(operation: Operation, reply: Reply) -> list[Violation]:
    """List how a reply breaks the document; what the document doesn't describe breaks nothing."""
    response = response_for(operation, reply.status)
    if response is None or reply.body is None:
        return []
    given = essence(reply.content_type)
    media = next((item for item in response.media if essence(item.media_type) == given), None)
    return [] if media is None else violations_of(media, reply.content_type, reply.body)
