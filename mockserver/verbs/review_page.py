"""The page on which the person who was invited leaves a review."""

from html import escape

from mockserver.base.html import html_page
from mockserver.base.json import JsonValue
from mockserver.model.scope import Record

NOTE = "This page is simulated: what is sent here stays in the sandbox, and no real review is left."
_RATINGS = (
    (1, "1 star: bad"),
    (2, "2 stars: poor"),
    (3, "3 stars: fair"),
    (4, "4 stars: good"),
    (5, "5 stars: excellent"),
)


def form_page(whom: JsonValue) -> bytes:
    """Ask for stars and a text."""
    stars = "".join(
        f'<input type="radio" id="rating-{value}" name="rating" value="{value}" required>'
        f'<label for="rating-{value}" title="{told}">'
        f'<span aria-hidden="true">\u2605</span><span class="told">{told}</span></label>'
        for value, told in _RATINGS
    )
    body = (
        '<form method="post"><fieldset><legend>Your rating</legend>'
        f'<div class="stars">{stars}</div></fieldset>'
        '<label for="text">Your review</label>'
        '<textarea id="text" name="text" maxlength="10000"></textarea>'
        '<label for="name">Your name</label>'
        '<input type="text" id="name" name="name" maxlength="200" autocomplete="name">'
        "<p><button>Send the review</button></p></form>"
    )
    return html_page(f"How was it at {_name(whom)}?", body, NOTE)


def thanks_page(whom: JsonValue, review: Record) -> bytes:
    """Show what was sent."""
    rating = int(review["rating"])
    stars = "\u2605" * rating + "\u2606" * (5 - rating)
    text, name = str(review.get("text") or ""), str(review.get("name") or "")
    quoted = f"<blockquote>{escape(text)}</blockquote>" if text else ""
    signed = f"<p>{escape(name)}</p>" if name else ""
    body = (
        f'<p role="img" aria-label="{rating} of 5 stars">{stars}</p>{quoted}{signed}'
        "<p>You can close this page.</p>"
    )
    return html_page(f"Thank you for reviewing {_name(whom)}", body, NOTE)


def refusal_page(message: str) -> bytes:
    """Say why there is nothing to review."""
    body = f"<p>{escape(message)}</p>"
    return html_page("This review cannot be left", body, NOTE)


def _name(whom: JsonValue) -> str:
    return str(whom or "this business")
