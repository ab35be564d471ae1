"""A line for every request, as `mockserver serve --log` prints it."""

from mockserver.base.time import format_instant
from mockserver.control.redaction import redacted_query, secret_parameters
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.model.exchange import Exchange

_LONGEST = 300


def line(exchange: Exchange) -> str:
    """Say what was asked, what was answered, and why; secrets are left out."""
    request = exchange.request
    query = redacted_query(request.query, secret_parameters(exchange))
    target = request.path + (f"?{query}" if query else "")
    shown = f"{request.method} {target}"[:_LONGEST]
    aside = "" if exchange.sandbox == DEFAULT_SANDBOX else f" [{exchange.sandbox}]"
    words = f"{format_instant(exchange.at)} {exchange.answer.status} {shown}{aside}"
    return "".join(map(_printable, f"{words}  {_why(exchange)}"))


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _why(exchange: Exchange) -> str:
    if exchange.refusal is not None:
        return f"{exchange.reason}: {exchange.refusal.message}"[:_LONGEST]
    last = exchange.trace[-1] if exchange.trace else None
    return str(getattr(last, "because", "") or exchange.reason)[:_LONGEST]
