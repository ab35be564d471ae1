"""YAML 1.2 texts as JSON values; built from the parser's events, with bounds.

Types follow the core schema, so `yes` and `2026-01-31` are text, and so is a number with a plus
sign or leading zeros: a phone number stays what it is.
"""

import re
from typing import Any, NamedTuple

import yaml

from mockserver.errors import Position, escape
from mockserver.exchange import JsonValue

DEEPEST = 100
MOST_NODES = 2_000_000
"""Values of a document, counting those that aliases repeat."""

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: dict[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS = frozenset("-.0123456789")
_TAG = "tag:yaml.org,2002:"
_LONGEST_INTEGER = 400


class Trouble(NamedTuple):
    """Something wrong in a text, and where."""

    position: Position
    message: str
    hint: str = ""


class UnreadableError(Exception):
    """A text that cannot be read on; the troubles so far."""

    def __init__(self, troubles: list[Trouble]) -> None:
        super().__init__(str(troubles[-1].message))
        self.troubles = troubles


def read_yaml(text: str) -> JsonValue:
    """Return the value of a YAML document.

    Raises:
        UnreadableError: With everything that is wrong with it.
    """
    composer = _Composer()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        told = ": ".join(part for part in (error.context, error.problem) if part)
        composer.troubles.append(Trouble(where, f"this is not YAML: {told}"))
    except yaml.reader.ReaderError as error:
        message = f"a character that YAML does not allow: {error.reason}"
        composer.troubles.append(Trouble((1, 1), message))
    if composer.troubles:
        raise UnreadableError(composer.troubles)
    return composer.root


class _Frame:
    """A mapping or a sequence that is being read."""

    __slots__ = ("anchor", "key", "lines", "nodes_before", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None, nodes: int) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.lines: dict[str, int] = {}
        self.nodes_before = nodes


class _Composer:
    """Builds a value from events; notes what is wrong and goes on where it can."""

    def __init__(self) -> None:
        self.root: JsonValue = None
        self.troubles: list[Trouble] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[JsonValue, int]] = {}
        self._nodes = 0
        self._documents = 0

    def take(self, event: Any) -> None:  # noqa: ANN401 - the parser's events have no types
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open({}, event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([], event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(event, "only one document may stand in a file", "split the file")

    def _trouble(self, event: Any, message: str, hint: str = "") -> None:  # noqa: ANN401 - as above
        self.troubles.append(Trouble(_place(event), message, hint))

    def _stop(self, event: Any, message: str, hint: str = "") -> None:  # noqa: ANN401 - as above
        self._trouble(event, message, hint)
        raise UnreadableError(self.troubles)

    def _scalar(self, event: Any) -> None:  # noqa: ANN401 - as above
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._key(event, frame)
            return
        value = self._typed(event)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, 1, event)

    def _key(self, event: Any, frame: _Frame) -> None:  # noqa: ANN401 - as above
        key = event.value
        if key == "<<" and not event.style:
            self._trouble(event, "merge keys are not part of YAML 1.2", "use $ref, or repeat it")
        line = event.start_mark.line + 1
        if (seen := frame.lines.get(key)) is not None:
            message = f"the key {key!r} stands here again; it is on line {seen} already"
            self._trouble(event, message, "keep one of them")
        frame.lines[key] = line
        frame.key = key

    def _typed(self, event: Any) -> JsonValue:  # noqa: ANN401 - as above
        text = event.value
        if event.tag not in (None, "!"):
            return self._tagged(event)
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS:
            return text
        if _NOT_JSON.fullmatch(text):
            self._trouble(event, f"{text} has no JSON value", "quote it, or write a number")
        return number_of(text)

    def _tagged(self, event: Any) -> JsonValue:  # noqa: ANN401 - as above
        kind = event.tag.removeprefix(_TAG)
        if kind == "str":
            return event.value
        if kind in ("int", "float", "bool", "null"):
            return _WORDS.get(event.value, number_of(event.value))
        self._trouble(event, f"the tag {event.tag!r} is not allowed", "leave it out")
        return event.value

    def _open(self, value: dict[str, Any] | list[Any], event: Any) -> None:  # noqa: ANN401 - as above
        if len(self._stack) >= DEEPEST:
            self._stop(event, f"nested deeper than {DEEPEST} levels", "flatten it, or use $ref")
        if event.tag not in (None, "!", f"{_TAG}map", f"{_TAG}seq"):
            self._trouble(event, f"the tag {event.tag!r} is not allowed", "leave it out")
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._stop(event, "a key must be text", "quote it")
        self._count(1, event)
        self._stack.append(_Frame(value, event.anchor, self._nodes))

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.anchor:
            self._anchors[frame.anchor] = (frame.value, self._nodes - frame.nodes_before + 1)
        self._attach(frame.value)

    def _alias(self, event: Any) -> None:  # noqa: ANN401 - as above
        if event.anchor not in self._anchors:
            self._stop(event, f"the alias *{event.anchor} stands for nothing that is complete")
        value, nodes = self._anchors[event.anchor]
        self._add(value, nodes, event)

    def _add(self, value: JsonValue, nodes: int, event: Any) -> None:  # noqa: ANN401 - as above
        self._count(nodes, event)
        self._attach(value)

    def _count(self, nodes: int, event: Any) -> None:  # noqa: ANN401 - as above
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            self._stop(event, f"more than {MOST_NODES:,} values, counting those aliases repeat")

    def _attach(self, value: JsonValue) -> None:
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if type(frame.value) is list:
            frame.value.append(value)
        elif frame.key is not None and isinstance(frame.value, dict):
            frame.value[frame.key] = value
            frame.key = None


def number_of(text: str) -> JsonValue:
    """Return the number that a plain scalar is in YAML 1.2's core schema, else the text."""
    if len(text) > _LONGEST_INTEGER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and any(digit.isdigit() for digit in text):
        return float(text)
    return text


def yaml_positions(text: str) -> dict[str, Position]:
    """Return where the value under every JSON Pointer begins: a member at its key."""
    positions: dict[str, Position] = {}
    walker = _Walker(positions)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            walker.take(event)
    except yaml.YAMLError:
        return positions
    return positions


def _place(event: Any) -> Position:  # noqa: ANN401 - the parser's events have no types
    return (event.start_mark.line + 1, event.start_mark.column + 1)


class _Walker:
    """Follows events and notes the place of every value."""

    def __init__(self, positions: dict[str, Position]) -> None:
        self._positions = positions
        self._stack: list[list[Any]] = []
        """For every open collection: its pointer, and the next index or the pending key."""

    def take(self, event: Any) -> None:  # noqa: ANN401 - the parser's events have no types
        if isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
            return
        if not isinstance(event, yaml.NodeEvent):
            return
        pointer = self._pointer(event, _place(event))
        if pointer is not None and isinstance(event, yaml.MappingStartEvent):
            self._stack.append([pointer, None])
        elif pointer is not None and isinstance(event, yaml.SequenceStartEvent):
            self._stack.append([pointer, -1])

    def _pointer(self, event: Any, here: Position) -> str | None:  # noqa: ANN401 - as above
        """Return the pointer of the value that begins; None if this is a key."""
        if not self._stack:
            self._positions[""] = here
            return ""
        frame = self._stack[-1]
        if isinstance(frame[1], int):
            frame[1] += 1
            pointer = f"{frame[0]}/{frame[1]}"
            self._positions[pointer] = here
            return pointer
        if frame[1] is None:
            pointer = f"{frame[0]}/{escape(str(getattr(event, 'value', '')))}"
            self._positions[pointer] = here
            frame[1] = pointer
            return None
        pointer, frame[1] = frame[1], None
        return str(pointer)
