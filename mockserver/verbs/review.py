"""End a review page: answer with the review form, or store a review and thank for it.

A review page is a simulated HTML page of `x-mock.pages`, to which a message links. Documents cannot
write this step: `openapi/review_pages.py` adds it after the steps of a page. `run_review` runs for
every request: it answers with the form or, if `is_sent` is true, with thanks, and then stores a
review in the built-in collection `left_reviews`, with the id of the last message that links to the
page, or None. It never writes to a collection of the document; the steps of the page do that.
"""

from pydantic import Field

from mockserver.base.html import CONTENT_TYPE, HEADERS
from mockserver.base.json import JsonValue
from mockserver.model.scope import Record
from mockserver.model.steps import Step
from mockserver.verbs.fields import StrictFields, Value
from mockserver.verbs.review_page import form_page, thanks_page
from mockserver.verbs.verb import Verb, World


class ReviewFields(StrictFields):
    """The name of the business, and whether the request submits the form."""

    title: Value = None
    is_sent: bool = Field(default=False)


def run_review(world: World, step: Step, title: JsonValue, is_sent: bool) -> None:  # noqa: FBT001 - a field
    """Answer with the form, or store the submitted review and answer with thanks."""
    page = thanks_page(title, world.scope["body"]) if is_sent else form_page(title)
    if is_sent:
        _store_review(world, title)
    world.note(step, "thanked" if is_sent else "shown")
    world.answer(200, HEADERS, page, CONTENT_TYPE, "it is a page of mockserver")


def _store_review(world: World, title: JsonValue) -> None:
    """Store a review, with the id of the last message that links to its page."""
    segments = world.exchange.request.path.split("/")[-world.operation.path.count("/") :]
    page = "/" + "/".join(segments)
    messages = world.records("messages").newest()
    invitation = next((row for row in messages if str(row["link"]).endswith(page)), None)
    review: Record = {"id": world.exchange.id, "page": page, "about": title, "at": world.now}
    review["message_id"] = None if invitation is None else invitation["id"]
    review |= {name: world.scope["body"].get(name) for name in ("rating", "text", "name")}
    world.insert(world.records("left_reviews"), review)


VERB = Verb(name="review page", fields=ReviewFields, run=run_review)
