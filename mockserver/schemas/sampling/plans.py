"""What of a varied value is the same each time, decided once: the members, types and branches."""

import random
from collections.abc import Mapping, Sequence

from mockserver.base.json import JsonValue
from mockserver.model.contents import SampledSchema
from mockserver.schemas.sampling.choice import Way
from mockserver.schemas.sampling.merge import kinds_of
from mockserver.schemas.sampling.objects import discriminated, members_of
from mockserver.schemas.sampling.tuples import items_of
from mockserver.schemas.sampling.values import DEEPEST, Make, Sampler, Schema, is_hard, scalars

_MOST_READ = 5_000
_MOST_UNPLANNED = 10
"""Schemas read for a plan, and left out of it, beyond which values are made without one."""


def plan_of(schema: SampledSchema) -> Make:
    """Return what makes values of a schema; they may break it where the schema is an odd one."""
    if (plan := schema.derived.get(plan_of)) is None:
        plan = schema.derived[plan_of] = _Planner(schema).plan()
    made: Make = plan
    return made


class _Fork(Exception):  # noqa: N818 - no error, but a question
    """Chance has to choose one of several."""

    def __init__(self, count: int) -> None:
        self.count = count


class _Unplanned(Exception):  # noqa: N818 - no error, but another way
    """What is made depends on chance in a way that is not planned."""


class _TooLarge(Exception):  # noqa: N818 - no error, but another way
    """A plan is more work than it saves."""


class _Unasked(random.Random):
    """Chance while a plan is made: it must not be asked."""

    def random(self) -> float:
        raise _Unplanned

    def getrandbits(self, _bits: int, /) -> int:
        raise _Unplanned


class _Told(_Unasked):
    """Chance that chooses as it is told, and asks what to choose then."""

    def __init__(self, picks: Sequence[int]) -> None:
        super().__init__()
        self._picks = iter(picks)

    def randrange(self, start: int, _stop: int | None = None, _step: int = 1) -> int:
        if (pick := next(self._picks, None)) is None:
            raise _Fork(start)
        return pick


class _Planner(Sampler):
    """A sampler's first attempt, all but what chance decides in it."""

    def __init__(self, schema: SampledSchema) -> None:
        super().__init__(schema, "", 0)
        self._left_out = 0
        self._all_read = 0
        """Schemas read for all branches together."""

    def plan(self) -> Make:
        """Return what makes values of the whole schema."""
        try:
            return self._plan(self._root, self._way)
        except _TooLarge:
            return self._unplanned(self._root, self._way, [], 0)

    def _plan(self, schema: JsonValue, way: Way) -> Make:
        if schema is False or way.depth > DEEPEST:
            return scalars("null", {}, "")
        opened, before = self._open.copy(), self._read
        try:
            return self._branches(schema, way, ())
        except _Unplanned:
            self._left_out += 1
            if self._left_out > _MOST_UNPLANNED:
                raise _TooLarge from None
            return self._unplanned(schema, way, opened, before)
        finally:
            self._open = opened

    def _unplanned(self, schema: JsonValue, way: Way, opened: list[str], before: int) -> Make:
        """Return what makes values as without a plan."""
        opened = opened.copy()

        def make(chance: random.Random) -> JsonValue:
            sampler = Sampler(self._schema, f"{chance.getrandbits(64):x}", 0)
            return sampler.resume(schema, way, opened, before)

        return make

    def _branches(self, schema: JsonValue, way: Way, picks: tuple[int, ...]) -> Make:
        """Plan each of the alternatives that chance may choose."""
        if self._all_read > _MOST_READ:
            raise _TooLarge
        opened, before = self._open.copy(), self._read
        whole = self._merged(schema, way, picks)
        if isinstance(whole, Mapping):
            make = self._of(whole, way)
            return self._checked(make, schema, way, opened, before) if is_hard(whole) else make
        makes = []
        for pick in range(whole):
            self._open, self._read = opened.copy(), before
            makes.append(self._branches(schema, way, (*picks, pick)))
        return lambda chance: chance.choice(makes)(chance)

    def _merged(self, schema: JsonValue, way: Way, picks: tuple[int, ...]) -> Schema | int:
        """Merge a schema with the alternatives that are picked, or tell how many are next."""
        before = self._read
        self.chance = _Told(picks)
        try:
            return self._whole(schema, way.depth)
        except _Fork as fork:
            return fork.count
        finally:
            self.chance = _Unasked()
            self._all_read += self._read - before

    def _checked(
        self, make: Make, schema: JsonValue, way: Way, opened: list[str], before: int
    ) -> Make:
        """Compare what is made with its schema; what doesn't conform is made without a plan."""
        fits, again = self._schema.checker(schema), self._unplanned(schema, way, opened, before)

        def checked(chance: random.Random) -> JsonValue:
            made = make(chance)
            return made if fits(made) else again(chance)

        return checked

    def _of(self, whole: Schema, way: Way) -> Make:
        if "const" in whole:
            value = whole["const"]
            return lambda _chance: value
        if isinstance(whole.get("enum"), list) and whole["enum"]:
            values = whole["enum"]
            return lambda chance: chance.choice(values)
        kind = kinds_of(whole, way.depth)[0]
        if kind == "object":
            return self._members(whole, way)
        if kind == "array":
            return self._items(whole, way)
        return scalars(kind, whole, way.name)

    def _members(self, whole: Schema, way: Way) -> Make:
        members = members_of(self, discriminated(whole), way)
        makes = [(name, self._plan(member, way.inside(name))) for name, member in members.items()]
        return lambda chance: {name: make(chance) for name, make in makes}

    def _items(self, whole: Schema, way: Way) -> Make:
        items = items_of(self, whole, way)
        if items.is_set and items.count > 1:
            raise _Unplanned
        inside = way.inside(way.name)
        makes = [self._plan(part, inside) for part in items.first]
        more = items.count - len(makes)
        if more > 0 and items.rest is not False:
            makes += [self._plan(items.rest, inside)] * more
        return lambda chance: [make(chance) for make in makes]
