"""JSON texts (RFC 8259) with the position of every value, and duplicate keys refused."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from mockserver.errors import Position, escape
from mockserver.exchange import JsonValue
from mockserver.spec.yaml_text import DEEPEST, Trouble, UnreadableError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')
_OPENING = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]')


def read_json(text: str) -> JsonValue:
    """Return the value of a JSON text.

    Raises:
        UnreadableError: With what is wrong with it: a syntax error alone, or all duplicate keys.
    """
    _check_depth(text)
    duplicates: list[str] = []

    def members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        found = dict(pairs)
        if len(found) < len(pairs):
            duplicates.append("")
        return found

    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = (error.lineno, error.colno)
        raise UnreadableError([Trouble(where, f"this is not JSON: {error.msg}")]) from None
    except ValueError as error:
        raise UnreadableError([Trouble((1, 1), f"this is not JSON: {error}")]) from None
    if duplicates:
        raise UnreadableError(_Positions(text).duplicates)
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} has no JSON value")


def _check_depth(text: str) -> None:
    depth = 0
    for found in _OPENING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > DEEPEST:
            line = text.count("\n", 0, found.start()) + 1
            column = found.start() - text.rfind("\n", 0, found.start())
            message = f"nested deeper than {DEEPEST} levels"
            raise UnreadableError([Trouble((line, column), message, "flatten it, or use $ref")])


def json_positions(text: str) -> dict[str, Position]:
    """Return where the value under every JSON Pointer begins: a member at its key."""
    return _Positions(text).found


class _Positions:
    """One pass over the tokens of a text that is known to be JSON."""

    def __init__(self, text: str) -> None:
        self.found: dict[str, Position] = {}
        self.duplicates: list[Trouble] = []
        self._stack: list[list[Any]] = []
        """For every open collection: its pointer, and the index or the key that comes next."""
        for lexeme, where in _tokens(text):
            self._take(lexeme, where)

    def _take(self, lexeme: str, where: Position) -> None:
        if lexeme in ":,":
            return
        if lexeme in "]}":
            self._stack.pop()
            return
        pointer = self._pointer(lexeme, where)
        if pointer is not None and lexeme in "[{":
            self._stack.append([pointer, -1 if lexeme == "[" else None])

    def _pointer(self, lexeme: str, where: Position) -> str | None:
        if not self._stack:
            self.found[""] = where
            return ""
        frame = self._stack[-1]
        if isinstance(frame[1], int):
            frame[1] += 1
            self.found[f"{frame[0]}/{frame[1]}"] = where
            return f"{frame[0]}/{frame[1]}"
        if frame[1] is not None:
            pointer, frame[1] = str(frame[1]), None
            return pointer
        key = json.loads(lexeme)
        pointer = f"{frame[0]}/{escape(key)}"
        if (first := self.found.get(pointer)) is not None:
            message = f"the key {key!r} stands here again; it is on line {first[0]} already"
            self.duplicates.append(Trouble(where, message, "keep one of them"))
        self.found[pointer] = where
        frame[1] = pointer
        return None


def _tokens(text: str) -> Iterator[tuple[str, Position]]:
    line, start = 1, 0
    position = 0
    for found in _TOKEN.finditer(text):
        begin = found.start()
        line += text.count("\n", position, begin)
        start = max(start, text.rfind("\n", position, begin) + 1)
        position = begin
        yield found[0], (line, begin - start + 1)
