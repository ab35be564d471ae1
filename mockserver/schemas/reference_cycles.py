"""Schemas that lead back to themselves before they look into a value: no value can be judged."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.base.json import JsonValue, unescape

_OWN = ("#", "mock:/#")
"""How references into the schema itself begin."""
_SAME_VALUE = ("not", "if", "then", "else")
_SAME_VALUES = ("allOf", "anyOf", "oneOf")


def is_endless(schema: Mapping[str, Any]) -> bool:
    """Tell whether a self-contained schema applies itself to the same value again.

    Validators would follow such a schema for ever (JSON Schema Core, section 9.4.1).
    """
    return _Search(schema).is_found()


class _Search:
    """A walk, depth first, along the references that hold for the same value."""

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
        return any(self._leads_back(reference) for reference in ["#", *definitions])

    def _leads_back(self, first: str) -> bool:
        """Walk from one definition; a reference that is still being walked closes a circle."""
        if first in self._finished:
            return False
        walking = {first: self._next(first)}
        while walking:
            reference, following = next(reversed(walking.items()))
            target = next(following, None)
            if target is None:
                del walking[reference]
                self._finished.add(reference)
            elif target in walking:
                return True
            elif target not in self._finished:
                walking[target] = self._next(target)
        return False

    def _next(self, reference: str) -> Iterator[str]:
        """Yield the references that a definition applies to the same value."""
        waiting: list[JsonValue] = [self._target(reference)]
        while waiting:
            part = waiting.pop()
            if not isinstance(part, Mapping):
                continue
            if isinstance(target := part.get("$ref"), str) and target.startswith(_OWN):
                yield f"#{target.partition('#')[2]}"
            waiting += [part.get(key) for key in _SAME_VALUE]
            for key in _SAME_VALUES:
                found = part.get(key)
                waiting += found if isinstance(found, list) else []

    def _target(self, reference: str) -> JsonValue:
        found: JsonValue = self._root
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found
