"""YAML 1.2 texts as JSON values; built from the parser's events, with bounds.

Types follow the core schema, so `yes` and `2026-01-31` are text, and so is a number with a plus
sign or leading zeros: a phone number stays what it is.
"""

import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

import yaml

from mockserver.base.json import JsonValue, escape
from mockserver.base.places import Position
from mockserver.documents.positions import Indexer, PositionIndex

DEEPEST = 100
"""Mappings and sequences inside each other, also those that aliases bring along."""
MOST_NODES = 2_000_000
"""Values of a document."""
MOST_REPEATED = 200_000
"""Values that the aliases of a document repeat."""
LONGEST_NUMBER = 400
"""Characters of a number."""

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: dict[str, JsonValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_STARTS = frozenset("+-.0123456789")
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {
    f"{_TAG}int": (int,),
    f"{_TAG}float": (int, float),
    f"{_TAG}bool": (bool,),
    f"{_TAG}null": (type(None),),
}


class Trouble(NamedTuple):
    """Something wrong in a text, and where."""

    position: Position
    message: str
    hint: str = ""
    pointer: str = ""
    """The value it is about, as a JSON Pointer."""
    is_bearable: bool = False
    """The text has a value all the same."""


class UnreadableError(Exception):
    """A text that is not as it should be; the troubles so far."""

    def __init__(self, troubles: list[Trouble], value: JsonValue = None) -> None:
        """Take the troubles, and the value of the text if all of them are bearable."""
        super().__init__(str(troubles[-1].message))
        self.troubles = troubles
        self.value = value

    @property
    def is_bearable(self) -> bool:
        """The text has a value all the same."""
        return all(trouble.is_bearable for trouble in self.troubles)


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
        hint = "indent with spaces" if "'\\t'" in told or "\t" in told else ""
        composer.troubles.append(Trouble(where, f"this is not YAML: {told}", hint))
    except yaml.reader.ReaderError as error:
        message = f"a character that YAML does not allow: {error.reason}"
        hint = "write it as an escape in double quotes"
        composer.troubles.append(Trouble(_unprintable(text), message, hint))
    if composer.troubles:
        raise UnreadableError(composer.troubles, composer.root)
    return composer.root


def _unprintable(text: str) -> Position:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return position_in(text, found.start()) if found else (1, 1)


def position_in(text: str, offset: int) -> Position:
    """Return line and column of a character."""
    return (text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def number_of(text: str) -> JsonValue:
    """Return the number that a plain scalar is in YAML 1.2's core schema, else the text.

    What JSON has no number for is infinite or not a number.
    """
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= LONGEST_NUMBER else math.inf
    if _FLOAT.fullmatch(text):
        return float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if _BASED.fullmatch(text):
        return int(text, 0) if len(text) <= LONGEST_NUMBER else math.inf
    return math.nan if _NOT_JSON.fullmatch(text) else text


def no_number(text: str, position: Position, pointer: str = "") -> Trouble:
    """Describe a number that JSON cannot hold."""
    shown = text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - fits a terminal's line
    return Trouble(position, f"JSON has no number {shown}", "quote it, or write another", pointer)


class _Anchored(NamedTuple):
    """What an alias stands for."""

    value: JsonValue
    nodes: int
    height: int
    """Levels of collections; 0 for a scalar."""


@dataclass(slots=True)
class _Frame:
    """A mapping or a sequence that is being read."""

    value: dict[str, JsonValue] | list[JsonValue]
    anchor: str | None
    nodes_before: int
    height: int = 1
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)
    merges: bool = False
    """A merge key is among its keys."""

    @property
    def awaits_key(self) -> bool:
        return self.key is None and type(self.value) is dict

    @property
    def token(self) -> str:
        """The key or the index of the value that comes next."""
        return str(len(self.value)) if self.key is None else self.key

    def attach(self, value: JsonValue) -> None:
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is not None:
            self.value[self.key] = value
            self.key = None


class _Composer:
    """Builds a value from events; notes what is wrong and goes on where it can."""

    def __init__(self) -> None:
        self.root: JsonValue = None
        self.troubles: list[Trouble] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._repeated = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._begin(event)

    def _trouble(
        self, event: yaml.Event, message: str, hint: str = "", *, is_bearable: bool = False
    ) -> None:
        trouble = Trouble(_place(event), message, hint, self._pointer(), is_bearable)
        self.troubles.append(trouble)

    def _stop(self, event: yaml.Event, message: str, hint: str = "") -> NoReturn:
        self._trouble(event, message, hint)
        raise UnreadableError(self.troubles)

    def _pointer(self) -> str:
        """Return the JSON Pointer of the value that comes next."""
        frames = self._stack[:-1] if self._awaits_key() else self._stack
        return "".join(f"/{escape(frame.token)}" for frame in frames)

    def _awaits_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].awaits_key

    def _begin(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(event, "only one document may stand in a file", "split the file")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._count(event)
        if self._awaits_key():
            value = event.value
            self._key(event, self._stack[-1])
        else:
            value = self._tagged(event) if event.tag else self._untagged(event)
            self._attach(value, 0)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)

    def _key(self, event: yaml.ScalarEvent, frame: _Frame) -> None:
        frame.key = key = event.value
        if event.tag not in (None, "!", f"{_TAG}str"):
            self._trouble(event, f"the tag {event.tag!r} is not allowed on a key", "leave it out")
        if key == "<<" and not event.style:
            message, hint = "merge keys are not part of YAML 1.2", "use $ref, or repeat it"
            self._trouble(event, message, hint, is_bearable=True)
            frame.merges = True
        line = _place(event)[0]
        if (seen := frame.lines.get(key)) is not None:
            message = f"the key {key!r} stands here again; it is on line {seen} already"
            self._trouble(event, message, "keep one of them", is_bearable=True)
        frame.lines[key] = line

    def _untagged(self, event: yaml.ScalarEvent) -> JsonValue:
        return event.value if event.style else self._plain(event)

    def _plain(self, event: yaml.ScalarEvent) -> JsonValue:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS:
            return text
        value = number_of(text)
        if type(value) is float and not math.isfinite(value):
            self.troubles.append(no_number(text, _place(event), self._pointer()))
        return value

    def _tagged(self, event: yaml.ScalarEvent) -> JsonValue:
        if event.tag in ("!", f"{_TAG}str"):
            return event.value
        types = _SCALAR_TAGS.get(event.tag or "")
        if types is None:
            message = f"the tag {event.tag!r} is not allowed"
            self._trouble(event, message, "leave it out", is_bearable=True)
            return event.value
        value = self._plain(event)
        if type(value) not in types:
            self._trouble(event, f"{event.value!r} does not fit its tag", "leave the tag out")
        return value

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if len(self._stack) >= DEEPEST:
            self._stop(event, f"nested deeper than {DEEPEST} levels", "flatten it, or use $ref")
        if event.tag not in (None, "!", f"{_TAG}map" if is_mapping else f"{_TAG}seq"):
            self._trouble(event, f"the tag {event.tag!r} is not allowed", "leave it out")
        if self._awaits_key():
            self._stop(event, "a key must be text", "quote it")
        self._count(event)
        value: dict[str, JsonValue] | list[JsonValue] = {} if is_mapping else []
        self._stack.append(_Frame(value, event.anchor, self._nodes))

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.merges and isinstance(frame.value, dict):
            _merge(frame.value)
        if frame.anchor:
            nodes = self._nodes - frame.nodes_before + 1
            self._anchors[frame.anchor] = _Anchored(frame.value, nodes, frame.height)
        self._attach(frame.value, frame.height)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if self._awaits_key():
            self._stop(event, "a key must be text, not an alias", "write the key out")
        anchored = self._anchors.get(event.anchor or "")
        if anchored is None:
            self._stop(event, f"the alias *{event.anchor} stands for nothing that is complete")
        if len(self._stack) + anchored.height > DEEPEST:
            self._stop(event, f"nested deeper than {DEEPEST} levels by *{event.anchor}")
        self._repeated += anchored.nodes
        if self._repeated > MOST_REPEATED:
            self._stop(event, f"the aliases repeat more than {MOST_REPEATED:,} values")
        self._nodes += anchored.nodes
        self._attach(anchored.value, anchored.height)

    def _count(self, event: yaml.Event) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._stop(event, f"more than {MOST_NODES:,} values", "split the file")

    def _attach(self, value: JsonValue, height: int) -> None:
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if frame.height <= height:
            frame.height = height + 1
        frame.attach(value)


def _merge(value: dict[str, JsonValue]) -> None:
    """Put the members of what `<<` holds into a mapping, as YAML 1.1 has it."""
    merged = value.pop("<<")
    for source in merged if isinstance(merged, list) else [merged]:
        for key, member in source.items() if isinstance(source, dict) else ():
            value.setdefault(key, member)


def _place(event: yaml.Event) -> Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def yaml_positions(text: str) -> PositionIndex:
    """Return where every value begins: a member at its key."""
    indexer = Indexer()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            _index(event, indexer)
    except yaml.YAMLError:
        return indexer.index
    return indexer.index


def _index(event: yaml.Event, indexer: Indexer) -> None:
    if isinstance(event, yaml.CollectionEndEvent):
        indexer.close()
    elif isinstance(event, yaml.ScalarEvent) and indexer.awaits_key:
        indexer.key(event.value, _place(event))
    elif isinstance(event, yaml.NodeEvent):
        number = indexer.value(_place(event))
        if isinstance(event, yaml.CollectionStartEvent):
            indexer.open(number, is_mapping=isinstance(event, yaml.MappingStartEvent))
