"""Read YAML 1.2 texts as JSON values within fixed limits, and find the position of every value.

Caller: `document.py`; `json_text.py` shares the problems and limits. Scalars have the types of the
YAML core schema, so `yes` and `2026-01-31` are text. Unlike there, a number with a plus sign or
leading zeros is text too, so that phone numbers do not change. Merge keys (`<<`) of YAML 1.1 work,
but are a problem. `read_yaml` raises UnreadableError with all problems up to one that stops it;
its value can be used if all are recoverable. `yaml_positions` is called when one is needed.
"""

import math
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, NoReturn

import yaml

from mockserver.base.json import JsonValue, escape
from mockserver.base.places import Position
from mockserver.documents.positions import Indexer, PositionIndex

DEEPEST = 100
"""The maximum levels of nested mappings and sequences, with those inside aliases."""
MOST_NODES = 2_000_000
"""The maximum number of values in a document."""
_MOST_REPEATED = 200_000
"""The maximum number of values that the aliases of a document repeat."""
LONGEST_NUMBER = 400
"""The maximum number of characters of a number."""

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
_BARE_EXPRESSION = re.compile(r"""(?:[^"'{]|"[^"]*"|'[^']*'|\{(?!\{))*\{\{""")
"""What precedes the first `{{` that is not in quotes."""
_NUMBER_STARTS = frozenset("+-.0123456789")
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {
    f"{_TAG}int": (int,),
    f"{_TAG}float": (int, float),
    f"{_TAG}bool": (bool,),
    f"{_TAG}null": (type(None),),
}


class TextProblem(NamedTuple):
    """A problem in a text, with its position."""

    code: str
    position: Position
    message: str
    hint: str = ""
    pointer: str = ""
    """The JSON Pointer of the value concerned."""
    is_recoverable: bool = False
    """Whether the text can be read in spite of it."""


class UnreadableError(Exception):
    """A text with problems; it has a value if all of them are recoverable."""

    def __init__(self, problems: list[TextProblem], value: JsonValue = None) -> None:
        super().__init__(str(problems[-1].message))
        self.problems = problems
        self.value = value

    @property
    def is_recoverable(self) -> bool:
        """Whether the text can be read in spite of all its problems."""
        return all(problem.is_recoverable for problem in self.problems)


def read_yaml(text: str) -> JsonValue:
    """Return the value of a YAML document.

    Raises:
        UnreadableError: If it has problems; with all of them up to the first that stops reading.
    """
    composer = _Composer()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except UnreadableError:
        pass  # the last one of the composer's problems
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        details = ": ".join(part for part in (error.context, error.problem) if part)
        composer.problems.append(TextProblem("MS005", position, f"this is not YAML: {details}"))
    except yaml.reader.ReaderError as error:
        message = f"YAML does not allow this character: {error.reason}"
        hint = "write it as an escape in double quotes"
        composer.problems.append(TextProblem("MS005", _first_unprintable(text), message, hint))
    if composer.problems:
        problems = [_explained(problem, text) for problem in composer.problems]
        raise UnreadableError(problems, composer.root)
    return composer.root


def _explained(problem: TextProblem, text: str) -> TextProblem:
    """Return a problem in words that name a frequent mistake, if its line has one."""
    if problem.is_recoverable:
        return problem
    number = problem.position[0]
    line = next(islice(text.splitlines(), number - 1, number), "")
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        message = f"line {number} is indented by a tab"
        position = (number, indentation.index("\t") + 1)
        return problem._replace(
            code="MS005", position=position, message=message, hint="indent with spaces"
        )
    if (found := _BARE_EXPRESSION.match(line)) is not None:
        message = "an expression in {{ … }} must be quoted"
        position, hint = (number, found.end() - 1), "write '{{ … }}' in quotes"
        return problem._replace(code="MS005", position=position, message=message, hint=hint)
    return problem


def _first_unprintable(text: str) -> Position:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return position_in(text, found.start()) if found else (1, 1)


def position_in(text: str, offset: int) -> Position:
    """Return line and column of the character at an offset."""
    return (text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _number_of(text: str) -> JsonValue:
    """Return the number that a plain scalar stands for, else the text itself.

    A number that JSON cannot represent becomes infinity or NaN.
    """
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= LONGEST_NUMBER else math.inf
    if _FLOAT.fullmatch(text):
        return float(text) if len(text) <= LONGEST_NUMBER else math.inf
    if _BASED.fullmatch(text):
        return int(text, 0) if len(text) <= LONGEST_NUMBER else math.inf
    return math.nan if _NOT_JSON.fullmatch(text) else text


def number_problem(text: str, position: Position, pointer: str = "") -> TextProblem:
    """Describe a number that JSON cannot represent."""
    short = text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - fits a terminal's line
    message, hint = f"JSON cannot represent the number {short}", "quote it, or use another number"
    return TextProblem("MS007", position, message, hint, pointer, is_recoverable=True)


def duplicate_key_problem(key: str, position: Position, line: int, pointer: str) -> TextProblem:
    """Describe a key that its mapping already has on an earlier line."""
    message = f"duplicate key {key!r}; it is already on line {line}"
    return TextProblem("MS006", position, message, "keep one of them", pointer, is_recoverable=True)


class _Anchored(NamedTuple):
    """The value of an anchor, which aliases repeat."""

    value: JsonValue
    nodes: int
    """The number of values in it, with itself."""
    height: int
    """The levels of collections in it; 0 for a scalar."""


@dataclass(slots=True)
class _Frame:
    """A mapping or a sequence whose end was not reached yet."""

    value: dict[str, JsonValue] | list[JsonValue]
    anchor: str | None
    nodes_before: int
    height: int = 1
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)
    has_merge_key: bool = False

    @property
    def awaits_key(self) -> bool:
        """Whether the next event is a key."""
        return self.key is None and type(self.value) is dict

    @property
    def token(self) -> str:
        """The key or the index of the next value."""
        return str(len(self.value)) if self.key is None else self.key

    def attach(self, value: JsonValue) -> None:
        """Add the next value."""
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is not None:
            self.value[self.key] = value
            self.key = None


class _Composer:
    """Builds a value from parser events; collects problems and continues where it can."""

    def __init__(self) -> None:
        self.root: JsonValue = None
        self.problems: list[TextProblem] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._repeated = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Process the next event."""
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

    def _problem(
        self,
        code: str,
        event: yaml.Event,
        message: str,
        hint: str = "",
        *,
        is_recoverable: bool = False,
    ) -> None:
        position, pointer = _position(event), self._pointer()
        self.problems.append(TextProblem(code, position, message, hint, pointer, is_recoverable))

    def _stop(self, code: str, event: yaml.Event, message: str, hint: str = "") -> NoReturn:
        self._problem(code, event, message, hint)
        raise UnreadableError(self.problems)

    def _pointer(self) -> str:
        """Return the JSON Pointer of the next value."""
        frames = self._stack[:-1] if self._awaits_key() else self._stack
        return "".join(f"/{escape(frame.token)}" for frame in frames)

    def _awaits_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].awaits_key

    def _begin(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(
                "MS010", event, "a file may contain only one YAML document", "split the file"
            )

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
            self._problem(
                "MS008", event, f"the tag {event.tag!r} is not allowed on a key", "remove it"
            )
        if key == "<<" and not event.style:
            message, hint = "YAML 1.2 does not have merge keys", "use $ref, or repeat the members"
            self._problem("MS009", event, message, hint, is_recoverable=True)
            frame.has_merge_key = True
        position = _position(event)
        if (earlier := frame.lines.get(key)) is not None:
            problem = duplicate_key_problem(key, position, earlier, self._pointer())
            self.problems.append(problem)
        frame.lines[key] = position[0]

    def _untagged(self, event: yaml.ScalarEvent) -> JsonValue:
        return event.value if event.style else self._plain(event)

    def _plain(self, event: yaml.ScalarEvent) -> JsonValue:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS:
            return text
        value = _number_of(text)
        if type(value) is float and not math.isfinite(value):
            self.problems.append(number_problem(text, _position(event), self._pointer()))
        return value

    def _tagged(self, event: yaml.ScalarEvent) -> JsonValue:
        if event.tag in ("!", f"{_TAG}str"):
            return event.value
        types = _SCALAR_TAGS.get(event.tag or "")
        if types is None:
            message = f"the tag {event.tag!r} is not allowed"
            self._problem("MS008", event, message, "remove it", is_recoverable=True)
            return event.value
        value = self._plain(event)
        if type(value) not in types:
            self._problem(
                "MS008", event, f"{event.value!r} does not match its tag", "remove the tag"
            )
        return value

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if len(self._stack) >= DEEPEST:
            self._stop(
                "MS002", event, f"nested deeper than {DEEPEST} levels", "flatten it, or use $ref"
            )
        if event.tag not in (None, "!", f"{_TAG}map" if is_mapping else f"{_TAG}seq"):
            self._problem("MS008", event, f"the tag {event.tag!r} is not allowed", "remove it")
        if self._awaits_key():
            self._stop("MS010", event, "a key must be text", "quote it")
        self._count(event)
        value: dict[str, JsonValue] | list[JsonValue] = {} if is_mapping else []
        self._stack.append(_Frame(value, event.anchor, self._nodes))

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.has_merge_key and isinstance(frame.value, dict):
            _merge(frame.value)
        if frame.anchor:
            nodes = self._nodes - frame.nodes_before + 1
            self._anchors[frame.anchor] = _Anchored(frame.value, nodes, frame.height)
        self._attach(frame.value, frame.height)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if self._awaits_key():
            self._stop("MS010", event, "a key must be text, not an alias", "write the key out")
        anchored = self._anchors.get(event.anchor or "")
        if anchored is None:
            message = f"the alias *{event.anchor} refers to no complete value"
            self._stop(
                "MS010", event, message, f"put the anchor &{event.anchor} on an earlier value"
            )
        if len(self._stack) + anchored.height > DEEPEST:
            message = f"nested deeper than {DEEPEST} levels by the alias *{event.anchor}"
            self._stop("MS002", event, message, "flatten it, or use $ref")
        self._repeated += anchored.nodes
        if self._repeated > _MOST_REPEATED:
            message = f"the aliases repeat more than {_MOST_REPEATED:,} values"
            self._stop("MS002", event, message, "use $ref instead of aliases")
        self._nodes += anchored.nodes
        self._attach(anchored.value, anchored.height)

    def _count(self, event: yaml.Event) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._stop("MS002", event, f"more than {MOST_NODES:,} values", "split the file")

    def _attach(self, value: JsonValue, height: int) -> None:
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        if frame.height <= height:
            frame.height = height + 1
        frame.attach(value)


def _merge(value: dict[str, JsonValue]) -> None:
    """Replace `<<` with the members of its value, as the merge keys of YAML 1.1 do."""
    merged = value.pop("<<")
    for source in merged if isinstance(merged, list) else [merged]:
        for key, member in source.items() if isinstance(source, dict) else ():
            value.setdefault(key, member)


def _position(event: yaml.Event) -> Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def yaml_positions(text: str) -> PositionIndex:
    """Return the position of every value; that of a member is its key's."""
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
        indexer.key(event.value, _position(event))
    elif isinstance(event, yaml.NodeEvent):
        number = indexer.value(_position(event))
        if isinstance(event, yaml.CollectionStartEvent):
            indexer.open(number, is_mapping=isinstance(event, yaml.MappingStartEvent))
