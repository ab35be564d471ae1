"""Bounds on the work for one request, which all other requests wait for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mockserver.wire import form_fields, media, xml_parsing
from tests.conftest import Reply, World

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
XML = "application/xml"
SCHEMA = {"type": "object", "properties": {"a": {"type": "array"}, "b": {"type": "string"}}}


@pytest.fixture
def shop(serve: Callable[[str], World], monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world in which every bound is ten."""
    monkeypatch.setattr(media, "MOST_VALUES", 10)
    monkeypatch.setattr(form_fields, "MOST_ESCAPES", 10)
    monkeypatch.setattr(xml_parsing, "MOST_ATTRIBUTES", 10)
    content: dict[str, Any] = {
        "application/json": {},
        "application/x-ndjson": {},
        FORM: {"schema": SCHEMA},
        MULTIPART: {"schema": SCHEMA},
        XML: {"schema": {"type": "object"}},
    }
    operation = {"requestBody": {"content": content}, "responses": {"204": {"description": "ok"}}}
    info = {"title": "Shop", "version": "1"}
    return serve(
        json.dumps({"openapi": "3.1.0", "info": info, "paths": {"/a": {"post": operation}}})
    )


def sent(world: World, content_type: str, body: str | bytes) -> Reply:
    content = body.encode() if isinstance(body, str) else body
    return world.send("POST", "/a", content, {"content-type": content_type})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" + "{}," * 8 + "{}]", 204),
        ("[" + "{}," * 9 + "{}]", 413),
        (json.dumps({str(number): number for number in range(9)}), 204),
        (json.dumps({str(number): number for number in range(10)}), 413),
        (json.dumps([[], {}, ["[,{"], {"a": ",,,,,,,,,,,,,,"}]), 204),
        (json.dumps([r'"\",,,,,,,,,,,,' + '"', "[[[[[[[[[[[", "{{{{{{{"]), 204),
    ],
)
def test_the_values_of_a_json_body_are_bounded(shop: World, body: str, status: int) -> None:
    reply = sent(shop, "application/json", body)
    assert reply.status == status
    if status == 413:
        assert reply.exchange.reason == "too_large"
        assert "more than 10 JSON values" in reply.text


def test_the_values_of_a_sequence_are_counted_together(shop: World) -> None:
    assert sent(shop, "application/x-ndjson", "[1, 2, 3]\n[4, 5, 6]\n").status == 204
    assert sent(shop, "application/x-ndjson", "[1, 2, 3, 4]\n[5, 6, 7, 8]\n[9]\n").status == 413


def part(name: str, content: str) -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{content}\r\n'


def test_the_json_values_of_all_fields_of_a_form_are_counted_together(shop: World) -> None:
    texts = ["[1,2,3]", "[4,5,6]", "[7,8,9]"]
    encoded = "%5B1%2C2%2C3%5D"
    parts = [part(f"a[{number}]", text) for number, text in enumerate(texts)]
    assert sent(shop, f"{MULTIPART}; boundary=b", "".join(parts) + "--b--").status == 413
    assert sent(shop, f"{MULTIPART}; boundary=b", "".join(parts[:2]) + "--b--").status == 204
    assert sent(shop, FORM, "&".join(f"a[]={text}" for text in texts)).status == 413
    assert sent(shop, FORM, "&".join([f"a[]={encoded}"] * 3)).status == 413
    assert sent(shop, FORM, "&".join([f"a[]={encoded}"] * 2)).status == 204
    assert sent(shop, FORM, "b=" + "1,2,3," * 10).status == 204


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("b=" + "%41" * 1_000, 204),
        ("b=" + "%41-" * 10, 204),
        ("b=" + "%41-" * 11, 400),
    ],
)
def test_the_escapes_of_a_field_are_bounded(shop: World, body: str, status: int) -> None:
    reply = sent(shop, FORM, body)
    assert reply.status == status
    if status == 400:
        assert "in more than 10 places" in reply.json["violations"][0]["message"]


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("%41%42", "AB"),
        ("a%c3%A9b", "aéb"),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("%%41", "%A"),
        ("é%41", "éA"),
    ],
)
def test_escapes_are_decoded_and_other_percent_signs_stay(text: str, decoded: str) -> None:
    assert form_fields.unquoted(text) == decoded


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        (" ".join(f'a{number}=""' for number in range(10)), 204),
        (" ".join(f'a{number}=""' for number in range(11)), 400),
        (" ".join(f"a{number} = '>'" for number in range(11)), 400),
    ],
)
def test_the_attributes_of_an_xml_body_are_bounded(
    shop: World, attributes: str, status: int, encoding: str
) -> None:
    reply = sent(shop, XML, f"<a {attributes}/>".encode(encoding))
    assert reply.status == status
    if status == 400:
        assert "more than 10 attributes" in reply.text


def test_equals_signs_in_text_are_no_attributes(shop: World) -> None:
    assert sent(shop, XML, "<a>" + "b=c; " * 50 + "</a>").status == 204
