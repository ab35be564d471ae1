"""Values written as XML, by the `xml` objects of their schemas (OpenAPI 3.1, section 4.8.26)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.documents.references import Place
from mockserver.schemas.shapes import Resolver

_DEEPEST = 50
_COMBINED = ("allOf", "oneOf", "anyOf")
_NAME_START = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\xff\u0391-\u03a1\u03a3-\u03ce\u0410-\u044f\u05d0-\u05ea"
    "\u0621-\u063a\u3041-\u3094\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3"
)
"""Letters of the usual alphabets; older readers take fewer than the standard now has."""
_NOT_IN_NAMES = re.compile(f"[^{_NAME_START}0-9.-]")
_NOT_AT_START = re.compile(f"[^{_NAME_START}]")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_VALUES = {**_IN_TEXT, **str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})}
_COMPONENT = re.compile(r".*/(?:schemas|definitions)/([^/]+)")


@dataclass(frozen=True, slots=True)
class XmlWriter:
    """Writes values of one schema."""

    schema: Place
    schemas: Resolver

    def __call__(self, value: JsonValue) -> str:
        """Return a whole document."""
        parts = self._parts(self.schema)
        told = _told(parts)
        name = str(told.get("name") or _component(self.schema) or "root")
        if isinstance(value, list):
            items = _below(parts, "items")
            named = self._name_of(items) or "item"
            body = "".join(self._element(named, items, item, 1) for item in value)
            written = _tagged(_Tag(name, told), body)
        else:
            written = self._element(name, self.schema, value, 0)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}'

    def _name_of(self, place: Place | None) -> str | None:
        if place is None:
            return None
        named = _told(self._parts(place)).get("name")
        return str(named) if named else _component(place)

    def _element(self, name: str, place: Place | None, value: JsonValue, depth: int) -> str:
        """Write one element, its attributes first."""
        parts = self._parts(place) if place is not None and depth < _DEEPEST else []
        tag = _Tag(name, _told(parts))
        if not isinstance(value, dict):
            return _tagged(tag, "" if value is None else _text(value, tag.told))
        body = []
        for key, member in value.items():
            below = _member(parts, key)
            told = _told(self._parts(below)) if below is not None else {}
            kind = told.get("nodeType", "attribute" if told.get("attribute") is True else "element")
            if kind == "attribute":
                tag.attributes.append((_Tag(key, told), _plain(member)))
            elif kind in ("text", "cdata"):
                body.append(_text(member, told))
            else:
                body.append(self._child(key, below, member, depth + 1))
        return _tagged(tag, "".join(body))

    def _child(self, key: str, place: Place | None, value: JsonValue, depth: int) -> str:
        """Write a member: one element, or one for each item of an array."""
        if not isinstance(value, list):
            return self._element(key, place, value, depth)
        parts = self._parts(place) if place is not None else []
        told = _told(parts)
        is_wrapped = told.get("wrapped") is True or told.get("nodeType") == "element"
        outer = str(told.get("name") or key) if is_wrapped else key
        items = _below(parts, "items")
        inner = "".join(self._element(outer, items, item, depth + 1) for item in value)
        return _tagged(_Tag(outer, told), inner) if is_wrapped else inner

    def _parts(self, place: Place) -> list[Place]:
        """List a schema and all that it combines, each once."""
        return list(self._walk(place))

    def _walk(self, place: Place) -> Iterator[Place]:
        waiting, seen = [place], set()
        while waiting:
            first = waiting.pop()
            target = self.schemas.resolve(first)
            if target.key in seen or not isinstance(target.value, dict):
                continue
            seen.add(target.key)
            if target.key != first.key and len(first.value) > 1:
                yield first  # what stands beside a reference
            yield target
            for key in _COMBINED:
                waiting += reversed(target.child(key).items())


def _component(place: Place) -> str | None:
    """Return the name of the component that a schema refers to."""
    reference = place.value.get("$ref") if isinstance(place.value, dict) else None
    found = _COMPONENT.fullmatch(reference) if isinstance(reference, str) else None
    return found[1] if found else None


@dataclass(slots=True)
class _Tag:
    """What an element or an attribute is called."""

    given: str
    told: Mapping[str, Any]
    attributes: list[tuple["_Tag", str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        prefix = self.told.get("prefix")
        bare = _NOT_IN_NAMES.sub("_", str(self.told.get("name") or self.given)) or "_"
        if _NOT_AT_START.match(bare):
            bare = f"_{bare}"
        return f"{_NOT_IN_NAMES.sub('_', prefix)}:{bare}" if isinstance(prefix, str) else bare

    def namespaces(self) -> Iterator[tuple[str, str]]:
        """Yield the declarations that the element and its attributes need."""
        for tag in (self, *(tag for tag, _ in self.attributes)):
            namespace, prefix = tag.told.get("namespace"), tag.told.get("prefix")
            if isinstance(namespace, str) and (tag is self or prefix):
                yield f"xmlns:{prefix}" if prefix else "xmlns", namespace


def _tagged(tag: _Tag, body: str) -> str:
    fields = dict(tag.namespaces())
    fields |= {attribute.name: text for attribute, text in tag.attributes}
    head = "".join(f' {name}="{text.translate(_IN_VALUES)}"' for name, text in fields.items())
    return f"<{tag.name}{head}>{body}</{tag.name}>" if body else f"<{tag.name}{head}/>"


def _plain(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    return "" if value is None else _NOT_IN_XML.sub("", str(value))


def _text(value: JsonValue, told: Mapping[str, Any]) -> str:
    if told.get("nodeType") == "cdata":
        return f"<![CDATA[{_plain(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
    return _plain(value).translate(_IN_TEXT)


def _told(parts: list[Place]) -> dict[str, Any]:
    """Return what the `xml` objects of a schema say together; the outermost comes first."""
    told: dict[str, Any] = {}
    for part in parts:
        said = part.value.get("xml")
        if isinstance(said, dict):
            told = {**said, **told}
    return told


def _below(parts: list[Place], key: str) -> Place | None:
    found = [part.child(key) for part in parts if isinstance(part.value.get(key), dict)]
    return found[0] if found else None


def _member(parts: list[Place], name: str) -> Place | None:
    """Return the schema of an object's member."""
    for part in parts:
        properties = part.value.get("properties")
        if isinstance(properties, dict) and name in properties:
            return part.descend("properties", name)
    return _below(parts, "additionalProperties")
