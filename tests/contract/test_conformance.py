from pathlib import Path

import pytest

from mockserver.contract.answer_comparison import ABSENT
from mockserver.contract.conformance import ReceivedAnswer, answer_differences
from mockserver.model.api import Operation
from tests.contract.inprocess import load

TEXT = ("content-type", "text/plain")
HEADERS = """\
            X-Total: {required: true, schema: {type: integer, maximum: 9}}
            X-Tags: {schema: {type: array, items: {type: integer}}}
            X-Rate: {schema: {type: object, properties: {left: {type: integer}}}, explode: true}
            X-Json: {content: {application/json: {schema: {type: object, required: [a]}}}}
            Content-Type: {required: true, schema: {type: integer}}
"""
SHOP = """\
openapi: 3.2.0
info: {title: Shop, version: '1'}
paths:
  /items:
    get:
      responses:
        '200':
          description: All
          content:
            '*/*': {schema: {type: string}}
            application/json: {schema: {type: integer}}
            application/vnd.shop+json;version=2: {schema: {type: boolean}}
            application/stream+json: {itemSchema: {type: integer}}
"""


@pytest.fixture
def items(tmp_path: Path) -> Operation:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return load(tmp_path / "shop.yaml").operations[0]


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b"1", []),
        ("application/json; charset=utf-16", "1".encode("utf-16"), []),
        ("application/json", b"true", ["must be a whole number, not true"]),
        ("application/vnd.shop+json; version=2", b"true", []),
        ("application/vnd.shop+json", b'"text"', []),
        ("application/vnd.other+json", b"1", ["must be text, not a whole number"]),
        ("application/stream+json", b"1\n2\n", []),
    ],
)
def test_an_answer_is_held_against_what_describes_its_media_type_most_closely(
    items: Operation, content_type: str, body: bytes, expected: list[str]
) -> None:
    answer = ReceivedAnswer(200, (("content-type", content_type),), body)
    assert [one.expected for one in answer_differences(items, answer)] == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-total": "1"}, []),
        ({}, ["header x-total: is required"]),
        ({"x-total": "many"}, ["header x-total: must be a whole number, not text"]),
        ({"x-total": "10"}, ["header x-total: must be at most 9"]),
        ({"x-total": "1", "x-tags": "1, 2", "x-rate": "left=3", "x-json": '{"a": 1}'}, []),
        ({"x-total": "1", "x-tags": "1,a"}, ["header x-tags: must be a whole number, not text"]),
        ({"x-total": "1", "x-rate": "left=x"}, ["header x-rate: must be a whole number, not text"]),
        ({"x-total": "1", "x-json": "{}"}, ["header x-json: is required"]),
    ],
)
def test_headers_are_held_against_the_document(
    tmp_path: Path, headers: dict[str, str], expected: list[str]
) -> None:
    described = f"          description: All\n          headers:\n{HEADERS}"
    (tmp_path / "shop.yaml").write_text(SHOP.replace("          description: All\n", described))
    (operation,) = load(tmp_path / "shop.yaml").operations
    fields = (("content-type", "application/json"), *headers.items())
    found = answer_differences(operation, ReceivedAnswer(200, fields, b"1"))
    assert [f"{one.place}: {one.expected}" for one in found] == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ReceivedAnswer(200, (TEXT,), b"pong"), []),
        (ReceivedAnswer(200, (TEXT,), b"ping"), ['must be "pong"']),
        (
            ReceivedAnswer(200, (("content-type", "text/plain"),), b"\xff"),
            ["text (the body is not UTF-8)"],
        ),
        (ReceivedAnswer(200, (), b"", is_head=True), []),
        (ReceivedAnswer(200, (), b""), ["a body"]),
        (
            ReceivedAnswer(200, (TEXT, ("content-encoding", "br")), b"\x0b"),
            ["gzip, deflate, or none"],
        ),
    ],
)
def test_a_plain_text_is_held_against_its_schema(
    tmp_path: Path, answer: ReceivedAnswer, expected: list[str]
) -> None:
    (tmp_path / "shop.yaml").write_text(
        SHOP.replace("'*/*': {schema: {type: string}}", "text/plain: {schema: {const: pong}}")
    )
    (operation,) = load(tmp_path / "shop.yaml").operations
    assert [one.expected for one in answer_differences(operation, answer)] == expected


def test_a_body_that_cannot_be_read_is_told_by_its_beginning(items: Operation) -> None:
    answer = ReceivedAnswer(200, (("content-type", "application/json"),), b"<html><body>secret")
    (found,) = answer_differences(items, answer)
    assert found.found == "18 bytes that begin with '<html><body>'"


MEMBERS = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /items:
    get:
      responses:
        '200':
          description: One
          content:
            application/json:
              schema:
                type: object
                required: [a, b]
                properties:
                  a: {type: integer}
                  b: {type: object, required: [c], properties: {c: {type: string}}}
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": 1, "b": {"c": "x"}}', []),
        (b'{"b": {"c": "x"}}', [("/a", ABSENT)]),
        (b'{"a": 1, "b": {}}', [("/b/c", ABSENT)]),
        (b"{}", [("/a", ABSENT), ("/b", ABSENT)]),
        (b'{"a": null, "b": {"c": "x"}}', [("/a", None)]),
    ],
)
def test_a_required_member_that_is_missing_is_absent_and_not_null(
    tmp_path: Path, body: bytes, expected: list[tuple[str, object]]
) -> None:
    (tmp_path / "shop.yaml").write_text(MEMBERS)
    operation = load(tmp_path / "shop.yaml").operations[0]
    answer = ReceivedAnswer(200, (("content-type", "application/json"),), body)
    found = sorted(answer_differences(operation, answer), key=lambda one: one.pointer)
    assert [(one.pointer, one.found) for one in found] == expected
    assert all((one.where, one.rule) == ("body", "document") for one in found)
