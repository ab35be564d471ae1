import pytest

from mockserver.model.refusal import Refusal
from mockserver.wire.xml_parsing import parse_xml


def refusal(body: bytes, content_type: str = "application/xml") -> str:
    with pytest.raises(Refusal) as caught:
        parse_xml(body, content_type)
    assert caught.value.kind == "malformed"
    return caught.value.message


def test_names_lose_their_prefixes() -> None:
    root = parse_xml(b'<n:a xmlns:n="urn:n" n:x="1" y="2">t<n:b/>u</n:a>')

    assert (root.name, root.attributes, root.text) == ("a", {"x": "1", "y": "2"}, "tu")
    assert [child.name for child in root.children] == ["b"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<a>é</a>".encode(), "text/xml"),
        ("<a>é</a>".encode("latin-1"), "text/xml; charset=ISO-8859-1"),
        ('<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>'.encode("latin-1"), "text/xml"),
        ("<a>é</a>".encode("utf-16"), "text/xml"),
        ("<a><![CDATA[é]]></a>".encode(), "text/xml; charset=klingon"),
    ],
)
def test_the_encoding_is_found(body: bytes, content_type: str) -> None:
    assert parse_xml(body, content_type).text == "é"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://169.254.169.254/"> %b;]><a/>',
        b'<!DOCTYPE a [<!ENTITY a0 "x"><!ENTITY a1 "&a0;&a0;">]><a>&a1;</a>',
    ],
)
def test_what_declares_entities_is_refused(body: bytes) -> None:
    assert (
        refusal(body) == "the body is not XML: it has a DOCTYPE, which is not supported; remove it"
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"text", b"<a>", b"<a></b>", b"<a/><b/>", b"<a>&c;</a>", b"<a>\xff</a>", b"<a b=1/>"],
)
def test_what_is_not_well_formed_is_refused_with_its_place(body: bytes) -> None:
    assert ": line 1 column " in refusal(body)


def test_an_unknown_encoding_is_refused() -> None:
    assert refusal(b'<?xml version="1.0" encoding="klingon"?><a/>').startswith(
        "the body is not XML"
    )


def test_a_hundred_levels_are_read_and_more_refused() -> None:
    assert parse_xml(b"<a>" * 100 + b"</a>" * 100).name == "a"
    assert refusal(b"<a>" * 1_000_000) == (
        "the body is not XML: it is nested deeper than 100 levels"
    )


def test_more_elements_than_are_read_are_refused() -> None:
    assert refusal(b"<a>" + b"<b/>" * 1_000_000) == (
        "the body is not XML: it has more than 100,000 elements"
    )
