"""Apply OpenAPI Overlays (1.0 and 1.1) to a copy of a document, never to its file.

`documents/document_files.py` is the only caller: it finds overlays with `is_overlay`, and their
documents with `extended_file`. `apply_overlays` returns the changed document, whose parts keep the
source that they came from, or raises SpecError with all problems of all overlays; an action without
a match is one, unless it has `x-optional`. What no action changes is shared with the original, not
copied. The number of matches, and of added values, is limited.
"""

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

_MOST_ADDED = 250_000
"""The maximum number of values that the overlays of a document add."""
MOST_MATCHES = 200_000
"""The maximum number of values that one target matches."""
MOST_STEPS = 250_000
"""The maximum number of values that one JSONPath visits, unless there are many."""
_STEPS_A_VALUE = 10
"""In a large document, a JSONPath visits at most this many times its values."""

_Location = tuple[str | int, ...]
"""The path to a value: keys and indexes."""
_Query = Callable[[JsonValue], Iterable[_Location]]

_VERSION = re.compile(r"1\.[01]\.\d+")
_ROOT_TYPES = {"overlay": str, "info": dict, "extends": str, "actions": list}
_INFO_TYPES = {"title": str, "version": str, "description": str}
_ACTION_TYPES = {"target": str, "description": str, "update": object, "remove": bool, "copy": str}
_X_TYPES = {"x-optional": bool}
_TYPE_NAMES = {str: "text", dict: "a mapping", list: "a list", bool: "true or false"}
_SIMPLE = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\['[^'\\]*'\]|\[\"[^\"\\]*\"\])*")
_SIMPLE_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^'\\]*)'\]|\[\"([^\"\\]*)\"\]")


def is_overlay(document: Document) -> bool:
    """Return True if a document is an overlay."""
    return isinstance(document.value, dict) and "overlay" in document.value


def extended_file(overlay: Document) -> str | None:
    """Return the document that an overlay extends, as a path relative to the overlay."""
    extends = overlay.value.get("extends")
    return extends if isinstance(extends, str) and "\0" not in extends else None


def apply_overlays(document: Document, overlays: Sequence[Document]) -> Document:
    """Return a copy of the document, changed by the overlays in their order.

    Raises:
        SpecError: If the overlays have problems; with all of them.
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
    """Yield what is invalid in an overlay, apart from the values its actions select."""
    value = overlay.value
    root = overlay.source()
    yield from _members(root, value, _ROOT_TYPES, ("overlay", "info", "actions"))
    version = value["overlay"]
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        message = f"{version!r} is not an overlay version"
        yield SpecProblem("MS801", root.child("overlay"), message, "write 1.0.0 or 1.1.0")
    if isinstance(info := value.get("info"), dict):
        yield from _members(root.child("info"), info, _INFO_TYPES, ("title", "version"))
    actions = value.get("actions")
    if actions == []:
        message, hint = "an overlay must have at least one action", "add an action"
        yield SpecProblem("MS801", root.child("actions"), message, hint)
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        yield from _action_violations(root.child("actions", index), action, str(version))


def _members(
    source: Source, value: Mapping[str, JsonValue], types: Mapping[str, type], needed: Iterable[str]
) -> Iterator[SpecProblem]:
    """Yield missing and unknown members of an object, and members of the wrong type."""
    for key in needed:
        if key not in value:
            yield SpecProblem("MS801", source, f"{key!r} is missing")
    for key, member in value.items():
        known = types.get(key)
        if known is None and not key.startswith("x-"):
            hint = f"use one of {', '.join(sorted(types))}"
            yield SpecProblem("MS801", source.child(key), f"{key!r} is not allowed here", hint)
        if known is not None and not isinstance(member, known):
            hint = "quote it" if known is str and isinstance(member, int | float) else ""
            yield SpecProblem("MS801", source.child(key), f"must be {_TYPE_NAMES[known]}", hint)


def _action_violations(source: Source, action: JsonValue, version: str) -> Iterator[SpecProblem]:
    if not isinstance(action, dict):
        yield SpecProblem("MS801", source, "an action must be a mapping with a `target`")
        return
    yield from _members(source, action, _ACTION_TYPES | _X_TYPES, ("target",))
    given = [key for key in ("update", "copy") if key in action]
    if action.get("remove") is True:
        given.append("remove")
    if len(given) != 1:
        message = "an action must have exactly one of `update`, `remove: true` and `copy`"
        yield SpecProblem("MS801", source, message)
    if "copy" in action and version.startswith("1.0"):
        hint = "write `overlay: 1.1.0`"
        yield SpecProblem("MS801", source.child("copy"), "overlays 1.0 do not have `copy`", hint)
    for key in ("target", "copy"):
        if isinstance(path := action.get(key), str):
            try:
                _query(path)
            except ValueError as error:
                yield SpecProblem(
                    "MS803", source.child(key), f"{path!r} is not a JSONPath: {error}"
                )


def _query(path: str) -> _Query:
    """Compile a JSONPath (RFC 9535).

    Raises:
        ValueError: If it is invalid; with the reason.
    """
    if _SIMPLE.fullmatch(path):
        names = ["".join(step) for step in _SIMPLE_STEP.findall(path)]
        return lambda value: _value_at(value, names)
    from mockserver.documents.counted_paths import CountedPath  # noqa: PLC0415 - most overlays need it not

    compiled = CountedPath(path)

    def matches(value: JsonValue) -> Iterator[_Location]:
        nodes, _ = _measure(value, 10 * MOST_STEPS)
        return compiled.locations(value, max(MOST_STEPS, _STEPS_A_VALUE * nodes))

    return matches


def _value_at(value: JsonValue, names: Sequence[str]) -> Iterator[_Location]:
    """Yield the location that a path of plain names selects, if the value has it."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return
        value = value[name]
    yield tuple(names)


def _pointer(location: _Location) -> str:
    return "".join(f"/{escape(str(key))}" for key in location)


class _Draft:
    """A changing copy of a document; it shares with the original what no action changes."""

    def __init__(self, document: Document) -> None:
        self.document = copy(document)
        self.document.origins = dict(document.origins)
        self.added = 0
        self._unshared: dict[int, JsonValue] = {}
        """By `id`, the collections that only the draft has and that may change in place."""

    def get(self, location: _Location) -> JsonValue:
        value = self.document.value
        for key in location:
            value = value[key]
        return value

    def put(self, location: _Location, value: JsonValue) -> None:
        if location:
            self.unshared(location[:-1])[location[-1]] = value
        else:
            self.document.value = value

    def unshared(self, location: _Location) -> JsonValue:
        """Return the collection at a location, copied if needed so that it may be changed."""
        self.document.value = value = self._copied(self.document.value)
        for key in location:
            value[key] = value = self._copied(value[key])
        return value

    def _copied(self, value: JsonValue) -> JsonValue:
        if id(value) not in self._unshared:
            value = copy(value)
            self._unshared[id(value)] = value
        return value

    def share_all(self) -> None:
        """Treat all collections as shared, because a `copy` adds some of them a second time."""
        self._unshared.clear()

    def remove(self, locations: Iterable[_Location]) -> None:
        """Remove members and items; the items after a removed one get lower indexes."""
        removed: dict[_Location, set[str | int]] = {}
        for location in locations:
            removed.setdefault(location[:-1], set()).add(location[-1])
        removals = {_pointer(parent): _Removal(keys) for parent, keys in removed.items()}
        origins = self._origins_of_moved(removed) | self.document.origins
        for parent in sorted(removed, key=len, reverse=True):
            collection = self.unshared(parent)
            for key in sorted(removed[parent], key=_as_index, reverse=True):
                del collection[key]
        moved = ((_moved(pointer, removals), origin) for pointer, origin in origins.items())
        self.document.origins = {pointer: origin for pointer, origin in moved if pointer}

    def _origins_of_moved(self, removed: Mapping[_Location, set[str | int]]) -> dict[str, Source]:
        """Return the sources of the items whose indexes change, by their present pointers."""
        origins = {}
        for parent, keys in removed.items():
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
    """The keys or indexes that are removed from one collection."""

    keys: set[str | int]
    tokens: set[str] = field(init=False)
    indexes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = {escape(str(key)) for key in self.keys}
        self.indexes = sorted(key for key in self.keys if isinstance(key, int))


def _moved(pointer: str, removals: Mapping[str, _Removal]) -> str:
    """Return the pointer that a value has after removals; empty if it was removed."""
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
    """A value that an action merges into others, with the sources of its parts."""

    value: JsonValue
    origin: Callable[[str], Source]
    """Returns the source of the part at a JSON Pointer into the value."""
    nested: Mapping[str, Source] = field(default_factory=dict)
    """By JSON Pointer, the parts that have another origin than their parents."""

    def origins(self, part: str, target: str) -> Iterator[tuple[str, Source]]:
        """Yield the origins of a part of the value, for its place in the document.

        Args:
            part: The JSON Pointer of the part in the value.
            target: The JSON Pointer that the part gets in the document.
        """
        yield target, self.origin(part)
        for pointer, source in self.nested.items():
            if pointer.startswith(part + "/"):
                yield target + pointer.removeprefix(part), source


@dataclass(frozen=True, slots=True)
class _Action:
    """One valid action of an overlay, applied to a draft."""

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
            self._problem(
                "MS802", "target", f"{self.value['target']!r} does not match anything", hint
            )
        if self.value.get("remove") is True:
            self._remove(found)
        elif (addition := self._addition()) and self._is_within_limits(addition.value, found):
            for location in found:
                self._merge_into(location, addition)

    def _problem(self, code: str, key: str, message: str, hint: str = "") -> None:
        self.problems.append(SpecProblem(code, self.source.child(key), message, hint))

    def _select(self, key: str) -> list[_Location]:
        """Return the locations that a JSONPath selects, each once."""
        found: list[_Location] = []
        try:
            matches = _query(self.value[key])(self.draft.document.value)
            found.extend(islice(matches, MOST_MATCHES + 1))
        except (ValueError, RecursionError) as error:
            self._problem("MS803", key, f"cannot be evaluated: {error}")
        if len(found) > MOST_MATCHES:
            self._problem(
                "MS804", key, f"matches more than {MOST_MATCHES:,} values", "select fewer"
            )
            return []
        return list(dict.fromkeys(found))

    def _remove(self, found: list[_Location]) -> None:
        if () in found:
            self._problem("MS805", "target", "the whole document cannot be removed")
            return
        self.draft.remove(found)

    def _addition(self) -> _Addition | None:
        """Return the value that the action adds; None if its `copy` is invalid."""
        if "copy" not in self.value:
            update = self.source.pointer + "/update"
            return _Addition(self.value["update"], lambda part: self.overlay.source(update + part))
        sources = self._select("copy")
        if len(sources) != 1:
            self._problem("MS802", "copy", f"must match exactly one value, not {len(sources)}")
            return None
        self.draft.share_all()
        start, before = _pointer(sources[0]), copy(self.draft.document)
        before.origins = dict(before.origins)
        nested = {
            pointer.removeprefix(start): origin
            for pointer, origin in before.origins.items()
            if pointer.startswith(start + "/")
        }
        value = self.draft.get(sources[0])
        return _Addition(value, lambda part: before.source(start + part), nested)

    def _is_within_limits(self, value: JsonValue, found: list[_Location]) -> bool:
        """Return True if the value may be added at these locations; else report the problem."""
        nodes, height = _measure(value, _MOST_ADDED - self.draft.added)
        self.draft.added += nodes * len(found)
        key = "copy" if "copy" in self.value else "update"
        if self.draft.added > _MOST_ADDED:
            self._problem(
                "MS804", key, f"the overlays add more than {_MOST_ADDED:,} values", "add fewer"
            )
        elif height + max(map(len, found), default=0) > DEEPEST:
            self._problem("MS804", key, f"would nest deeper than {DEEPEST} levels", "flatten it")
        else:
            return True
        return False

    def _merge_into(self, location: _Location, addition: _Addition) -> None:
        old, target = self.draft.get(location), _pointer(location)
        if isinstance(old, list) and not isinstance(addition.value, list):
            self.draft.document.origins.update(addition.origins("", f"{target}/{len(old)}"))
            self.draft.put(location, [*old, addition.value])
            return
        if not isinstance(old, dict | list) and self.overlay.value["overlay"].startswith("1.0"):
            message = "overlays 1.0 can update only mappings and lists"
            self._problem(
                "MS805", "target", message, "write `overlay: 1.1.0`, or target the mapping"
            )
            return
        self.draft.put(location, self._merged(old, addition.value, target, "", addition))

    def _merged(
        self, old: JsonValue, new: JsonValue, target: str, part: str, addition: _Addition
    ) -> JsonValue:
        """Return two values merged; record the origins of what is new.

        Args:
            old: The value in the draft.
            new: The value to merge into it, a part of the addition.
            target: The JSON Pointer of `old` in the draft.
            part: The JSON Pointer of `new` in the addition.
            addition: What the action adds.
        """
        origins = self.draft.document.origins
        if isinstance(old, dict) and isinstance(new, dict):
            merged = dict(old)
            for key, value in new.items():
                token = f"/{escape(key)}"
                if key in old:
                    merged[key] = self._merged(
                        old[key], value, target + token, part + token, addition
                    )
                else:
                    merged[key] = value
                    origins.update(addition.origins(part + token, target + token))
            return merged
        if isinstance(old, list) and isinstance(new, list):
            for index in range(len(new)):
                place = f"{target}/{len(old) + index}"
                origins.update(addition.origins(f"{part}/{index}", place))
            return [*old, *new]
        if old is None or not (isinstance(old, dict | list) or isinstance(new, dict | list)):
            origins.update(addition.origins(part, target))
            return new
        message = f"{_kind(new)} cannot be merged into {_kind(old)}, which is at {target or '/'}"
        hint = "remove it first, in an action of its own"
        self.problems.append(SpecProblem("MS805", addition.origin(part), message, hint))
        return old


def _kind(value: JsonValue) -> str:
    return _TYPE_NAMES[type(value)] if isinstance(value, dict | list) else "a single value"


def _measure(value: JsonValue, most: int) -> tuple[int, int]:
    """Return the number of values in a value and of its levels; stop soon after `most` values."""
    nodes, height = 0, -1
    level: list[JsonValue] = [value]
    while level and nodes <= most:
        height += 1
        nodes += len(level)
        children = (list(item.values()) if isinstance(item, dict) else item for item in level)
        level = [member for item in children if isinstance(item, list) for member in item]
    return nodes, height
