from pathlib import Path

import pytest

from mockserver.contract.conformance import Received, answer_differences
from mockserver.model import Operation
from tests.contract.inprocess import load

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
    answer = Received(200, (("content-type", content_type),), body)
    assert [one.expected for one in answer_differences(items, answer)] == expected
