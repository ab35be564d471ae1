"""The members of a sampled object: which there are, and the schema of each."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any, Protocol

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.choice import Way
from mockserver.schemas.sampling.merge import all_of, both
from mockserver.schemas.sampling.text import texts

_MOST = 1_000
_ROUNDS = 5
_TRIES = 20
Schema = Mapping[str, Any]


class Maker(Protocol):
    """What makes values, as far as their members need it."""

    chance: Random

    def fits(self, schema: JsonValue, value: JsonValue) -> bool:
        """Tell whether a value conforms."""

    def is_wanted(self, schema: JsonValue) -> bool:
        """Tell whether an optional value is worth making."""

    def has_room(self, depth: int) -> bool:
        """Tell whether more than what is required may be made."""


def discriminated(schema: Schema) -> Schema:
    """Fix the property that a discriminator names to the name of the schema that was chosen."""
    told, names = schema.get("discriminator"), schema.get("x-names", [])
    if not isinstance(told, Mapping):
        told = {"propertyName": told}  # as Swagger 2.0 writes it
    key = told.get("propertyName")
    if not isinstance(key, str) or not names:
        return schema
    value = _name_in(told.get("mapping"), names)
    properties = schema.get("properties", {})
    own = properties.get(key, True)
    allowed = own.get("enum") if isinstance(own, Mapping) else None
    if own is False or (isinstance(allowed, list) and value not in allowed):
        return schema
    required = list(dict.fromkeys([*schema.get("required", []), key]))
    fixed = all_of({"const": value}, own)
    return {**schema, "required": required, "properties": {**properties, key: fixed}}


def _name_in(mapping: JsonValue, names: list[str]) -> str:
    """Return what a discriminator calls a schema, the first of those that it knows."""
    called = {}
    if isinstance(mapping, Mapping):
        called = {str(target).rpartition("/")[2]: name for name, target in mapping.items()}
    known = (called[name] for name in names if name in called)
    usual = names[0] if len(names) > 1 or not called else next(iter(called.values()))
    return str(next(known, usual))


def members_of(maker: Maker, schema: Schema, way: Way) -> dict[str, JsonValue]:
    """Choose the members of an object: those required, and others while there is room."""
    for _ in range(_ROUNDS):
        chosen = _chosen(maker, schema, way)
        more = _dependent(schema, chosen)
        if not more:
            break
        schema = both(_without(schema, more), _joined(more.values()))
    else:
        chosen = _chosen(maker, schema, way)
    properties, required = schema.get("properties", {}), schema.get("required", [])
    order = dict.fromkeys([*properties, *required, *chosen])
    return {name: _member(maker, schema, name) for name in order if name in chosen}


def _chosen(maker: Maker, schema: Schema, way: Way) -> dict[str, None]:
    """Choose names, in a stable order."""
    properties = schema.get("properties", {})
    chosen = dict.fromkeys(schema.get("required", []))
    most = min(int(schema.get("maxProperties", _MOST)), _MOST)
    if maker.has_room(way.depth) and not way.is_lean:
        _fill(chosen, _wanted(maker, schema, properties), most)
    least = min(int(schema.get("minProperties", 0)), _MOST)
    _add_dependents(schema, chosen)
    _fill(chosen, _others(maker, schema, least), least)
    return chosen


def _wanted(maker: Maker, schema: Schema, properties: Schema) -> Iterator[str]:
    """Yield the optional members that are worth making."""
    for name in properties:
        if maker.is_wanted(properties[name]) and _is_named(maker, schema, name):
            yield name
    rest = schema.get("additionalProperties")
    is_open = not _closed(schema) and rest and maker.is_wanted(rest)
    if not properties and (is_open or schema.get("patternProperties")):
        yield from islice(_made_names(maker, schema, 1), 1)


def _is_named(maker: Maker, schema: Schema, name: str) -> bool:
    rule = schema.get("propertyNames", True)
    return rule is True or maker.fits(rule, name)


def _closed(schema: Schema) -> bool:
    return False in (schema.get("additionalProperties"), schema.get("unevaluatedProperties"))


def _others(maker: Maker, schema: Schema, least: int) -> Iterator[str]:
    """Yield names until there are enough: documented ones, then made ones."""
    if least:
        yield from (name for name in schema.get("properties", {}) if _is_named(maker, schema, name))
        yield from _made_names(maker, schema, least)


def _made_names(maker: Maker, schema: Schema, count: int) -> Iterator[str]:
    """Make names that the object may have."""
    patterns = list(schema.get("patternProperties", {}))
    rule = schema.get("propertyNames", True)
    if rule is False:
        return
    is_closed = _closed(schema)
    for number in range(count + _TRIES):
        told = dict(rule) if isinstance(rule, Mapping) else {}
        if is_closed or (patterns and "pattern" not in told):
            if not patterns:
                return
            told["pattern"] = patterns[number % len(patterns)]
        yield from _name(maker, told, number, schema)


def _name(maker: Maker, told: dict[str, Any], number: int, schema: Schema) -> Iterator[str]:
    """Make one name, if there is one that the rule for names lets through."""
    chance = Random(number) if number else maker.chance  # noqa: S311 - not for secrets
    if isinstance(told.get("enum"), list) and told["enum"]:
        candidates = [told["enum"][number % len(told["enum"])]]
    elif "const" in told:
        candidates = [told["const"]]
    elif "pattern" in told:
        candidates = [texts(told)(chance), texts(told)(Random(number + 1))]  # noqa: S311 - not for secrets
    else:
        plain = f"property{number + 1}"
        candidates = [plain, texts(told)(chance)[: told.get("maxLength", _MOST)]]
    for name in candidates:
        if isinstance(name, str) and _is_named(maker, schema, name):
            yield name
            return


def _fill(chosen: dict[str, None], names: Iterable[str], most: int) -> None:
    """Add names until there are `most`."""
    if len(chosen) >= most:
        return
    for name in names:
        chosen[name] = None
        if len(chosen) >= most:
            break


def _add_dependents(schema: Schema, chosen: dict[str, None]) -> None:
    """Add the names that others require (`dependentRequired`, and `dependencies` before it)."""
    rules = {**schema.get("dependencies", {}), **schema.get("dependentRequired", {})}
    waiting = list(chosen)
    while waiting:
        needed = rules.get(waiting.pop())
        for name in needed if isinstance(needed, list) else ():
            if name not in chosen:
                chosen[name] = None
                waiting.append(name)


def _dependent(schema: Schema, chosen: dict[str, None]) -> dict[str, JsonValue]:
    """Return the schemas that hold because of a member."""
    rules = {**schema.get("dependencies", {}), **schema.get("dependentSchemas", {})}
    return {
        name: rule
        for name, rule in rules.items()
        if name in chosen and isinstance(rule, Mapping | bool)
    }


def _without(schema: Schema, names: Mapping[str, JsonValue]) -> Schema:
    """Leave out the schemas that are merged, so that each is merged once."""
    kept = dict(schema)
    for key in ("dependencies", "dependentSchemas"):
        if key in kept:
            kept[key] = {name: rule for name, rule in kept[key].items() if name not in names}
    return kept


def _joined(schemas: Iterable[JsonValue]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for schema in schemas:
        joined = both(joined, schema if isinstance(schema, Mapping) else {"not": {}})
    return joined


def _member(maker: Maker, schema: Schema, name: str) -> JsonValue:
    """Return the schema of a member: all that name it together, else that of the rest."""
    found = [
        rule
        for pattern, rule in schema.get("patternProperties", {}).items()
        if maker.fits({"pattern": pattern}, name)
    ]
    if name in schema.get("properties", {}):
        found.insert(0, schema["properties"][name])
    if not found:
        rest = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        return {} if rest is True else rest
    return found[0] if len(found) == 1 else {"allOf": found}
