from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.wire.xml_writing import XmlWriter

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def written(schema: dict[str, Any], value: Any, **components: Any) -> str:
    document = parse_document(b"{}", "shop.json", Path("shop.json"))
    document.value = {"components": {"schemas": components}, "schema": schema}
    writer = XmlWriter(Place(document, "/schema", schema), References(Path()))
    text = writer(value)
    ET.fromstring(text)  # noqa: S314 - our own text
    return text.removeprefix(HEAD)


ANIMAL = {"type": "string", "xml": {"name": "animal"}}
ARRAYS = [
    ("no name", {}, {}, "<animals>a</animals><animals>b</animals>"),
    ("items named", {}, {"name": "animal"}, "<animal>a</animal><animal>b</animal>"),
    (
        "array named, which has no effect",
        {"name": "aliens"},
        {"name": "animal"},
        "<animal>a</animal><animal>b</animal>",
    ),
    (
        "wrapped",
        {"wrapped": True},
        {},
        "<animals><animals>a</animals><animals>b</animals></animals>",
    ),
    (
        "wrapped, items named",
        {"wrapped": True},
        {"name": "animal"},
        "<animals><animal>a</animal><animal>b</animal></animals>",
    ),
    (
        "wrapped, both named",
        {"wrapped": True, "name": "aliens"},
        {"name": "animal"},
        "<aliens><animal>a</animal><animal>b</animal></aliens>",
    ),
    (
        "wrapped, array named",
        {"wrapped": True, "name": "aliens"},
        {},
        "<aliens><aliens>a</aliens><aliens>b</aliens></aliens>",
    ),
]


@pytest.mark.parametrize(
    ("array", "items", "expected"), [row[1:] for row in ARRAYS], ids=[row[0] for row in ARRAYS]
)
def test_section_4_8_26_the_table_of_arrays(
    array: dict[str, Any], items: dict[str, Any], expected: str
) -> None:
    animals = {"type": "array", "xml": array, "items": {"type": "string", "xml": items}}
    schema = {"xml": {"name": "zoo"}, "properties": {"animals": animals}}

    assert written(schema, {"animals": ["a", "b"]}) == f"<zoo>{expected}</zoo>"


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({}, "x", "<root>x</root>"),
        ({}, None, "<root/>"),
        ({}, {"a": [1, True, None]}, "<root><a>1</a><a>true</a><a/></root>"),
        ({}, 'a<b>&"c\x00', '<root>a&lt;b&gt;&amp;"c</root>'),
        ({}, {"1 st": "x", "": "y"}, "<root><_1_st>x</_1_st><_>y</_></root>"),
        ({"$ref": "#/components/schemas/Pet"}, {}, "<Pet/>"),
        (
            {"properties": {"id": {"xml": {"attribute": True}}}},
            {"id": 'a"<', "name": "n"},
            '<root id="a&quot;&lt;"><name>n</name></root>',
        ),
        (
            {"xml": {"namespace": "http://a.example", "prefix": "p", "name": "thing"}},
            {"a": 1},
            '<p:thing xmlns:p="http://a.example"><a>1</a></p:thing>',
        ),
        ({"xml": {"namespace": "http://a.example"}}, {}, '<root xmlns="http://a.example"/>'),
        (
            {"allOf": [{"properties": {"a": {"xml": {"name": "b"}}}}]},
            {"a": 1},
            "<root><b>1</b></root>",
        ),
        (
            {"properties": {"t": {"xml": {"nodeType": "text"}}}},
            {"t": "x"},
            "<root>x</root>",
        ),
        (
            {"properties": {"t": {"xml": {"nodeType": "cdata"}}}},
            {"t": "x]]>y"},
            "<root><![CDATA[x]]]]><![CDATA[>y]]></root>",
        ),
        ({"items": {"xml": {"name": "i"}}}, [1, 2], "<root><i>1</i><i>2</i></root>"),
    ],
)
def test_a_value_is_written_as_its_schema_says(
    schema: dict[str, Any], value: Any, expected: str
) -> None:
    assert written(schema, value, Pet={"type": "object"}) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_value_is_well_formed(value: Any) -> None:
    assert written({}, value)


def test_the_prefix_in_a_namespace_declaration_is_that_of_the_element() -> None:
    xml = {"prefix": 'a b="c" d', "namespace": "http://n"}
    expected = '<a_b__c__d:t xmlns:a_b__c__d="http://n">x</a_b__c__d:t>'
    assert written({"type": "string", "xml": {"name": "t", **xml}}, "x") == expected


@pytest.mark.parametrize("prefix", ["1a", "-a", "a:b"])
def test_a_prefix_is_a_name(prefix: str) -> None:
    xml = {"name": "t", "prefix": prefix, "namespace": "http://n"}
    assert written({"type": "string", "xml": xml}, "x").endswith(":t>")


def test_an_attribute_declares_its_prefix_in_the_same_form() -> None:
    xml = {"attribute": True, "prefix": "a b", "namespace": "http://n"}
    schema = {"properties": {"t": {"type": "string", "xml": xml}}, "xml": {"name": "r"}}
    assert written(schema, {"t": "x"}) == '<r xmlns:a_b="http://n" a_b:t="x"/>'


def test_a_namespace_contains_only_characters_of_xml() -> None:
    xml = {"name": "t", "namespace": "http://n\x00\ud800"}
    assert written({"type": "string", "xml": xml}, "x") == '<t xmlns="http://n">x</t>'
