"""Declare and answer the call for what a request, or another control call, changed in the sandbox.

`control_app.py` adds its `CALLS`. The changes are listed in the order in which they were made, as
JSON, or with `format=text` one line each. An id without an entry is a 404 that says why
(`entry_names.py`). Secrets are hidden (`change_views.py`).
"""

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.control.change_views import ChangeView, change_views, writes_of
from mockserver.control.declarations import Call, ControlRequest, PageQuery, RawContent
from mockserver.control.entry_names import find_entry
from mockserver.control.request_calls import TAG


class ChangeList(TypedDict):
    """What an entry changed."""

    total: int
    changes: list[ChangeView]


class ChangeFilter(PageQuery):
    """Which changes to return, and how."""

    format: Literal["json", "text"] = Field(
        "json", description="`text` returns one plain line for each change."
    )


def list_changes(request: ControlRequest[ChangeFilter, None]) -> ChangeList | RawContent:
    """List what a request or a control call changed."""
    sandbox, query = request.sandbox(), request.query
    entry = find_entry(sandbox, request.path["id"])
    changes = change_views(sandbox, entry, query.page(list(writes_of(entry))))
    if query.format == "text":
        lines = "".join(f"{change['text']}\n" for change in changes)
        return RawContent(lines.encode("utf-8", "replace"), "text/plain; charset=utf-8")
    return {"total": len(writes_of(entry)), "changes": changes}


CALLS = (
    Call(
        "GET",
        "/requests/{id}/changes",
        "listChanges",
        TAG,
        "List what a request or a control call changed",
        list_changes,
        ChangeFilter,
        result=ChangeList,
        result_example={
            "total": 1,
            "changes": [
                {
                    "api": "partoo",
                    "collection": "quotas",
                    "key": "sms:demo-org",
                    "before": {
                        "id": "sms:demo-org",
                        "name": "sms",
                        "subject": "demo-org",
                        "state": [1772323200000000, 1],
                    },
                    "after": {
                        "id": "sms:demo-org",
                        "name": "sms",
                        "subject": "demo-org",
                        "state": [1772323200000000, 2],
                    },
                    "text": "quota sms of demo-org 499 → 498",
                }
            ],
        },
        problems=(404,),
        description="`id` is that of a request (`r17`) or of a control call (`c3`), in the present "
        "run of the sandbox or with a run (`2.r17`). What was reset, taken back, cleared or "
        "dropped is a 404 that says so. `format=text` returns `text/plain`.",
    ),
)
