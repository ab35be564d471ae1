"""What changed between two schemas, and whether it breaks a client.

A client sends what a request's schema allows, so narrower is breaking there; it reads what an
answer's schema allows, so wider is breaking there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mockserver.contract.comparing import as_json
from mockserver.errors import Source, SpecError
from mockserver.exchange import JsonValue
from mockserver.spec.references import Place, References

_DEEPEST = 40
_COUNTS = {
    "maxLength": "upper",
    "maxItems": "upper",
    "maxProperties": "upper",
    "maximum": "upper",
    "exclusiveMaximum": "upper",
    "minLength": "lower",
    "minItems": "lower",
    "minProperties": "lower",
    "minimum": "lower",
    "exclusiveMinimum": "lower",
}
_EXACT = ("pattern", "format", "multipleOf", "const")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different, and where."""

    where: str
    """Part of the operation and pointer: `request /target_phone`, `answer 200 /status`."""
    message: str
    breaking: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Side:
    """A version of a document."""

    whole: Place
    version: str
    references: References

    def resolve(self, place: Place) -> Place:
        """Follow a reference; a bad one leads nowhere."""
        try:
            return self.references.resolve(place)
        except SpecError:
            return Place(place.document, place.pointer, None)


@dataclass(frozen=True, slots=True)
class SchemaChanges:
    """Compares schemas of two versions of a document."""

    old: Side
    new: Side
    is_request: bool

    def between(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        """Yield every difference of two schemas."""
        yield from self._compare(old, new, where, frozenset())

    def _compare(
        self, old: Place, new: Place, where: str, above: frozenset[tuple[str, str]]
    ) -> Iterator[Change]:
        old, new = self.old.resolve(old), self.new.resolve(new)
        pair = (old.pointer, new.pointer)
        if pair in above or len(above) > _DEEPEST or not _are_schemas(old, new):
            return
        inside = above | {pair}
        yield from self._types(old, new, where)
        yield from self._enum(old, new, where)
        yield from self._bounds(old, new, where)
        yield from self._exact(old, new, where)
        yield from self._members(old, new, where, inside)
        if "items" in old.value and "items" in new.value:
            below = f"{where}/*"
            yield from self._compare(old.child("items"), new.child("items"), below, inside)
        yield from self._alternatives(old, new, where, inside)

    def _change(self, where: str, message: str, place: Place, *, narrower: bool) -> Change:
        return Change(where, message, narrower == self.is_request, place.source)

    def _types(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        before, after = _types_of(old.value), _types_of(new.value)
        lost, gained = before - after, after - before
        if lost or gained:
            message = f"type was {_listed(before)}, is {_listed(after)}"
            breaking = bool(lost) if self.is_request else bool(gained)
            yield Change(where, message, breaking, new.source)

    def _enum(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        before, after = old.value.get("enum"), new.value.get("enum")
        if before is None and after is not None:
            yield self._change(where, f"is one of {as_json(after)} now", new, narrower=True)
        elif after is None and before is not None:
            yield self._change(where, "is no longer one of a list", new, narrower=False)
        elif before is not None and after is not None:
            for value in (one for one in before if one not in after):
                message = f"can no longer be {as_json(value)}"
                yield self._change(where, message, new, narrower=True)
            for value in (one for one in after if one not in before):
                yield self._change(where, f"can be {as_json(value)} now", new, narrower=False)

    def _bounds(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        for keyword, side in _COUNTS.items():
            before, after = old.value.get(keyword), new.value.get(keyword)
            if before == after or not all(map(_is_bound, (before, after))):
                continue
            narrower = _is_narrower(before, after, side)
            message = f"{keyword} was {_shown(before)}, is {_shown(after)}"
            yield self._change(where, message, new, narrower=narrower)

    def _exact(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        for keyword in _EXACT:
            before, after = old.value.get(keyword), new.value.get(keyword)
            if before != after:
                message = f"{keyword} was {_shown(before)}, is {_shown(after)}"
                narrower = before is None or (after is not None and self.is_request)
                yield self._change(where, message, new, narrower=narrower)

    def _members(
        self, old: Place, new: Place, where: str, above: frozenset[tuple[str, str]]
    ) -> Iterator[Change]:
        before, after = (dict(side.child("properties").members()) for side in (old, new))
        needed, needs = _required(old.value), _required(new.value)
        for name in before.keys() - after.keys():
            yield Change(f"{where}/{name}", "is no longer there", breaking=True, source=new.source)
        for name in after.keys() - before.keys():
            breaking = self.is_request and name in needs
            message = "is new and required" if name in needs else "is new"
            yield Change(f"{where}/{name}", message, breaking, after[name].source)
        for name in before.keys() & after.keys():
            below = f"{where}/{name}"
            if (name in needed) != (name in needs):
                message = "is required now" if name in needs else "is no longer required"
                yield self._change(below, message, after[name], narrower=name in needs)
            yield from self._compare(before[name], after[name], below, above)
        for name in (needs - needed) - (before.keys() | after.keys()):
            yield self._change(f"{where}/{name}", "is required now", new, narrower=True)

    def _alternatives(
        self, old: Place, new: Place, where: str, above: frozenset[tuple[str, str]]
    ) -> Iterator[Change]:
        for keyword in ("allOf", "anyOf", "oneOf"):
            before, after = old.child(keyword).items(), new.child(keyword).items()
            if len(before) != len(after):
                narrower = (len(after) > len(before)) == (keyword == "allOf")
                message = f"{keyword} had {len(before)} schemas, has {len(after)}"
                yield self._change(where, message, new, narrower=narrower)
            for one, other in zip(before, after, strict=False):
                yield from self._compare(one, other, where, above)


def _are_schemas(old: Place, new: Place) -> bool:
    return isinstance(old.value, dict) and isinstance(new.value, dict)


def _types_of(schema: Mapping[str, JsonValue]) -> frozenset[str]:
    given = schema.get("type")
    names = [given] if isinstance(given, str) else given if isinstance(given, list) else _ALL
    types = {str(name) for name in names}
    if schema.get("nullable") is True:
        types.add("null")
    if "number" in types:
        types.add("integer")
    return frozenset(types)


_ALL = ("array", "boolean", "null", "number", "object", "string")


def _listed(types: frozenset[str]) -> str:
    if types >= set(_ALL):
        return "anything"
    return " or ".join(sorted(types - ({"integer"} if "number" in types else set())))


def _required(schema: Mapping[str, JsonValue]) -> set[str]:
    names = schema.get("required")
    return {str(name) for name in names} if isinstance(names, list) else set()


def _is_bound(value: JsonValue) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_narrower(before: JsonValue, after: JsonValue, side: str) -> bool:
    if before is None or after is None:
        return before is None
    compare: Callable[[], bool] = (
        (lambda: after < before) if side == "upper" else (lambda: after > before)
    )
    return compare()


def _shown(value: JsonValue) -> str:
    return "not given" if value is None else as_json(value)
