"""Declare and answer the calls about the outbox of simulated SMS and e-mails.

`control_app.py` adds its `CALLS`. They list the messages of all APIs in a sandbox, oldest first
unless `order` says otherwise, filtered by API, channel, receiver or status, and return one. The
status of a message is computed for the present time of the sandbox. An unknown API in a condition
is a 422, an unknown message a 404. Nothing is sent, changed or redacted.
"""

from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.control import api_views
from mockserver.control.declarations import Call, ControlRequest, OrderedPageQuery, SandboxQuery
from mockserver.control.known_names import check_api, same_address
from mockserver.control.problem_responses import ControlError
from mockserver.engine.sandbox import Sandbox

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


def list_messages(request: ControlRequest[MessageFilter, None]) -> MessageList:
    """List messages, with their status at the present time of the sandbox."""
    sandbox, wanted_api = request.sandbox(), request.query.api
    check_api(wanted_api, sandbox, "query")
    wanted = {name: getattr(request.query, name) for name in ("api", "channel", "status")}
    shown = [
        message
        for message in _messages(request, sandbox)
        if same_address(request.query.to, message["to"])
        and all(value in (None, message[name]) for name, value in wanted.items())  # type: ignore[literal-required] # a filter has the name of its field
    ]
    return {"total": len(shown), "messages": request.query.page(shown)}


def show_message(request: ControlRequest[SandboxQuery, None]) -> api_views.Message:
    """Return a message."""
    wanted = request.path["id"]
    for message in _messages(request, request.sandbox()):
        if message["id"] == wanted:
            return message
    raise ControlError(404, f"there is no message {wanted[:100]!r} in this sandbox")


def _messages(request: ControlRequest[Any, None], sandbox: Sandbox) -> list[api_views.Message]:
    now = request.now(sandbox)
    records = [
        record
        for name in request.engine.apis
        for record in sandbox.store(name).collection("messages")
    ]
    records.sort(key=lambda record: record["created_at"])
    return [api_views.message(record, now) for record in records]


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
