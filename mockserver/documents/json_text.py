"""JSON texts (RFC 8259) with the position of every value, and duplicate keys refused."""

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
    Trouble,
    UnreadableError,
    no_number,
    position_in,
)

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+'
_TOKEN = re.compile(rf'{_STRING}"|[\[\]{{}}:,]|[^\s\[\]{{}}:,"]+', re.DOTALL)
_OPENING = re.compile(rf'{_STRING}"?|[\[\]{{}}]', re.DOTALL)
_CLOSING = frozenset("]}")
_BETWEEN = frozenset(":,")
_NUMBER_STARTS = frozenset("-0123456789NI")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_UNUSUAL_NUMBER = re.compile(r"[eE]\+?[0-9]{3}|[0-9]{150}")
"""What a number looks like, among other things, that is longer or larger than it may be."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(text: str) -> JsonValue:
    """Return the value of a JSON text.

    Raises:
        UnreadableError: With what is wrong with it: a syntax error alone, or all else.
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
        if suspects and (troubles := _Walk(text).troubles):
            raise UnreadableError(troubles, value)
        if _SURROGATE.search(text):
            orjson.loads(text)  # refuses half of a surrogate pair, which is no character
    except json.JSONDecodeError as error:
        where = (error.lineno, error.colno)
        raise UnreadableError([Trouble(where, f"this is not JSON: {error.msg}")]) from None
    return value


def _integer(digits: str) -> int:
    """Read an integer; one that is too long is refused afterwards."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else 0


def _check_depth(text: str) -> None:
    depth = 0
    for found in _OPENING.finditer(text):
        depth += _STEPS.get(found[0], 0)
        if depth > DEEPEST:
            message = f"nested deeper than {DEEPEST} levels"
            where = position_in(text, found.start())
            raise UnreadableError([Trouble(where, message, "flatten it, or use $ref")])


def json_positions(text: str) -> PositionIndex:
    """Return where every value begins: a member at its key."""
    return _Walk(text).indexer.index


class _Walk:
    """One pass over the tokens of a text that is known to be JSON, numbers and keys apart."""

    def __init__(self, text: str) -> None:
        self.indexer = Indexer()
        self.troubles: list[Trouble] = []
        for lexeme, where in _tokens(text):
            if lexeme in _CLOSING:
                self.indexer.close()
            elif lexeme not in _BETWEEN:
                self._take(lexeme, where)

    def _take(self, lexeme: str, where: Position) -> None:
        if self.indexer.awaits_key:
            self._key(json.loads(lexeme), where)
            return
        number = self.indexer.value(where)
        if lexeme in _STEPS:
            self.indexer.open(number, is_mapping=lexeme == "{")
        elif lexeme[0] in _NUMBER_STARTS and _is_refused(lexeme):
            self.troubles.append(no_number(lexeme, where, self.indexer.pointer()))

    def _key(self, key: str, where: Position) -> None:
        first = self.indexer.seen(key)
        self.indexer.key(key, where)
        if first is not None:
            message = f"the key {key!r} stands here again; it is on line {first[0]} already"
            pointer = self.indexer.pointer()
            self.troubles.append(
                Trouble(where, message, "keep one of them", pointer, is_bearable=True)
            )


def _is_refused(number: str) -> bool:
    return len(number) > LONGEST_NUMBER or not math.isfinite(float(number))


def _tokens(text: str) -> Iterator[tuple[str, Position]]:
    line, start = 1, 0
    position = 0
    for found in _TOKEN.finditer(text):
        begin = found.start()
        line += text.count("\n", position, begin)
        start = max(start, text.rfind("\n", position, begin) + 1)
        position = begin
        yield found[0], (line, begin - start + 1)
