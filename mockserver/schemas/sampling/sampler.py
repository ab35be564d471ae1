"""Make a value from a JSON Schema, and validate it: the entry point of sampling.

Callers: `engine/documented_answers.py` for answers without an example, `schema_conformer.py` for
missing members, `engine/answer_check.py`, and `contract/conforming_masks.py`. `sample` always
returns a `Sample`; `is_valid` is False if none of several attempts and fallback values conforms.
`misfits` are the pointers of examples inside the schema that do not conform; `written` is the value
with them. The same schema and seed give the same value; without a seed, it is a simple one from
examples and defaults.
"""

import random
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.model.contents import SampledSchema
from mockserver.schemas.sampling.fallback_values import fallback_values
from mockserver.schemas.sampling.given_examples import with_misfits
from mockserver.schemas.sampling.plans import plan_of
from mockserver.schemas.sampling.value_sampling import ValueSampler

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """A value made from a schema."""

    value: JsonValue
    is_valid: bool
    """Whether it conforms to the schema; False if no such value was found."""
    misfits: tuple[str, ...] = ()
    """The pointers of examples inside the schema that do not conform."""
    shown: JsonValue = None

    @property
    def written(self) -> JsonValue:
        """The value with all examples as they are written; it may not conform."""
        return self.shown if self.misfits else self.value


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
    """Return the first valid value of several attempts, then of the fallback values.

    A value without some of its examples is used only if the next attempt has no valid value.
    """
    first: JsonValue = None
    lossy: Sample | None = None
    for attempt in range(_ATTEMPTS):
        sampler = ValueSampler(schema, seed, attempt)
        value = sampler.root()
        first = first if attempt else value
        if schema.is_valid(value):
            found = _sample(value, sampler)
            if lossy or not sampler.given.is_lossy:
                return found
            lossy = found
        elif lossy:
            return lossy
    for value in fallback_values(schema.schema()):
        if schema.is_valid(value):
            return Sample(value, is_valid=True)
    return Sample(first, is_valid=False)


def _sample(value: JsonValue, sampler: ValueSampler) -> Sample:
    shown, misfits = with_misfits(value, sampler.given.misfits)
    return Sample(value, is_valid=True, misfits=misfits, shown=shown if misfits else None)
