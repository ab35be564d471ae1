"""Numbers made for a JSON Schema: within bounds, of a step."""

import math
import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from mockserver.engine.sampling_merge import bounds
from mockserver.engine.sampling_words import range_for

_SPAN = 1_000
Schema = Mapping[str, Any]


def integer(chance: random.Random, schema: Schema, name: str = "") -> int:
    """Make a whole number, a small positive one if there is any; 0 if there is none at all."""
    usual = range_for(name)
    if usual is not None and "multipleOf" not in schema:
        low, high = bounds(schema)
        least, most = max(low, usual[0]), min(high, usual[1])
        if least <= most:
            return chance.randint(math.ceil(least), math.floor(most))
    made = _whole(chance, schema)
    return 0 if made is None else made


def _whole(chance: random.Random, schema: Schema) -> int | None:
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


def number(chance: random.Random, schema: Schema, name: str = "") -> float:
    """Make a number, a whole one if there is any."""
    usual = range_for(name)
    if usual is not None and "multipleOf" not in schema:
        least, most = max(usual[0], _low(schema)), min(usual[1], _high(schema))
        if least < most:
            made = round(least + (most - least) * chance.random(), 2)
            if least < made < most:
                return made
    whole = _whole(chance, schema)
    if whole is not None:
        return whole
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
