"""Write the HTML of review pages: the form, the thanks after it, and the message of a refusal.

`review.py` calls `form_page` and `thanks_page`; `engine/rendering.py` calls `refusal_page`. Each
returns a whole page as bytes, in which values of requests are escaped. Nothing here stores a
review.
"""

from mockserver.base.html import Markup, html_page, join, tag
from mockserver.base.json import JsonValue
from mockserver.model.scope import Record

NOTE = "This page is simulated: what you send stays in the sandbox, and no real review is left."
_RATINGS = (
    (1, "1 star: bad"),
    (2, "2 stars: poor"),
    (3, "3 stars: fair"),
    (4, "4 stars: good"),
    (5, "5 stars: excellent"),
)


def form_page(subject: JsonValue) -> bytes:
    """Return the page with the form for a rating, a text and a name.

    Args:
        subject: The name of the business; null if it is not known.
    """
    stars = tag("div", *(_star(value, label) for value, label in _RATINGS), class_="stars")
    form = tag(
        "form",
        tag("fieldset", tag("legend", "Your rating"), stars),
        tag("label", "Your review", for_="text"),
        tag("textarea", id="text", name="text", maxlength="10000"),
        tag("label", "Your name", for_="name"),
        tag("input", type="text", id="name", name="name", maxlength="200", autocomplete="name"),
        tag("p", tag("button", "Send the review")),
        method="post",
    )
    return html_page(f"How was it at {_name(subject)}?", form, NOTE)


def _star(value: int, label: str) -> Markup:
    name = f"rating-{value}"
    radio = tag("input", type="radio", id=name, name="rating", value=str(value), required=True)
    star = tag("span", "\u2605", aria_hidden="true")
    words = tag("span", label, class_="visually-hidden")
    return join([radio, tag("label", star, words, for_=name, title=label)])


def thanks_page(subject: JsonValue, review: Record) -> bytes:
    """Return the page that thanks for a review and repeats it."""
    rating = int(review["rating"])
    stars = "\u2605" * rating + "\u2606" * (5 - rating)
    text, name = str(review.get("text") or ""), str(review.get("name") or "")
    body = [
        tag("p", stars, role="img", aria_label=f"{rating} of 5 stars"),
        tag("blockquote", text) if text else Markup(),
        tag("p", name) if name else Markup(),
        tag("p", "You can close this page."),
    ]
    return html_page(f"Thank you for reviewing {_name(subject)}", join(body), NOTE)


def refusal_page(message: str) -> bytes:
    """Return the page that explains why a review is refused."""
    return html_page("This review cannot be left", tag("p", message), NOTE)


def _name(subject: JsonValue) -> str:
    return str(subject or "this business")
