"""The log line of a request, as `mockserver serve --log` prints it."""

from mockserver.base.time import format_instant
from mockserver.control.redaction import redacted_query, secret_parameters
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.model.exchange import Exchange

_MAX_LENGTH = 300


def log_line(exchange: Exchange) -> str:
    """Return time, status, method, target and reason of an exchange, without secrets."""
    request = exchange.request
    query = redacted_query(request.query, secret_parameters(exchange))
    target = request.path + (f"?{query}" if query else "")
    shown = f"{request.method} {target}"[:_MAX_LENGTH]
    sandbox = "" if exchange.sandbox == DEFAULT_SANDBOX else f" [{exchange.sandbox}]"
    words = f"{format_instant(exchange.at)} {exchange.answer.status} {shown}{sandbox}"
    return printable(f"{words}  {cause(exchange)}")


def printable(text: str) -> str:
    """Return a text for a terminal, without control characters."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def cause(exchange: Exchange) -> str:
    """Return why an exchange has its answer."""
    if exchange.refusal is not None:
        return f"{exchange.reason}: {exchange.refusal.message}"[:_MAX_LENGTH]
    last = exchange.trace[-1] if exchange.trace else None
    return str(getattr(last, "because", "") or exchange.reason)[:_MAX_LENGTH]
