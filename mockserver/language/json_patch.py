"""Apply a merge patch (RFC 7396) or a JSON patch (RFC 6902) to a JSON value, in expressions.

Each function returns the changed value; the value itself is never changed. A JSON patch that does
not apply, or that exceeds a limit below, gives null; a merge patch that is nested too deeply raises
ExpressionError. `functions.py` makes them available to documents; nothing else calls them.
"""

import re
from collections.abc import Callable, Mapping

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, equal, unescape

_DEEPEST = 100
"""The maximum depth of a merge patch, and of a JSON Pointer in a JSON patch."""
_MOST_OPERATIONS = 1_000
"""The maximum number of operations in a JSON patch."""
_MOST_COPIED = 100_000
"""The maximum number of values that one JSON patch can copy."""
_END_OF_LIST = "-"
"""The token for the position after the last item of a list."""
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class _DoesNotApply(Exception):  # noqa: N818 - a result, caught in this module
    """The JSON patch is invalid, or does not apply to the value."""


def merge_patch(value: JsonValue, patch: JsonValue) -> JsonValue:
    """Apply a merge patch (RFC 7396) to a value: null removes a member."""
    return _merge(value, patch, 0)


def _merge(value: JsonValue, patch: JsonValue, depth: int) -> JsonValue:
    if not isinstance(patch, dict):
        return patch
    if depth > _DEEPEST:
        raise ExpressionError("the patch is nested too deeply")
    merged = dict(value) if isinstance(value, dict) else {}
    for name, member in patch.items():
        if member is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), member, depth + 1)
    return merged


def json_patch(value: JsonValue, operations: JsonValue) -> JsonValue:
    """Apply a JSON patch (RFC 6902) to a value; null if the patch does not apply."""
    copies_left = _MOST_COPIED
    try:
        for operation in _checked_operations(operations):
            if isinstance(operation, dict) and operation.get("op") == "copy":
                copies_left -= _count_values(
                    _value_at(value, _path_tokens(operation, "from")), copies_left
                )
            value = _apply(value, operation)
    except _DoesNotApply:
        return None
    return value


def _checked_operations(operations: JsonValue) -> list[JsonValue]:
    if not isinstance(operations, list) or len(operations) > _MOST_OPERATIONS:
        raise _DoesNotApply
    return operations


def _count_values(value: JsonValue, most: int) -> int:
    """Count a value and the values in it, up to a maximum.

    It limits copies, because a few copies of copies could otherwise fill the memory.
    """
    remaining, count = [value], 0
    while remaining:
        count += 1
        if count > most:
            raise _DoesNotApply
        current = remaining.pop()
        if isinstance(current, dict | list):
            remaining += current.values() if isinstance(current, dict) else current
    return count


def _apply(value: JsonValue, operation: JsonValue) -> JsonValue:
    name = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise _DoesNotApply
    return _OPERATIONS[name](value, operation)


def _path_tokens(operation: Mapping[str, JsonValue], name: str = "path") -> list[str]:
    pointer = operation.get(name)
    if not isinstance(pointer, str) or (pointer and pointer[0] != "/"):
        raise _DoesNotApply
    tokens = [unescape(token) for token in pointer.split("/")[1:]]
    if len(tokens) > _DEEPEST:
        raise _DoesNotApply
    return tokens


def _operand(operation: Mapping[str, JsonValue]) -> JsonValue:
    if "value" not in operation:
        raise _DoesNotApply
    return operation["value"]


def _index(token: str, size: int) -> int:
    if not _INDEX.fullmatch(token) or int(token) >= size:
        raise _DoesNotApply
    return int(token)


def _value_at(value: JsonValue, tokens: list[str]) -> JsonValue:
    for token in tokens:
        if isinstance(value, list):
            value = value[_index(token, len(value))]
        elif isinstance(value, dict) and token in value:
            value = value[token]
        else:
            raise _DoesNotApply
    return value


def _change_at(
    value: JsonValue, tokens: list[str], change: Callable[[JsonValue, str], JsonValue]
) -> JsonValue:
    """Return a changed value; only the containers on the path are copied."""
    if len(tokens) == 1:
        if not isinstance(value, dict | list):
            raise _DoesNotApply
        return change(value.copy(), tokens[0])
    inner = _change_at(_value_at(value, tokens[:1]), tokens[1:], change)
    copy = value.copy()
    copy[int(tokens[0]) if isinstance(copy, list) else tokens[0]] = inner
    return copy


def _add_at(value: JsonValue, tokens: list[str], added: JsonValue) -> JsonValue:
    def change(container: JsonValue, token: str) -> JsonValue:
        if isinstance(container, dict):
            container[token] = added
        else:
            end = len(container)
            container.insert(end if token == _END_OF_LIST else _index(token, end + 1), added)
        return container

    return _change_at(value, tokens, change) if tokens else added


def _remove_at(value: JsonValue, tokens: list[str]) -> JsonValue:
    def change(container: JsonValue, token: str) -> JsonValue:
        _value_at(container, [token])
        del container[int(token) if isinstance(container, list) else token]
        return container

    return _change_at(value, tokens, change) if tokens else None


def _add(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    return _add_at(value, _path_tokens(operation), _operand(operation))


def _remove(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    return _remove_at(value, _path_tokens(operation))


def _replace(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    tokens, replacement = _path_tokens(operation), _operand(operation)

    def change(container: JsonValue, token: str) -> JsonValue:
        _value_at(container, [token])
        container[int(token) if isinstance(container, list) else token] = replacement
        return container

    return _change_at(value, tokens, change) if tokens else replacement


def _move(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    source, target = _path_tokens(operation, "from"), _path_tokens(operation)
    if source != target and target[: len(source)] == source:
        raise _DoesNotApply
    return _add_at(_remove_at(value, source), target, _value_at(value, source))


def _copy(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    return _add_at(
        value, _path_tokens(operation), _value_at(value, _path_tokens(operation, "from"))
    )


def _test(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    if not equal(_value_at(value, _path_tokens(operation)), _operand(operation)):
        raise _DoesNotApply
    return value


_OPERATIONS: Mapping[str, Callable[[JsonValue, Mapping[str, JsonValue]], JsonValue]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
