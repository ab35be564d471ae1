"""OpenAPI Overlays (1.0 and 1.1): a vendor's document stays as it is, an overlay adds to it."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import islice

from mockserver.base.errors import SpecError
from mockserver.base.json import JsonValue, escape
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import Document
from mockserver.documents.yaml_text import DEEPEST

MOST_ADDED = 250_000
"""Values that the overlays of a document may add to it."""
MOST_MATCHES = 200_000
"""Values that one target may match."""

Location = tuple[str | int, ...]
"""The keys and indexes on the way to a value."""
_Query = Callable[[JsonValue], Iterable[Location]]

_VERSION = re.compile(r"1\.[01]\.\d+")
_ROOT_TYPES = {"overlay": str, "info": dict, "extends": str, "actions": list}
_INFO_TYPES = {"title": str, "version": str, "description": str}
_ACTION_TYPES = {"target": str, "description": str, "update": object, "remove": bool, "copy": str}
_X_TYPES = {"x-optional": bool}
_TYPE_NAMES = {str: "text", dict: "a mapping", list: "a list", bool: "true or false"}
_SIMPLE = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\['[^'\\]*'\]|\[\"[^\"\\]*\"\])*")
_SIMPLE_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^'\\]*)'\]|\[\"([^\"\\]*)\"\]")


def is_overlay(document: Document) -> bool:
    """Tell whether a document is an overlay."""
    return isinstance(document.value, dict) and "overlay" in document.value


def extended_file(overlay: Document) -> str | None:
    """Return what an overlay extends, relative to its own file."""
    extends = overlay.value.get("extends")
    return extends if isinstance(extends, str) and "\0" not in extends else None


def apply_overlays(document: Document, overlays: Sequence[Document]) -> Document:
    """Return the document as the overlays make it; the documents themselves do not change.

    Raises:
        SpecError: With everything that is wrong with the overlays.
    """
    problems: list[SpecProblem] = []
    draft = _Draft(document)
    for overlay in overlays:
        found = list(_violations(overlay))
        problems += found
        for index, action in enumerate([] if found else overlay.value["actions"]):
            place = overlay.source(f"/actions/{index}")
            _Action(draft, overlay, place, action, problems).apply()
    if problems:
        raise SpecError(problems)
    return draft.document


def _violations(overlay: Document) -> Iterator[SpecProblem]:
    """Check the form of an overlay."""
    value = overlay.value
    root = overlay.source()
    yield from _members(root, value, _ROOT_TYPES, ("overlay", "info", "actions"))
    version = value["overlay"]
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        message = f"{version!r} is not a version of overlays"
        yield SpecProblem(root.child("overlay"), message, "write 1.0.0 or 1.1.0")
    if isinstance(info := value.get("info"), dict):
        yield from _members(root.child("info"), info, _INFO_TYPES, ("title", "version"))
    actions = value.get("actions")
    if actions == []:
        yield SpecProblem(root.child("actions"), "an overlay has at least one action")
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        yield from _action_violations(root.child("actions", index), action, str(version))


def _members(
    source: Source, value: Mapping[str, JsonValue], types: Mapping[str, type], needed: Iterable[str]
) -> Iterator[SpecProblem]:
    """Check which members an object has, and their types."""
    for key in needed:
        if key not in value:
            yield SpecProblem(source, f"{key!r} is missing")
    for key, member in value.items():
        known = types.get(key)
        if known is None and not key.startswith("x-"):
            hint = f"it may have {', '.join(sorted(types))}"
            yield SpecProblem(source.child(key), f"{key!r} is not part of an overlay", hint)
        if known is not None and not isinstance(member, known):
            hint = "quote it" if known is str and isinstance(member, int | float) else ""
            yield SpecProblem(source.child(key), f"must be {_TYPE_NAMES[known]}", hint)


def _action_violations(source: Source, action: JsonValue, version: str) -> Iterator[SpecProblem]:
    if not isinstance(action, dict):
        yield SpecProblem(source, "an action is a mapping with a `target`")
        return
    yield from _members(source, action, _ACTION_TYPES | _X_TYPES, ("target",))
    given = [key for key in ("update", "copy") if key in action]
    if action.get("remove") is True:
        given.append("remove")
    if len(given) != 1:
        yield SpecProblem(source, "an action has exactly one of update, remove: true and copy")
    if "copy" in action and version.startswith("1.0"):
        hint = "write `overlay: 1.1.0`"
        yield SpecProblem(source.child("copy"), "overlays 1.0 have no `copy`", hint)
    for key in ("target", "copy"):
        if isinstance(path := action.get(key), str):
            try:
                _query(path)
            except ValueError as error:
                yield SpecProblem(source.child(key), f"{path!r} is not a JSONPath: {error}")


def _query(path: str) -> _Query:
    """Compile a JSONPath (RFC 9535).

    Raises:
        ValueError: Saying why it is none.
    """
    if _SIMPLE.fullmatch(path):
        names = ["".join(step) for step in _SIMPLE_STEP.findall(path)]
        return lambda value: _named(value, names)
    import jsonpath  # noqa: PLC0415 - most overlays do without it, and it costs start time

    try:
        compiled = jsonpath.compile(path, strict=True)
    except RecursionError:
        raise ValueError("it is too long") from None
    except jsonpath.JSONPathError as error:
        raise ValueError(str(error.args[0]) if error.args else "it cannot be read") from None
    return lambda value: (match.parts for match in compiled.finditer(value))


def _named(value: JsonValue, names: Sequence[str]) -> Iterator[Location]:
    """Follow a path of plain names, without a JSONPath engine."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return
        value = value[name]
    yield tuple(names)


def _pointer(location: Location) -> str:
    return "".join(f"/{escape(str(key))}" for key in location)


class _Draft:
    """A document in the making; it shares with the original what no action touches."""

    def __init__(self, document: Document) -> None:
        self.document = copy(document)
        self.document.origins = dict(document.origins)
        self.added = 0
        self._owned: dict[int, JsonValue] = {}
        """The collections that stand in the draft alone, by identity."""

    def get(self, location: Location) -> JsonValue:
        value = self.document.value
        for key in location:
            value = value[key]
        return value

    def put(self, location: Location, value: JsonValue) -> None:
        if location:
            self.own(location[:-1])[location[-1]] = value
        else:
            self.document.value = value

    def own(self, location: Location) -> JsonValue:
        """Return the collection at a location, free to be changed in place."""
        self.document.value = value = self._own(self.document.value)
        for key in location:
            value[key] = value = self._own(value[key])
        return value

    def _own(self, value: JsonValue) -> JsonValue:
        if id(value) not in self._owned:
            value = copy(value)
            self._owned[id(value)] = value
        return value

    def share(self) -> None:
        """Change nothing in place that stands in the draft by now: it is put elsewhere too."""
        self._owned.clear()

    def remove(self, locations: Iterable[Location]) -> None:
        """Remove members and items; what comes after a removed item moves up."""
        gone: dict[Location, set[str | int]] = {}
        for location in locations:
            gone.setdefault(location[:-1], set()).add(location[-1])
        removals = {_pointer(parent): _Removal(keys) for parent, keys in gone.items()}
        origins = self._origins_of_moved(gone) | self.document.origins
        for parent in sorted(gone, key=len, reverse=True):
            collection = self.own(parent)
            for key in sorted(gone[parent], key=_as_index, reverse=True):
                del collection[key]
        moved = ((_moved(pointer, removals), origin) for pointer, origin in origins.items())
        self.document.origins = {pointer: origin for pointer, origin in moved if pointer}

    def _origins_of_moved(self, gone: Mapping[Location, set[str | int]]) -> dict[str, Source]:
        origins = {}
        for parent, keys in gone.items():
            collection = self.get(parent)
            if isinstance(collection, list):
                for index in range(min(map(_as_index, keys)), len(collection)):
                    pointer = _pointer((*parent, index))
                    origins[pointer] = self.document.source(pointer)
        return origins


def _as_index(key: str | int) -> int:
    return key if isinstance(key, int) else 0


@dataclass(slots=True)
class _Removal:
    """What is removed from one collection."""

    keys: set[str | int]
    tokens: set[str] = field(init=False)
    indexes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = {escape(str(key)) for key in self.keys}
        self.indexes = sorted(key for key in self.keys if isinstance(key, int))


def _moved(pointer: str, removals: Mapping[str, _Removal]) -> str:
    """Return where what stood under a pointer stands after removals; empty if it is gone."""
    before = after = ""
    for token in pointer.split("/")[1:]:
        removal = removals.get(before)
        before += f"/{token}"
        if removal and token in removal.tokens:
            return ""
        if removal and removal.indexes:
            after += f"/{int(token) - bisect_left(removal.indexes, int(token))}"
        else:
            after += f"/{token}"
    return after


@dataclass(frozen=True, slots=True)
class _Addition:
    """A value that an action merges into others, and where every part of it comes from."""

    value: JsonValue
    origin: Callable[[str], Source]
    """From a JSON Pointer into the value to its source."""
    nested: Mapping[str, Source] = field(default_factory=dict)
    """By JSON Pointer, the parts with another origin than what is above them."""

    def origins(self, below: str, at: str) -> Iterator[tuple[str, Source]]:
        """List the origins of a part of the value when it stands at another pointer."""
        yield at, self.origin(below)
        for pointer, source in self.nested.items():
            if pointer.startswith(below + "/"):
                yield at + pointer.removeprefix(below), source


@dataclass(frozen=True, slots=True)
class _Action:
    """One well-formed action of an overlay on a draft."""

    draft: _Draft
    overlay: Document
    source: Source
    value: Mapping[str, JsonValue]
    problems: list[SpecProblem]

    def apply(self) -> None:
        before = len(self.problems)
        found = self._select("target")
        if not found and len(self.problems) == before and not self.value.get("x-optional"):
            hint = "check the names in it, or add `x-optional: true`"
            self._problem("target", f"{self.value['target']!r} matches nothing", hint)
        if self.value.get("remove") is True:
            self._remove(found)
        elif (addition := self._addition()) and self._has_room(addition.value, found):
            for location in found:
                self._merge_into(location, addition)

    def _problem(self, key: str, message: str, hint: str = "") -> None:
        self.problems.append(SpecProblem(self.source.child(key), message, hint))

    def _select(self, key: str) -> list[Location]:
        """Return where the values are that a JSONPath selects, each once."""
        found: list[Location] = []
        try:
            matches = _query(self.value[key])(self.draft.document.value)
            found.extend(islice(matches, MOST_MATCHES + 1))
        except (ValueError, RecursionError) as error:
            self._problem(key, f"cannot be followed: {error}")
        if len(found) > MOST_MATCHES:
            self._problem(key, f"matches more than {MOST_MATCHES:,} values", "narrow it")
            return []
        return list(dict.fromkeys(found))

    def _remove(self, found: list[Location]) -> None:
        if () in found:
            self._problem("target", "the whole document cannot be removed")
            return
        self.draft.remove(found)

    def _addition(self) -> _Addition | None:
        if "copy" not in self.value:
            update = self.source.pointer + "/update"
            return _Addition(
                self.value["update"], lambda below: self.overlay.source(update + below)
            )
        sources = self._select("copy")
        if len(sources) != 1:
            self._problem("copy", f"must match exactly one value, not {len(sources)}")
            return None
        self.draft.share()
        start, before = _pointer(sources[0]), copy(self.draft.document)
        before.origins = dict(before.origins)
        nested = {
            pointer.removeprefix(start): origin
            for pointer, origin in before.origins.items()
            if pointer.startswith(start + "/")
        }
        value = self.draft.get(sources[0])
        return _Addition(value, lambda below: before.source(start + below), nested)

    def _has_room(self, value: JsonValue, found: list[Location]) -> bool:
        """Check the bounds of what the action is going to add."""
        nodes, height = _measure(value, MOST_ADDED - self.draft.added)
        self.draft.added += nodes * len(found)
        key = "copy" if "copy" in self.value else "update"
        if self.draft.added > MOST_ADDED:
            self._problem(key, f"the overlays add more than {MOST_ADDED:,} values")
        elif height + max(map(len, found), default=0) > DEEPEST:
            self._problem(key, f"would nest deeper than {DEEPEST} levels")
        else:
            return True
        return False

    def _merge_into(self, location: Location, addition: _Addition) -> None:
        old, at = self.draft.get(location), _pointer(location)
        if isinstance(old, list) and not isinstance(addition.value, list):
            self.draft.document.origins.update(addition.origins("", f"{at}/{len(old)}"))
            self.draft.put(location, [*old, addition.value])
            return
        if not isinstance(old, dict | list) and self.overlay.value["overlay"].startswith("1.0"):
            message = "overlays 1.0 update mappings and lists only"
            self._problem("target", message, "write `overlay: 1.1.0`, or target the mapping")
            return
        self.draft.put(location, self._merged(old, addition.value, at, "", addition))

    def _merged(
        self, old: JsonValue, new: JsonValue, at: str, below: str, addition: _Addition
    ) -> JsonValue:
        origins = self.draft.document.origins
        if isinstance(old, dict) and isinstance(new, dict):
            merged = dict(old)
            for key, value in new.items():
                token = f"/{escape(key)}"
                if key in old:
                    part = self._merged(old[key], value, at + token, below + token, addition)
                    merged[key] = part
                else:
                    merged[key] = value
                    origins.update(addition.origins(below + token, at + token))
            return merged
        if isinstance(old, list) and isinstance(new, list):
            for index in range(len(new)):
                place = f"{at}/{len(old) + index}"
                origins.update(addition.origins(f"{below}/{index}", place))
            return [*old, *new]
        if old is None or not (isinstance(old, dict | list) or isinstance(new, dict | list)):
            origins.update(addition.origins(below, at))
            return new
        message = f"{_kind(new)} cannot be merged into {_kind(old)}, which is at {at or '/'}"
        hint = "remove that with an action of its own before"
        self.problems.append(SpecProblem(addition.origin(below), message, hint))
        return old


def _kind(value: JsonValue) -> str:
    return _TYPE_NAMES[type(value)] if isinstance(value, dict | list) else "a single value"


def _measure(value: JsonValue, most: int) -> tuple[int, int]:
    """Count the values in a value, some more than `most` at the utmost, and its levels."""
    nodes, height = 0, -1
    level: list[JsonValue] = [value]
    while level and nodes <= most:
        height += 1
        nodes += len(level)
        below = (list(item.values()) if isinstance(item, dict) else item for item in level)
        level = [member for item in below if isinstance(item, list) for member in item]
    return nodes, height
