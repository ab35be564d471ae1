"""Find the schemas that the document has for a value, its members and its items.

`recording.py` and `document_changes.py` start with `described_request` or `described_answer`, which
return a `DescribedValue`, or None without a schema; they and `masking.py` go down by `member` (None
if it is not described), `item` and `below`. `read` gives the number or boolean of a text, `lists`
tells if a schema lists a value; `conforming_masks.py` reads `whole`. All alternatives (`allOf`,
`anyOf`, `oneOf`) count at once, whether the value conforms or not: nothing is validated here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from mockserver.base.http import media_type
from mockserver.base.json import JsonValue
from mockserver.contract.variables import value_at
from mockserver.model.api import Operation
from mockserver.model.contents import RequestMedia, ResponseMedia

_APPLICATORS = ("allOf", "anyOf", "oneOf")
_MAX_DEPTH = 30
_SCALAR = re.compile(
    r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?(?:[eE][-+]?\d{1,2})?|true|false", re.ASCII
)


@dataclass(frozen=True, slots=True)
class DescribedValue:
    """The schemas that apply to one value; none if the document does not describe it."""

    root: JsonValue
    """The self-contained schema, in which references are resolved."""
    schemas: tuple[dict[str, JsonValue], ...] = ()
    """These schemas, and those that they consist of."""
    whole: tuple[JsonValue, ...] = ()
    """The schemas that the value must conform to."""

    @classmethod
    def of(cls, schema: JsonValue) -> "DescribedValue":
        """Return the description of a value by a self-contained schema."""
        return cls(schema, tuple(_applicable(schema, schema, 0)), (schema,))

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
        return DescribedValue(self.root, tuple(found), tuple(schemas))

    def below(self, keys: Iterable[str]) -> "DescribedValue | None":
        """Return the description of what names lead to; that of an item is empty or a number."""
        found: DescribedValue | None = self
        for key in keys:
            if found is None:
                break
            is_index = not key or key.isdecimal()
            found = found.item() if is_index and found.is_array else found.member(key)
        return found

    @property
    def is_array(self) -> bool:
        """True if the value may be an array."""
        return any("items" in one or "array" in _types(one) for one in self.schemas)

    @property
    def is_object(self) -> bool:
        """True if the value may be an object."""
        return any("object" in _types(one) or _properties(one) for one in self.schemas)

    def read(self, text: str) -> JsonValue:
        """Return the number or the boolean that a text stands for, else the text itself."""
        types = {kind for one in self.schemas for kind in _types(one)}
        if not types or "string" in types or not _SCALAR.fullmatch(text):
            return text
        value = orjson.loads(text)
        wanted = {"boolean"} if isinstance(value, bool) else {"integer", "number"}
        return value if types & wanted else text

    def lists(self, value: JsonValue) -> bool:
        """Return True if a schema lists the value in `enum` or `const`."""
        return any(
            value in one.get("enum", ()) or ("const" in one and one["const"] == value)
            for one in self.schemas
        )


def _types(schema: dict[str, JsonValue]) -> Sequence[str]:
    types = schema.get("type", ())
    return (types,) if isinstance(types, str) else types


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
