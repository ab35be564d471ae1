"""Declare and answer the calls about the outbox of simulated SMS and e-mails.

`control_app.py` adds its `CALLS`. They list the messages of all APIs in a sandbox, oldest first
unless `order` says otherwise, filtered by API, channel, receiver or status, and return one. The
status of a message is computed for the present time of the sandbox. An unknown API in a condition
is a 422, an unknown message a 404. Nothing is sent, changed or redacted.
"""

from collections.abc import Callable
from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.time import Instant
from mockserver.control import api_views
from mockserver.control.declarations import Call, ControlRequest, OrderedPageQuery, SandboxQuery
from mockserver.control.known_names import check_api, same_address
from mockserver.control.problem_responses import ControlError
from mockserver.control.timed_pages import page_by_time
from mockserver.engine.builtin_collections import MESSAGES
from mockserver.model.scope import Record

TAG = "Messages"


class MessageList(TypedDict):
    """Messages of a sandbox."""

    total: int
    messages: list[api_views.Message]


class MessageFilter(OrderedPageQuery):
    """Which messages to return."""

    api: str | None = Field(None, description="Only messages of this API.")
    channel: Literal["sms", "email"] | None = Field(None, description="Only messages of this kind.")
    to: str | None = Field(None, description="Only messages to this number or address.")
    status: Literal["scheduled", "sent", "delivered", "failed"] | None = Field(
        None, description="Only messages with this status."
    )

    def condition(self, now: Instant) -> Callable[[Record], bool] | None:
        """Return the condition on records of messages; None if all of them meet it."""
        api, channel, to, status = self.api, self.channel, self.to, self.status
        if (api, channel, to, status) == (None,) * 4:
            return None

        def admits(record: Record) -> bool:
            return (
                (api is None or record["api"] == api)
                and (channel is None or record["channel"] == channel)
                and (to is None or same_address(to, record["to"]))
                and (status is None or api_views.shown_status(record, now) == status)
            )

        return admits


def list_messages(request: ControlRequest[MessageFilter, None]) -> MessageList:
    """List messages, with their status at the present time of the sandbox."""
    sandbox, query = request.sandbox(), request.query
    check_api(query.api, sandbox, "query")
    now = request.now(sandbox)
    total, rows = page_by_time(query, sandbox, MESSAGES.name, "created_at", query.condition(now))
    return {"total": total, "messages": [api_views.message(record, now) for _, record in rows]}


def show_message(request: ControlRequest[SandboxQuery, None]) -> api_views.Message:
    """Return a message."""
    wanted = request.path["id"]
    sandbox = request.sandbox()
    for name in sandbox.apis:
        record = sandbox.store(name).collection(MESSAGES.name).get(wanted)
        if record is not None:
            return api_views.message(record, request.now(sandbox))
    raise ControlError(404, f"there is no message {wanted[:100]!r} in this sandbox")


_EXAMPLE = {
    "id": "88ff78bd-4b99-4da5-8a1e-d6ad01870fd7",
    "api": "partoo",
    "operation": "sendReviewInvitation",
    "request_id": "r1",
    "channel": "sms",
    "to": "+33647385968",
    "from": "Partoo",
    "subject": None,
    "text": "How was your visit?",
    "link": None,
    "created_at": "2026-03-10T12:00:00Z",
    "send_at": "2026-03-10T12:00:00Z",
    "status": "delivered",
    "changes_at": None,
    "segments": 1,
    "encoding": "gsm-7",
    "data": None,
}
CALLS = (
    Call(
        "GET",
        "/messages",
        "listMessages",
        TAG,
        "List the simulated messages",
        list_messages,
        MessageFilter,
        result=MessageList,
        result_example={"total": 1, "messages": [_EXAMPLE]},
    ),
    Call(
        "GET",
        "/messages/{id}",
        "getMessage",
        TAG,
        "Return a message",
        show_message,
        result=api_views.Message,
        result_example=_EXAMPLE,
        problems=(404,),
    ),
)
