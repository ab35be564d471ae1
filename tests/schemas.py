"""Plain JSON Schemas as those that answers are made from."""

from typing import Any

import jsonschema_rs

from mockserver.engine.sampling import Sample, sample
from mockserver.exchange import JsonValue, Violation
from mockserver.spec.schemas import compile_schema
from mockserver.spec.violations import violations_of


class PlainSchema:
    """A self-contained schema of a draft."""

    def __init__(self, schema: dict[str, Any], draft: str = "2020-12") -> None:
        self._schema = schema
        self._draft = draft
        self._compiled = self._compile(schema)

    def _compile(self, schema: dict[str, Any]) -> jsonschema_rs.Validator | None:
        try:
            return compile_schema(schema, self._draft)
        except ValueError:
            return None

    def schema(self) -> dict[str, JsonValue]:
        return self._schema

    def is_valid(self, value: JsonValue, /) -> bool:
        return self._compiled is not None and self._compiled.is_valid(value)

    def admits(self, part: JsonValue, value: JsonValue) -> bool:
        if not isinstance(part, dict):
            return part is not False
        around = {key: self._schema[key] for key in ("$id", "$defs") if key in self._schema}
        compiled = self._compile({**part, **around})
        return compiled is not None and compiled.is_valid(value)

    def violations(self, value: JsonValue, where: str = "body") -> list[Violation]:
        return [] if self._compiled is None else violations_of(self._compiled.iter_errors(value), where)


def sampled(schema: dict[str, Any], seed: int | str | None = None) -> Sample:
    """Make a value of a schema."""
    return sample(PlainSchema(schema), seed)
