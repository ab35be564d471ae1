"""Read schemas, media types and parameters without compiling them, and compare names.

`SchemaReader` returns places, types and an `ObjectView` of an object schema (None or empty for any
other). `normalized` and `singular` make names comparable; `reference` writes a `$ref`. Callers: the
other modules of this package. Nothing is validated, and no problem is reported: the compilation of
the document does both.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mockserver.base.http import FORM, essence
from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.schemas.validators import Schemas

_MOST_FACETS = 500
_JSON = frozenset(("application/json", "text/json", "application/*", "*/*"))
_OTHER_FORMATS = frozenset(("application/vnd.api+json", "application/json-patch+json"))
JSON_API = "application/vnd.api+json"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class ObjectView:
    """The properties of an object schema, including those of the schemas that it combines."""

    place: Place
    properties: Mapping[str, Place]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class SchemaReader:
    """Reads schemas, media types and parameters; invalid parts read as empty."""

    schemas: Schemas

    def resolve(self, place: Place) -> Place:
        """Follow a reference; a broken one is reported when it is compiled."""
        return self.schemas.resolve(place)

    def facets(self, schema: Place) -> Iterator[tuple[Place, bool]]:
        """Yield a schema and all that it combines, each with True if it always applies."""
        seen: set[tuple[str, str]] = set()
        waiting = [(schema, True)]
        while waiting and len(seen) < _MOST_FACETS:
            place, always = waiting.pop()
            if place.key in seen or not isinstance(place.value, dict):
                continue
            seen.add(place.key)
            yield place, always
            if "$ref" in place.value:
                waiting.append((self.resolve(place), always))
            others = [(item, False) for key in _EITHER for item in place.child(key).items()]
            parts = [(item, always) for item in place.child("allOf").items()]
            waiting += reversed([*parts, *others])

    def view(self, schema: Place) -> ObjectView | None:
        """Read the schema of an object; None if the schema describes anything else."""
        properties: dict[str, Place] = {}
        required: set[str] = set()
        for place, always in self.facets(schema):
            for name, member in place.child("properties").members():
                properties.setdefault(name, member)
            if always and isinstance(names := place.value.get("required"), list):
                required |= {name for name in names if isinstance(name, str)}
        if not properties or self.types(schema) != {"object"}:
            return None
        return ObjectView(self.origin(schema), properties, frozenset(required))

    def origin(self, schema: Place) -> Place:
        """Return the definition that a schema refers to, by `$ref` or by a single `allOf`."""
        place = self.resolve(schema)
        parts = place.child("allOf").items()
        if len(parts) == 1 and not place.child("properties").members():
            return self.resolve(parts[0])
        return place

    def types(self, schema: Place) -> frozenset[str]:
        """Return the JSON types that a schema allows, without null; empty if it names none."""
        for place, _ in self.facets(schema):
            given = place.value.get("type")
            named = [given] if isinstance(given, str) else given
            if isinstance(named, list):
                return frozenset(str(name) for name in named) - {"null"}
            for keyword, kind in _IMPLIED.items():
                if keyword in place.value:
                    return frozenset((kind,))
        return frozenset()

    def keyword(self, schema: Place, keyword: str) -> JsonValue:
        """Return the value of a keyword; None if the schema does not have it."""
        return next(
            (place.value[keyword] for place, _ in self.facets(schema) if keyword in place.value),
            None,
        )

    def items(self, schema: Place) -> Place | None:
        """Return the schema of the items of an array; None if the schema is not of an array."""
        if self.types(schema) != {"array"}:
            return None
        found = (place.child("items") for place, _ in self.facets(schema))
        return next((place for place in found if isinstance(place.value, dict)), None)

    def json(self, holder: Place) -> tuple[str, Place] | None:
        """Return the first JSON media type of a body or an answer, with its media type object."""
        for media_type, media in self.resolve(holder).child("content").members():
            if _is_json(media_type):
                return media_type, self.resolve(media)
        return None

    def body(self, operation: Place) -> Place | None:
        """Return the schema of a request body, as JSON or as a form."""
        holder = self.resolve(operation.child("requestBody"))
        content = dict(holder.child("content").members())
        media = next((content[name] for name in content if _is_json(name) or name == FORM), None)
        return None if media is None else media.child("schema")

    def success(self, operation: Place, preferred: Iterable[int] = ()) -> tuple[int, Place]:
        """Return the first preferred status that is documented, else the lowest 2xx status.

        `2XX` and `default` count as 200.
        """
        responses = dict(operation.child("responses").members())
        exact = sorted(name for name in responses if re.fullmatch(r"2\d\d", str(name)))
        exact = [*(str(status) for status in preferred if str(status) in exact), *exact]
        name = next(iter(exact), "2XX" if "2XX" in responses else "default")
        place = operation.child("responses").child(name)
        return (int(name) if name.isdigit() else 200), self.resolve(place)

    def documents(self, operation: Place, status: int) -> bool:
        """Return True if an operation documents a status."""
        return str(status) in dict(operation.child("responses").members())

    def parameters(self, item: Place, operation: Place, where: str) -> dict[str, Place]:
        """Return the schemas of the parameters at one location (`in`), by name."""
        places = [*item.child("parameters").items(), *operation.child("parameters").items()]
        found: dict[str, Place] = {}
        for place in map(self.resolve, places):
            name = place.child("name").value
            if isinstance(name, str) and place.child("in").value == where:
                content = place.child("content").members()
                found[name] = (content[0][1] if content else place).child("schema")
        return found


_EITHER = ("oneOf", "anyOf")
_IMPLIED = {"properties": "object", "items": "array"}


def _is_json(media_type: str) -> bool:
    """Return True for JSON, except JSON:API and JSON Patch, which have formats of their own."""
    name = essence(media_type)
    return name in _JSON or (name.endswith("+json") and name not in _OTHER_FORMATS)


def normalized(name: str) -> str:
    """Return a name without case and punctuation: `page[size]`, `pageSize` → `pagesize`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singular(noun: str) -> str:
    """Return the singular of an English noun: `categories` → `category`."""
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def reference(place: Place, base: Place) -> dict[str, JsonValue]:
    """Return a reference to a place, relative to the document of `base`."""
    pointer = place.pointer.replace("%", "%25").replace("#", "%23")
    own, other = base.document.path, place.document.path
    if not own or not other or own.resolve() == other.resolve():
        return {"$ref": f"#{pointer}"}
    file = other.resolve().relative_to(own.resolve().parent).as_posix()
    return {"$ref": f"{file.replace('%', '%25')}#{pointer}"}
