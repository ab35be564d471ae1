"""Values made from a JSON Schema and compared with it: always the same, or varied by a seed."""

import random
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.model.contents import SampledSchema
from mockserver.schemas.sampling.choice import probes
from mockserver.schemas.sampling.plans import plan_of
from mockserver.schemas.sampling.values import Sampler

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """A value that was made."""

    value: JsonValue
    is_valid: bool
    """Whether it conforms to the schema; otherwise none was found that does."""


def sample(schema: SampledSchema, seed: int | str | None = None) -> Sample:
    """Make a value; the same schema and seed give the same one.

    Args:
        schema: What the value has to conform to.
        seed: Varies realistic values; without it a simple one is made, of the schema's own
            examples and defaults where they fit.
    """
    if seed is not None:
        made = plan_of(schema)(random.Random(f"{seed}"))  # noqa: S311 - not for secrets
        if schema.is_valid(made):
            return Sample(made, is_valid=True)
    return _searched(schema, seed)


def _searched(schema: SampledSchema, seed: int | str | None) -> Sample:
    """Try more and more carefully, and at last plain values."""
    first: JsonValue = None
    for attempt in range(_ATTEMPTS):
        made = Sampler(schema, seed, attempt).root()
        if schema.is_valid(made):
            return Sample(made, is_valid=True)
        first = first if attempt else made
    for probe in probes(schema.schema()):
        if schema.is_valid(probe):
            return Sample(probe, is_valid=True)
    return Sample(first, is_valid=False)
