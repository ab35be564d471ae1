"""OpenAPI Overlays (1.0 and 1.1): a vendor's document stays as it is, an overlay adds to it."""

import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy

from mockserver.errors import Source, SpecError, SpecProblem, escape, unescape
from mockserver.exchange import JsonValue
from mockserver.spec.documents import Document

_VERSION = re.compile(r"1\.[01]\.\d+")
_KEYS = {"overlay", "info", "extends", "actions"}
_ACTION_KEYS = {"target", "description", "update", "remove", "copy"}
_SIMPLE = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\['[^'\\]*'\]|\[\"[^\"\\]*\"\])*")
_SIMPLE_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^'\\]*)'\]|\[\"([^\"\\]*)\"\]")


def is_overlay(document: Document) -> bool:
    """Tell whether a document is an overlay."""
    return isinstance(document.value, dict) and "overlay" in document.value


def extended_file(overlay: Document) -> str | None:
    """Return what an overlay extends, relative to its own file."""
    extends = overlay.value.get("extends")
    return extends if isinstance(extends, str) else None


def apply_overlays(document: Document, overlays: Sequence[Document]) -> Document:
    """Return the document as the overlays make it; the documents themselves do not change.

    Raises:
        SpecError: With everything that is wrong with the overlays.
    """
    problems: list[SpecProblem] = []
    merged = copy(document)
    merged.origins = dict(document.origins)
    for overlay in overlays:
        checked = _checked(overlay, problems)
        for index, action in checked:
            _Action(merged, overlay, index, action, problems).apply()
    if problems:
        raise SpecError(problems)
    return merged


def _checked(
    overlay: Document, problems: list[SpecProblem]
) -> list[tuple[int, dict[str, JsonValue]]]:
    """Check the form of an overlay and return its well-formed actions with their indexes."""
    value = overlay.value
    before = len(problems)
    if not isinstance(value.get("overlay"), str) or not _VERSION.fullmatch(value["overlay"]):
        problems.append(
            SpecProblem(
                overlay.source("/overlay"), "not an overlay version", "write 1.0.0 or 1.1.0"
            )
        )
    info = value.get("info")
    if not isinstance(info, dict) or not {"title", "version"} <= info.keys():
        problems.append(SpecProblem(overlay.source("/info"), "info needs a title and a version"))
    _check_keys(overlay, "", value, _KEYS, problems)
    actions = value.get("actions")
    if not isinstance(actions, list) or not actions:
        problems.append(SpecProblem(overlay.source("/actions"), "actions must be a list of some"))
        return []
    good = [item for item in enumerate(actions) if _is_action(overlay, *item, problems)]
    return good if len(problems) == before else []


def _check_keys(
    overlay: Document,
    pointer: str,
    value: Iterable[str],
    known: set[str],
    problems: list[SpecProblem],
) -> None:
    for key in value:
        if key not in known and not key.startswith("x-"):
            hint = f"it may have {', '.join(sorted(known))}"
            source = overlay.source(f"{pointer}/{escape(key)}")
            problems.append(SpecProblem(source, f"{key!r} is not part of an overlay", hint))


def _is_action(
    overlay: Document, index: int, action: JsonValue, problems: list[SpecProblem]
) -> bool:
    pointer = f"/actions/{index}"
    source = overlay.source(pointer)
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        problems.append(SpecProblem(source, "an action is a mapping with a `target`"))
        return False
    _check_keys(overlay, pointer, action, _ACTION_KEYS, problems)
    given = [name for name in ("update", "copy") if name in action]
    if action.get("remove") is True:
        given.append("remove")
    if len(given) != 1:
        message = "an action has exactly one of update, remove: true and copy"
        problems.append(SpecProblem(source, message))
    return True


class _Action:
    """One action of an overlay on a document that is being merged."""

    def __init__(
        self,
        merged: Document,
        overlay: Document,
        index: int,
        action: dict[str, JsonValue],
        problems: list[SpecProblem],
    ) -> None:
        self._merged = merged
        self._overlay = overlay
        self._pointer = f"/actions/{index}"
        self._action = action
        self._problems = problems

    def apply(self) -> None:
        action = self._action
        found = self._select("target")
        if not found and not action.get("x-optional"):
            hint = "check the names in it, or add `x-optional: true`"
            self._problem("target", f"{action['target']!r} matches nothing", hint)
        if action.get("remove") is True:
            for pointer in sorted(found, key=_removal_order, reverse=True):
                self._remove(pointer)
        elif "copy" in action:
            self._copy(found)
        else:
            origin = self._overlay.source(f"{self._pointer}/update")
            for pointer in found:
                self._change(
                    pointer, lambda old, at: self._merge(old, action["update"], at, origin)
                )

    def _copy(self, found: list[str]) -> None:
        sources = self._select("copy")
        if len(sources) != 1:
            self._problem("copy", f"must match exactly one value, not {len(sources)}")
            return
        value = _at(self._merged.value, sources[0])
        origin = self._merged.source(sources[0])
        for pointer in found:
            self._change(pointer, lambda old, at: self._merge(old, value, at, origin))

    def _problem(self, key: str, message: str, hint: str = "") -> None:
        source = self._overlay.source(f"{self._pointer}/{key}")
        self._problems.append(SpecProblem(source, message, hint))

    def _select(self, key: str) -> list[str]:
        """Return the pointers of the values that a JSONPath (RFC 9535) selects."""
        path = self._action[key]
        if not isinstance(path, str):
            self._problem(key, "must be a JSONPath")
            return []
        if _SIMPLE.fullmatch(path):
            return _simple(self._merged.value, path)
        import jsonpath  # noqa: PLC0415 - most overlays do without it, and it costs start time

        try:
            found = jsonpath.finditer(path, self._merged.value)
            return [str(match.pointer()) for match in found]
        except jsonpath.JSONPathError as error:
            self._problem(key, f"not a JSONPath: {str(error).splitlines()[0]}")
            return []

    def _change(self, pointer: str, change: Callable[[JsonValue, str], JsonValue]) -> None:
        """Replace the value under a pointer, copying the containers on the way to it."""
        tokens = [unescape(token) for token in pointer.split("/")[1:]]
        self._merged.value = _rebuilt(self._merged.value, tokens, lambda old: change(old, pointer))

    def _merge(self, old: JsonValue, new: JsonValue, pointer: str, origin: Source) -> JsonValue:
        origins = self._merged.origins
        if isinstance(old, dict) and isinstance(new, dict):
            merged = dict(old)
            for key, value in new.items():
                at, source = f"{pointer}/{escape(key)}", origin.child(key)
                if key in old:
                    merged[key] = self._merge(old[key], value, at, source)
                else:
                    merged[key], origins[at] = value, source
            return merged
        if isinstance(old, list):
            added = new if isinstance(new, list) else [new]
            for index in range(len(added)):
                source = origin.child(index) if isinstance(new, list) else origin
                origins[f"{pointer}/{len(old) + index}"] = source
            return [*old, *added]
        origins[pointer] = origin
        return new

    def _remove(self, pointer: str) -> None:
        parent, _, token = pointer.rpartition("/")
        if not pointer:
            self._problem("target", "the whole document cannot be removed")
            return
        key = unescape(token)
        self._change(parent, lambda old, _at: _without(old, key))
        self._forget_origins(pointer)

    def _forget_origins(self, pointer: str) -> None:
        gone = [at for at in self._merged.origins if at == pointer or at.startswith(pointer + "/")]
        for at in gone:
            del self._merged.origins[at]


def _removal_order(pointer: str) -> list[tuple[int, int | str]]:
    """Order pointers so that the later item of a sequence is removed first."""
    tokens = pointer.split("/")
    return [(1, int(token)) if token.isdigit() else (0, token) for token in tokens]


def _without(old: JsonValue, key: str) -> JsonValue:
    if isinstance(old, dict):
        return {name: value for name, value in old.items() if name != key}
    return [item for index, item in enumerate(old) if str(index) != key]


def _rebuilt(
    value: JsonValue, tokens: list[str], change: Callable[[JsonValue], JsonValue]
) -> JsonValue:
    if not tokens:
        return change(value)
    head, rest = tokens[0], tokens[1:]
    if isinstance(value, dict):
        return {**value, head: _rebuilt(value[head], rest, change)}
    index = int(head)
    return [*value[:index], _rebuilt(value[index], rest, change), *value[index + 1 :]]


def _at(value: JsonValue, pointer: str) -> JsonValue:
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[unescape(token)]
    return value


def _simple(value: JsonValue, path: str) -> list[str]:
    """Follow a path of plain names, without loading a JSONPath engine."""
    pointer = ""
    for step in _SIMPLE_STEP.findall(path):
        name = next((part for part in step if part), "")
        if not isinstance(value, dict) or name not in value:
            return []
        value = value[name]
        pointer += f"/{escape(name)}"
    return [pointer]
