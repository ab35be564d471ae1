"""Write values as XML by the `xml` objects of their schemas (OpenAPI 3.1, section 4.8.26).

`openapi/answers.py` makes an `XmlWriter` for a schema at load time; `media.py` calls it (as
`write_xml`) with values, and gets a complete document as text. Without a schema, `media.py` calls
`plain_xml`, with the root element `root`. Any value is written: characters that text cannot contain
are left out, those of names replaced. Values are not validated here. `plain_xml.py`, which names
elements in another way, uses `element_name` and `escaped_text`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.json import JsonValue
from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.schemas.shapes import Resolver

_DEEPEST = 50
_COMBINED = ("allOf", "oneOf", "anyOf")
_NAME_START = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\xff\u0391-\u03a1\u03a3-\u03ce\u0410-\u044f\u05d0-\u05ea"
    "\u0621-\u063a\u3041-\u3094\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3"
)
"""Letters of common alphabets; older parsers accept fewer than the current standard."""
_NOT_IN_NAMES = re.compile(f"[^{_NAME_START}0-9.-]")
_NOT_AT_START = re.compile(f"[^{_NAME_START}]")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTES = {**_IN_TEXT, **str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})}
_COMPONENT = re.compile(r".*/(?:schemas|definitions)/([^/]+)")


@dataclass(frozen=True, slots=True)
class XmlWriter:
    """Writes values of one schema."""

    schema: Place
    schemas: Resolver

    def __call__(self, value: JsonValue) -> str:
        """Return a complete XML document."""
        parts = self._parts(self.schema)
        xml = _xml_object(parts)
        name = str(xml.get("name") or _component(self.schema) or "root")
        if isinstance(value, list):
            items = _subschema(parts, "items")
            item_name = self._name_of(items) or "item"
            body = "".join(self._element(item_name, items, item, 1) for item in value)
            written = _tagged(_Tag(name, xml), body)
        else:
            written = self._element(name, self.schema, value, 0)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}'

    def _name_of(self, place: Place | None) -> str | None:
        if place is None:
            return None
        name = _xml_object(self._parts(place)).get("name")
        return str(name) if name else _component(place)

    def _element(self, name: str, place: Place | None, value: JsonValue, depth: int) -> str:
        """Write one element with its attributes and children."""
        parts = self._parts(place) if place is not None and depth < _DEEPEST else []
        tag = _Tag(name, _xml_object(parts))
        if not isinstance(value, dict):
            return _tagged(tag, "" if value is None else _text(value, tag.xml))
        body = []
        for key, member in value.items():
            schema = _member_schema(parts, key)
            xml = _xml_object(self._parts(schema)) if schema is not None else {}
            kind = xml.get("nodeType", "attribute" if xml.get("attribute") is True else "element")
            if kind == "attribute":
                tag.attributes.append((_Tag(key, xml), _unescaped_text(member)))
            elif kind in ("text", "cdata"):
                body.append(_text(member, xml))
            else:
                body.append(self._child(key, schema, member, depth + 1))
        return _tagged(tag, "".join(body))

    def _child(self, key: str, place: Place | None, value: JsonValue, depth: int) -> str:
        """Write a member of an object: one element, or one for each item of an array."""
        if not isinstance(value, list):
            return self._element(key, place, value, depth)
        parts = self._parts(place) if place is not None else []
        xml = _xml_object(parts)
        is_wrapped = xml.get("wrapped") is True or xml.get("nodeType") == "element"
        outer = str(xml.get("name") or key) if is_wrapped else key
        items = _subschema(parts, "items")
        inner = "".join(self._element(outer, items, item, depth + 1) for item in value)
        return _tagged(_Tag(outer, xml), inner) if is_wrapped else inner

    def _parts(self, place: Place) -> list[Place]:
        """List a schema and all schemas that it combines, each once."""
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
                yield first  # keywords next to `$ref`
            yield target
            for key in _COMBINED:
                waiting += reversed(target.child(key).items())


class _NoReferences:
    """Follows no references: there is no schema."""

    def resolve(self, place: Place) -> Place:
        return place


def plain_xml(value: JsonValue) -> str:
    """Return an XML document for a value without a schema; its root element is `root`."""
    nothing = Place(Document("", None, None, dict), "", None)
    return XmlWriter(nothing, _NoReferences())(value)


def _component(place: Place) -> str | None:
    """Return the name of the component that a schema refers to."""
    reference = place.value.get("$ref") if isinstance(place.value, dict) else None
    found = _COMPONENT.fullmatch(reference) if isinstance(reference, str) else None
    return found[1] if found else None


@dataclass(slots=True)
class _Tag:
    """The name of an element or an attribute, with the attributes of the element."""

    property_name: str
    xml: Mapping[str, Any]
    """The `xml` object of the schema."""
    attributes: list[tuple["_Tag", str]] = field(default_factory=list)
    """Each with its value, not yet escaped."""

    @property
    def name(self) -> str:
        local = element_name(str(self.xml.get("name") or self.property_name))
        return f"{self.prefix}:{local}" if self.prefix else local

    @property
    def prefix(self) -> str:
        """The prefix of its namespace, as a name; empty if it has none."""
        prefix = self.xml.get("prefix")
        return element_name(prefix) if prefix and isinstance(prefix, str) else ""

    def namespaces(self) -> Iterator[tuple[str, str]]:
        """Yield the namespace declarations that the element and its attributes need."""
        for tag in (self, *(tag for tag, _ in self.attributes)):
            namespace, prefix = tag.xml.get("namespace"), tag.prefix
            if isinstance(namespace, str) and (tag is self or prefix):
                yield f"xmlns:{prefix}" if prefix else "xmlns", _unescaped_text(namespace)


def element_name(text: str) -> str:
    """Return the text as a name of an element; other characters become `_`."""
    local = _NOT_IN_NAMES.sub("_", text) or "_"
    return f"_{local}" if _NOT_AT_START.match(local) else local


def escaped_text(value: JsonValue) -> str:
    """Return a simple value as the text of an element."""
    return _unescaped_text(value).translate(_IN_TEXT)


def _tagged(tag: _Tag, body: str) -> str:
    fields = dict(tag.namespaces())
    fields |= {attribute.name: text for attribute, text in tag.attributes}
    head = "".join(f' {name}="{text.translate(_IN_ATTRIBUTES)}"' for name, text in fields.items())
    return f"<{tag.name}{head}>{body}</{tag.name}>" if body else f"<{tag.name}{head}/>"


def _unescaped_text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(_unescaped_text, value))
    return "" if value is None else _NOT_IN_XML.sub("", str(value))


def _text(value: JsonValue, xml: Mapping[str, Any]) -> str:
    if xml.get("nodeType") == "cdata":
        return f"<![CDATA[{_unescaped_text(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
    return escaped_text(value)


def _xml_object(parts: list[Place]) -> dict[str, Any]:
    """Merge the `xml` objects of a schema and those it combines; the outermost one wins."""
    merged: dict[str, Any] = {}
    for part in parts:
        xml = part.value.get("xml")
        if isinstance(xml, dict):
            merged = {**xml, **merged}
    return merged


def _subschema(parts: list[Place], key: str) -> Place | None:
    """Return the first schema under a keyword such as `items`."""
    found = [part.child(key) for part in parts if isinstance(part.value.get(key), dict)]
    return found[0] if found else None


def _member_schema(parts: list[Place], name: str) -> Place | None:
    """Return the schema of a member of an object: its property, or `additionalProperties`."""
    for part in parts:
        properties = part.value.get("properties")
        if isinstance(properties, dict) and name in properties:
            return part.descend("properties", name)
    return _subschema(parts, "additionalProperties")
