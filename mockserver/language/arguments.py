"""What functions of the expression language make of their arguments."""

import math

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.language import operators


def as_text(value: JsonValue) -> str:
    """Return a text of bearable length, and nothing else."""
    if not isinstance(value, str):
        raise _unexpected("text", value)
    if len(value) > operators.LONGEST_TEXT:
        check_fits(len(value))
    return value


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list; null is an empty one."""
    if value is None or isinstance(value, list):
        return value or []
    raise _unexpected("a list", value)


def as_map(value: JsonValue) -> dict[str, JsonValue]:
    """Return a map; null is an empty one."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise _unexpected("a map", value)


def as_number(value: JsonValue) -> int | float:
    """Return a number that is finite."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise _unexpected("a finite number", value)


def _unexpected(wanted: str, value: JsonValue) -> ExpressionError:
    return ExpressionError(f"{wanted} was expected, not {operators.describe(value)}")


def check_fits(size: int) -> None:
    """Refuse a text before it is built: a few requests could otherwise fill the memory."""
    if size > operators.LONGEST_TEXT:
        raise ExpressionError(f"a text has at most {operators.LONGEST_TEXT:,} characters")
