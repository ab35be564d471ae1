"""Bodies of multipart types other than form-data, and parameters with `content`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Reply, World


def document(content: dict[str, Any], version: str = "3.2.0") -> str:
    """Return a document with a body in these media types, which is the answer."""
    operation = {
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "ok"}},
        "x-mock": {"steps": [{"respond": {"body": "{{ body }}"}}]},
    }
    info = {"title": "Shop", "version": "1"}
    return json.dumps({"openapi": version, "info": info, "paths": {"/m": {"post": operation}}})


def part(content: str, name: str | None = None, kind: str = "attachment", **fields: str) -> str:
    lines = [f"{key.replace('_', '-')}: {value}" for key, value in fields.items()]
    if name is not None:
        lines.append(f'Content-Disposition: {kind}; name="{name}"')
    return "--b\r\n" + "".join(f"{line}\r\n" for line in lines) + f"\r\n{content}\r\n"


def sent(world: World, content_type: str, *parts: str) -> Reply:
    body = "".join(parts) + "--b--\r\n"
    return world.send("POST", "/m", body.encode(), {"content-type": f"{content_type}; boundary=b"})


NUMBER = {"type": "integer"}
OBJECT = {"type": "object", "required": ["a"], "properties": {"a": NUMBER, "b": {"type": "object"}}}
ARRAY = {"type": "array", "prefixItems": [OBJECT], "items": NUMBER}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("kind", ["attachment", "form-data"])
@pytest.mark.parametrize("content_type", ["multipart/mixed", "multipart/related", "multipart/x-y"])
def test_parts_are_members_of_an_object_by_their_names(
    serve: Callable[..., World], content_type: str, kind: str, version: str
) -> None:
    world = serve(document({content_type: {"schema": OBJECT}}, version))
    reply = sent(world, content_type, part('{"c": 2}', "b", kind), part("1", "a", kind))
    assert (reply.status, reply.json) == (200, {"a": 1, "b": {"c": 2}})
    refused = sent(world, content_type, part("x", "zz", kind))
    assert (refused.status, refused.json["violations"][0]["pointer"]) == (400, "/a")


def test_parts_without_a_name_are_the_properties_in_their_order(
    serve: Callable[..., World],
) -> None:
    world = serve(document({"multipart/related": {"schema": OBJECT}}))
    reply = sent(world, "multipart/related", part("7"), part('{"c": 2}'), part("more"))
    assert reply.json == {"a": 7, "b": {"c": 2}, "2": "more"}
    reply = sent(world, "multipart/related", part('{"c": 2}'), part("7", "a"))
    assert reply.json == {"a": 7, "b": {"c": 2}}


def test_a_range_of_multipart_types_is_read(serve: Callable[..., World]) -> None:
    world = serve(document({"multipart/*": {"schema": OBJECT}}))
    assert sent(world, "multipart/mixed", part("x", "a")).status == 400
    assert sent(world, "multipart/form-data", part("1", "a", "form-data")).status == 200


def test_what_is_not_multipart_is_malformed(serve: Callable[..., World]) -> None:
    world = serve(document({"multipart/related": {"schema": {"type": "object"}}}))
    reply = world.send("POST", "/m", b"no", {"content-type": "multipart/related; boundary=b"})
    assert (reply.status, reply.exchange.reason) == (400, "malformed")


def test_parts_are_items_of_an_array_by_their_positions(serve: Callable[..., World]) -> None:
    world = serve(document({"multipart/mixed": {"schema": ARRAY}}))
    reply = sent(
        world, "multipart/mixed", part('{"a": 1}', Content_Type="application/json"), part("2")
    )
    assert reply.json == [{"a": 1}, 2]
    refused = sent(world, "multipart/mixed", part("{}", Content_Type="application/json"), part("x"))
    assert [one["pointer"] for one in refused.json["violations"]] == ["/0/a", "/1"]
    broken = sent(world, "multipart/mixed", part("{", Content_Type="application/json"))
    assert broken.json["violations"][0]["keyword"] == "encoding"


def test_prefix_and_item_encodings_are_checked(serve: Callable[..., World]) -> None:
    encodings = {
        "prefixEncoding": [{"contentType": "application/json"}],
        "itemEncoding": {"contentType": "image/png, image/gif"},
    }
    world = serve(document({"multipart/mixed": {"schema": {"type": "array"}, **encodings}}))
    first, image = part('{"a": 1}'), part("x", Content_Type="image/gif")
    assert sent(world, "multipart/mixed", first, image, image).json == [{"a": 1}, "x", "x"]
    refused = sent(world, "multipart/mixed", first, part("x", Content_Type="image/jpeg"))
    assert refused.json["violations"][0]["pointer"] == "/1"


def test_an_item_schema_describes_each_part(serve: Callable[..., World]) -> None:
    world = serve(document({"multipart/mixed": {"itemSchema": NUMBER}}))
    assert sent(world, "multipart/mixed", part("1"), part("2")).json == [1, 2]
    refused = sent(world, "multipart/mixed", part("1"), part("x"))
    assert refused.json["violations"][0]["pointer"] == "/1"


def test_without_a_schema_parts_are_a_list_or_an_object(serve: Callable[..., World]) -> None:
    world = serve(document({"multipart/mixed": {}}))
    assert sent(world, "multipart/mixed", part("1"), part("x", "n")).json == ["1", "x"]
    assert sent(world, "multipart/mixed", part("x", "n")).json == {"n": "x"}


def test_positional_encodings_of_forms_are_reported(serve: Callable[..., World]) -> None:
    world = serve(document({"multipart/form-data": {"schema": OBJECT, "prefixEncoding": [{}]}}))
    problems = [str(one) for one in world.engine.apis["shop"].problems]
    assert len(problems) == 1
    assert "`prefixEncoding` is ignored" in problems[0]


PARAMETERS = """openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /q:
    post:
      parameters:
        - name: form
          in: query
          content:
            application/x-www-form-urlencoded:
              schema: {type: object, properties: {a: {type: integer}, b: {type: array, items: {type: string}}}}
        - {name: xml, in: query, content: {application/xml: {schema: {type: object, properties: {a: {type: integer}}}}}}
        - {name: X-Form, in: header, content: {application/x-www-form-urlencoded: {schema: {type: object, properties: {a: {type: integer}}}}}}
        - {name: csv, in: query, content: {text/csv: {schema: {type: array, items: {type: integer}}}}}
        - {name: plain, in: query, content: {text/plain: {schema: {type: integer}}}}
      responses: {'200': {description: ok}}
      x-mock: {steps: [{respond: {body: '{{ query }}'}}]}
"""  # noqa: E501 - a line is a parameter


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("form=a%3D1%26b%3Dx%26b%3Dy%2520z", {"form": {"a": 1, "b": ["x", "y z"]}}),
        ("xml=%3Cr%3E%3Ca%3E1%3C%2Fa%3E%3C%2Fr%3E", {"xml": {"a": 1}}),
        ("csv=1%2Cx", {"csv": "1,x"}),
        ("plain=1", {"plain": 1}),
    ],
)
def test_a_parameter_is_read_in_its_media_type(
    serve: Callable[..., World], query: str, value: dict[str, Any]
) -> None:
    reply = serve(PARAMETERS).send("POST", f"/q?{query}")
    given = {name: one for name, one in reply.json.items() if one is not None}
    assert (reply.status, given) == (200, value)


@pytest.mark.parametrize(
    ("query", "pointer", "keyword"),
    [
        ("form=a%3Dx", "/form/a", "type"),
        ("form=a%3D1%26a%3D2", "/form/a", "encoding"),
        ("xml=no", "/xml", "encoding"),
        ("xml=%3Cr%3E%3Ca%3Ex%3C%2Fa%3E%3C%2Fr%3E", "/xml/a", "type"),
    ],
)
def test_a_wrong_text_of_a_media_type_is_a_violation(
    serve: Callable[..., World], query: str, pointer: str, keyword: str
) -> None:
    reply = serve(PARAMETERS).send("POST", f"/q?{query}")
    (violation,) = reply.json["violations"]
    assert (violation["pointer"], violation["keyword"]) == (pointer, keyword)


def test_a_header_is_read_as_a_form_too(serve: Callable[..., World]) -> None:
    world = serve(PARAMETERS)
    found = [world.send("POST", "/q", None, {"x-form": f"a={one}"}).status for one in ("1", "x")]
    assert found == [200, 400]


def test_a_media_type_that_parameters_are_not_read_in_is_reported(
    serve: Callable[..., World],
) -> None:
    problems = [str(one) for one in serve(PARAMETERS).engine.apis["shop"].problems]
    assert len(problems) == 1
    assert "text/csv is not read in a query parameter" in problems[0]
