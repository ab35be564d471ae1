"""Make numbers for a JSON Schema: within its bounds, and multiples of its `multipleOf`.

`value_sampling.py` calls `integers` and `numbers` with a merged schema and the name of the property
(empty without a seed), which makes numbers realistic. Out comes a maker: a function of the random
source. A schema that allows no number still gets a maker, of an invalid one; the caller validates.
"""

import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from mockserver.schemas.sampling.realistic_values import number_range_for
from mockserver.schemas.sampling.schema_merging import integer_bounds

_SPAN = 1_000
"""How far above the lowest value a made number may be, in steps."""
Schema = Mapping[str, Any]


def integers(schema: Schema, name: str = "") -> Callable[[random.Random], int]:
    """Return a maker of integers: small positive ones if allowed; 0 if the schema allows none.

    Args:
        schema: The merged schema of the number.
        name: The property it is for, to make a realistic number; empty otherwise.
    """
    usual = number_range_for(name)
    if usual is not None and "multipleOf" not in schema:
        low, high = integer_bounds(schema)
        low, high = max(low, usual[0]), min(high, usual[1])
        if low <= high:
            return _Multiples(math.ceil(low), math.floor(high)).make
    return (_multiples(schema) or _Multiples(0, 0)).make


class _Multiples(NamedTuple):
    """The multiples of a step from `first * step` to `last * step`."""

    first: int
    last: int
    step: int = 1

    def make(self, rng: random.Random) -> int:
        return rng.randint(self.first, self.last) * self.step


def _multiples(schema: Schema) -> _Multiples | None:
    """Return the integers to choose from, positive ones if possible; None if there are none."""
    low, high = integer_bounds(schema)
    step = Fraction(str(schema.get("multipleOf", 1))).numerator or 1
    for start in (max(low, 1), low if low > -math.inf else high - _SPAN * step):
        if math.isinf(start):
            continue
        first = math.ceil(Fraction(start) / step)
        last = math.floor(Fraction(min(high, start + _SPAN * step)) / step)
        if first <= last:
            return _Multiples(first, last, step)
    return None


def numbers(schema: Schema, name: str = "") -> Callable[[random.Random], float]:
    """Return a maker of numbers: realistic ones for a known name, else integers if allowed.

    Args:
        schema: The merged schema of the number.
        name: The property it is for, to make a realistic number; empty otherwise.
    """
    usual, multiples = number_range_for(name), _multiples(schema)
    plain = multiples.make if multiples else _always(_fraction(schema))
    if usual is None or "multipleOf" in schema:
        return plain
    low, high = max(usual[0], _low(schema)), min(usual[1], _high(schema))

    def make(rng: random.Random) -> float:
        made = round(low + (high - low) * rng.random(), 2)
        return made if low < made < high else plain(rng)

    return make if low < high else plain


def _always(number: float) -> Callable[[random.Random], float]:
    return lambda _rng: number


def _fraction(schema: Schema) -> float:
    """Return a number for a schema that allows no integer."""
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
