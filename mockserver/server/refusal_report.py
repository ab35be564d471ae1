"""Describe the refused requests of a run, for `mockserver run` when its command fails.

`cli/run_command.py` is the only caller, and prints the lines. In: the latest exchanges, and the
number of all. Out: a first line with the numbers, then a line for each of the last 30 that the API
or a fault refused, for which the mock failed, or that matched no operation, with the reason and, if
none matched, the advice that its refusal has; an empty list if there are none. Requests with a
preferred answer, or that a fault only delayed, are accepted. A path is shortened. Query, headers
and body are not shown, but the reason may quote a value, and neither it nor the path is redacted.
"""

from collections.abc import Iterable, Iterator

from mockserver.model.exchange import MOCK_FAILURE, Exchange
from mockserver.server.request_log import cause, printable

_MOST_LINES = 30
_FIRST_ERROR_STATUS = 400
_LONGEST_PATH = 200
_LONGEST_ADVICE = 300


def refusal_report(exchanges: Iterable[Exchange], count: int) -> list[str]:
    """Describe the requests that were refused or matched no operation, one on each line.

    Args:
        exchanges: The latest exchanges.
        count: The number of all exchanges.
    """
    refused = [one for one in exchanges if _is_refused(one)]
    if not refused:
        return []
    last = f"; the last {_MOST_LINES}" if len(refused) > _MOST_LINES else ""
    head = f"{len(refused)} of the {count} requests of the command were refused{last}:"
    return [f"mockserver: {head}", *_lines(refused[-_MOST_LINES:])]


def _is_refused(exchange: Exchange) -> bool:
    """Return True for a refusal, a failure of the mock, and a request that matched nothing.

    An answer that the client preferred, or that a fault only delayed, is not a refusal.
    """
    if exchange.refusal is not None or exchange.reason == MOCK_FAILURE or _is_failed(exchange):
        return True
    return exchange.operation is None and exchange.answer.status >= _FIRST_ERROR_STATUS


def _is_failed(exchange: Exchange) -> bool:
    """Return True if a fault answered with an error, or cut the answer."""
    fault, answer = exchange.fault, exchange.answer
    if fault is None:
        return False
    is_error = fault.definition.answers and answer.status >= _FIRST_ERROR_STATUS
    return is_error or answer.cut_at is not None


def _lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    for exchange in exchanges:
        request = exchange.request
        shown = f"{request.method} {request.path[:_LONGEST_PATH]}  {exchange.answer.status}"
        yield printable(f"  {shown}  {_explanation(exchange)}")


def _explanation(exchange: Exchange) -> str:
    if exchange.operation is not None:
        return f"{cause(exchange)}  [{exchange.operation.id}]"
    advice = exchange.refusal.advice[:_LONGEST_ADVICE] if exchange.refusal is not None else ""
    return "; ".join(filter(None, (cause(exchange), advice)))
