"""Calls about the journal: what was sent, what was answered, and why."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.time import Instant, parse_instant
from mockserver.control.declarations import Ask, Call, Created, InSandbox, Ordered, Whole
from mockserver.control.exchange_views import (
    ExchangeDetails,
    ExchangeSummary,
    exchange_details,
    exchange_summary,
)
from mockserver.control.har import Har, har
from mockserver.control.problem_responses import ControlError
from mockserver.model.exchange import Exchange

TAG = "RequestList"


class RequestList(TypedDict):
    """Exchanges of a sandbox."""

    total: int
    dropped: int
    """How many the journal no longer keeps."""
    requests: list[ExchangeSummary]


_STATUS: JsonValue = {"type": "integer", "minimum": 100, "maximum": 599}


class RequestFilter(Ordered):
    """Which exchanges to list."""

    api: str | None = Field(None, description="Only those of this API.")
    operation: str | None = Field(None, description="Only those of this operation.")
    status: Annotated[Whole, Field(ge=100, le=599), WithJsonSchema(_STATUS)] | None = Field(
        None, description="Only those that were answered with this status."
    )
    reason: str | None = Field(None, description="Only those that the mock decided for it.")
    since: (
        Annotated[
            Instant,
            BeforeValidator(parse_instant),
            WithJsonSchema({"type": "string", "format": "date-time"}),
        ]
        | None
    ) = Field(None, description="Only those of this instant of the sandbox, or later.")

    format: Literal["json", "har"] = Field(
        "json", description="`har` gives whole exchanges as HTTP Archive 1.2."
    )

    def admits(self, exchange: Exchange) -> bool:
        """Tell whether an exchange is one of those."""
        if self.since is not None and exchange.at < self.since:
            return False
        summary: dict[str, JsonValue] = {**exchange_summary(exchange)}
        wanted = {name: getattr(self, name) for name in ("api", "operation", "status", "reason")}
        return all(value in (None, summary[name]) for name, value in wanted.items())


def list_requests(ask: Ask[RequestFilter, None]) -> RequestList | Har:
    """List exchanges."""
    journal = ask.sandbox().journal
    shown = [exchange for exchange in journal if ask.query.admits(exchange)]
    if ask.query.format == "har":
        return har(ask.query.page(shown))
    return {
        "total": len(shown),
        "dropped": journal.count - len(journal),
        "requests": [exchange_summary(exchange) for exchange in ask.query.page(shown)],
    }


def clear_requests(ask: Ask[InSandbox, None]) -> None:
    """Forget the exchanges; their ids are not used again."""
    ask.sandbox().journal.clear()


def show_request(ask: Ask[InSandbox, None]) -> ExchangeDetails:
    """Return all of an exchange."""
    return exchange_details(_kept(ask))


def _kept(ask: Ask[InSandbox, None]) -> Exchange:
    wanted = ask.path["id"]
    exchange = ask.sandbox().journal.get(wanted)
    if exchange is None:
        raise ControlError(404, f"the journal of this sandbox has no request {wanted[:100]!r}")
    return exchange


def replay_request(ask: Ask[InSandbox, None]) -> Created:
    """Send a request of the journal again, as it was, with the credential it had."""
    first = _kept(ask)
    return Created({**exchange_details(ask.engine.handle(replace(first.request), ask.system))})


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
        "List what was sent and answered",
        list_requests,
        RequestFilter,
        result=RequestList | Har,
        result_example={"total": 1, "dropped": 0, "requests": [_SUMMARY]},
    ),
    Call(
        "DELETE",
        "/requests",
        "clearRequests",
        TAG,
        "Empty the journal",
        clear_requests,
        statuses=(204,),
        tells="requests",
    ),
    Call(
        "GET",
        "/requests/{id}",
        "getRequest",
        TAG,
        "Return all of an exchange, with the trace of decisions",
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
        "Send a request of the journal again",
        replay_request,
        result=ExchangeDetails,
        result_example=_DETAILS,
        statuses=(201,),
        problems=(404,),
        description="It goes where it went before, with the credential it had, and is answered as "
        "things are now. Delays are not waited for.",
    ),
)
