"""Answers whose media type a document leaves open, or describes without a schema."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conftest import World


def answering(content: Mapping[str, Any], version: str = "3.1.0") -> str:
    """Return a document with an answer in these media types."""
    answer = {"description": "ok", "content": content}
    paths = {"/a": {"get": {"responses": {"200": answer}}}}
    return json.dumps({"openapi": version, "info": {"title": "A", "version": "1"}, "paths": paths})


BINARY = {"schema": {"type": "string", "format": "binary"}}
OBJECT = {"schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}
AXIOS = "application/json, text/plain, */*"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("documented", ["*/*", "application/*"])
@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/octet-stream"),
        ("*/*", "application/octet-stream"),
        (AXIOS, "application/octet-stream"),
        ("application/pdf", "application/pdf"),
        ("application/json", None),
    ],
)
def test_octets_are_sent_as_octets(
    serve: Callable[..., World],
    version: str,
    documented: str,
    accept: str,
    content_type: str | None,
) -> None:
    reply = serve(answering({documented: BINARY}, version)).get("/a", accept=accept)
    if content_type is None:
        assert reply.status == 406
    else:
        assert (reply.status, reply.header("content-type")) == (200, content_type)
        assert b"string" not in reply.exchange.answer.body


@pytest.mark.parametrize(
    ("documented", "accept", "content_type", "text"),
    [
        ("*/*", "", "application/json", '{"a":1}'),
        ("*/*", "application/xml", "application/xml", "<root><a>1</a></root>"),
        ("application/*", "application/xml", "application/xml", "<root><a>1</a></root>"),
        ("text/*", "text/xml", "text/xml; charset=utf-8", "<root><a>1</a></root>"),
        ("*/*", "text/csv", "text/csv; charset=utf-8", "a\r\n1\r\n"),
        ("*/*", "text/*", "text/plain; charset=utf-8", '{"a":1}'),
        ("*/*", "application/vnd.a+json", "application/vnd.a+json", '{"a":1}'),
        ("*/*", AXIOS, "application/json", '{"a":1}'),
        ("*/*", BROWSER, "application/xml", "<root><a>1</a></root>"),
        ("*/*", "application/json;q=0.1, text/csv", "text/csv; charset=utf-8", "a\r\n1\r\n"),
        ("*/*", "image/png, */*;q=0.1", "application/json", '{"a":1}'),
    ],
)
def test_a_value_is_written_in_the_type_that_the_client_asks_for(
    serve: Callable[..., World], documented: str, accept: str, content_type: str, text: str
) -> None:
    reply = serve(answering({documented: OBJECT})).get("/a", accept=accept)
    assert (reply.status, reply.header("content-type")) == (200, content_type)
    assert reply.text.endswith(text)


@pytest.mark.parametrize("accept", ["image/png", "image/*", "text/html", "application/pdf"])
@pytest.mark.parametrize("media", [OBJECT, {"example": {"a": 1}}, {"schema": {"type": "integer"}}])
def test_a_type_that_a_value_cannot_be_written_in_is_not_acceptable(
    serve: Callable[..., World], accept: str, media: Mapping[str, Any]
) -> None:
    assert serve(answering({"*/*": media})).get("/a", accept=accept).status == 406


def test_a_step_answers_a_range_in_the_type_that_the_client_asks_for(
    serve: Callable[..., World],
) -> None:
    document = json.loads(answering({"*/*": OBJECT}))
    document["paths"]["/a"]["get"]["x-mock"] = {"steps": [{"respond": {"body": {"a": 2}}}]}
    served = serve(json.dumps(document))
    found = [served.get("/a", accept=one) for one in ("application/xml", "image/png")]
    assert [one.header("content-type") for one in found] == ["application/xml", "application/json"]
    assert found[0].text.endswith("<root><a>2</a></root>")
    assert found[1].json == {"a": 2}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json; version=1", 200),
        ("application/vnd.a+json; version=1", 200),
        ("text/plain; q=0.1, application/json; version=1; q=1", 200),
        ("text/csv; header=absent", 200),
        ("text/csv; header=present", 406),
        ("image/png; version=1", 406),
    ],
)
def test_a_parameter_that_the_documented_type_lacks_is_acceptable(
    serve: Callable[..., World], accept: str, status: int
) -> None:
    content = {"application/json": OBJECT, "text/csv; header=absent": OBJECT}
    assert serve(answering(content)).get("/a", accept=accept).status == status


@pytest.mark.parametrize("name", ["application/xml", "text/xml", "application/atom+xml"])
@pytest.mark.parametrize(
    ("value", "text"),
    [({"id": 1}, "<root><id>1</id></root>"), ([1, 2], "<root><item>1</item><item>2</item></root>")],
)
def test_an_example_without_a_schema_is_written_as_xml(
    serve: Callable[..., World], name: str, value: object, text: str
) -> None:
    reply = serve(answering({name: {"example": value}})).get("/a")
    assert (reply.header("content-type") or "").startswith(name)
    assert reply.text.endswith(text)


def test_a_step_without_a_documented_answer_writes_xml(serve: Callable[..., World]) -> None:
    document = json.loads(answering({}))
    respond = {"body": {"id": 1}, "content_type": "application/xml"}
    document["paths"]["/a"]["get"]["x-mock"] = {"steps": [{"respond": respond}]}
    reply = serve(json.dumps(document)).get("/a")
    assert reply.text.endswith("<root><id>1</id></root>")


def swagger(produces: list[str], answer: Mapping[str, Any]) -> str:
    operation = {"produces": produces, "responses": {"200": {"description": "ok", **answer}}}
    info = {"title": "A", "version": "1"}
    return json.dumps({"swagger": "2.0", "info": info, "paths": {"/a": {"get": operation}}})


@pytest.mark.parametrize(
    ("produces", "answer", "content_type", "text"),
    [
        (["text/plain"], {"examples": {"*/*": "hi"}}, "text/plain; charset=utf-8", "hi"),
        (["text/plain"], {"examples": {"text/*": "hi"}}, "text/plain; charset=utf-8", "hi"),
        (
            ["text/plain"],
            {"schema": {"type": "string"}, "examples": {"*/*": "hi"}},
            "text/plain; charset=utf-8",
            "hi",
        ),
        (
            ["application/json; version=1"],
            {"examples": {"application/json": {"a": 1}}},
            "application/json; version=1",
            '{"a":1}',
        ),
        (
            ["text/plain"],
            {"examples": {"application/json": {"a": 1}}},
            "application/json",
            '{"a":1}',
        ),
        ([], {"examples": {"*/*": {"a": 1}}}, "application/json", '{"a":1}'),
    ],
)
def test_examples_of_swagger_belong_to_the_types_that_are_produced(
    serve: Callable[..., World],
    produces: list[str],
    answer: Mapping[str, Any],
    content_type: str,
    text: str,
) -> None:
    reply = serve(swagger(produces, answer)).get("/a")
    assert (reply.header("content-type"), reply.text) == (content_type, text)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["405"], 405),
        (["4XX", "5XX"], 400),
        (["5XX", "4XX"], 500),
        (["404", "401"], 404),
        (["400", "default"], 200),
        (["default"], 200),
        (["400", "302"], 302),
        (["400", "201"], 201),
        ([], 200),
    ],
)
def test_without_a_success_the_first_documented_error_is_the_answer(
    serve: Callable[..., World], statuses: list[str], status: int
) -> None:
    responses = {one: {"description": one} for one in statuses}
    document = json.loads(answering({}))
    document["paths"]["/a"]["get"]["responses"] = responses
    assert serve(json.dumps(document)).get("/a").status == status
    document["paths"]["/a"]["get"]["x-mock"] = {"steps": [{"respond": {"body": 1}}]}
    expected = status if status < 400 else 200
    assert serve(json.dumps(document)).get("/a").status == expected
