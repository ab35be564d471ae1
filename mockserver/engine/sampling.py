"""Values made from a JSON Schema: valid against it wherever that takes no search."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from mockserver.engine.sampling_merge import as_part, both, bounds, normal, type_of
from mockserver.engine.sampling_text import WORDS, text
from mockserver.errors import unescape
from mockserver.exchange import JsonValue

_DEEP = 6
"""Containers around a value from which on only what is required is made."""
_DEEPEST = 30
_LARGE = 1_000
"""Schemas read, after which only what is required is made."""
_LARGEST = 10_000
_LONGEST = 1_000
_SPAN = 1_000
_TRIES = 50

Schema = Mapping[str, Any]


def sample(schema: Schema, seed: int | bytes) -> JsonValue:
    """Make a value; the same self-contained schema and seed give the same one."""
    return _Sampler(schema, random.Random(seed)).value(schema, 0)  # noqa: S311 - not for secrets


class _Sampler:
    def __init__(self, root: Schema, chance: random.Random) -> None:
        self._root = root
        self._chance = chance
        self._read = 0
        self._open: list[str] = []
        """The references that were followed to the present value."""

    def value(self, schema: JsonValue, depth: int, *, given: bool = True) -> JsonValue:
        """Make a value of a schema.

        Args:
            schema: An object or a boolean.
            depth: Containers around the value.
            given: Take examples and defaults where there are any.
        """
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return None
        opened = len(self._open)
        whole = self._whole(schema, depth)
        made = self._made(whole, depth, given=given)
        del self._open[opened:]
        return made

    def _made(self, schema: Schema, depth: int, *, given: bool) -> JsonValue:
        if fixed := list(_fixed(schema, given=given)):
            return fixed[0]
        if schema.get("enum"):
            return self._chance.choice(schema["enum"])
        kind = type_of(schema)
        if kind == "object":
            return self._object(schema, depth, given=given)
        if kind == "array":
            return self._array(schema, depth, given=given)
        return _MAKERS[kind](self._chance, schema)

    def _whole(self, schema: JsonValue, depth: int, level: int = 0) -> dict[str, Any]:
        """Follow references, merge `allOf`, and choose an alternative."""
        whole = normal(schema)
        self._read += 1
        while self._read < _LARGEST and level < _DEEPEST:
            if isinstance(reference := whole.pop("$ref", None), str):
                self._read += 1
                self._open.append(reference)
                whole = both(whole, normal(self._target(reference)))
            elif parts := whole.pop("allOf", None):
                is_alone = len(parts) == 1 and "properties" not in whole
                for part in parts:
                    inner = self._whole(part, depth, level + 1)
                    whole = both(whole, inner if is_alone else as_part(inner))
            elif key := next((key for key in ("oneOf", "anyOf") if key in whole), None):
                whole = self._with_one(whole, whole.pop(key), depth, level + 1)
            else:
                break
        return whole

    def _with_one(
        self, schema: dict[str, Any], alternatives: Sequence[JsonValue], depth: int, level: int
    ) -> dict[str, Any]:
        """Add the first alternative that fits; one that is null or leads in a circle comes last."""
        best, least, followed = schema, math.inf, list[str]()
        opened = len(self._open)
        for alternative in alternatives:
            whole = self._whole(alternative, depth, level)
            joined = both(schema, as_part(whole) if "properties" in schema else whole)
            references = self._open[opened:]
            del self._open[opened:]
            is_circle = not set(references).isdisjoint(self._open)
            cost = 2 * is_circle + self._cost(joined, depth)
            if cost < least:
                best, least, followed = joined, cost, references
            if not cost:
                break
        self._open += followed
        return best

    def _cost(self, schema: Schema, depth: int) -> int:
        """Rank an alternative: contradictory is worst, then one without end, then null."""
        if "type" not in schema:
            return 0
        kind = type_of(schema)
        is_nested = kind in ("object", "array") and not self._has_room(depth)
        return 8 * (not schema["type"]) + 4 * is_nested + (kind == "null")

    def _target(self, reference: str) -> Schema:
        found: Any = self._root
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _is_wanted(self, schema: JsonValue) -> bool:
        """Tell whether an optional value is worth making: it travels, and ends."""
        for _ in range(_DEEPEST):
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

    def _has_room(self, depth: int) -> bool:
        return depth < _DEEP and self._read < _LARGE

    def _object(self, schema: Schema, depth: int, *, given: bool) -> JsonValue:
        """Make the required members, and the others until it is nested deeply."""
        members = self._members(schema, depth)
        return {
            name: self.value(member, depth + 1, given=given) for name, member in members.items()
        }

    def _members(self, schema: Schema, depth: int) -> dict[str, JsonValue]:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        rest = schema.get("additionalProperties", {})
        chosen = set(required)
        if self._has_room(depth):
            wanted = [name for name in properties if self._is_wanted(properties[name])]
            if not properties and rest and self._is_wanted(rest):
                wanted = [WORDS[0]]
            _fill(chosen, wanted, int(schema.get("maxProperties", _LONGEST)))
        least = min(int(schema.get("minProperties", 0)), _LONGEST)
        others = [*properties, *(f"{WORDS[1]}{number}" for number in range(least))]
        _fill(chosen, others, least)
        order = dict.fromkeys([*properties, *required, WORDS[0], *others])
        return {name: properties.get(name, rest) for name in order if name in chosen}

    def _array(self, schema: Schema, depth: int, *, given: bool) -> JsonValue:
        """Make as many items as there must be, and rather one than none."""
        first, items = _tuple(schema)
        has_room = self._has_room(depth) and self._is_wanted(items)
        most = min(int(schema.get("maxItems", _LONGEST)), _LONGEST)
        count = min(max(int(schema.get("minItems", 0)), int(has_room)), most)
        is_set = schema.get("uniqueItems") is True
        made = [self.value(part, depth + 1, given=given) for part in first[:most]]
        for _ in range(count + _TRIES):
            if len(made) >= count or items is False:
                break
            item = self.value(items, depth + 1, given=given and not (is_set and made))
            if not is_set or item not in made:
                made.append(item)
        return made


def _fixed(schema: Schema, *, given: bool) -> Iterator[JsonValue]:
    """Yield the values that a schema names itself."""
    for key in ("const", "example", "default") if given else ("const",):
        if key in schema:
            yield schema[key]
    if given and isinstance(examples := schema.get("examples"), list):
        yield from examples


def _fill(chosen: set[str], names: Iterable[str], most: int) -> None:
    """Add names until there are `most`."""
    for name in names:
        if len(chosen) >= most:
            break
        chosen.add(name)


def _tuple(schema: Schema) -> tuple[list[JsonValue], JsonValue]:
    """Return the schemas of the first items, and that of all others."""
    items, first = schema.get("items", {}), schema.get("prefixItems", [])
    if isinstance(items, list):
        first, items = items, schema.get("additionalItems", {})
    if isinstance(contained := schema.get("contains"), Mapping):
        times = min(int(schema.get("minContains", 1)), _LONGEST)
        first = [*first, *[contained] * times]
    return first, items


def _string(chance: random.Random, schema: Schema) -> str:
    most = schema.get("maxLength")
    return text(
        chance,
        kind=str(schema.get("format")),
        pattern=schema.get("pattern"),
        least=min(int(schema.get("minLength", 0)), _LARGEST),
        most=None if most is None else int(most),
    )


def _integer(chance: random.Random, schema: Schema) -> int:
    made = _whole_number(chance, schema)
    return 0 if made is None else made


def _whole_number(chance: random.Random, schema: Schema) -> int | None:
    """Make a whole number within the bounds, a small positive one if there is any."""
    low, high = bounds(schema)
    step = Fraction(str(schema.get("multipleOf", 1))).numerator or 1
    for least in (max(low, 1), low if low > -math.inf else high - _SPAN * step):
        if math.isinf(least):
            continue
        first = math.ceil(Fraction(least) / step)
        last = math.floor(Fraction(min(high, least + _SPAN * step)) / step)
        if first <= last:
            return chance.randint(first, last) * step
    return None


def _number(chance: random.Random, schema: Schema) -> JsonValue:
    made = _whole_number(chance, schema)
    if made is not None:
        return made
    low = max(schema.get(key, -math.inf) for key in ("minimum", "exclusiveMinimum"))
    high = min(schema.get(key, math.inf) for key in ("maximum", "exclusiveMaximum"))
    if "multipleOf" not in schema:
        return low + (high - low) / 2
    step = Fraction(str(schema["multipleOf"]))
    multiple = math.ceil(Fraction(low) / step)
    is_excluded = multiple * step == schema.get("exclusiveMinimum")
    return float((multiple + is_excluded) * step)


_MAKERS: Mapping[str, Callable[[random.Random, Schema], JsonValue]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda chance, _schema: chance.choice((True, False)),
    "null": lambda _chance, _schema: None,
}
