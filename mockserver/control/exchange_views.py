"""Convert exchanges to the JSON of the control API, with secrets redacted.

- In: an exchange. Out: a summary (id, time, API, operation, method, path, status, reason); or the
  details: the summary with request, answer, trace, and the number of its changes.
- Callers: `request_calls.py` and `listeners.py` (summaries only).
- Headers, query and bodies are redacted (`redaction.py`, `body_redaction.py`); the path and the
  sentences of the trace are not. The stored exchange never changes.
"""

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.time import format_instant
from mockserver.control.body_redaction import shown_answer_body, shown_request_body
from mockserver.control.redaction import (
    redacted_headers,
    redacted_query,
    secret_parameters,
)
from mockserver.model.exchange import Exchange
from mockserver.model.trace import as_json, decisions


class ExchangeSummary(TypedDict):
    """Summary of an exchange: a request and its answer."""

    id: str
    at: str
    api: str | None
    operation: str | None
    method: str
    path: str
    status: int
    reason: str | None


class RequestView(TypedDict):
    """The request of an exchange, without secrets."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: JsonValue


class ResponseView(TypedDict):
    """The answer of an exchange, without secrets."""

    status: int
    headers: dict[str, str]
    body: JsonValue


class ExchangeDetails(ExchangeSummary):
    """An exchange in full, with its trace of decisions."""

    run: int
    """Number of the run of the sandbox: a reset or a restore begins another one."""
    arrived: str
    """The time of the system's clock; `at` is that of the sandbox."""
    changes: int
    """Number of changes in the sandbox that the request made."""
    request: RequestView
    response: ResponseView
    trace: list[dict[str, JsonValue]]


def exchange_summary(exchange: Exchange) -> ExchangeSummary:
    """Return the summary of an exchange."""
    request = exchange.request
    return {
        "id": exchange.id,
        "at": format_instant(exchange.at),
        "api": exchange.api.name if exchange.api else None,
        "operation": exchange.operation.id if exchange.operation else None,
        "method": request.method,
        "path": request.path,
        "status": exchange.answer.status,
        "reason": exchange.reason or None,
    }


def exchange_details(exchange: Exchange, run: int) -> ExchangeDetails:
    """Return an exchange in full, without secrets.

    Args:
        exchange: The exchange.
        run: The run of its sandbox.
    """
    request, answer = exchange.request, exchange.answer
    secrets = secret_parameters(exchange)
    return {
        **exchange_summary(exchange),
        "run": run,
        "arrived": format_instant(exchange.arrived),
        "changes": len(exchange.writes),
        "request": {
            "method": request.method,
            "path": request.path,
            "query": redacted_query(request.query, secrets),
            "headers": dict(redacted_headers(request.headers.items(), secrets)),
            "body": shown_request_body(exchange),
        },
        "response": {
            "status": answer.status,
            "headers": dict(redacted_headers(answer.headers, secrets)),
            "body": shown_answer_body(exchange),
        },
        "trace": [
            as_json(item)
            for item in decisions(exchange.operation, exchange.trace, exchange.request)
        ],
    }
