"""Find the expression of a document that raised an exception, from the traceback.

`language/expressions.py` and `language/programs.py` write expressions as Python. Beside each piece
of code they keep a `WrittenCode`, under the name `WRITTEN` in the globals of the code: its text,
and which part of it was written for which expression. When the code raises,
`engine/mock_failures.py` calls `failed_expression`, which returns the expression at the position in
the traceback, with its text and place, or None. Nothing is called while requests succeed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import NamedTuple

from mockserver.base.places import Source

WRITTEN = "_written"


class WrittenExpression(NamedTuple):
    """A text of a document with expressions, and the code that was written for it."""

    code: str
    text: str
    source: Source


@dataclass(slots=True)
class WrittenCode:
    """The text of a piece of code, and the expressions in it."""

    text: str
    expressions: Sequence[WrittenExpression]


def failed_expression(error: BaseException) -> WrittenExpression | None:
    """Return the expression that raised an exception, or None if it is not known."""
    found = None
    trace = error.__traceback__
    while trace is not None:
        written = trace.tb_frame.f_globals.get(WRITTEN)
        if isinstance(written, WrittenCode):
            found = _expression_at(written, trace) or found
        trace = trace.tb_next
    return found


def _expression_at(written: WrittenCode, trace: TracebackType) -> WrittenExpression | None:
    """Return the expression around the failed code, or else the only one inside it."""
    positions = trace.tb_frame.f_code.co_positions()
    line, last_line, start, end = next(islice(positions, trace.tb_lasti // 2, None))
    if line is None or line != last_line or start is None or end is None:
        return None
    text = written.text.split("\n")[line - 1].encode()
    around = [
        one
        for one in written.expressions
        if any(first <= start and end <= last for first, last in _places(text, one))
    ]
    if around:
        return min(around, key=lambda one: len(one.code))
    inside = [
        one
        for one in written.expressions
        if any(start <= first and last <= end for first, last in _places(text, one))
    ]
    return inside[0] if len(inside) == 1 else None


def _places(line: bytes, expression: WrittenExpression) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each place of an expression's code, in bytes."""
    code = expression.code.encode()
    start = line.find(code)
    while start >= 0:
        yield start, start + len(code)
        start = line.find(code, start + 1)
