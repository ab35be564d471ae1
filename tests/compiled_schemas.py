"""Plain JSON Schemas as those that answers are made from."""

import json
from typing import Any

from mockserver.schemas.part_checks import PartChecks
from mockserver.schemas.sampling.sampler import Sample, sample
from mockserver.schemas.shared_definitions import SharedDefinitions
from mockserver.schemas.validators import SchemaValidator


def plain(schema: dict[str, Any], draft: str = "2020-12") -> SchemaValidator:
    """Return the validator of a self-contained schema, as if it came from a document."""
    keyword = "definitions" if draft in ("4", "6", "7") else "$defs"
    text = json.dumps(schema).replace('"$ref": "#"', f'"$ref": "#/{keyword}/root"')
    root = json.loads(text)
    definitions = SharedDefinitions(draft, keyword)
    named = root.pop(keyword, {})
    has_address = root.pop("$id", None) is not None
    names = [*named, "root"]
    for name, definition in {**named, "root": root}.items():
        targets = names if "$ref" in json.dumps(definition) else []
        definitions.add(name, definition, targets, has_address=has_address)
    definitions.cut_unbounded("root")
    return SchemaValidator(definitions, PartChecks(definitions), "root")


def sampled(schema: dict[str, Any], seed: int | str | None = None) -> Sample:
    """Make a value of a schema."""
    return sample(plain(schema), seed)
