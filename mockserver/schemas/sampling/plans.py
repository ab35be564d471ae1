"""Make varied values for one schema fast, by a plan that is made once and kept with the schema.

`sampler.py` calls `plan_of` for samples with a seed, and validates the values, which may be
invalid. It returns a maker, a function of the random source. Merging schemas and choosing members
does not depend on the seed, so a plan does it once. What is left for each value are the choices
that do depend on it: alternatives, enumerated values, texts and numbers. For parts that cannot be
planned, or the whole schema if it is too large, the plan calls a new `ValueSampler` every time.
"""

import random
from collections.abc import Mapping, Sequence

from mockserver.base.json import JsonValue
from mockserver.model.contents import SampledSchema
from mockserver.schemas.sampling.array_sampling import items_of
from mockserver.schemas.sampling.object_sampling import discriminated, members_of
from mockserver.schemas.sampling.sampling_context import SamplingContext
from mockserver.schemas.sampling.schema_merging import types_to_try
from mockserver.schemas.sampling.text_sampling import content_schema, encoded_content
from mockserver.schemas.sampling.value_sampling import (
    DEEPEST,
    Make,
    Schema,
    ValueSampler,
    is_hard,
    scalars,
)

_MOST_READ = 5_000
_MOST_UNPLANNED = 10
"""The maximum numbers of schemas that a plan reads, and of parts that it leaves unplanned; with
more of them, the whole schema is not planned."""


def plan_of(schema: SampledSchema) -> Make:
    """Return the plan of a schema, made at the first call."""
    if (plan := schema.derived.get(plan_of)) is None:
        plan = schema.derived[plan_of] = _Planner(schema).plan()
    make: Make = plan
    return make


class _ChoiceNeeded(Exception):  # noqa: N818 - not an error
    """The seed has to choose one of several alternatives."""

    def __init__(self, count: int) -> None:
        self.count = count


class _CannotPlan(Exception):  # noqa: N818 - not an error
    """A part depends on the random source in a way that a plan does not support."""


class _PlanTooLarge(Exception):  # noqa: N818 - not an error
    """A plan would need more work than it saves."""


class _ForbiddenRandom(random.Random):
    """The random source while a plan is made: it must not be used."""

    def random(self) -> float:
        raise _CannotPlan

    def getrandbits(self, _bits: int, /) -> int:
        raise _CannotPlan


class _PresetRandom(_ForbiddenRandom):
    """A random source that returns preset choices, then raises `_ChoiceNeeded`."""

    def __init__(self, choices: Sequence[int]) -> None:
        super().__init__()
        self._choices = iter(choices)

    def randrange(self, start: int, _stop: int | None = None, _step: int = 1) -> int:
        if (choice := next(self._choices, None)) is None:
            raise _ChoiceNeeded(start)
        return choice


class _Planner(ValueSampler):
    """The first attempt of a sampler, apart from what the random source decides."""

    def __init__(self, schema: SampledSchema) -> None:
        super().__init__(schema, "", 0)
        self._unplanned_parts = 0
        self._total_read = 0
        """The number of schemas read for all alternatives together."""

    def plan(self) -> Make:
        """Return a maker of values for the whole schema."""
        try:
            return self._plan(self._root, self._context)
        except _PlanTooLarge:
            return self._unplanned(self._root, self._context, [], 0)

    def _plan(self, schema: JsonValue, context: SamplingContext) -> Make:
        if schema is False or context.depth > DEEPEST:
            return scalars("null", {}, "")
        followed, read = self._followed.copy(), self._read
        try:
            return self._alternatives(schema, context, ())
        except _CannotPlan:
            self._unplanned_parts += 1
            if self._unplanned_parts > _MOST_UNPLANNED:
                raise _PlanTooLarge from None
            return self._unplanned(schema, context, followed, read)
        finally:
            self._followed = followed

    def _unplanned(
        self, schema: JsonValue, context: SamplingContext, followed: list[str], read: int
    ) -> Make:
        """Return a maker that uses a new sampler for every value."""
        followed = followed.copy()

        def make(rng: random.Random) -> JsonValue:
            sampler = ValueSampler(self._schema, f"{rng.getrandbits(64):x}", 0)
            return sampler.resume(schema, context, followed, read)

        return make

    def _alternatives(
        self, schema: JsonValue, context: SamplingContext, choices: tuple[int, ...]
    ) -> Make:
        """Return a maker that chooses between the plans of all alternatives."""
        if self._total_read > _MOST_READ:
            raise _PlanTooLarge
        followed, read = self._followed.copy(), self._read
        merged = self._merged(schema, context, choices)
        if isinstance(merged, Mapping):
            make = self._maker(merged, context)
            if is_hard(merged):
                return self._validated(make, schema, context, followed, read)
            return make
        makes = []
        for choice in range(merged):
            self._followed, self._read = followed.copy(), read
            makes.append(self._alternatives(schema, context, (*choices, choice)))
        return lambda rng: rng.choice(makes)(rng)

    def _merged(
        self, schema: JsonValue, context: SamplingContext, choices: tuple[int, ...]
    ) -> Schema | int:
        """Return a schema merged with the chosen alternatives.

        If that needs another choice, return the number of alternatives for it.
        """
        before = self._read
        self.rng = _PresetRandom(choices)
        try:
            return self._merge(schema, context.depth)
        except _ChoiceNeeded as needed:
            return needed.count
        finally:
            self.rng = _ForbiddenRandom()
            self._total_read += self._read - before

    def _validated(
        self,
        make: Make,
        schema: JsonValue,
        context: SamplingContext,
        followed: list[str],
        read: int,
    ) -> Make:
        """Return a maker that replaces invalid values with values made without a plan."""
        is_valid = self._schema.checker(schema)
        make_unplanned = self._unplanned(schema, context, followed, read)

        def validated(rng: random.Random) -> JsonValue:
            value = make(rng)
            return value if is_valid(value) else make_unplanned(rng)

        return validated

    def _maker(self, merged: Schema, context: SamplingContext) -> Make:
        if "const" in merged:
            value = merged["const"]
            return lambda _rng: value
        if isinstance(merged.get("enum"), list) and merged["enum"]:
            values = merged["enum"]
            return lambda rng: rng.choice(values)
        name = types_to_try(merged, context.depth)[0]
        if name == "object":
            return self._object_maker(merged, context)
        if name == "array":
            return self._array_maker(merged, context)
        if name == "string" and (content := content_schema(merged)) is not None:
            make = self._plan(content, context.child(context.name))
            return lambda rng: encoded_content(merged, make(rng))
        return scalars(name, merged, context.name)

    def _object_maker(self, merged: Schema, context: SamplingContext) -> Make:
        members = members_of(self, discriminated(self, merged), context)
        makes = [
            (name, self._plan(member, context.child(name))) for name, member in members.items()
        ]
        return lambda rng: {name: make(rng) for name, make in makes}

    def _array_maker(self, merged: Schema, context: SamplingContext) -> Make:
        items = items_of(self, merged, context)
        if items.is_set and items.count > 1:
            raise _CannotPlan
        child = context.item(0)
        makes = [self._plan(part, child) for part in items.first]
        missing = items.count - len(makes)
        if missing > 0 and items.rest is not False:
            makes += [self._plan(items.rest, child)] * missing
        return lambda rng: [make(rng) for make in makes]
