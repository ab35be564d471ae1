"""Sorting and paging of lists."""

from functools import partial

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.model.scope import Record

_RANKS = {bool: 0, int: 1, float: 1, str: 2}


def page(ordered: list[Record], offset: int, limit: int | None) -> Record:
    """Cut a page out of a list: `items`, `total`, `offset`, `limit`."""
    end = None if limit is None else offset + limit
    return {
        "items": ordered[offset:end],
        "total": len(ordered),
        "offset": offset,
        "limit": limit,
    }


def whole(value: JsonValue) -> int | None:
    """Read an offset or a limit; null stays null."""
    if value is None:
        return None
    if not isinstance(value, int | float) or value < 0:
        raise ExpressionError("offset and limit are whole numbers, not below 0")
    return int(value)


def sort(records: list[Record], fields: JsonValue) -> list[Record]:
    """Order by field names, `-` before one for descending; stable, null last."""
    names = [fields] if isinstance(fields, str) else list(fields or ())
    ordered = list(records)
    for name in reversed(names):
        field = name.removeprefix("-")
        there = [record for record in ordered if record.get(field) is not None]
        missing = [record for record in ordered if record.get(field) is None]
        there.sort(key=partial(_rank, field), reverse=field != name)
        ordered = there + missing
    return ordered


def _rank(field: str, record: Record) -> tuple[int, JsonValue]:
    """Make values of different types comparable."""
    value = record[field]
    rank = _RANKS.get(type(value))
    return (3, str(value)) if rank is None else (rank, value)
