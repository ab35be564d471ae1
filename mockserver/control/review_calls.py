"""Declare and answer the call that lists the reviews left on simulated review pages.

`control_app.py` adds its `CALLS`. Reviews of all APIs in a sandbox, oldest first unless `order`
says otherwise, each with the id of the message that asked for it. They are records of the built-in
collection `left_reviews`, which the verb of review pages writes. Nothing is changed or redacted.
"""

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.time import format_instant
from mockserver.control.declarations import Call, ControlRequest, OrderedPageQuery
from mockserver.control.timed_pages import page_by_time
from mockserver.engine.builtin_collections import LEFT_REVIEWS
from mockserver.model.scope import Record

TAG = "Messages"


class LeftReview(TypedDict):
    """A review, with the id of the message that asked for it."""

    id: str
    """Id of the request that left the review."""
    api: str
    page: str
    about: JsonValue
    rating: int
    text: JsonValue
    name: JsonValue
    at: str
    message_id: str | None


class LeftReviews(TypedDict):
    """Reviews of a sandbox."""

    total: int
    reviews: list[LeftReview]


def list_reviews(request: ControlRequest[OrderedPageQuery, None]) -> LeftReviews:
    """List the reviews that were left on simulated review pages."""
    total, rows = page_by_time(request.query, request.sandbox(), LEFT_REVIEWS.name, "at")
    return {"total": total, "reviews": [_view(name, record) for name, record in rows]}


def _view(api: str, record: Record) -> LeftReview:
    return {
        "id": record["id"],
        "api": api,
        "page": record["page"],
        "about": record["about"],
        "rating": record["rating"],
        "text": record["text"],
        "name": record["name"],
        "at": format_instant(record["at"]),
        "message_id": record["message_id"],
    }


CALLS = (
    Call(
        "GET",
        "/reviews",
        "listReviews",
        TAG,
        "List the reviews that were left on simulated review pages",
        list_reviews,
        OrderedPageQuery,
        result=LeftReviews,
        result_example={
            "total": 1,
            "reviews": [
                {
                    "id": "r2",
                    "api": "partoo",
                    "page": "/r/{invitation}",
                    "about": "Chez Marie",
                    "rating": 5,
                    "text": "Lovely",
                    "name": "Ann",
                    "at": "2026-03-10T12:00:00Z",
                    "message_id": "0a52b4f0-3f6f-4b7e-9c5e-2f0d6c8b1a2e",
                }
            ],
        },
    ),
)
