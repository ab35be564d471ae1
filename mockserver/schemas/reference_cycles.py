"""Detection of schemas whose references form a cycle for one and the same value."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.base.json import JsonValue, unescape

_LOCAL = ("#", "mock:/#")
"""The prefixes of references within the schema."""
_SUBSCHEMA_KEYWORDS = ("not", "if", "then", "else")
_SUBSCHEMA_LIST_KEYWORDS = ("allOf", "anyOf", "oneOf")


def has_endless_cycle(schema: Mapping[str, Any]) -> bool:
    """Return True if a self-contained schema applies itself to the same value again.

    Validation against such a schema would never end (JSON Schema Core, section 9.4.1). A cycle
    through `properties` or `items` is fine: it ends where the value ends.
    """
    return _CycleSearch(schema).is_found()


class _CycleSearch:
    """A depth-first search along the references that apply to the same value."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._finished: set[str] = set()

    def is_found(self) -> bool:
        definitions = [
            f"#/{key}/{name}"
            for key in ("$defs", "definitions")
            for name in self._root.get(key, {})
            if isinstance(self._root[key], Mapping)
        ]
        return any(self._has_cycle(reference) for reference in ["#", *definitions])

    def _has_cycle(self, start: str) -> bool:
        """Search from one definition; a reference to one on the current path closes a cycle."""
        if start in self._finished:
            return False
        path = {start: self._references_of(start)}
        while path:
            reference, remaining = next(reversed(path.items()))
            target = next(remaining, None)
            if target is None:
                del path[reference]
                self._finished.add(reference)
            elif target in path:
                return True
            elif target not in self._finished:
                path[target] = self._references_of(target)
        return False

    def _references_of(self, reference: str) -> Iterator[str]:
        """Yield the references that a definition applies to the same value."""
        waiting: list[JsonValue] = [self._target(reference)]
        while waiting:
            part = waiting.pop()
            if not isinstance(part, Mapping):
                continue
            if isinstance(target := part.get("$ref"), str) and target.startswith(_LOCAL):
                yield f"#{target.partition('#')[2]}"
            waiting += [part.get(key) for key in _SUBSCHEMA_KEYWORDS]
            for key in _SUBSCHEMA_LIST_KEYWORDS:
                found = part.get(key)
                waiting += found if isinstance(found, list) else []

    def _target(self, reference: str) -> JsonValue:
        found: JsonValue = self._root
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found
