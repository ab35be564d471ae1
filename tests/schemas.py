"""Plain JSON Schemas as those that answers are made from."""

from dataclasses import dataclass
from typing import Any

from mockserver.engine.sampling import Sample, sample
from mockserver.spec.schemas import SchemaValidator


@dataclass
class Plain:
    """A schema that is self-contained already."""

    whole: dict[str, Any]

    def schema(self) -> dict[str, Any]:
        return self.whole


def plain(schema: dict[str, Any], draft: str = "2020-12") -> SchemaValidator:
    return SchemaValidator(Plain(schema), draft)


def sampled(schema: dict[str, Any], seed: int | str | None = None) -> Sample:
    """Make a value of a schema."""
    return sample(plain(schema), seed)
