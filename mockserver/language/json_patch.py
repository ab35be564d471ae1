"""Changes to JSON values: merge patches (RFC 7396) and JSON patches (RFC 6902)."""

import re
from collections.abc import Callable, Mapping

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, equal, unescape

_DEEPEST = 100
_MOST = 1_000
"""Operations of a JSON patch."""
_MOST_COPIED = 100_000
"""Values that a JSON patch may copy."""
_PAST_THE_END = "-"
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class _DoesNotApply(Exception):  # noqa: N818 - an outcome, never seen outside
    """A JSON patch that its value is not made for."""


def merge_patch(value: JsonValue, patch: JsonValue) -> JsonValue:
    """The value changed by a merge patch (RFC 7396): null removes a member."""
    return _merged(value, patch, 0)


def _merged(value: JsonValue, patch: JsonValue, depth: int) -> JsonValue:
    if not isinstance(patch, dict):
        return patch
    if depth > _DEEPEST:
        raise ExpressionError("the patch is nested too deeply")
    made = dict(value) if isinstance(value, dict) else {}
    for name, member in patch.items():
        if member is None:
            made.pop(name, None)
        else:
            made[name] = _merged(made.get(name), member, depth + 1)
    return made


def json_patch(value: JsonValue, operations: JsonValue) -> JsonValue:
    """The value changed by a JSON patch (RFC 6902); null if the patch does not apply."""
    room = _MOST_COPIED
    try:
        for operation in _checked_operations(operations):
            if isinstance(operation, dict) and operation.get("op") == "copy":
                room -= _size(_at(value, _tokens(operation, "from")), room)
            value = _applied(value, operation)
    except _DoesNotApply:
        return None
    return value


def _checked_operations(operations: JsonValue) -> list[JsonValue]:
    if not isinstance(operations, list) or len(operations) > _MOST:
        raise _DoesNotApply
    return operations


def _size(value: JsonValue, most: int) -> int:
    """Count the values in a value; a few copies of copies could otherwise fill the memory."""
    waiting, count = [value], 0
    while waiting:
        count += 1
        if count > most:
            raise _DoesNotApply
        one = waiting.pop()
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
    return count


def _applied(value: JsonValue, operation: JsonValue) -> JsonValue:
    if not isinstance(operation, dict) or operation.get("op") not in _OPERATIONS:
        raise _DoesNotApply
    return _OPERATIONS[operation["op"]](value, operation)


def _tokens(operation: Mapping[str, JsonValue], name: str = "path") -> list[str]:
    pointer = operation.get(name)
    if not isinstance(pointer, str) or (pointer and pointer[0] != "/"):
        raise _DoesNotApply
    tokens = [unescape(token) for token in pointer.split("/")[1:]]
    if len(tokens) > _DEEPEST:
        raise _DoesNotApply
    return tokens


def _given(operation: Mapping[str, JsonValue]) -> JsonValue:
    if "value" not in operation:
        raise _DoesNotApply
    return operation["value"]


def _index(token: str, size: int) -> int:
    if not _INDEX.fullmatch(token) or int(token) >= size:
        raise _DoesNotApply
    return int(token)


def _at(value: JsonValue, tokens: list[str]) -> JsonValue:
    for token in tokens:
        if isinstance(value, list):
            value = value[_index(token, len(value))]
        elif isinstance(value, dict) and token in value:
            value = value[token]
        else:
            raise _DoesNotApply
    return value


def _changed(
    value: JsonValue, tokens: list[str], change: Callable[[JsonValue, str], JsonValue]
) -> JsonValue:
    """Copy the containers on the way to a place, and change the last of them."""
    if len(tokens) == 1:
        if not isinstance(value, dict | list):
            raise _DoesNotApply
        return change(value.copy(), tokens[0])
    inner = _changed(_at(value, tokens[:1]), tokens[1:], change)
    copy = value.copy()
    copy[int(tokens[0]) if isinstance(copy, list) else tokens[0]] = inner
    return copy


def _put(value: JsonValue, tokens: list[str], given: JsonValue) -> JsonValue:
    def change(container: JsonValue, token: str) -> JsonValue:
        if isinstance(container, dict):
            container[token] = given
        else:
            end = len(container)
            container.insert(end if token == _PAST_THE_END else _index(token, end + 1), given)
        return container

    return _changed(value, tokens, change) if tokens else given


def _without(value: JsonValue, tokens: list[str]) -> JsonValue:
    def change(container: JsonValue, token: str) -> JsonValue:
        _at(container, [token])
        del container[int(token) if isinstance(container, list) else token]
        return container

    return _changed(value, tokens, change) if tokens else None


def _add(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    return _put(value, _tokens(operation), _given(operation))


def _remove(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    return _without(value, _tokens(operation))


def _replace(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    tokens, given = _tokens(operation), _given(operation)

    def change(container: JsonValue, token: str) -> JsonValue:
        _at(container, [token])
        container[int(token) if isinstance(container, list) else token] = given
        return container

    return _changed(value, tokens, change) if tokens else given


def _move(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    source, target = _tokens(operation, "from"), _tokens(operation)
    if source != target and target[: len(source)] == source:
        raise _DoesNotApply
    return _put(_without(value, source), target, _at(value, source))


def _copy(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    return _put(value, _tokens(operation), _at(value, _tokens(operation, "from")))


def _test(value: JsonValue, operation: Mapping[str, JsonValue]) -> JsonValue:
    if not equal(_at(value, _tokens(operation)), _given(operation)):
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
