"""Write expressions for the keys and times that the service fills, and list read-only properties.

In: a resource and its schemas. Out: texts of expressions for steps, and fixed keys for seed
records; None if no key would fit the schema. Callers: `item_steps.py`, `action_steps.py` and
`seed_records.py`. No key is made here for a request: the expressions do that, in the sandbox.
"""

import hashlib
import re
from collections.abc import Iterator

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.inference.expression_text import quoted
from mockserver.inference.object_schemas import SchemaReader, normalized
from mockserver.inference.recognition import Resource
from mockserver.schemas.validators import Schemas

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_PREFIXED = re.compile(r"([A-Za-z]{1,20}[_-])([A-Za-z0-9]{4,40})", re.ASCII)
_CREATED = frozenset(
    [
        "created",
        "createdat",
        "createdon",
        "createdtime",
        "createdate",
        "datecreated",
        "creationdate",
        "creationtime",
        "insertedat",
        "addedat",
        "registeredat",
    ]
)
_UPDATED = frozenset(
    [
        "updated",
        "updatedat",
        "updatedon",
        "updatedtime",
        "dateupdated",
        "modified",
        "modifiedat",
        "modifiedon",
        "lastmodified",
        "lastmodifiedat",
        "lastupdated",
        "lastupdatedat",
        "changedat",
    ]
)
_TOKEN = "aB3-xY_9" * 8
_WIDTHS = (32, 24, 20, 16, 12, 10, 8, 6, 4)


def key_expression(resource: Resource, schemas: Schemas, reader: SchemaReader) -> str | None:
    """Return an expression for the key of a new record; None if no key would fit the schema."""
    schema = resource.view.properties[resource.key]
    whole = f"next_key({quoted(resource.name)})"
    if reader.types(schema) == {"integer"}:
        return whole
    validator = schemas.validator(schema, "response")
    for expression, sample in _texts(whole, schema, reader):
        if validator.is_valid(sample):
            return expression
    return None


def _texts(whole: str, schema: Place, reader: SchemaReader) -> Iterator[tuple[str, str]]:
    """Yield expressions that make a string key, each with a sample; the most likely first."""
    uuid = ("uuid()", "0b8e5e3e-3f6f-4f0c-9d2e-0c5f5a3b1c2d")
    digits = "0123456789abcdef" * 2
    example = example_of(schema, reader)
    text = example if isinstance(example, str) else ""
    if reader.keyword(schema, "format") == "uuid" or _UUID.fullmatch(text):
        yield uuid
    if _OBJECT_ID.fullmatch(text):
        yield "object_id()", digits[:24]
    if text.isascii() and text.isdigit():
        yield f"text({whole})", "1"
    if found := _PREFIXED.fullmatch(text):
        length = max(len(found[2]), 8)
        yield f'join([{quoted(found[1])}, token({length})], "")', found[1] + _TOKEN[:length]
    yield uuid
    yield "object_id()", digits[:24]
    yield f"text({whole})", "1"
    yield from ((f"token({width})", _TOKEN[:width]) for width in _WIDTHS)


def example_of(schema: Place, reader: SchemaReader) -> JsonValue:
    """Return the example of a schema; None if it has none."""
    if (example := reader.keyword(schema, "example")) is not None:
        return example
    examples = reader.keyword(schema, "examples")
    return examples[0] if isinstance(examples, list) and examples else None


def static_key(
    resource: Resource, number: int, schemas: Schemas, reader: SchemaReader
) -> JsonValue:
    """Return the key of a seed record whose example has none; the same at every start.

    None if no key would fit the schema.
    """
    schema = resource.view.properties[resource.key]
    if reader.types(schema) == {"integer"}:
        return number
    digits = hashlib.sha256(f"{resource.name} {number}".encode()).hexdigest()
    uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"
    choices = (uuid, digits[:24], str(number), *(digits[:width] for width in _WIDTHS))
    validator = schemas.validator(schema, "response")
    return next((text for text in choices if validator.is_valid(text)), None)


def time_fields(resource: Resource, reader: SchemaReader, *, new: bool) -> dict[str, str]:
    """Return expressions for the times of creation (if `new`) and of change, by property."""
    times = _CREATED | _UPDATED if new else _UPDATED
    found = {}
    for name, schema in resource.view.properties.items():
        if normalized(name) in times and (expression := _time(schema, reader)):
            found[name] = expression
    return found


def _time(schema: Place, reader: SchemaReader) -> str | None:
    kinds, style = reader.types(schema), reader.keyword(schema, "format")
    if kinds == {"integer"}:
        example = example_of(schema, reader)
        is_in_milliseconds = isinstance(example, int) and example > 10**11
        return 'iso(now, "epoch_ms")' if is_in_milliseconds else 'iso(now, "epoch")'
    if kinds != {"string"} or style not in ("date-time", "date"):
        return None
    return 'iso(now, "date")' if style == "date" else 'iso(now, "milliseconds")'


def read_only_properties(resource: Resource, reader: SchemaReader) -> list[str]:
    """List the properties that a client cannot set."""
    return [
        name
        for name, schema in resource.view.properties.items()
        if reader.keyword(schema, "readOnly") is True
    ]
