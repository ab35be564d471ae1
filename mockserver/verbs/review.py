"""The step of a review page: show the page on which a review is left, or thank for one.

Documents do not write it; it ends the steps of their `x-mock.pages`.
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
    """Whom the review is about, and whether the form was sent."""

    title: Value = None
    is_sent: bool = Field(default=False)


def run_review(world: World, step: Step, title: JsonValue, is_sent: bool) -> None:  # noqa: FBT001 - a field
    """Show the page on which a review is left, or thank for the one that was sent."""
    page = thanks_page(title, world.scope["body"]) if is_sent else form_page(title)
    if is_sent:
        _store_review(world, title)
    world.note(step, "thanked" if is_sent else "shown")
    world.answer(200, HEADERS, page, CONTENT_TYPE, "it is the mock's own page")


def _store_review(world: World, title: JsonValue) -> None:
    """Remember which message led to a review; the document keeps the review as it likes."""
    segments = world.exchange.request.path.split("/")[-world.operation.path.count("/") :]
    page = "/" + "/".join(segments)
    messages = reversed(world.records("messages").rows.values())
    asked = next((row for row in messages if str(row["link"]).endswith(page)), None)
    review: Record = {"id": world.exchange.id, "page": page, "about": title, "at": world.now}
    review["message_id"] = None if asked is None else asked["id"]
    review |= {name: world.scope["body"].get(name) for name in ("rating", "text", "name")}
    world.insert(world.records("left_reviews"), review)


VERB = Verb(name="review page", fields=ReviewFields, run=run_review)
