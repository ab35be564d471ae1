"""Choose the members of an object to make: their names, and the schema of each.

`value_sampling.py` and `plans.py` call `members_of` with a merged schema; out comes a mapping of
names to schemas, and they make the values. Required members always come, optional ones if the
sampler wants them and has room. `discriminated` and `with_discriminator` see to it that the
discriminator property names the chosen alternative. The calls to the sampler are in the protocol
`SamplerQueries`, which `array_sampling.py` uses too.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any, Protocol

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.sampling_context import SamplingContext
from mockserver.schemas.sampling.schema_merging import all_of, merged_schemas, normalized
from mockserver.schemas.sampling.text_sampling import texts

_MOST = 1_000
"""The maximum number of members to make."""
_ROUNDS = 5
"""How often schemas that depend on members are merged, which may add further members."""
_SPARE_NAMES = 20
"""How many more names are made than needed, because some may not be allowed."""
Schema = Mapping[str, Any]


class SamplerQueries(Protocol):
    """What choosing members and items needs to know from the sampler."""

    rng: Random

    def fits(self, schema: JsonValue, value: JsonValue) -> bool:
        """Return True if a value conforms to a schema."""

    def is_wanted(self, schema: JsonValue) -> bool:
        """Return True if an optional value of a schema should be made."""

    def has_room(self, depth: int) -> bool:
        """Return True if optional values may be made at this depth."""

    def has_room_for_item(self, depth: int) -> bool:
        """Return True if an array at this depth may have an optional item."""


def discriminated(sampler: SamplerQueries, schema: Schema) -> Schema:
    """Return a schema whose discriminator property must name the schema that was chosen.

    If it cannot, because its own schema does not allow the name, it is required as it is.
    """
    if (key := _discriminator_name(schema)) is None:
        return schema
    names, properties = schema.get("x-names", []), schema.get("properties", {})
    own = properties.get(key, bool(names))
    if own is False:
        return schema
    required = list(dict.fromkeys([*schema.get("required", []), key]))
    if names:
        value = _discriminator_value(schema["discriminator"], names)
        if own is True or _SIMPLE.issuperset(own) or sampler.fits(own, value):
            properties = {**properties, key: all_of({"const": value}, own)}
    return {**schema, "required": required, "properties": properties}


def with_discriminator(sampler: SamplerQueries, schema: Schema, given: JsonValue) -> JsonValue:
    """Return an example of a chosen alternative with its discriminator property."""
    key = _discriminator_name(schema) if "x-chosen" in schema and "const" not in schema else None
    if key is None or not isinstance(given, dict) or key in given:
        return given
    rule = discriminated(sampler, schema).get("properties", {}).get(key)
    parts = rule.get("allOf", [rule]) if isinstance(rule, Mapping) else []
    value = next((part["const"] for part in parts if "const" in part), None)
    return given if value is None else {**given, key: value}


def _discriminator_name(schema: Schema) -> str | None:
    """Return the name of the discriminator property of a schema; None if it has none."""
    discriminator = schema.get("discriminator")
    if isinstance(discriminator, Mapping):
        discriminator = discriminator.get("propertyName")
    return discriminator if isinstance(discriminator, str) else None  # Swagger 2.0 has the name


def _mapped_values(discriminator: JsonValue) -> dict[str, str]:
    """Return the values of a mapping by the names of the components that they stand for."""
    mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
    if not isinstance(mapping, Mapping):
        return {}
    return {str(target).rpartition("/")[2]: str(value) for value, target in mapping.items()}


def _discriminator_value(discriminator: JsonValue, names: list[str]) -> str:
    """Return the value for the first of the merged components that a mapping contains."""
    values = _mapped_values(discriminator)
    return next((values[name] for name in names if name in values), names[0])


_SIMPLE = frozenset(("type", "title", "description", "example", "default"))
"""The keywords of a schema for a discriminator property that any name fits."""


def members_of(
    sampler: SamplerQueries, schema: Schema, context: SamplingContext
) -> dict[str, JsonValue]:
    """Return the schemas of the members to make, by name: required ones, and optional ones."""
    for _ in range(_ROUNDS):
        chosen = _chosen_names(sampler, schema, context)
        dependent = _dependent_schemas(schema, chosen)
        if not dependent:
            break
        schema = merged_schemas(_without_rules(schema, dependent), _merge_all(dependent.values()))
    else:
        chosen = _chosen_names(sampler, schema, context)
    properties, required = schema.get("properties", {}), schema.get("required", [])
    order = dict.fromkeys([*properties, *required, *chosen])
    return {name: _member_schema(sampler, schema, name) for name in order if name in chosen}


def _chosen_names(
    sampler: SamplerQueries, schema: Schema, context: SamplingContext
) -> dict[str, None]:
    """Return the names of the members to make, as the keys of a mapping in a stable order."""
    properties = schema.get("properties", {})
    chosen = dict.fromkeys(schema.get("required", []))
    most = min(int(schema.get("maxProperties", _MOST)), _MOST)
    if sampler.has_room(context.depth) and not context.only_required:
        _add_names(chosen, _optional_names(sampler, schema, properties), most)
    least = min(int(schema.get("minProperties", 0)), _MOST)
    _add_dependents(schema, chosen)
    _add_names(chosen, _further_names(sampler, schema, least), least)
    return chosen


def _optional_names(sampler: SamplerQueries, schema: Schema, properties: Schema) -> Iterator[str]:
    """Yield the names of optional members that should be made."""
    for name in properties:
        if sampler.is_wanted(properties[name]) and _is_allowed_name(sampler, schema, name):
            yield name
    rest = schema.get("additionalProperties")
    is_open = not _is_closed(schema) and rest and sampler.is_wanted(rest)
    if not properties and (is_open or schema.get("patternProperties")):
        yield from islice(_made_names(sampler, schema, 1), 1)


def _is_allowed_name(sampler: SamplerQueries, schema: Schema, name: str) -> bool:
    rule = schema.get("propertyNames", True)
    return rule is True or sampler.fits(rule, name)


def _is_closed(schema: Schema) -> bool:
    return False in (schema.get("additionalProperties"), schema.get("unevaluatedProperties"))


def _further_names(sampler: SamplerQueries, schema: Schema, least: int) -> Iterator[str]:
    """Yield names to reach `minProperties`: declared ones, then made ones."""
    if least:
        yield from (
            name for name in schema.get("properties", {}) if _is_allowed_name(sampler, schema, name)
        )
        yield from _made_names(sampler, schema, least)


def _made_names(sampler: SamplerQueries, schema: Schema, count: int) -> Iterator[str]:
    """Yield names that the object may have and does not declare."""
    patterns = list(schema.get("patternProperties", {}))
    rule = schema.get("propertyNames", True)
    if rule is False:
        return
    is_closed = _is_closed(schema)
    for number in range(count + _SPARE_NAMES):
        name_schema = normalized(rule)
        if is_closed or (patterns and "pattern" not in name_schema):
            if not patterns:
                return
            name_schema["pattern"] = patterns[number % len(patterns)]
        yield from _made_name(sampler, name_schema, number, schema)


def _made_name(
    sampler: SamplerQueries, rule: dict[str, Any], number: int, schema: Schema
) -> Iterator[str]:
    """Yield one name that conforms to a schema for names; nothing if none is found."""
    rng = Random(number) if number else sampler.rng  # noqa: S311 - not for secrets
    if isinstance(rule.get("enum"), list) and rule["enum"]:
        candidates = [rule["enum"][number % len(rule["enum"])]]
    elif "const" in rule:
        candidates = [rule["const"]]
    elif "pattern" in rule:
        candidates = [texts(rule)(rng), texts(rule)(Random(number + 1))]  # noqa: S311 - not for secrets
    else:
        plain = f"property{number + 1}"
        candidates = [plain, texts(rule)(rng)[: int(rule.get("maxLength", _MOST))]]
    for name in candidates:
        if isinstance(name, str) and _is_allowed_name(sampler, schema, name):
            yield name
            return


def _add_names(chosen: dict[str, None], names: Iterable[str], most: int) -> None:
    """Add names until there are `most` of them."""
    if len(chosen) >= most:
        return
    for name in names:
        chosen[name] = None
        if len(chosen) >= most:
            break


def _add_dependents(schema: Schema, chosen: dict[str, None]) -> None:
    """Add the names that other members require (`dependentRequired`, formerly `dependencies`)."""
    rules = {**schema.get("dependencies", {}), **schema.get("dependentRequired", {})}
    waiting = list(chosen)
    while waiting:
        needed = rules.get(waiting.pop())
        for name in needed if isinstance(needed, list) else ():
            if name not in chosen:
                chosen[name] = None
                waiting.append(name)


def _dependent_schemas(schema: Schema, chosen: dict[str, None]) -> dict[str, JsonValue]:
    """Return the schemas that apply because of a member, by the name of that member."""
    rules = {**schema.get("dependencies", {}), **schema.get("dependentSchemas", {})}
    return {
        name: rule
        for name, rule in rules.items()
        if name in chosen and isinstance(rule, Mapping | bool)
    }


def _without_rules(schema: Schema, names: Mapping[str, JsonValue]) -> Schema:
    """Return a schema without the dependent schemas of these names, which are merged once."""
    kept = dict(schema)
    for key in ("dependencies", "dependentSchemas"):
        if key in kept:
            kept[key] = {name: rule for name, rule in kept[key].items() if name not in names}
    return kept


def _merge_all(schemas: Iterable[JsonValue]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for schema in schemas:
        merged = merged_schemas(merged, schema if isinstance(schema, Mapping) else {"not": {}})
    return merged


def _member_schema(sampler: SamplerQueries, schema: Schema, name: str) -> JsonValue:
    """Return the schema of a member: the combined schemas for its name, else that of the rest."""
    found = [
        rule
        for pattern, rule in schema.get("patternProperties", {}).items()
        if sampler.fits({"pattern": pattern}, name)
    ]
    if name in schema.get("properties", {}):
        found.insert(0, schema["properties"][name])
    if not found:
        rest = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        return {} if rest is True else rest
    return found[0] if len(found) == 1 else {"allOf": found}
