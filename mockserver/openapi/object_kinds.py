"""Say which keys each kind of object in a document may have, as OpenAPI's own schemas define it.

`unknown_keys.py` and `misplaced_references.py` call `document_kind` for a version and go down with
`ObjectKind.member`. It returns None for a key that the kind does not list; the key is unknown only
if the kind `is_closed`. The schemas are read from `specification/` at the first call. A kind is the
union of all forms that a value may have at a place. So a key is unknown only if no form has it, and
a document is walked with one look-up for each key, without validation.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from mockserver.base.json import JsonValue, unescape
from mockserver.schemas.dialects import SCHEMA_KEYWORDS, SCHEMA_LIST_KEYWORDS, SCHEMA_MAP_KEYWORDS

_EXTENSION = "^x-"
_NAMES = re.compile(r"\^\(?((?:\\?\$)?\w+(?:\|\w+)*)\)?\$")
"""A pattern that lists names, such as `^(get|put)$`."""
JSON_SCHEMA = frozenset(
    re.findall(
        r"\S+",
        """
        $anchor $comment $defs $dynamicAnchor $dynamicRef $id $ref $schema $vocabulary
        additionalProperties allOf anyOf const contains contentEncoding contentMediaType
        contentSchema default dependentRequired dependentSchemas deprecated description else
        enum examples exclusiveMaximum exclusiveMinimum format if items maxContains maxItems
        maxLength maxProperties maximum minContains minItems minLength minProperties minimum
        multipleOf not oneOf pattern patternProperties prefixItems properties propertyNames
        readOnly required then title type unevaluatedItems unevaluatedProperties uniqueItems
        writeOnly
        """,
    )
)
"""The keywords of JSON Schema 2020-12."""
_EARLIER = frozenset(
    (
        "$recursiveAnchor",
        "$recursiveRef",
        "additionalItems",
        "definitions",
        "dependencies",
        "id",
        "nullable",
    )
)
"""Keywords of earlier drafts and versions, which other checks report where they matter."""


@dataclass(slots=True, eq=False)
class ObjectKind:
    """What the keys of an object may be, and the kinds of its members."""

    name: str = ""
    """The name of the object in the specification, such as `operation`."""
    keys: dict[str, "ObjectKind"] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], "ObjectKind"]] = field(default_factory=list)
    """Kinds of the members whose keys match a pattern, without extensions."""
    rest: "ObjectKind | None" = None
    """The kind of all other members; None if there may be no others, or anything."""
    items: "ObjectKind | None" = None
    """The kind of the items, where a list may stand."""
    is_closed: bool = False
    """Whether a key that is not an extension and has no kind is unknown."""
    is_schema: bool = False
    """Whether it is a schema of OpenAPI 3.1 or later, which may have keywords of any name."""
    is_extensible: bool = False

    @property
    def title(self) -> str:
        """What the object is called in messages."""
        if not self.name:
            return "this object"
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name} object"

    @property
    def is_free(self) -> bool:
        """Whether anything may stand here."""
        return not (self.keys or self.patterns or self.rest or self.items or self.is_closed)

    def member(self, key: str) -> "ObjectKind | None":
        """Return the kind of a member; None if the key is unknown."""
        if (found := self.keys.get(key)) is not None:
            return found
        for pattern, kind in self.patterns:
            if pattern.search(key):
                return kind
        return self.rest

    def member_like(self, key: str) -> "ObjectKind | None":
        """Return the kind of a member; of one that matches no pattern, that of those which do."""
        if (found := self.member(key)) is None and self.patterns and not key.startswith("x-"):
            return self.patterns[0][1]
        return found


_ANYTHING = ObjectKind()


@cache
def document_kind(version: str) -> ObjectKind:
    """Return the kind of a whole document of a version: 2.0, 3.0, 3.1 or 3.2."""
    schema = _read(f"openapi-{version}.json")
    schema_kind = _schema_kind(version) if version not in ("2.0", "3.0") else None
    return _KindBuilder(schema, schema_kind).kind([schema], "document")


def _read(name: str) -> dict[str, Any]:
    content = (files(__package__) / "specification" / name).read_bytes()
    found: dict[str, Any] = orjson.loads(content)
    return found


def _schema_kind(version: str) -> ObjectKind:
    """Return the kind of schema objects since OpenAPI 3.1: JSON Schema, and the OAS vocabulary."""
    vocabulary = _read(f"vocabulary-{version}.json")
    kind = _KindBuilder(vocabulary, None).kind([vocabulary], "schema")
    kind.is_schema = kind.is_extensible = True
    for keyword in JSON_SCHEMA | _EARLIER:
        kind.keys[keyword] = _keyword_kind(keyword, kind)
    return kind


def _keyword_kind(keyword: str, schema: ObjectKind) -> ObjectKind:
    if keyword in SCHEMA_MAP_KEYWORDS:
        return ObjectKind("", rest=schema)
    if keyword in SCHEMA_LIST_KEYWORDS and keyword != "items":
        return ObjectKind("", items=schema)
    if keyword == "items":
        return schema
    return schema if keyword in SCHEMA_KEYWORDS else _ANYTHING


class _KindBuilder:
    """Makes kinds of the places of one JSON Schema."""

    def __init__(self, root: Mapping[str, Any], schema_kind: ObjectKind | None) -> None:
        self._root = root
        self._schema_kind = schema_kind
        self._made: dict[frozenset[int], ObjectKind] = {}

    def kind(self, schemas: Iterable[JsonValue], name: str = "") -> ObjectKind:
        """Return the kind of a value that one of the schemas describes."""
        forms: dict[int, dict[str, Any]] = {}
        names: list[str] = []
        for schema in schemas:
            if not self._collect(schema, forms, names):
                return self._schema_kind or _ANYTHING
        key = frozenset(forms)
        if (found := self._made.get(key)) is None:
            found = self._made[key] = ObjectKind(name or _name(names))
            self._fill(found, list(forms.values()))
        return found

    def _collect(self, schema: JsonValue, forms: dict[int, Any], names: list[str]) -> bool:
        """Collect the forms of a schema; return False if it is a schema object of 3.1."""
        if not isinstance(schema, dict) or id(schema) in forms:
            return True
        if self._schema_kind is not None and "meta" in _dynamic_names(schema):
            return False
        forms[id(schema)] = schema
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            names.append(reference.rpartition("/")[2])
            if not self._collect(self._at(reference), forms, names):
                return False
        return all(self._collect(form, forms, names) for form in _alternatives(schema))

    def _at(self, reference: str) -> JsonValue:
        value: Any = self._root
        for token in reference.split("/")[1:]:
            value = value[unescape(token)]
        return value

    def _fill(self, kind: ObjectKind, forms: list[dict[str, Any]]) -> None:
        members: dict[str, list[JsonValue]] = {}
        patterns: dict[str, list[JsonValue]] = {}
        for form in forms:
            for key, schema in form.get("properties", {}).items():
                members.setdefault(key, []).append(schema)
            for pattern, schema in form.get("patternProperties", {}).items():
                names = _listed(pattern)
                for key in names:
                    members.setdefault(key, []).append(schema)
                if not names:
                    patterns.setdefault(pattern, []).append(schema)
        kind.is_extensible = patterns.pop(_EXTENSION, None) is not None
        kind.keys.update({key: self.kind(found) for key, found in members.items()})
        kind.patterns += [(re.compile(key), self.kind(found)) for key, found in patterns.items()]
        rest = [form["additionalProperties"] for form in forms if form.get("additionalProperties")]
        rest += [{} for form in forms if form.get("additionalProperties") == {}]
        items = [form["items"] for form in forms if "items" in form]
        kind.rest = self.kind(rest) if rest else None
        kind.items = self.kind(items) if items else None
        closing = ("additionalProperties", "unevaluatedProperties")
        kind.is_closed = not rest and any(
            form.get(key) is False for form in forms for key in closing
        )


def _dynamic_names(schema: dict[str, Any]) -> tuple[str, str]:
    return schema.get("$dynamicRef", "").removeprefix("#"), schema.get("$dynamicAnchor", "")


def _listed(pattern: str) -> list[str]:
    """Return the names that a pattern lists, such as the methods of a path item in 3.0."""
    found = _NAMES.fullmatch(pattern)
    return found[1].replace("\\", "").split("|") if found else []


def _alternatives(schema: dict[str, Any]) -> Iterator[JsonValue]:
    """Yield the schemas that may apply to the same value."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(keyword, ())
    for keyword in ("then", "else"):
        if keyword in schema:
            yield schema[keyword]
    yield from schema.get("dependentSchemas", {}).values()


_GENERAL = frozenset(("reference", "json reference", "specification extensions", "examples"))


def _name(names: list[str]) -> str:
    """Return the name of an object, of the names of the schemas that describe it."""
    for given in names:
        name = re.sub(r"(?<=[a-z])(?=[A-Z])|-", " ", given).lower()
        if name not in _GENERAL and " or " not in name:
            return name
    return ""
