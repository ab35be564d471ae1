"""Declare and answer the calls about the journal: list, show, replay and remove exchanges.

`control_app.py` adds its `CALLS`. Lists can be filtered, and be an HTTP Archive (`har.py`). Names
and paths that no request can have are a 422 (`known_names.py`), an id without a request is a 404
that says why (`entry_names.py`). Secrets are redacted. A replay sends the original request, with
its credential, to the engine again, perhaps with changes (`request_changes.py`): it is answered
from the present state, may change it, and comes into the journal as a new exchange, which the call
returns (201); its delay is skipped.
"""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, parse_instant
from mockserver.control.call_log import calls_of
from mockserver.control.declarations import (
    Call,
    ControlRequest,
    Created,
    NonNegativeInteger,
    OrderedPageQuery,
    SandboxQuery,
)
from mockserver.control.entry_names import find_exchange
from mockserver.control.exchange_views import (
    ExchangeDetails,
    ExchangeSummary,
    exchange_details,
    exchange_summary,
)
from mockserver.control.har import Har, har
from mockserver.control.history_members import incompleteness, log_member
from mockserver.control.known_names import (
    PATH_MEANING,
    api_of,
    check_conditions,
    exchange_paths,
    operation_of,
    plain_method,
    plain_path,
)
from mockserver.control.request_changes import RequestChanges, request_to_send
from mockserver.engine.retracing import retraced
from mockserver.engine.sandbox import Sandbox
from mockserver.model.exchange import Exchange
from mockserver.model.request_paths import fits_one

TAG = "Requests"


class RequestList(TypedDict):
    """Exchanges of a sandbox."""

    total: int
    dropped: int
    """Number of exchanges, since the journal was last cleared, for which it had no room."""
    run: int
    """Number of the run of the sandbox: a reset or a restore begins another one."""
    requests: list[ExchangeSummary]


_STATUS: JsonValue = {"type": "integer", "minimum": 100, "maximum": 599}


def _instant(text: str) -> Instant:
    """Read an instant; the plus of its offset, if it was not encoded, came as a blank."""
    return parse_instant(_LOST_PLUS.sub("+", text))


_LOST_PLUS = re.compile(r" (?=\d\d:\d\d$)")
InstantText = Annotated[
    Instant, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""An instant of a query."""
StatusText = Annotated[NonNegativeInteger, Field(ge=100, le=599), WithJsonSchema(_STATUS)]
"""A status of a query."""


class RequestFilter(OrderedPageQuery):
    """Which exchanges to return."""

    api: str | None = Field(None, description="Only requests to this API.")
    operation: str | None = Field(None, description="Only requests to this operation.")
    method: str | None = Field(None, description="Only requests with this method, in any case.")
    path: str | None = Field(None, description=f"Only requests at this path. {PATH_MEANING}")
    status: StatusText | None = Field(
        None, description="Only requests that were answered with this status."
    )
    reason: str | None = Field(None, description="Only requests with this reason of the answer.")
    since: InstantText | None = Field(
        None, description="Only requests at this time of the sandbox or later."
    )

    format: Literal["json", "har"] = Field(
        "json", description="`har` returns exchanges in full, as HTTP Archive 1.2."
    )

    def admitted(self, sandbox: Sandbox) -> list[Exchange]:
        """Return the exchanges that match the filter.

        Raises:
            ControlError: If no exchange can have one of the names.
        """
        check_conditions(self, sandbox, "query")
        wanted = self._wanted()
        path = None if self.path is None else plain_path(self.path, sandbox.name)
        return [
            exchange
            for exchange in sandbox.history
            if (self.since is None or exchange.at >= self.since)
            and (path is None or fits_one(path, exchange_paths(exchange)))
            and all(of(exchange) == value for of, value in wanted)
        ]

    def _wanted(self) -> list[tuple[Callable[[Exchange], JsonValue], JsonValue]]:
        """Return what must be equal, with the functions that read it."""
        method = self.method and plain_method(self.method)
        given = (self.api, self.operation, method, self.status, self.reason)
        return [pair for pair in zip(_READERS, given, strict=True) if pair[1] is not None]


_READERS: tuple[Callable[[Exchange], JsonValue], ...] = (
    api_of,
    operation_of,
    attrgetter("request.method"),
    attrgetter("answer.status"),
    attrgetter("reason"),
)


def list_requests(request: ControlRequest[RequestFilter, None]) -> RequestList | Har:
    """List exchanges."""
    sandbox = request.sandbox()
    shown = request.query.admitted(sandbox)
    if request.query.format == "har":
        return _archive(request, sandbox, request.query.page(shown))
    return {
        "total": len(shown),
        "dropped": sandbox.history.dropped,
        "run": sandbox.history.run,
        "requests": [exchange_summary(exchange) for exchange in request.query.page(shown)],
    }


def _archive(
    request: ControlRequest[RequestFilter, None], sandbox: Sandbox, shown: list[Exchange]
) -> Har:
    member = log_member(
        request.engine,
        calls_of(sandbox),
        seed=sandbox.seed,
        incomplete=incompleteness(sandbox, shown),
    )
    return har(((exchange.position, exchange) for exchange in shown), member)


def clear_requests(request: ControlRequest[SandboxQuery, None]) -> None:
    """Remove all exchanges; their ids are not used again."""
    request.sandbox().hide_exchanges(request.writes)


def show_request(request: ControlRequest[SandboxQuery, None]) -> ExchangeDetails:
    """Return an exchange in full."""
    sandbox = request.sandbox()
    exchange = find_exchange(sandbox, request.path["id"])
    traced = retraced(request.engine, sandbox, exchange, request.system)
    return exchange_details(traced, sandbox.history.run)


def replay_request(request: ControlRequest[SandboxQuery, RequestChanges | None]) -> Created:
    """Send a request of the journal again, with its original credential, or with changes."""
    sandbox = request.sandbox()
    first = find_exchange(sandbox, request.path["id"])
    again = request_to_send(request.engine, first.request, sandbox.name, request.body)
    exchange = request.engine.handle(again, request.system)
    return Created({**exchange_details(exchange, sandbox.history.run)})


_SUMMARY = {
    "id": "r1",
    "at": "2026-03-10T12:00:00Z",
    "api": "cloutly",
    "operation": "listBusinesses",
    "method": "GET",
    "path": "/cloutly/api/v1/businesses",
    "status": 401,
    "reason": "unauthenticated",
}
_DETAILS = {
    **_SUMMARY,
    "run": 1,
    "arrived": "2026-11-28T09:30:00.125Z",
    "changes": 0,
    "request": {
        "method": "GET",
        "path": "/cloutly/api/v1/businesses",
        "query": "",
        "headers": {"host": "127.0.0.1:8000"},
        "body": "",
    },
    "response": {
        "status": 401,
        "headers": {"Content-Type": "application/json"},
        "body": {"error": "Unauthorized", "statusCode": 401},
    },
    "trace": [
        {
            "what": "Refused",
            "sentence": "refused as unauthenticated: no credential: send the header 'x-api-key'",
            "source": None,
            "pointer": None,
            "kind": "unauthenticated",
        }
    ],
}
CALLS = (
    Call(
        "GET",
        "/requests",
        "listRequests",
        TAG,
        "List requests and their answers",
        list_requests,
        RequestFilter,
        result=RequestList | Har,
        result_example={"total": 1, "dropped": 0, "run": 1, "requests": [_SUMMARY]},
    ),
    Call(
        "DELETE",
        "/requests",
        "clearRequests",
        TAG,
        "Remove all requests from the journal",
        clear_requests,
        statuses=(204,),
        changes="requests",
    ),
    Call(
        "GET",
        "/requests/{id}",
        "getRequest",
        TAG,
        "Return a request and its answer in full, with the trace of decisions",
        show_request,
        result=ExchangeDetails,
        result_example=_DETAILS,
        problems=(404,),
    ),
    Call(
        "POST",
        "/requests/{id}/replay",
        "replayRequest",
        TAG,
        "Send a request of the journal again, as it was or with changes",
        replay_request,
        body=RequestChanges,
        body_example={"headers": {"x-api-key": "demo-cloutly-key"}},
        body_optional=True,
        reads=True,
        result=ExchangeDetails,
        result_example=_DETAILS,
        statuses=(201,),
        problems=(404,),
        description="It is sent to the same address with its original credential, unless the body "
        "changes them, and answered from the present state. Delays are skipped.",
    ),
)
