"""Estimate how many bytes of memory values, records and entries of a history need.

- Out: `value_size` measures a JSON value with all that it holds; `entry_size` estimates an exchange
  or a `ControlEntry`. `make bench-history` compares the estimates with real memory.
- Caller: `history.py`, once for each entry, so that the usual entry must cost little: records are
  only measured where a body was large enough to make large ones, and where they were removed.
- Memory that entries share with each other or with the present records counts for each of them.
"""

from collections.abc import Iterator, Sequence
from sys import getsizeof

from mockserver.base.json import JsonValue
from mockserver.model.control_entry import ControlEntry
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import Write

_ENTRY = 1_900
"""Bytes of an entry with its request and answer, but without what follows."""
_DECISION = 100
"""Bytes of a decision in a trace."""
_CHANGE = 450
"""Bytes of a change with a small record."""
_REFUSAL = 500
_VIOLATION = 600
_NUMBER = 32
SMALL_BODY = 500
"""Bytes of a body that cannot make a large record."""
_MOST_MEASURED = 1_000
"""Number of records of one entry that are measured; for more, their mean is taken."""


def value_size(value: JsonValue) -> int:
    """Return how many bytes a JSON value needs, with all values in it."""
    size, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, int | float):
            size += _NUMBER
            continue
        size += getsizeof(one)
        if isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one
    return size


def entry_size(entry: Exchange | ControlEntry) -> int:
    """Return about how many bytes an entry needs."""
    writes = entry.writes
    size = _ENTRY + _CHANGE * len(writes)
    if type(entry) is Exchange:
        request = entry.request
        body = len(request.body)
        size += request.head_size + body + len(entry.answer.body) + _DECISION * len(entry.trace)
        if entry.refusal is not None:
            size += _REFUSAL + _VIOLATION * len(entry.refusal.violations)
    else:
        assert isinstance(entry, ControlEntry)
        body = len(entry.sent.body)
        size += len(entry.sent.target) + body
    if body > SMALL_BODY or any(write[3] is None for write in writes):
        size += _measured(writes, all_of_them=body > SMALL_BODY)
    return size


def _measured(writes: Sequence[Write], *, all_of_them: bool) -> int:
    """Return the bytes of the records that the writes stored or removed."""
    step = len(writes) // _MOST_MEASURED + 1
    return step * sum(_record_sizes(writes[::step], all_of_them))


def _record_sizes(writes: Sequence[Write], all_of_them: bool) -> Iterator[int]:  # noqa: FBT001 - private
    for _, _, before, after, _ in writes:
        if after is None:
            yield value_size(before)
        elif all_of_them:
            yield value_size(after)
