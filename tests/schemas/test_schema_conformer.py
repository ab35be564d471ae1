"""What answers keep of records, and what records lack."""

from typing import Any

import pytest

from mockserver.schemas.schema_conformer import Conformer
from mockserver.schemas.validators import SchemaValidator
from tests.compiled_schemas import plain

ITEM = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": ["new"]},
        "note": {"type": "string"},
        "due": {"type": ["string", "null"]},
        "secret": {"type": "string", "writeOnly": True},
        "size": {"type": "integer", "default": 3},
    },
}


def whole(schema: dict[str, Any]) -> SchemaValidator:
    return plain({**schema, "$defs": {"item": ITEM, "tree": TREE}})


TREE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
    },
}
REFERENCE = {"$ref": "#/$defs/item"}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (ITEM, {"state": "new", "id": 1, "other": 2}, {"id": 1, "state": "new"}),
        (ITEM, {"id": 1, "secret": "hush"}, {"id": 1, "state": "new"}),
        (ITEM, {"id": 1, "note": None, "due": None}, {"id": 1, "state": "new", "due": None}),
        (ITEM, {"id": 1, "state": None}, {"id": 1, "state": "new"}),
        (ITEM, None, None),
        ({"type": "array", "items": REFERENCE}, [{"id": 1, "x": 1}], [{"id": 1, "state": "new"}]),
        ({"allOf": [REFERENCE, {"properties": {"x": {}}}]}, {"id": 1, "x": 1, "y": 2},
         {"id": 1, "state": "new", "x": 1}),
        ({"oneOf": [REFERENCE, {"type": "null"}]}, {"id": 1, "y": 2}, {"id": 1, "state": "new"}),
        ({**ITEM, "additionalProperties": True}, {"id": 1, "state": "new", "y": 2},
         {"id": 1, "state": "new", "y": 2}),
        ({"type": "object"}, {"y": 2}, {"y": 2}),
        ({"$ref": "#/$defs/tree"}, {"name": "a", "children": [{"name": "b", "x": 1}]},
         {"name": "a", "children": [{"name": "b"}]}),
        ({"$ref": "#/nowhere"}, {"y": 2}, {"y": 2}),
    ],
)  # fmt: skip
def test_an_answer_has_the_declared_and_the_required_members(
    schema: dict[str, Any], value: object, expected: object
) -> None:
    assert Conformer(whole(schema)).conform(value, "0") == expected


def test_a_record_gets_missing_members_once() -> None:
    shape = Conformer(whole({"allOf": [REFERENCE, {"required": ["code"]}, {"properties": CODE}]}))
    made = shape.complete({"id": 1, "note": "x"}, "seed")
    assert made == {"id": 1, "note": "x", "size": 3, "state": "new", "code": made["code"]}
    assert made == shape.complete({"id": 1, "note": "x"}, "seed")
    assert made != shape.complete({"id": 1, "note": "x"}, "other")
    assert shape.complete(made, "other") is made


CODE = {"code": {"type": "string", "format": "uuid"}}


def test_a_value_nested_too_deeply_does_not_change() -> None:
    value: dict[str, Any] = {"name": "leaf", "x": 1}
    for _ in range(200):
        value = {"name": "node", "children": [value]}
    assert Conformer(whole(TREE)).conform(value, "0") == value


@pytest.mark.parametrize(
    ("member", "default"),
    [
        ({"type": "string", "default": 5}, "5"),
        ({"$ref": "#/$defs/text", "default": True}, "true"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}], "default": 5}, 5),
        ({"type": "integer", "default": "5"}, "5"),
        ({"default": 5}, 5),
    ],
)
def test_the_default_of_a_text_is_added_as_its_text(
    member: dict[str, Any], default: object
) -> None:
    schema = {"type": "object", "properties": {"a": member}, "$defs": {"text": {"type": "string"}}}
    assert Conformer(plain(schema)).complete({}, "") == {"a": default}
