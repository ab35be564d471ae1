"""Navigation from the schema of a value to the schemas of its members and items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mockserver.base.http import media_type
from mockserver.base.json import JsonValue
from mockserver.contract.variables import value_at
from mockserver.model.api import Operation
from mockserver.model.contents import RequestMedia, ResponseMedia

_APPLICATORS = ("allOf", "anyOf", "oneOf")
_MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class DescribedValue:
    """The schemas that apply to one value; none if the document does not describe it."""

    root: JsonValue
    """The self-contained schema, in which references are resolved."""
    schemas: tuple[dict[str, JsonValue], ...] = ()

    @classmethod
    def of(cls, schema: JsonValue) -> "DescribedValue":
        """Return the description of a value by a self-contained schema."""
        return cls(schema, tuple(_applicable(schema, schema, 0)))

    def member(self, name: str) -> "DescribedValue | None":
        """Return the description of a member; None if the document does not describe it."""
        known = [one["properties"][name] for one in self.schemas if name in _properties(one)]
        if not known:
            known = [
                one["additionalProperties"]
                for one in self.schemas
                if isinstance(one.get("additionalProperties"), dict)
            ]
        return self._below(known) if known else None

    def item(self) -> "DescribedValue":
        """Return the description of the items of an array."""
        return self._below([one["items"] for one in self.schemas if "items" in one])

    def _below(self, schemas: list[JsonValue]) -> "DescribedValue":
        found = [one for schema in schemas for one in _applicable(schema, self.root, 0)]
        return DescribedValue(self.root, tuple(found))

    def lists(self, value: JsonValue) -> bool:
        """Return True if a schema lists the value in `enum` or `const`."""
        return any(
            value in one.get("enum", ()) or ("const" in one and one["const"] == value)
            for one in self.schemas
        )


def _properties(schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _applicable(schema: JsonValue, root: JsonValue, depth: int) -> Iterator[dict[str, JsonValue]]:
    """Yield a schema and all other schemas that apply to the same value."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return
    yield schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        try:
            yield from _applicable(value_at(root, reference.partition("#")[2]), root, depth + 1)
        except LookupError:
            return
    for keyword in _APPLICATORS:
        for one in schema.get(keyword) or ():
            yield from _applicable(one, root, depth + 1)


def described_request(operation: Operation, content_type: str) -> DescribedValue | None:
    """Return the description of a request body of a media type, by default of the first one."""
    media: Sequence[RequestMedia] = operation.body.media if operation.body else ()
    given = media_type(content_type)
    schema = max(media, key=lambda one: one.accepts.admits(given)).schema if media else None
    return DescribedValue.of(schema()) if schema else None


def described_answer(media: Sequence[ResponseMedia]) -> DescribedValue | None:
    """Return the description of a response body, by the first media type that has a schema."""
    schemas = (one.schema for one in media if not one.is_stream)
    schema = next((one for one in schemas if one is not None), None)
    return DescribedValue.of(schema.schema()) if schema else None
