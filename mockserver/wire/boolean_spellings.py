"""Read `True` and `False`, as Python writes them, for booleans in parameters and forms.

In: a value that violates its schema, and its shape. Out: the value with booleans where the shape
allows a boolean and no text, and for each a violation whose `tolerated` says how it was read.
Callers: `parameters.py`, and `media.py` for forms and multipart, only for values that are not valid
as they are. The engine accepts such a violation, or refuses it if it checks requests strictly.
"""

from typing import NamedTuple

from mockserver.base.json import JsonValue, escape
from mockserver.model.refusal import Violation
from mockserver.schemas.shapes import Shape

_SPELLINGS = {"True": True, "False": False}


class RespelledValue(NamedTuple):
    """A value whose booleans were written as Python writes them."""

    value: JsonValue
    violations: list[Violation]
    """One for each boolean, all of them tolerated."""


def respelled(shape: Shape, value: JsonValue, where: str, pointer: str = "") -> RespelledValue:
    """Replace `True` and `False` where a shape allows a boolean and no text.

    Args:
        shape: The shape of the value.
        value: The value, which is not changed in place.
        where: The part of the request, for violations.
        pointer: JSON Pointer to the value.
    """
    violations: list[Violation] = []
    return RespelledValue(_respelled(shape, value, where, pointer, violations), violations)


def _respelled(
    shape: Shape, value: JsonValue, where: str, pointer: str, violations: list[Violation]
) -> JsonValue:
    if isinstance(value, dict):
        return {
            name: _respelled(
                shape.member(name), member, where, f"{pointer}/{escape(name)}", violations
            )
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [
            _respelled(shape.item(index), item, where, f"{pointer}/{index}", violations)
            for index, item in enumerate(value)
        ]
    is_boolean = "boolean" in shape.types and "string" not in shape.types
    if not (is_boolean and isinstance(value, str) and value in _SPELLINGS):
        return value
    right = value.lower()
    message = f"must be written {right}, not {value}"
    violations.append(
        Violation(where, pointer, "type", message, tolerated=f"{value} is read as {right}")
    )
    return _SPELLINGS[value]
