"""Write the log line of a request, name the cause of an answer, and make texts safe for a terminal.

`cli/serve_command.py` prints `log_line` for `--log`, and `refusal_log.py` for refused requests; it
has time, status, target, sandbox and cause. `refusal_report.py` uses `cause` and `printable`.
Secrets in the query are redacted, and the cause of a refusal is masked as in `refusal_line.py`; the
path, and what `cause` returns, are not. Target and `cause` are cut off after 300 characters.
Nothing is printed here.
"""

from mockserver.base.time import format_instant
from mockserver.control.redaction import redacted_query, secret_parameters
from mockserver.engine.refusal_line import refusal_line
from mockserver.engine.sandbox import DEFAULT_SANDBOX
from mockserver.model.exchange import Exchange

_MAX_LENGTH = 300


def log_line(exchange: Exchange) -> str:
    """Return time, status, method, target and reason of an exchange, without secrets."""
    request = exchange.request
    query = redacted_query(request.query, secret_parameters(exchange))
    target = request.path + (f"?{query}" if query else "")
    shown = f"{request.method} {target}"[:_MAX_LENGTH]
    sandbox = "" if exchange.sandbox == DEFAULT_SANDBOX else f" [{exchange.sandbox[:64]}]"
    words = f"{format_instant(exchange.at)} {exchange.answer.status} {shown}{sandbox}"
    return printable(f"{words}  {_why(exchange)}")


def printable(text: str) -> str:
    """Return a text for a terminal, without control characters."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _why(exchange: Exchange) -> str:
    line = refusal_line(exchange)
    return f"{exchange.reason}: {line}" if line else cause(exchange)


def cause(exchange: Exchange) -> str:
    """Return why an exchange has its answer."""
    if exchange.refusal is not None:
        return f"{exchange.reason}: {exchange.refusal.message}"[:_MAX_LENGTH]
    last = exchange.trace[-1] if exchange.trace else None
    return str(getattr(last, "because", "") or exchange.reason)[:_MAX_LENGTH]
