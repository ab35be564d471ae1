"""Read JSON texts (RFC 8259) of documents, and find the position of every value in them.

Caller: `document.py`. Stricter than Python's `json`: duplicate keys, numbers that are too long or
infinite, too deep nesting and single surrogates are problems. `read_json` returns the value, or
raises UnreadableError with the first syntax error, or with all duplicate keys and bad numbers and
the value in spite of them. `json_positions` is called only when the first position is needed.
Bodies of requests are not read here (`wire/media.py`).
"""

import json
import math
import re
from collections.abc import Iterator

import orjson

from mockserver.base.json import JsonValue
from mockserver.base.places import Position
from mockserver.documents.positions import Indexer, PositionIndex
from mockserver.documents.yaml_text import (
    DEEPEST,
    LONGEST_NUMBER,
    TextProblem,
    UnreadableError,
    duplicate_key_problem,
    number_problem,
    position_in,
)

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+'
_TOKEN = re.compile(rf'{_STRING}"|[\[\]{{}}:,]|[^\s\[\]{{}}:,"]+', re.DOTALL)
_OPENING = re.compile(rf'{_STRING}"?|[\[\]{{}}]', re.DOTALL)
_CLOSING = frozenset("]}")
_SEPARATORS = frozenset(":,")
_NUMBER_STARTS = frozenset("-0123456789NI")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_UNUSUAL_NUMBER = re.compile(r"[eE]\+?[0-9]{3}|[0-9]{150}")
"""Matches every number that is too long or too large, and some texts that are not numbers."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(text: str) -> JsonValue:
    """Return the value of a JSON text.

    Raises:
        UnreadableError: With the first syntax error, or with all other problems.
    """
    _check_depth(text)
    suspects = [found[0] for found in [_UNUSUAL_NUMBER.search(text)] if found]

    def members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        found = dict(pairs)
        if len(found) < len(pairs):
            suspects.append("duplicate")
        return found

    integer = _integer if suspects else int
    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_constant=suspects.append, parse_int=integer
        )
        if suspects and (problems := _TokenWalk(text).problems):
            raise UnreadableError(problems, value)
        if _SURROGATE.search(text):
            orjson.loads(text)  # raises for a single surrogate, which is not a character
    except json.JSONDecodeError as error:
        problem = TextProblem(
            "MS004", (error.lineno, error.colno), f"this is not JSON: {error.msg}"
        )
        raise UnreadableError([problem]) from None
    return value


def _integer(digits: str) -> int:
    """Read an integer; one that is too long becomes 0, and `_TokenWalk` reports it."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else 0


def _check_depth(text: str) -> None:
    depth = 0
    for found in _OPENING.finditer(text):
        depth += _STEPS.get(found[0], 0)
        if depth > DEEPEST:
            message = f"nested deeper than {DEEPEST} levels"
            position = position_in(text, found.start())
            raise UnreadableError(
                [TextProblem("MS002", position, message, "flatten it, or use $ref")]
            )


def json_positions(text: str) -> PositionIndex:
    """Return the position of every value; that of a member is its key's."""
    return _TokenWalk(text).indexer.index


class _TokenWalk:
    """Indexes the tokens of a valid JSON text; finds bad numbers and duplicate keys."""

    def __init__(self, text: str) -> None:
        self.indexer = Indexer()
        self.problems: list[TextProblem] = []
        for lexeme, position in _tokens(text):
            if lexeme in _CLOSING:
                self.indexer.close()
            elif lexeme not in _SEPARATORS:
                self._take(lexeme, position)

    def _take(self, lexeme: str, position: Position) -> None:
        if self.indexer.awaits_key:
            self._key(json.loads(lexeme), position)
            return
        number = self.indexer.value(position)
        if lexeme in _STEPS:
            self.indexer.open(number, is_mapping=lexeme == "{")
        elif lexeme[0] in _NUMBER_STARTS and _is_unrepresentable(lexeme):
            self.problems.append(number_problem(lexeme, position, self.indexer.pointer()))

    def _key(self, key: str, position: Position) -> None:
        earlier = self.indexer.earlier(key)
        self.indexer.key(key, position)
        if earlier is not None:
            problem = duplicate_key_problem(key, position, earlier[0], self.indexer.pointer())
            self.problems.append(problem)


def _is_unrepresentable(number: str) -> bool:
    return len(number) > LONGEST_NUMBER or not math.isfinite(float(number))


def _tokens(text: str) -> Iterator[tuple[str, Position]]:
    """Yield the tokens of a JSON text with their positions."""
    line, line_start = 1, 0
    counted = 0  # newlines before this offset are counted already
    for found in _TOKEN.finditer(text):
        offset = found.start()
        line += text.count("\n", counted, offset)
        line_start = max(line_start, text.rfind("\n", counted, offset) + 1)
        counted = offset
        yield found[0], (line, offset - line_start + 1)
