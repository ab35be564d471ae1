"""What the control API shows of exchanges."""

from typing_extensions import TypedDict  # pydantic reads the standard library's only from 3.12 on

from mockserver.base.json import JsonValue
from mockserver.base.time import format_instant
from mockserver.control.redaction import (
    redacted_headers,
    redacted_query,
    secret_parameters,
    shown_body,
)
from mockserver.model.exchange import Exchange
from mockserver.model.trace import as_json, decisions


class ExchangeSummary(TypedDict):
    """An exchange in a list of them."""

    id: str
    at: str
    api: str | None
    operation: str | None
    method: str
    path: str
    status: int
    reason: str | None


class SentRequest(TypedDict):
    """What a client sent, without the secrets in it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: JsonValue


class GivenAnswer(TypedDict):
    """What it was answered, without the secrets in it."""

    status: int
    headers: dict[str, str]
    body: JsonValue


class ExchangeDetails(ExchangeSummary):
    """All of an exchange."""

    request: SentRequest
    response: GivenAnswer
    trace: list[dict[str, JsonValue]]


def exchange_summary(exchange: Exchange) -> ExchangeSummary:
    """Describe an exchange in a list of them."""
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


def exchange_details(exchange: Exchange) -> ExchangeDetails:
    """Describe all of an exchange, without the secrets in it."""
    request, answer = exchange.request, exchange.answer
    secrets = secret_parameters(exchange)
    return {
        **exchange_summary(exchange),
        "request": {
            "method": request.method,
            "path": request.path,
            "query": redacted_query(request.query, secrets),
            "headers": dict(redacted_headers(request.headers.items(), secrets)),
            "body": shown_body(request.body),
        },
        "response": {
            "status": answer.status,
            "headers": dict(redacted_headers(answer.headers, secrets)),
            "body": shown_body(answer.body),
        },
        "trace": [
            as_json(item)
            for item in decisions(exchange.operation, exchange.trace, exchange.request)
        ],
    }
