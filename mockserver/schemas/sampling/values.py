"""One attempt at making a value from a JSON Schema, which its parts are compared with."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.base.json import JsonValue, unescape
from mockserver.model.contents import SampledSchema
from mockserver.schemas.sampling.choice import Still, Way, probes
from mockserver.schemas.sampling.merge import as_part, both, kinds_of, normal
from mockserver.schemas.sampling.numbers import integers, numbers
from mockserver.schemas.sampling.objects import discriminated, members_of
from mockserver.schemas.sampling.text import texts
from mockserver.schemas.sampling.tuples import Items, items_of

_DEEP = 6
"""Containers around a value from which on only what is required is made."""
DEEPEST = 30
_LARGE = 1_000
"""Schemas read, after which only what is required is made."""
_LARGEST = 10_000
_MOST_CHECKS = 3_000
_TURNS = 16
_STILL_TURNS = 4
"""Turns that vary what is chosen, before chance does."""
_TRIES = 50

Schema = Mapping[str, Any]
Make = Callable[[random.Random], JsonValue]


class _Alternative(NamedTuple):
    """One of the schemas of `oneOf` or `anyOf`, merged with what stands beside it."""

    cost: int
    schema: dict[str, Any]
    followed: list[str]


class Sampler:
    """One attempt; later ones are more careful, and choose other alternatives."""

    def __init__(self, schema: SampledSchema, seed: int | str | None, attempt: int) -> None:
        self._schema = schema
        self._root = schema.schema()
        self._seed = f"{seed}/{attempt}"
        is_still = seed is None and attempt < _STILL_TURNS
        self.chance: random.Random = Still() if is_still else self._random("")
        self.is_varied = seed is not None
        self._is_careful = attempt > 0
        self._way = Way(given=seed is None and attempt < 2, turn=attempt)  # noqa: PLR2004 - twice
        self._read = 0
        self._checks = 0
        self._most_checks = _MOST_CHECKS if attempt < _STILL_TURNS else _MOST_CHECKS // 10
        self._pick = 0
        self._open: list[str] = []
        """The references that were followed to the present value."""

    def root(self) -> JsonValue:
        """Make a value of the whole schema."""
        return self.value(self._root, self._way._replace(turn=self._way.turn // 2))

    def resume(self, schema: JsonValue, way: Way, opened: list[str], read: int) -> JsonValue:
        """Make a value inside the whole one, where so much was followed and read before it."""
        self._open, self._read = opened.copy(), read
        return self.value(schema, way)

    def _random(self, more: str) -> random.Random:
        return random.Random(self._seed + more)  # noqa: S311 - not for secrets

    def value(self, schema: JsonValue, way: Way) -> JsonValue:
        """Make a value of a schema inside the whole one; what is hard is tried several times."""
        if schema is False or way.depth > DEEPEST:
            return None
        opened, before = len(self._open), self.chance
        made, is_hard = self._made(schema, way)
        for turn in range(way.turn + 1, way.turn + _TURNS):
            if not is_hard or self.fits(schema, made):
                break
            if turn >= _STILL_TURNS:
                self.chance = self._random(f"{self._read}")
            made, _ = self._made(schema, way._replace(turn=turn, given=False))
        else:
            made = next((item for item in probes(schema) if self.fits(schema, item)), made)
        del self._open[opened:]
        self.chance = before
        return made

    def fits(self, schema: JsonValue, value: JsonValue) -> bool:
        """Tell whether a value conforms to a schema inside; all do once too much was asked."""
        self._checks += 1
        return self._checks > self._most_checks or self._schema.checker(schema)(value)

    def _made(self, schema: JsonValue, way: Way) -> tuple[JsonValue, bool]:
        """Make a value, and tell whether it has to be compared with its schema."""
        opened = len(self._open)
        self._pick = way.turn
        whole = self._whole(schema, way.depth)
        value = self._value(whole, schema, way)
        del self._open[opened:]
        return value, is_hard(whole)

    def _value(self, whole: Schema, schema: JsonValue, way: Way) -> JsonValue:
        for fixed in _fixed(whole, given=way.given):
            if not self._is_careful or "const" in whole or self.fits(schema, fixed):
                return fixed
        if isinstance(whole.get("enum"), list) and whole["enum"]:
            return self._one_of(whole["enum"], way)
        kinds = kinds_of(whole, way.depth)
        kind = kinds[way.turn % len(kinds)]
        if kind == "object":
            return self._object(whole, way)
        if kind == "array":
            return self._array(whole, way)
        return scalars(kind, whole, way.name if self.is_varied else "", way.turn)(self.chance)

    def _one_of(self, values: list[JsonValue], way: Way) -> JsonValue:
        ordered = sorted(values, key=lambda value: value is None)
        if isinstance(self.chance, Still):
            return ordered[way.turn % len(ordered)]
        return self.chance.choice(values)

    # --- one schema out of many ---

    def _whole(self, schema: JsonValue, depth: int, level: int = 0) -> dict[str, Any]:
        """Follow references, merge `allOf`, and choose alternatives."""
        whole = normal(schema)
        self._read += 1
        while self._read < _LARGEST and level < DEEPEST:
            if isinstance(reference := whole.pop("$ref", None), str):
                whole = both(whole, normal(self._follow(reference)))
            elif isinstance(reference := whole.pop("$dynamicRef", None), str):
                whole = both(whole, normal(self._follow(self._dynamic(reference))))
            elif parts := whole.pop("allOf", None):
                whole = self._with_all(whole, parts, depth, level)
            elif "if" in whole:
                whole = self._with_condition(whole)
            elif key := next((key for key in ("oneOf", "anyOf") if key in whole), None):
                whole = self._with_one(whole, whole.pop(key), depth, level + 1)
            else:
                break
        return whole

    def _with_all(
        self, whole: dict[str, Any], parts: list[JsonValue], depth: int, level: int
    ) -> dict[str, Any]:
        is_alone = len(parts) == 1 and "properties" not in whole
        for part in parts:
            inner = self._whole(part, depth, level + 1)
            whole = both(whole, inner if is_alone else as_part(inner))
        return whole

    def _with_condition(self, whole: dict[str, Any]) -> dict[str, Any]:
        """Meet a condition and what follows from it; in the other turns, don't meet it."""
        condition = whole.pop("if")
        then, otherwise = whole.pop("then", True), whole.pop("else", True)
        self._pick, turn = divmod(self._pick, 2)
        branch = [{"not": condition}, otherwise] if turn else [condition, then]
        return {**whole, "allOf": branch, "x-hard": True}

    def _with_one(
        self, schema: dict[str, Any], alternatives: list[JsonValue], depth: int, level: int
    ) -> dict[str, Any]:
        """Add the alternative that fits best: one that is null or leads in a circle comes last."""
        self._pick, turn = divmod(self._pick, max(len(alternatives), 1))
        ranked: list[_Alternative] = []
        for alternative in alternatives:
            ranked.append(self._alternative(schema, alternative, depth, level))
            if not (turn or ranked[-1].cost or self.is_varied):
                break
        ranked.sort(key=lambda item: item.cost)
        if not ranked:
            return schema
        if self.is_varied and not turn:
            best = [item for item in ranked if item.cost == ranked[0].cost]
            turn = self.chance.randrange(len(best))
        chosen = ranked[turn % len(ranked)] if turn else ranked[0]
        self._open += chosen.followed
        return {**chosen.schema, "x-hard": True}

    def _alternative(
        self, schema: dict[str, Any], alternative: JsonValue, depth: int, level: int
    ) -> _Alternative:
        opened = len(self._open)
        whole = self._whole(alternative, depth, level)
        joined = both(schema, as_part(whole) if "properties" in schema else whole)
        if "discriminator" in schema:
            joined["x-names"] = whole.get("x-names", [])
        followed = self._open[opened:]
        del self._open[opened:]
        is_circle = not set(followed).isdisjoint(self._open)
        return _Alternative(2 * is_circle + self._cost(joined, depth), joined, followed)

    def _cost(self, schema: Schema, depth: int) -> int:
        """Rank an alternative: contradictory is worst, then one without end, then null."""
        if "type" not in schema:
            return 0
        kind = kinds_of(schema, depth)[0]
        is_nested = kind in ("object", "array") and not self.has_room(depth)
        return 8 * (not schema["type"]) + 4 * is_nested + (kind == "null")

    def _follow(self, reference: str) -> Schema:
        self._read += 1
        self._open.append(reference)
        return self._target(reference)

    def _target(self, reference: str) -> Schema:
        found: Any = self._root
        if not reference.startswith(("#", "mock:/#")):
            return {"x-hard": True}
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {"x-hard": found is False}

    def _dynamic(self, reference: str) -> str:
        """Return what the outermost resource around puts in place of a dynamic reference."""
        address, _, name = reference.partition("#")
        resources = [self._target(item) for item in self._open]
        own = self._target(f"#/$defs/{address.rpartition('/')[2]}")
        for resource in (*resources, own):
            offered = resource.get("$defs", {}).get(name)
            if isinstance(offered, Mapping) and offered.get("$dynamicAnchor") == name:
                return str(offered.get("$ref"))
        return reference

    # --- containers ---

    def is_wanted(self, schema: JsonValue) -> bool:
        """Tell whether an optional value is worth making: it travels, and ends."""
        for _ in range(DEEPEST):
            if not isinstance(schema, Mapping):
                return schema is True
            if schema.get("readOnly") is True or schema.get("writeOnly") is True:
                return False
            reference, parts = schema.get("$ref"), schema.get("allOf", ())
            if reference in self._open:
                return False
            if reference is None and len(parts) != 1:
                return True
            schema = parts[0] if reference is None else self._target(reference)
        return False

    def has_room(self, depth: int) -> bool:
        """Tell whether more than what is required may be made."""
        return depth < _DEEP and self._read < _LARGE

    def _object(self, schema: Schema, way: Way) -> JsonValue:
        """Make the required members, and the others until it is nested deeply."""
        members = members_of(self, discriminated(schema), way)
        made = {name: self.value(member, way.inside(name)) for name, member in members.items()}
        return self._fitting(made, members, schema) if self._is_careful else made

    def _fitting(
        self, made: dict[str, JsonValue], members: Schema, schema: Schema
    ) -> dict[str, JsonValue]:
        """Leave out the optional members for which no value was found."""
        required = schema.get("required", ())
        return {
            name: value
            for name, value in made.items()
            if name in required or self.fits(members[name], value)
        }

    def _array(self, schema: Schema, way: Way) -> JsonValue:
        """Make as many items as there must be, and rather one than none."""
        items = items_of(self, schema, way)
        inside = way.inside(way.name)
        made = [self.value(part, inside) for part in items.first]
        self._repeat(made, items, inside)
        return made

    def _repeat(self, made: list[JsonValue], items: Items, way: Way) -> None:
        """Add items until there are enough; in a set, none that is there."""
        before = self.chance
        for tried in range(items.count + _TRIES):
            if len(made) >= items.count or items.rest is False:
                break
            if items.is_set and made:
                self.chance = self._random(f"{self._read}/{tried}")
                way = way._replace(given=False)
            item = self.value(items.rest, way)
            if not items.is_set or item not in made:
                made.append(item)
        self.chance = before


_HARD = frozenset(
    (
        "x-hard",
        "not",
        "pattern",
        "patternProperties",
        "propertyNames",
        "contains",
        "dependencies",
        "dependentSchemas",
        "dependentRequired",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)
_LIMITS = frozenset(("minLength", "maxLength", "format", "enum", "contentMediaType"))


def scalars(kind: str, schema: Schema, name: str, turn: int = 0) -> Make:
    """Return what makes values of a type that holds no others.

    Args:
        kind: The type's name; null for one that isn't known.
        schema: What is known of the value.
        name: The property it is for, if it should look like one; else empty.
        turn: How often it was tried before.
    """
    if kind == "string":
        return texts(schema, name, turn)
    if kind == "integer":
        return integers(schema, name)
    if kind == "number":
        return numbers(schema, name)
    if kind == "boolean":
        return lambda chance: chance.choice((True, False))
    return lambda _chance: None


def is_hard(schema: Schema) -> bool:
    """Tell whether a value may break the schema that it was made from."""
    if not _HARD.isdisjoint(schema):
        return True
    return sum(key in schema for key in _LIMITS) > 1


def _fixed(schema: Schema, *, given: bool) -> Iterator[JsonValue]:
    """Yield the values that a schema names itself."""
    for key in ("const", "example", "default") if given else ("const",):
        if key in schema:
            yield schema[key]
        if key == "example" and isinstance(several := schema.get("examples"), list):
            yield from several[:1]
