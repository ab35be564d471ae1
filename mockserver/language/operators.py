"""Apply the operators of expressions to JSON values, and check the types of function arguments.

The code that `expressions.py` writes calls the operators; `functions.py` and `durations.py` call
`as_text`, `as_list`, `as_map` and `as_number` for their arguments. Arithmetic, ordering and the
checks raise ExpressionError for a value of a wrong type, and for a number or text that is too
large; `get`, `equals` and `is_in` do not: they return null or False. `check_status` returns the
status of an answer for `verbs/respond.py`. No function here changes its arguments.
"""

import math
import operator
from collections.abc import Callable

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, equal, text

LARGEST_NUMBER = 2**63
_LONGEST_TEXT = 1_000_000

_NUMBERS = (int, float)


def get(container: JsonValue, key: JsonValue) -> JsonValue:
    """Return a member of a map or an item of a list; null if there is none."""
    if type(container) is dict:
        return container.get(key if type(key) is str else text(key))
    if type(container) is list and type(key) is int:
        return container[key] if -len(container) <= key < len(container) else None
    return None


def join(*parts: JsonValue) -> str:
    """Concatenate the plain parts and the values of a text."""
    whole = "".join([part if type(part) is str else text(part) for part in parts])
    if len(whole) > _LONGEST_TEXT:
        raise ExpressionError("the text would be longer than 1,000,000 characters")
    return whole


def equals(left: JsonValue, right: JsonValue) -> bool:
    """Return True if two values are equal as JSON."""
    # Most values are neither maps nor lists, and need no further call.
    kind = type(left)
    if kind is type(right) and kind is not dict and kind is not list:
        return bool(left == right)
    return equal(left, right)


def is_in(item: JsonValue, container: JsonValue) -> bool:
    """Return True if a list has an item, a map a key, or a text a part; null contains nothing."""
    if type(item) is str:
        return item in container if isinstance(container, str | dict | list) else False
    return isinstance(container, list) and any(equal(item, other) for other in container)


def _comparable(left: JsonValue, right: JsonValue) -> bool:
    if left is None or right is None:
        return False
    both_text = isinstance(left, str) and isinstance(right, str)
    if both_text or (_is_number(left) and _is_number(right)):
        return True
    raise ExpressionError(f"cannot order {describe(left)} and {describe(right)}")


def less(left: JsonValue, right: JsonValue) -> bool:
    """Return True if a number or text is less than another; False if one is null."""
    if type(left) is int and type(right) is int:
        return left < right
    return _comparable(left, right) and left < right


def at_most(left: JsonValue, right: JsonValue) -> bool:
    """Return True if a number or text is at most another; False if one is null."""
    if type(left) is int and type(right) is int:
        return left <= right
    return _comparable(left, right) and left <= right


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _number(value: JsonValue) -> JsonValue:
    if not _is_number(value):
        raise ExpressionError(f"a number was expected here, not {describe(value)}")
    return value


def _too_large() -> ExpressionError:
    return ExpressionError("the number is too large")


def _bounded(
    calculate: Callable[[JsonValue, JsonValue], JsonValue], left: JsonValue, right: JsonValue
) -> JsonValue:
    try:
        value = calculate(left, right)
    except OverflowError:  # an integer above the floating-point numbers
        raise _too_large() from None
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise _too_large()
    return value


def add(left: JsonValue, right: JsonValue) -> JsonValue:
    """Add two numbers."""
    return _bounded(operator.add, _number(left), _number(right))


def subtract(left: JsonValue, right: JsonValue) -> JsonValue:
    """Subtract two numbers."""
    return _bounded(operator.sub, _number(left), _number(right))


def multiply(left: JsonValue, right: JsonValue) -> JsonValue:
    """Multiply two numbers."""
    return _bounded(operator.mul, _number(left), _number(right))


def _divisor(value: JsonValue) -> JsonValue:
    if _number(value) == 0:
        raise ExpressionError("division by zero")
    return value


def divide(left: JsonValue, right: JsonValue) -> JsonValue:
    """Divide two numbers."""
    return _bounded(operator.truediv, _number(left), _divisor(right))


def floor_divide(left: JsonValue, right: JsonValue) -> JsonValue:
    """Divide and round down."""
    return _bounded(operator.floordiv, _number(left), _divisor(right))


def modulo(left: JsonValue, right: JsonValue) -> JsonValue:
    """Return the remainder of a division."""
    try:
        return _number(left) % _divisor(right)
    except OverflowError:
        raise _too_large() from None


def negate(value: JsonValue) -> JsonValue:
    """Return a number with the opposite sign."""
    return -_number(value)


def describe(value: JsonValue) -> str:
    """Return the name of the type of a value, for a message."""
    names = {str: "text", bool: "a boolean", dict: "a map", list: "a list", type(None): "null"}
    return names.get(type(value), "a number")


def check_status(value: JsonValue) -> int | None:
    """Return a status of an answer, or null; raise ExpressionError unless it is 200 to 599.

    Text of digits and numbers such as 201.0 are read. A status below 200 is not the final one
    (RFC 9110, 15.2).
    """
    if value is None:
        return None
    is_text = isinstance(value, str) and len(value) == _STATUS_DIGITS and value.isdecimal()
    status = int(value) if is_text else value
    if not _is_number(status) or status not in _STATUSES:
        shown = value if isinstance(value, str | int | float) else describe(value)
        raise ExpressionError(f"a status is a whole number from 200 to 599, not {shown!r:.60}")
    return int(status)


_STATUSES = range(200, 600)
_STATUS_DIGITS = 3


def as_text(value: JsonValue) -> str:
    """Return a text; raise ExpressionError if it is not one, or too long."""
    if not isinstance(value, str):
        raise _unexpected("text", value)
    if len(value) > _LONGEST_TEXT:
        check_fits(len(value))
    return value


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list; null becomes an empty list."""
    if value is None or isinstance(value, list):
        return value or []
    raise _unexpected("a list", value)


def as_map(value: JsonValue) -> dict[str, JsonValue]:
    """Return a map; null becomes an empty map."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise _unexpected("a map", value)


def as_number(value: JsonValue) -> int | float:
    """Return a finite number; raise ExpressionError for any other value."""
    if isinstance(value, int | float) and not isinstance(value, bool) and is_finite(value):
        return value
    raise _unexpected("a finite number", value)


def is_finite(value: float) -> bool:
    """Return True if a number is finite; raise ExpressionError if no float is as large."""
    try:
        return math.isfinite(value)
    except OverflowError:
        raise _too_large() from None


def _unexpected(wanted: str, value: JsonValue) -> ExpressionError:
    return ExpressionError(f"{wanted} was expected, not {describe(value)}")


def check_fits(size: int) -> None:
    """Raise ExpressionError if a text would be too long.

    It is called before the text is built, because a few requests could otherwise fill the memory.
    """
    if size > _LONGEST_TEXT:
        raise ExpressionError(f"a text can have at most {_LONGEST_TEXT:,} characters")
