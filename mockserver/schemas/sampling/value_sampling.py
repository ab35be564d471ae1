"""Make one value from a JSON Schema, in one attempt: merge, choose alternatives, and fill in.

`sampler.py` makes a `ValueSampler` for each attempt; `plans.py` builds on it. The value need not be
valid: the caller validates it and tries again. Parts whose keywords cannot be met by construction
(`is_hard`) are validated here, and tried several times. All is bounded: where a value is too deep
or large, only required members are made; after too many checks, parts are taken as they are. A
contradictory schema gives an invalid value, and no error. `scalars` makes texts, numbers, booleans.
"""

# How a value is chosen
#
# - The schema is merged into one without references and combinations: the target of `$ref` and the
#   schemas of `allOf` are merged, one schema of `oneOf` or `anyOf` is chosen, and `if` is either
#   met or not. Merging is by keyword and may be inexact (`schema_merging`).
# - Alternatives are ranked by cost: one that contradicts the rest of the schema is worst, then one
#   without room for its members, one that refers back to a schema around it, and null.
# - A `const` is the value. Otherwise, without a seed, the first two attempts use the schema's
#   `example`, `examples` or `default` (`given_examples`); then an item of `enum`; then a value
#   of the first possible type. A later attempt uses another alternative, another type, another
#   item of `enum`, or only what is required: the number of the attempt is divided into these
#   choices, one after the other.
# - Objects have all required members, and optional ones while there is room: not too deep inside,
#   not after too many schemas, never one that is not sent in this direction, and never one that
#   refers to a schema around it. So a recursive schema ends as soon as it may. Arrays have the
#   required items, or one, also a little deeper inside and after some more schemas.
#
# What is always the same
#
# - A value depends only on the schema, the seed and the version of this package: there is no clock,
#   no global random source and no dependence on the order of calls. Members have the order of the
#   schema. Snapshots and tests of clients rely on it.
# - Without a seed, the random source of the first attempts is no random at all (`FixedRandom`): the
#   first item, the lowest number. The value is simple and is easy to recognise as made.
#
# What varies with the seed
#
# - Alternatives of the same cost, items of `enum`, texts and numbers, which look realistic for the
#   name of their property. The members of an object and the number of items do not vary, except
#   with the alternative, so that a client sees answers of the same form. A plan (`plans`) uses
#   this: it does once what does not vary.
#
# How a value is proved valid
#
# - A value is never trusted because of how it was made. The caller (`sampler`) validates the whole
#   value with the validator of the schema, and makes up to eight attempts, each more careful.
# - A part whose schema is hard, because its keywords cannot be met by construction alone
#   (`is_hard`), is validated on its own while the value is made, and made again if it is invalid.
#   This finds a valid value much sooner than making the whole value again.
# - Every loop is bounded: by depth, by schemas read, by validations, by attempts. When the bound of
#   validations is reached, parts are accepted as they are; the whole is validated all the same.

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.base.json import JsonValue, unescape
from mockserver.model.contents import SampledSchema
from mockserver.schemas.dialects import SUBTYPE
from mockserver.schemas.sampling.array_sampling import Items, items_of
from mockserver.schemas.sampling.fallback_values import fallback_values
from mockserver.schemas.sampling.given_examples import GivenExamples, given_values
from mockserver.schemas.sampling.number_sampling import integers, numbers
from mockserver.schemas.sampling.object_sampling import (
    discriminated,
    members_of,
    with_discriminator,
)
from mockserver.schemas.sampling.sampling_context import FixedRandom, SamplingContext
from mockserver.schemas.sampling.schema_merging import (
    merged_schemas,
    normalized,
    types_to_try,
    without_object_examples,
)
from mockserver.schemas.sampling.text_sampling import content_schema, encoded_content, texts

_DEEP = 6
"""The number of containers around a value from which only what is required is made."""
_DEEPER_ITEMS = 2
"""How many more containers may be around an array with an optional item."""
DEEPEST = 30
"""The maximum number of containers around a value, and of nested combinations of schemas."""
_LARGE = 1_000
"""The number of schemas read after which only what is required is made."""
_MORE_FOR_ITEMS = 500
"""How many more schemas may be read before an array with an optional item."""
_LARGEST = 10_000
"""The number of schemas read after which references and combinations are not resolved."""
_MOST_CHECKS = 3_000
"""The maximum number of validations of parts."""
_MOST_ATTEMPTS = 16
"""The maximum number of attempts at one value."""
_FIXED_ATTEMPTS = 4
"""The first attempts, which vary what is chosen by rule and not at random."""
_MOST_EQUAL_ITEMS = 50
"""How many items may be discarded while different items are made."""

Schema = Mapping[str, Any]
Make = Callable[[random.Random], JsonValue]


class _Alternative(NamedTuple):
    """A schema of `oneOf` or `anyOf`, merged with the schema around it."""

    cost: int
    schema: dict[str, Any]
    followed: list[str]
    """The references that lead to it."""


class ValueSampler:
    """One attempt at a value; later attempts are more careful and choose other alternatives.

    Args:
        schema: The schema of the whole value.
        seed: Selects one of many realistic values; None for a simple value.
        attempt: The number of earlier attempts.
    """

    def __init__(self, schema: SampledSchema, seed: int | str | None, attempt: int) -> None:
        self._schema = schema
        self._root = schema.schema()
        self._seed = f"{seed}/{attempt}"
        is_fixed = seed is None and attempt < _FIXED_ATTEMPTS
        self.rng: random.Random = FixedRandom() if is_fixed else self._random("")
        self.is_varied = seed is not None
        self._is_careful = attempt > 0
        uses_examples = seed is None and attempt < 2  # noqa: PLR2004 - as they are, then validated
        self._context = SamplingContext(uses_examples=uses_examples, attempt=attempt)
        self._read = 0
        """The number of schemas read."""
        self._checks = 0
        self._most_checks = _MOST_CHECKS if attempt < _FIXED_ATTEMPTS else _MOST_CHECKS // 10
        self._choices = 0
        """The number of the present attempt; each choice takes its part of it by `divmod`."""
        self._followed: list[str] = []
        """The references that lead to the present value."""
        self.given = GivenExamples(is_checked=self._is_careful)

    def root(self) -> JsonValue:
        """Return a value of the whole schema."""
        return self.value(self._root, self._context._replace(attempt=self._context.attempt // 2))

    def resume(
        self, schema: JsonValue, context: SamplingContext, followed: list[str], read: int
    ) -> JsonValue:
        """Return a value of a subschema, as if these references and schemas were read before."""
        self._followed, self._read = followed.copy(), read
        return self.value(schema, context)

    def _random(self, suffix: str) -> random.Random:
        return random.Random(self._seed + suffix)  # noqa: S311 - not for secrets

    def value(self, schema: JsonValue, context: SamplingContext) -> JsonValue:
        """Return a value of a subschema; try several times if the subschema is hard."""
        if schema is False or context.depth > DEEPEST:
            return None
        followed, rng = len(self._followed), self.rng
        given = self.given.mark()
        made, is_hard = self._attempt(schema, context)
        for attempt in range(context.attempt + 1, context.attempt + _MOST_ATTEMPTS):
            if not is_hard or self.fits(schema, made):
                break
            if attempt >= _FIXED_ATTEMPTS:
                self.rng = self._random(f"{self._read}")
            self.given.forget(given, context.trail)
            made, _ = self._attempt(schema, context._replace(attempt=attempt, uses_examples=False))
        else:
            made = next((item for item in fallback_values(schema) if self.fits(schema, item)), made)
        del self._followed[followed:]
        self.rng = rng
        return made

    def fits(self, schema: JsonValue, value: JsonValue) -> bool:
        """Return True if a value conforms to a subschema, or after too many validations."""
        self._checks += 1
        return self._checks > self._most_checks or self._schema.checker(schema)(value)

    def _attempt(self, schema: JsonValue, context: SamplingContext) -> tuple[JsonValue, bool]:
        """Return a value of a subschema, and whether the subschema is hard."""
        followed = len(self._followed)
        self._choices = context.attempt
        merged = self._merge(schema, context.depth)
        value = self._value(merged, schema, context)
        del self._followed[followed:]
        return value, is_hard(merged)

    def _value(self, merged: Schema, schema: JsonValue, context: SamplingContext) -> JsonValue:
        given = list(self._given(merged, schema, context))
        if given:
            return given[0]
        if isinstance(merged.get("enum"), list) and merged["enum"]:
            return self._item_of(merged["enum"], context)
        types = types_to_try(merged, context.depth)
        name = types[context.attempt % len(types)]
        if name == "object":
            return self._object(merged, context)
        if name == "array":
            return self._array(merged, context)
        if name == "string" and (content := content_schema(merged)) is not None:
            return encoded_content(merged, self.value(content, context.child(context.name)))
        property_name = context.name if self.is_varied else ""
        return scalars(name, merged, property_name, context.attempt)(self.rng)

    def _given(
        self, merged: Schema, schema: JsonValue, context: SamplingContext
    ) -> Iterator[JsonValue]:
        """Yield the constant of a schema, or else the first example that is used, if any."""
        if "const" in merged:
            yield merged["const"]
            return
        for example in given_values(merged) if context.uses_examples else ():
            value = with_discriminator(self, merged, example)
            if not self._is_careful or self.fits(schema, value):
                yield self.given.used(context.trail, value)
                return
            self.given.add_misfit(context.trail, value)

    def _item_of(self, values: list[JsonValue], context: SamplingContext) -> JsonValue:
        null_last = sorted(values, key=lambda value: value is None)
        if isinstance(self.rng, FixedRandom):
            return null_last[context.attempt % len(null_last)]
        return self.rng.choice(values)

    # --- merging of a schema with what it refers to and combines ---

    def _merge(self, schema: JsonValue, depth: int, level: int = 0) -> dict[str, Any]:
        """Return a schema without references, combinations and conditions.

        One with a discriminator is merged with a subtype, unless it is one itself.
        """
        merged = self._merge_part(schema, depth, level)
        subtype = merged.pop(SUBTYPE, None)
        is_base = len(merged.get("x-names", ())) <= 1  # a subtype has its own name, too
        if isinstance(subtype, dict) and is_base:
            merged = merged_schemas(self._merge_part(subtype, depth, level + 1), merged)
            merged.pop(SUBTYPE, None)
        return merged

    def _merge_part(self, schema: JsonValue, depth: int, level: int) -> dict[str, Any]:
        """Return a schema without references, combinations and conditions."""
        merged = normalized(schema)
        self._read += 1
        while self._read < _LARGEST and level < DEEPEST:
            if isinstance(reference := merged.pop("$ref", None), str):
                merged = merged_schemas(merged, normalized(self._follow(reference)))
            elif isinstance(reference := merged.pop("$dynamicRef", None), str):
                target = self._follow(self._dynamic_target(reference))
                merged = merged_schemas(merged, normalized(target))
            elif parts := merged.pop("allOf", None):
                merged = self._with_all(merged, parts, depth, level)
            elif "if" in merged:
                merged = self._with_condition(merged)
            elif key := next((key for key in ("oneOf", "anyOf") if key in merged), None):
                merged = self._with_alternative(merged, merged.pop(key), depth, level + 1)
            else:
                break
        return merged

    def _with_all(
        self, merged: dict[str, Any], parts: list[JsonValue], depth: int, level: int
    ) -> dict[str, Any]:
        is_alone = len(parts) == 1 and "properties" not in merged
        for part in parts:
            inner = self._merge_part(part, depth, level + 1)
            inner = inner if is_alone else without_object_examples(inner)
            merged = merged_schemas(merged, inner)
        return merged

    def _with_condition(self, merged: dict[str, Any]) -> dict[str, Any]:
        """Return a schema that meets its `if` and `then`, or at other attempts only its `else`."""
        condition = merged.pop("if")
        then, otherwise = merged.pop("then", True), merged.pop("else", True)
        self._choices, is_unmet = divmod(self._choices, 2)
        branch = [{"not": condition}, otherwise] if is_unmet else [condition, then]
        return {**merged, "allOf": branch, "x-hard": True}

    def _with_alternative(
        self, schema: dict[str, Any], alternatives: list[JsonValue], depth: int, level: int
    ) -> dict[str, Any]:
        """Return a schema merged with one alternative: the cheapest, or at other attempts others.

        With a seed, the random source chooses between the cheapest ones.
        """
        self._choices, choice = divmod(self._choices, max(len(alternatives), 1))
        ranked: list[_Alternative] = []
        for alternative in alternatives:
            ranked.append(self._alternative(schema, alternative, depth, level))
            if not (choice or ranked[-1].cost or self.is_varied):
                break
        ranked.sort(key=lambda item: item.cost)
        if not ranked:
            return schema
        if self.is_varied and not choice:
            cheapest = [item for item in ranked if item.cost == ranked[0].cost]
            choice = self.rng.randrange(len(cheapest))
        chosen = ranked[choice % len(ranked)] if choice else ranked[0]
        self._followed += chosen.followed
        return {**chosen.schema, "x-hard": True}

    def _alternative(
        self, schema: dict[str, Any], alternative: JsonValue, depth: int, level: int
    ) -> _Alternative:
        before = len(self._followed)
        merged = self._merge(alternative, depth, level)
        part = without_object_examples(merged) if "properties" in schema else merged
        joined = merged_schemas(schema, part)
        if "discriminator" in schema:
            joined |= {"x-names": merged.get("x-names", []), "x-chosen": True}
        followed = self._followed[before:]
        del self._followed[before:]
        is_recursive = not set(followed).isdisjoint(self._followed)
        return _Alternative(2 * is_recursive + self._cost(joined, depth), joined, followed)

    def _cost(self, schema: Schema, depth: int) -> int:
        """Return the rank of an alternative: contradictory ones are worst, null is least bad."""
        if "type" not in schema:
            return 0
        name = types_to_try(schema, depth)[0]
        is_too_deep = name in ("object", "array") and not self.has_room(depth)
        return 8 * (not schema["type"]) + 4 * is_too_deep + (name == "null")

    def _follow(self, reference: str) -> Schema:
        self._read += 1
        self._followed.append(reference)
        return self._target(reference)

    def _target(self, reference: str) -> Schema:
        found: Any = self._root
        if not reference.startswith(("#", "mock:/#")):
            return {"x-hard": True}
        for token in reference.partition("#")[2].split("/")[1:]:
            found = found.get(unescape(token)) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {"x-hard": found is False}

    def _dynamic_target(self, reference: str) -> str:
        """Return the reference to the outermost schema with the anchor of a `$dynamicRef`."""
        address, _, name = reference.partition("#")
        resources = [self._target(item) for item in self._followed]
        own = self._target(f"#/$defs/{address.rpartition('/')[2]}")
        for resource in (*resources, own):
            anchor = resource.get("$defs", {}).get(name)
            if isinstance(anchor, Mapping) and anchor.get("$dynamicAnchor") == name:
                return str(anchor.get("$ref"))
        return reference

    # --- containers ---

    def is_wanted(self, schema: JsonValue) -> bool:
        """Return True if an optional value should be made: if it is sent and not recursive."""
        for _ in range(DEEPEST):
            if not isinstance(schema, Mapping):
                return schema is True
            if schema.get("readOnly") is True or schema.get("writeOnly") is True:
                return False
            reference, parts = schema.get("$ref"), _only_parts(schema)
            if reference in self._followed:
                return False
            if reference is None and len(parts) != 1:
                return True
            schema = parts[0] if reference is None else self._target(reference)
        return False

    def has_room(self, depth: int) -> bool:
        """Return True if optional values may be made at this depth."""
        return depth < _DEEP and self._read < _LARGE

    def has_room_for_item(self, depth: int) -> bool:
        """Return True if an array at this depth may have an optional item.

        There is room for an item where there is none for members any more, because an empty list
        shows nothing of its items. Such an item has only what it requires.
        """
        return depth < _DEEP + _DEEPER_ITEMS and self._read < _LARGE + _MORE_FOR_ITEMS

    def _object(self, schema: Schema, context: SamplingContext) -> JsonValue:
        members = members_of(self, discriminated(self, schema), context)
        made = {name: self.value(member, context.child(name)) for name, member in members.items()}
        return self._without_invalid(made, members, schema) if self._is_careful else made

    def _without_invalid(
        self, made: dict[str, JsonValue], members: Schema, schema: Schema
    ) -> dict[str, JsonValue]:
        """Return an object without the optional members for which no valid value was found."""
        required = schema.get("required", ())
        return {
            name: value
            for name, value in made.items()
            if name in required or self.fits(members[name], value)
        }

    def _array(self, schema: Schema, context: SamplingContext) -> JsonValue:
        items = items_of(self, schema, context)
        made = [self.value(part, context.item(index)) for index, part in enumerate(items.first)]
        self._add_items(made, items, context)
        return made

    def _add_items(self, made: list[JsonValue], items: Items, context: SamplingContext) -> None:
        """Add items until there are enough; if they must be different, discard equal ones."""
        rng = self.rng
        for tried in range(items.count + _MOST_EQUAL_ITEMS):
            if len(made) >= items.count or items.rest is False:
                break
            if items.is_set and made:
                self.rng = self._random(f"{self._read}/{tried}")
                context = context._replace(uses_examples=False)
            item = self.value(items.rest, context.item(len(made)))
            if not items.is_set or item not in made:
                made.append(item)
        self.rng = rng


def _only_parts(schema: Schema) -> list[JsonValue]:
    """Return the schemas of `allOf`, or else the alternatives apart from null."""
    if "allOf" in schema:
        return list(schema["allOf"])
    return [part for part in schema.get("anyOf", ()) if part != _NULL]


_NULL = {"type": "null"}
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
"""Keywords that a value made from the schema may violate."""
_TEXT_LIMITS = frozenset(("minLength", "maxLength", "format", "enum", "contentMediaType"))
"""Keywords for texts of which one alone can be met by construction, but not several together."""


def scalars(type_name: str, schema: Schema, name: str, attempt: int = 0) -> Make:
    """Return a maker of values of a type other than object and array.

    Args:
        type_name: The JSON type; an unknown one makes null.
        schema: The merged schema of the value.
        name: The property it is for, to make a realistic value; empty otherwise.
        attempt: The number of earlier attempts.
    """
    if type_name == "string":
        return texts(schema, name, attempt)
    if type_name == "integer":
        return integers(schema, name)
    if type_name == "number":
        return numbers(schema, name)
    if type_name == "boolean":
        return lambda rng: rng.choice((True, False))
    return lambda _rng: None


def is_hard(schema: Schema) -> bool:
    """Return True if a value made from a merged schema may violate it."""
    if not _HARD.isdisjoint(schema):
        return True
    return sum(key in schema for key in _TEXT_LIMITS) > 1
