"""Measure how many bytes of memory JSON values and records need.

- Out: `value_size` measures a value with all that it holds, `writes_size` the records of writes.
  `make bench-history` compares what is estimated with them with real memory.
- Callers: `history.py` and `records.py`, but only for what may be large (`SMALL_BODY`): measuring
  costs more than most writes.
- Memory that values share counts for each of them.
"""

from collections.abc import Sequence
from sys import getsizeof

from mockserver.base.json import JsonValue
from mockserver.model.record_change import Write

SMALL_BODY = 500
"""Bytes of a body that cannot make a large record."""
MOST_MEASURED = 1_000
"""Number of records of one entry that are measured; for more, their mean is taken."""


def value_size(value: JsonValue) -> int:
    """Return how many bytes a JSON value needs, with all values in it."""
    size, left = 0, [value]
    while left:
        one = left.pop()
        size += getsizeof(one)
        if isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one
    return size


def writes_size(writes: Sequence[Write]) -> int:
    """Return about how many bytes the records need that writes stored."""
    step = len(writes) // MOST_MEASURED + 1
    return step * sum(value_size(after) for *_, after, _ in writes[::step] if after is not None)
