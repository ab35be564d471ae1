"""Decode XML elements to values by the `xml` objects of a schema (OpenAPI 3.2.1, section 4.27).

`media.py` makes an `XmlDecoder` and calls it with the bytes of a body, `parameter_styles.py` with
the text of a parameter. Out come a value, and a violation if the name of the root element is wrong;
XML that cannot be parsed raises a `malformed` refusal. If the schema allows neither an object nor
an array, the value is the XML text itself. The callers then validate the value. Namespaces are
ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mockserver.base.json import JsonValue
from mockserver.model.refusal import Violation
from mockserver.schemas.shapes import TEXT, Shape
from mockserver.wire.xml_parsing import Element, parse_xml


@dataclass(frozen=True, slots=True)
class XmlDecoder:
    """Reads XML bodies by a schema; a schema of a string gets the XML text itself."""

    shape: Shape

    def __call__(self, body: bytes, content_type: str) -> tuple[JsonValue, list[Violation]]:
        """Return the value of the root element, and a violation if its name is wrong.

        Raises:
            Refusal: `malformed` if the body is not XML.
        """
        root = parse_xml(body, content_type)
        shape = self.shape
        if not shape.is_structured:
            return body.decode("utf-8", "replace"), []
        wanted = shape.xml.get("name")
        if wanted is not None and wanted != root.name:
            message = f"must have the root element <{wanted}>, not <{root.name[:50]}>"
            return _value(shape, root), [Violation("body", "", "xml", message)]
        return _value(shape, root), []


def _value(shape: Shape, element: Element) -> JsonValue:
    if element.attributes.get("nil") == "true" and "null" in shape.types:
        return None
    if shape.is_array:
        return [_value(shape.item(index), item) for index, item in enumerate(element.children)]
    if shape.is_object or (element.children and not shape.types):
        return _object(shape, element)
    text = element.text
    return text if shape.types == {"string"} else shape.read(text.strip())


def _object(shape: Shape, element: Element) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    named: dict[str, list[Element]] = {}
    for child in element.children:
        named.setdefault(child.name, []).append(child)
    attributes = dict(element.attributes)
    for name, member in shape.properties.items():
        found.update(_member(name, member, attributes, named))
        if member.xml.get("nodeType") in ("text", "cdata"):
            found[name] = member.read(element.text)
    for name, children in named.items():
        values = [_value(shape.rest or TEXT, child) for child in children]
        found.setdefault(name, values[0] if len(values) == 1 else values)
    return found


def _member(
    name: str, shape: Shape, attributes: dict[str, str], named: dict[str, list[Element]]
) -> Iterator[tuple[str, JsonValue]]:
    """Yield a property with its value, and remove its attribute or elements from the rest."""
    xml_name = str(shape.xml.get("name") or name)
    if _is_attribute(shape.xml):
        if xml_name in attributes:
            yield name, shape.read(attributes.pop(xml_name))
    elif shape.is_array:
        yield from _array(name, xml_name, shape, named)
    elif children := named.pop(xml_name, None):
        values = [_value(shape, child) for child in children]
        yield name, values[0] if len(values) == 1 else values


def _array(
    name: str, xml_name: str, shape: Shape, named: dict[str, list[Element]]
) -> Iterator[tuple[str, JsonValue]]:
    """Yield an array: the children of one element if it is wrapped, or a repeated element."""
    item_name = (shape.items or TEXT).xml.get("name")
    if shape.xml.get("wrapped") is True or shape.xml.get("nodeType") == "element":
        for wrapper in (named.pop(xml_name, None) or named.pop(name, None) or [])[:1]:
            yield name, _value(shape, wrapper)
    elif children := named.pop(str(item_name or name), None):
        yield name, [_value(shape.item(index), child) for index, child in enumerate(children)]


def _is_attribute(xml: Mapping[str, JsonValue]) -> bool:
    return xml.get("attribute") is True or xml.get("nodeType") == "attribute"
