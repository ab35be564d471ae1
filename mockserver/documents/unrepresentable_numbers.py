"""Remove numbers that JSON cannot represent from a document, with the parts they stand in.

`document.py` calls `remove_numbers` with the pointers that a reader reported. It changes the value
in place: it removes the nearest member, or a whole example. It returns False if that is impossible
(in `x-mock`, which is served completely or not at all; in no mapping; or a number is left, by an
alias of YAML), and the document is then refused. Nothing is reported here.
"""

import math
from collections.abc import Iterable
from typing import Any

from mockserver.base.json import JsonValue, unescape

_WHOLE = frozenset(("example", "examples", "default", "value", "dataValue", "enum", "const"))
"""Members that are of no use without one of their values."""
_NAMED = frozenset(
    ("properties", "patternProperties", "schemas", "definitions", "$defs", "headers", "examples")
)
"""Mappings whose keys are names, not keywords."""
_BEHAVIOUR = "/x-mock/"


def remove_numbers(value: JsonValue, pointers: Iterable[str]) -> bool:
    """Remove the parts around numbers at JSON Pointers; return False if that is impossible.

    It is impossible in `x-mock` blocks, which are served completely or not at all.
    """
    for pointer in pointers:
        if _BEHAVIOUR in f"{pointer}/" or not _remove(value, pointer.split("/")[1:]):
            return False
    return not _has_number(value)


def _remove(value: Any, tokens: list[str]) -> bool:  # noqa: ANN401 - any JSON value
    path = [unescape(token) for token in tokens]
    containers = [value]
    for token in path[:-1]:
        value = value[int(token)] if isinstance(value, list) else value.get(token)
        if not isinstance(value, dict | list):
            return True  # removed with an earlier number
        containers.append(value)
    index = _cut(path, containers)
    if index is None:
        return False
    containers[index].pop(path[index], None)
    return True


def _cut(path: list[str], containers: list[Any]) -> int | None:
    """Return the level of the member to remove: an example, or else the nearest member."""
    members = [index for index, one in enumerate(containers) if isinstance(one, dict)]
    for index in members:
        parent, key = path[index - 1] if index else "", path[index]
        is_named = key == "examples" and isinstance(containers[index][key], dict)
        if parent == "examples" or (parent not in _NAMED and key in _WHOLE and not is_named):
            return index
    return members[-1] if members else None


def _has_number(value: JsonValue) -> bool:
    """Return True if a value still holds such a number, as an alias of YAML may do."""
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float) and not math.isfinite(one):
            return True
        if isinstance(one, dict | list):
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return False
