"""Plain JSON Schemas as those that answers are made from."""

from typing import Any

from mockserver.schemas.sampling.sampler import Sample, sample
from mockserver.schemas.validators import SchemaValidator


def plain(schema: dict[str, Any], draft: str = "2020-12") -> SchemaValidator:
    return SchemaValidator(lambda: schema, draft)


def sampled(schema: dict[str, Any], seed: int | str | None = None) -> Sample:
    """Make a value of a schema."""
    return sample(plain(schema), seed)
