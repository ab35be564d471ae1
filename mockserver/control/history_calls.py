"""Declare and answer the call for the history of a sandbox: requests and control calls in order.

`control_app.py` adds its `CALLS`. Filters select entries; names that no entry can have are a 422
(`known_names.py`). Filters that only requests have select requests, `call` selects control calls.
A search for a text has bounds (`history_search.py`): `unsearched` counts the entries beyond them.
Requests that were cleared are left out. Secrets are hidden.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.problems import unknown
from mockserver.base.time import format_instant
from mockserver.control.change_views import without_keys, writes_of
from mockserver.control.declarations import Call, ControlRequest, PageQuery
from mockserver.control.exchange_views import ExchangeSummary, exchange_summary
from mockserver.control.history_search import TextSearch, adds_message_to, sent_target
from mockserver.control.known_names import check_conditions
from mockserver.control.problem_responses import ControlError
from mockserver.control.request_calls import TAG, InstantText, StatusText
from mockserver.engine.history import History, HistoryEntry
from mockserver.engine.sandbox import Sandbox
from mockserver.model.exchange import Exchange


class RequestEntry(ExchangeSummary):
    """A request in the history."""

    kind: Literal["request"]
    run: int
    """Number of the run: a reset or a restore begins another one."""
    position: int
    """Position in the history, from 1; positions of entries that were taken back stay free."""
    arrived: str
    """The time of the system's clock; `at` is that of the sandbox."""
    changes: int
    """Number of changes that it made in the sandbox."""


class CallEntry(TypedDict):
    """A control call that changed something, in the history."""

    id: str
    at: str
    kind: Literal["call"]
    run: int
    position: int
    arrived: str
    changes: int
    call: str
    """Operation id of the call in the OpenAPI document of the control API."""
    detail: str
    """What the call named, such as a record."""
    method: str
    target: str
    """Path and query; empty for a call that did not come over HTTP."""


class Floor(TypedDict):
    """The earliest state that the sandbox can go back to."""

    position: int
    """0 for the beginning of the run; higher if entries were dropped, or documents changed."""
    id: str | None
    """The first entry at this position or later; null if there is none."""


class HistoryList(TypedDict):
    """Requests and control calls of a sandbox, in order."""

    total: int
    dropped: int
    """Number of requests, since the journal was last cleared, for which it had no room."""
    unsearched: int
    """Number of entries in which `text` was not searched for, because it takes too long."""
    run: int
    floor: Floor
    history: list[RequestEntry | CallEntry]


class HistoryFilter(PageQuery):
    """Which entries to return."""

    order: Literal["oldest", "newest"] = Field("oldest", description="Which entries come first.")
    kind: Literal["request", "call"] | None = Field(
        None, description="Only requests, or only calls of the control API."
    )
    api: str | None = Field(None, description="Only requests to this API.")
    operation: str | None = Field(None, description="Only requests to this operation.")
    call: str | None = Field(None, description="Only control calls with this operation id.")
    status: StatusText | None = Field(None, description="Only requests answered with this status.")
    reason: str | None = Field(None, description="Only requests with this reason of the answer.")
    since: InstantText | None = Field(
        None, description="Only entries at this time of the sandbox or later."
    )
    until: InstantText | None = Field(
        None, description="Only entries at this time of the sandbox or earlier."
    )
    recipient: str | None = Field(
        None, description="Only entries that added a message to this phone number or address."
    )
    text: str | None = Field(
        None,
        min_length=1,
        max_length=1_000,
        description="Only entries in which this text occurs, in any case: in target, headers, "
        "bodies, reason or recipient.",
    )

    @property
    def method(self) -> None:
        """No condition on the method."""

    @property
    def path(self) -> None:
        """No condition on the path."""

    def admits(self, entry: HistoryEntry) -> bool:
        """Return True if an entry meets all conditions but the text."""
        if self.since is not None and entry.at < self.since:
            return False
        if self.until is not None and entry.at > self.until:
            return False
        if self.recipient is not None and not adds_message_to(entry, self.recipient):
            return False
        wanted: dict[str, JsonValue] = {
            name: value
            for name in ("kind", "api", "operation", "call", "status", "reason")
            if (value := getattr(self, name)) is not None
        }
        return not wanted or wanted.items() <= _properties(entry).items()


def _properties(entry: HistoryEntry) -> dict[str, JsonValue]:
    """Return what an entry can be filtered by."""
    if isinstance(entry, Exchange):
        return {**exchange_summary(entry), "kind": "request"}
    return {"kind": "call", "call": entry.call}


def list_history(request: ControlRequest[HistoryFilter, None]) -> HistoryList:
    """List requests and control calls in order."""
    sandbox, query = request.sandbox(), request.query
    history = sandbox.history
    _check(request, sandbox)
    entries = filter(query.admits, _shown(history, newest=query.order == "newest"))
    search = TextSearch(query.text or "")
    found = list(entries if query.text is None else search.found(entries))
    return {
        "total": len(found),
        "dropped": history.dropped,
        "unsearched": search.unsearched,
        "run": history.run,
        "floor": _floor(history),
        "history": [_entry_view(sandbox, entry) for entry in query.page(found)],
    }


def _check(request: ControlRequest[HistoryFilter, None], sandbox: Sandbox) -> None:
    """Check the names of the filters; ControlError (422) if no entry can have one."""
    query = request.query
    check_conditions(query, sandbox, "query")
    known = {call.id: None for call in request.context.calls if call.may_create}
    seen = (one.call for one in sandbox.history.entries() if not isinstance(one, Exchange))
    if query.call is not None and query.call not in known and query.call not in seen:
        message = unknown("call", query.call, known)
        error = {"where": "query", "field": "call", "pointer": "/call", "message": message}
        raise ControlError(422, message, [error])


def _shown(history: History, *, newest: bool) -> Iterable[HistoryEntry]:
    """Return the entries that were not cleared, in order."""
    entries = list(_not_hidden(history))
    return reversed(entries) if newest else entries


def _not_hidden(history: History) -> Iterator[HistoryEntry]:
    for entry in history.entries():
        if entry.position > history.hidden or not isinstance(entry, Exchange):
            yield entry


def _floor(history: History) -> Floor:
    position = history.floor.position
    after = (entry.id for entry in history.entries() if entry.position >= position)
    return {"position": position, "id": next(after, None)}


def _entry_view(sandbox: Sandbox, entry: HistoryEntry) -> RequestEntry | CallEntry:
    """Return an entry as the list shows it, without secrets."""
    run = sandbox.history.run
    arrived, changes = format_instant(entry.arrived), len(writes_of(entry))
    if isinstance(entry, Exchange):
        return {
            **exchange_summary(entry),
            "kind": "request",
            "run": run,
            "position": entry.position,
            "arrived": arrived,
            "changes": changes,
        }
    return {
        "id": entry.id,
        "at": format_instant(entry.at),
        "kind": "call",
        "run": run,
        "position": entry.position,
        "arrived": arrived,
        "changes": changes,
        "call": entry.call,
        "detail": without_keys(sandbox, entry, entry.detail),
        "method": entry.sent.method,
        "target": without_keys(sandbox, entry, sent_target(entry.sent)),
    }


_SHARED = {"run": 1, "at": "2026-03-10T12:00:00Z", "arrived": "2026-11-28T09:30:00.125Z"}
CALLS = (
    Call(
        "GET",
        "/history",
        "listHistory",
        TAG,
        "List requests and control calls in order",
        list_history,
        HistoryFilter,
        result=HistoryList,
        result_example={
            "total": 2,
            "dropped": 0,
            "unsearched": 0,
            "run": 1,
            "floor": {"position": 0, "id": "c1"},
            "history": [
                {
                    **_SHARED,
                    "id": "c1",
                    "kind": "call",
                    "position": 1,
                    "changes": 1,
                    "call": "changeSettings",
                    "detail": "partoo",
                    "method": "PATCH",
                    "target": "/_mock/settings/partoo",
                },
                {
                    **_SHARED,
                    "id": "r1",
                    "kind": "request",
                    "position": 2,
                    "changes": 5,
                    "api": "partoo",
                    "operation": "sendReviewInvitation",
                    "method": "POST",
                    "path": "/partoo/v2/review_booster/send_invitation",
                    "status": 200,
                    "reason": None,
                },
            ],
        },
        description="Control calls that only read are not in the history. Requests that were "
        "cleared are left out. A search for a text reads 32 MB at most, beginning with the first "
        "entries in the given order; `unsearched` counts the others.",
    ),
)
