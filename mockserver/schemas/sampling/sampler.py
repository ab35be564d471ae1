"""Make a value from a JSON Schema, and validate it: the entry point of sampling.

Callers: `engine/documented_answers.py` for answers without an example, `schema_conformer.py` for
missing members, `engine/answer_check.py`, and `contract/conforming_masks.py`. `sample` always
returns a value; `is_valid` is False if none of several attempts and fallback values conforms. The
same schema and seed give the same value; without a seed, it is a simple one from examples and
defaults.
"""

import random
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.model.contents import SampledSchema
from mockserver.schemas.sampling.fallback_values import fallback_values
from mockserver.schemas.sampling.plans import plan_of
from mockserver.schemas.sampling.value_sampling import ValueSampler

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """A value made from a schema."""

    value: JsonValue
    is_valid: bool
    """Whether it conforms to the schema; False if no such value was found."""


def sample(schema: SampledSchema, seed: int | str | None = None) -> Sample:
    """Return a value for a schema; the same schema and seed give the same value.

    Args:
        schema: The schema that the value has to conform to.
        seed: Selects one of many realistic values. Without a seed, the value is a simple one
            that uses the examples and defaults of the schema.
    """
    if seed is not None:
        value = plan_of(schema)(random.Random(f"{seed}"))  # noqa: S311 - not for secrets
        if schema.is_valid(value):
            return Sample(value, is_valid=True)
    return _search(schema, seed)


def _search(schema: SampledSchema, seed: int | str | None) -> Sample:
    """Return the first valid value of several attempts, then of the fallback values."""
    first: JsonValue = None
    for attempt in range(_ATTEMPTS):
        value = ValueSampler(schema, seed, attempt).root()
        if schema.is_valid(value):
            return Sample(value, is_valid=True)
        first = first if attempt else value
    for value in fallback_values(schema.schema()):
        if schema.is_valid(value):
            return Sample(value, is_valid=True)
    return Sample(first, is_valid=False)
