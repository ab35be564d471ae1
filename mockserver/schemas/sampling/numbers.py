"""Numbers made for a JSON Schema: within bounds, of a step."""

import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from mockserver.schemas.sampling.merge import bounds
from mockserver.schemas.sampling.words import range_for

_SPAN = 1_000
Schema = Mapping[str, Any]


def integers(schema: Schema, name: str = "") -> Callable[[random.Random], int]:
    """Return what makes whole numbers, small positive ones if there are any; 0 if there is none.

    Args:
        schema: What is known of the number.
        name: The property it is for, if it should look like one; else empty.
    """
    usual = range_for(name)
    if usual is not None and "multipleOf" not in schema:
        low, high = bounds(schema)
        least, most = max(low, usual[0]), min(high, usual[1])
        if least <= most:
            return _Whole(math.ceil(least), math.floor(most)).make
    return (_whole(schema) or _Whole(0, 0)).make


class _Whole(NamedTuple):
    """The multiples of a step between two of them."""

    first: int
    last: int
    step: int = 1

    def make(self, chance: random.Random) -> int:
        return chance.randint(self.first, self.last) * self.step


def _whole(schema: Schema) -> _Whole | None:
    low, high = bounds(schema)
    step = Fraction(str(schema.get("multipleOf", 1))).numerator or 1
    for least in (max(low, 1), low if low > -math.inf else high - _SPAN * step):
        if math.isinf(least):
            continue
        first = math.ceil(Fraction(least) / step)
        last = math.floor(Fraction(min(high, least + _SPAN * step)) / step)
        if first <= last:
            return _Whole(first, last, step)
    return None


def numbers(schema: Schema, name: str = "") -> Callable[[random.Random], float]:
    """Return what makes numbers: of the size that the name says, else whole ones if there are any.

    Args:
        schema: What is known of the number.
        name: The property it is for, if it should look like one; else empty.
    """
    usual, whole = range_for(name), _whole(schema)
    plain = whole.make if whole else _fixed(_between(schema))
    if usual is None or "multipleOf" in schema:
        return plain
    least, most = max(usual[0], _low(schema)), min(usual[1], _high(schema))

    def make(chance: random.Random) -> float:
        made = round(least + (most - least) * chance.random(), 2)
        return made if least < made < most else plain(chance)

    return make if least < most else plain


def _fixed(number: float) -> Callable[[random.Random], float]:
    return lambda _chance: number


def _between(schema: Schema) -> float:
    """Return a number where there is no whole one."""
    low, high = _low(schema), _high(schema)
    if "multipleOf" not in schema:
        return low + (high - low) / 2 if math.isfinite(low + high) else 0
    step = Fraction(str(schema["multipleOf"]))
    multiple = math.ceil(Fraction(low) / step) if math.isfinite(low) else 0
    is_excluded = multiple * step == schema.get("exclusiveMinimum")
    return float((multiple + is_excluded) * step)


def _low(schema: Schema) -> float:
    low: float = max(schema.get(key, -math.inf) for key in ("minimum", "exclusiveMinimum"))
    return low


def _high(schema: Schema) -> float:
    high: float = min(schema.get(key, math.inf) for key in ("maximum", "exclusiveMaximum"))
    return high
