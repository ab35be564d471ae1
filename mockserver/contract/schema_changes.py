"""Compare two versions of a schema, and judge whether a change breaks a client.

`document_changes.py` calls `SchemaChanges.between`, with one object for requests and one for
answers; it yields a `Change` (place, message, whether it breaks). Clients send what a request's
schema allows, so allowing less breaks them; they read what an answer's schema allows, so allowing
more does. But new members of an answer break nothing, since clients ignore them, and a removed
member always does; one that became read-only breaks no request. Defaults are compared in requests
only. A pair of schemas already being compared is skipped, and in one call, one definition is
reported at `_MAX_PLACES` places at most. Outer members come first.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mockserver.base.json import JsonValue
from mockserver.base.places import Source
from mockserver.contract.answer_comparison import as_json
from mockserver.contract.flattened_schemas import DocumentVersion, FlattenedSchema
from mockserver.documents.references import Place

_MAX_PLACES = 8
"""Maximum number of places at which one call reports the changes of one definition."""
_BOUNDS = {
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
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
_WIDER_FORMATS = {("int32", "int64"), ("float", "double")}
_ALL_TYPES_COUNT = 7
"""Number of JSON types, `integer` included."""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two versions of a document."""

    where: str
    """Operation, part and pointer, such as `GET /items answer 200/status`."""
    message: str
    breaking: bool
    source: Source


@dataclass(frozen=True, slots=True)
class _FlattenedPair:
    """The two versions of a schema, flattened, with their place."""

    old: FlattenedSchema
    new: FlattenedSchema
    where: str
    source: Source


@dataclass(frozen=True, slots=True)
class SchemaChanges:
    """Compares schemas of two versions of a document."""

    old: DocumentVersion
    new: DocumentVersion
    is_request: bool

    def between(self, old: Place, new: Place, where: str) -> Iterator[Change]:
        """Yield the changes between two schemas, those of the outermost members first.

        The changes of a definition are reported at the first places that refer to it.
        """
        queue = deque([(_SchemaPair(old, new, where), frozenset[object]())])
        times = Counter[object]()
        while queue:
            below, above = queue.popleft()
            before, after = self.old.flatten(below.old), self.new.flatten(below.new)
            key = (before.key, after.key)
            is_known = key in above or times[key] >= _MAX_PLACES
            if before.parts and after.parts and not is_known:
                times[key] += 1
                pending: list[_SchemaPair] = []
                yield from self._compare(below, before, after, pending)
                queue += [(one, above | {key}) for one in pending]

    def _compare(
        self,
        below: "_SchemaPair",
        before: FlattenedSchema,
        after: FlattenedSchema,
        pending: list["_SchemaPair"],
    ) -> Iterator[Change]:
        pair = _FlattenedPair(before, after, below.where, below.new.source)
        if bool(before.alternatives) != bool(after.alternatives):
            one, other = before.alternatives or [below.old], after.alternatives or [below.new]
            found = self._named(one, other)
            if {one.name for one in found[0]} & {one.name for one in found[1]} - {""}:
                yield from self._alternatives(*found, pair, pending)
                return
        for compare in (self._types, self._enum, self._bounds, self._exact_keywords, self._default):
            yield from compare(pair)
        yield from self._members(pair, pending)
        self._queue_child("items", pair, pending)
        named = self._named(before.alternatives, after.alternatives)
        yield from self._alternatives(*named, pair, pending)

    def _named(
        self, old: list[Place], new: list[Place]
    ) -> tuple[list["_SchemaAlternative"], list["_SchemaAlternative"]]:
        return (
            [_SchemaAlternative(self.old.name_of(one), one) for one in old],
            [_SchemaAlternative(self.new.name_of(one), one) for one in new],
        )

    def _change(
        self, pair: _FlattenedPair, message: str, *, narrower: bool, below: str = ""
    ) -> Change:
        where = f"{pair.where}{below}"
        return Change(where, message, narrower == self.is_request, pair.source)

    def _types(self, pair: _FlattenedPair) -> Iterator[Change]:
        before, after = pair.old.types, pair.new.types
        removed, added = before - after, after - before
        if removed or added:
            message = f"type was {_type_list(before)}, is {_type_list(after)}"
            breaking = bool(removed) if self.is_request else bool(added)
            yield Change(pair.where, message, breaking, pair.source)

    def _enum(self, pair: _FlattenedPair) -> Iterator[Change]:
        before, after = pair.old.allowed, pair.new.allowed
        if before is None and after is not None:
            yield self._change(pair, f"must be one of {as_json(after)} now", narrower=True)
        elif after is None and before is not None:
            yield self._change(pair, "is no longer limited to an enumeration", narrower=False)
        elif before is not None and after is not None:
            for value in (one for one in before if one not in after):
                yield self._change(pair, f"can no longer be {as_json(value)}", narrower=True)
            for value in (one for one in after if one not in before):
                yield self._change(pair, f"can be {as_json(value)} now", narrower=False)

    def _bounds(self, pair: _FlattenedPair) -> Iterator[Change]:
        for keyword, side in _BOUNDS.items():
            before, after = pair.old.keyword_value(keyword), pair.new.keyword_value(keyword)
            if before == after or not all(map(_is_bound, (before, after))):
                continue
            narrower = _is_narrower(before, after, side)
            message = f"{keyword} was {_text(before)}, is {_text(after)}"
            yield self._change(pair, message, narrower=narrower)

    def _exact_keywords(self, pair: _FlattenedPair) -> Iterator[Change]:
        for keyword in _EXACT:
            before, after = (one.keyword_value(keyword) or None for one in (pair.old, pair.new))
            if before != after:
                message = f"{keyword} was {_text(before)}, is {_text(after)}"
                is_other = before is not None and after is not None
                narrower = before is None or (is_other and self.is_request)
                if is_other and _is_wider(before, after):
                    narrower = False
                elif is_other and _is_wider(after, before):
                    narrower = True
                yield self._change(pair, message, narrower=narrower)

    def _default(self, pair: _FlattenedPair) -> Iterator[Change]:
        """Yield a change if a request gets another default; one that is new breaks nothing."""
        before, after = pair.old.keyword_value("default"), pair.new.keyword_value("default")
        if self.is_request and before != after:
            message = f"default was {_text(before)}, is {_text(after)}"
            yield Change(pair.where, message, before is not None, pair.source)

    def _members(self, pair: _FlattenedPair, pending: list["_SchemaPair"]) -> Iterator[Change]:
        before, after = pair.old.properties, pair.new.properties
        old_required, new_required = pair.old.required, pair.new.required
        for name, place in before.items():
            if name not in after and not self._is_hidden(self.old, place):
                where = f"{pair.where}/{name}"
                yield Change(where, "was removed", breaking=True, source=pair.source)
        for name, place in after.items():
            is_old = name in before and not self._is_hidden(self.old, before[name])
            was = name in old_required if is_old else None
            is_now = None if self._is_hidden(self.new, place) else name in new_required
            where = f"{pair.where}/{name}"
            yield from self._membership(where, place, was=was, is_now=is_now)
            if was is not None and is_now is not None:
                pending.append(_SchemaPair(before[name], place, where))
        for name in new_required:
            if not any(name in known for known in (old_required, before, after)):
                yield self._change(pair, "is required now", narrower=True, below=f"/{name}")
        yield from self._additional_members(pair, pending)

    def _membership(
        self, where: str, place: Place, *, was: bool | None, is_now: bool | None
    ) -> Iterator[Change]:
        """Yield a change if a member is new, became required or optional, or changed its direction.

        Args:
            where: The place of the member.
            place: The schema of the member in the new version.
            was: Whether it was required; None if this direction did not have the member.
            is_now: Whether it is required; None if this direction does not have the member.
        """
        if was is None and is_now is not None:
            yield self._addition(where, place, is_required=is_now)
        elif was is not None and is_now is None:
            message = "is read-only now" if self.is_request else "is write-only now"
            yield Change(where, message, not self.is_request, place.source)
        elif was != is_now:
            message = "is required now" if is_now else "is no longer required"
            yield Change(where, message, is_now is self.is_request, place.source)

    def _addition(self, where: str, place: Place, *, is_required: bool) -> Change:
        message = "is new and required" if is_required else "is new"
        return Change(where, message, self.is_request and is_required, place.source)

    def _is_hidden(self, side: DocumentVersion, member: Place) -> bool:
        """Return True for a member that this direction does not have: read-only or write-only."""
        return (
            side.flatten(member).keyword_value("readOnly" if self.is_request else "writeOnly")
            is True
        )

    def _additional_members(
        self, pair: _FlattenedPair, pending: list["_SchemaPair"]
    ) -> Iterator[Change]:
        """Compare `additionalProperties`; to allow more members does not break a client."""
        before, after = (one.keyword_value("additionalProperties") for one in (pair.old, pair.new))
        if (before is False) != (after is False):
            message = f"additional members are {'no longer' if after is False else 'now'} allowed"
            breaking = self.is_request and after is False
            yield Change(pair.where, message, breaking, pair.source)
        self._queue_child("additionalProperties", pair, pending)

    def _queue_child(
        self, keyword: str, pair: _FlattenedPair, pending: list["_SchemaPair"]
    ) -> None:
        before, after = pair.old.child(keyword), pair.new.child(keyword)
        if before is not None and after is not None:
            pending.append(_SchemaPair(before, after, f"{pair.where}/*"))

    def _alternatives(
        self,
        old: list["_SchemaAlternative"],
        new: list["_SchemaAlternative"],
        pair: _FlattenedPair,
        pending: list["_SchemaPair"],
    ) -> Iterator[Change]:
        matched, removed, added = _match_alternatives(old, new)
        for one in removed:
            yield self._change(pair, f"can no longer be {one.label}", narrower=True)
        for one in added:
            yield self._change(pair, f"can be {one.label} now", narrower=False)
        pending += [_SchemaPair(one.place, other.place, pair.where) for one, other in matched]


class _SchemaPair(NamedTuple):
    """Two versions of a schema that are still to be compared."""

    old: Place
    new: Place
    where: str


class _SchemaAlternative(NamedTuple):
    name: str
    """The name of its definition, else its title; empty if it has neither."""
    place: Place

    @property
    def label(self) -> str:
        """The name of the alternative in messages."""
        value = self.place.value
        kind = value.get("type") if isinstance(value, Mapping) else None
        other = f"an alternative of type {kind}" if isinstance(kind, str) else "an alternative"
        return self.name or other


def _match_alternatives(
    old: list[_SchemaAlternative], new: list[_SchemaAlternative]
) -> tuple[
    list[tuple[_SchemaAlternative, _SchemaAlternative]],
    list[_SchemaAlternative],
    list[_SchemaAlternative],
]:
    """Match the alternatives of both versions: by name, else by value, else by order.

    Returns:
        The matched pairs, the removed alternatives, and the added ones.
    """
    matched, removed, left = (
        list[tuple[_SchemaAlternative, _SchemaAlternative]](),
        list[_SchemaAlternative](),
        [*new],
    )
    for one in old:
        named = (other for other in left if one.name and one.name == other.name)
        equal = (other for other in left if one.place.value == other.place.value)
        if (found := next(named, None) or next(equal, None)) is None:
            removed.append(one)
        else:
            left.remove(found)
            matched.append((one, found))
    pairs = zip(
        [one for one in removed if not one.name],
        [one for one in left if not one.name],
        strict=False,
    )
    unnamed = list(pairs)
    for one, other in unnamed:
        removed.remove(one)
        left.remove(other)
    return [*matched, *unnamed], removed, left


def _type_list(types: frozenset[str]) -> str:
    if len(types) == _ALL_TYPES_COUNT:
        return "anything"
    return " or ".join(sorted(types - ({"integer"} if "number" in types else set())))


def _is_bound(value: JsonValue) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_narrower(before: JsonValue, after: JsonValue, side: str) -> bool:
    if before is None or after is None:
        return before is None
    compare: Callable[[], bool] = (
        (lambda: after < before) if side == "upper" else (lambda: after > before)
    )
    return compare()


def _is_wider(before: JsonValue, after: JsonValue) -> bool:
    return (before, after) in _WIDER_FORMATS


def _text(value: JsonValue) -> str:
    return "not given" if value is None else as_json(value)
