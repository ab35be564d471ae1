from typing import Any

import pytest

from mockserver.schemas.violations import MOST
from tests.compiled_schemas import plain

MANY = 20_000
"""More values than all of whose errors are listed."""
ITEM = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


def found(schema: dict[str, Any], value: object) -> list[tuple[str, str]]:
    return [(one.pointer, one.keyword) for one in plain(schema).violations(value)]


def test_the_first_violations_of_a_long_list_are_found() -> None:
    violations = found({"type": "array", "items": ITEM}, [{}] * MANY)

    assert violations == sorted((f"/{index}/a", "required") for index in range(MOST))


def test_the_only_violation_of_a_long_list_is_found_at_its_end() -> None:
    value = [*({"a": 1} for _ in range(MANY)), {"a": "x"}]

    assert found({"items": {"$ref": "#/$defs/i"}, "$defs": {"i": ITEM}}, value) == [
        (f"/{MANY}/a", "type")
    ]


def test_the_only_violation_of_an_object_with_many_members_is_found() -> None:
    value = {f"m{number}": number for number in range(MANY)} | {"odd/one": "x"}

    assert found({"additionalProperties": {"type": "integer"}}, value) == [("/odd~1one", "type")]


def test_schemas_that_each_apply_the_next_one_twice_report_a_violation_once() -> None:
    schemas: dict[str, Any] = {
        f"s{number}": {"allOf": [{"$ref": f"#/$defs/s{number + 1}"}] * 2} for number in range(16)
    }
    schemas["s16"] = {"properties": {"a": {"type": "string"}}}

    assert found({"$ref": "#/$defs/s0", "$defs": schemas}, {"a": 1}) == [("/a", "type")]


def test_nested_alternatives_report_a_violation_once() -> None:
    node = {
        "type": "object",
        "anyOf": [
            {"properties": {"a": {"$ref": "#/$defs/node"}}},
            {"properties": {"a": {"$ref": "#/$defs/node"}}, "maxProperties": 9},
        ],
    }
    value: Any = 1
    for _ in range(40):
        value = {"a": value}

    assert found({"$ref": "#/$defs/node", "$defs": {"node": node}}, value) == [("", "anyOf")]


SEARCHED: list[tuple[dict[str, Any], Any, list[tuple[str, str]]]] = [
    ({"properties": {"b": {"required": ["c"]}}}, {"b": {}}, [("/b/c", "required")]),
    ({"patternProperties": {"^b": {"type": "string"}}}, {"b1": 1}, [("/b1", "type")]),
    ({"patternProperties": {"^m": {}}, "additionalProperties": False}, {"b": 1},
     [("/b", "falseSchema")]),
    ({"oneOf": [{"type": "string"}, {"required": ["b"]}]}, {}, [("/b", "required")]),
    ({"oneOf": [{}, {"type": "object"}]}, {}, [("", "oneOf")]),
    ({"anyOf": [{"required": ["b"]}, {"required": ["c"]}]}, {}, [("", "anyOf")]),
    ({"if": {"required": ["b"]}, "then": {"required": ["c"]}}, {"b": 1}, [("/c", "required")]),
    ({"if": {"required": ["b"]}, "else": {"required": ["c"]}}, {}, [("/c", "required")]),
    ({"not": {"required": ["b"]}}, {"b": 1}, [("", "not")]),
    ({"propertyNames": {"maxLength": 6}}, {"abcdefg": 1}, [("", "propertyNames")]),
    ({"maxProperties": 3}, {}, [("", "maxProperties")]),
    ({"properties": {"b": False}}, {"b": 1}, [("/b", "falseSchema")]),
    ({"patternProperties": {"^m": {}}, "unevaluatedProperties": False}, {"b": 1},
     [("", "unevaluatedProperties")]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "extra", "expected"), SEARCHED, ids=repr)
def test_every_keyword_of_a_large_object_is_searched(
    schema: dict[str, Any], extra: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    large: dict[str, Any] = {f"m{number}": [] for number in range(MANY)}

    assert found(schema, large | extra) == expected


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"prefixItems": [{"type": "string"}]}, [1], [("/0", "type")]),
        ({"prefixItems": [{}], "items": False}, [1, 2], [("/1", "falseSchema")]),
        ({"contains": {"const": 5}}, [1], [("", "contains")]),
        ({"maxItems": 5}, [], [("", "maxItems")]),
    ],
    ids=repr,
)
def test_every_keyword_of_a_large_list_is_searched(
    schema: dict[str, Any], value: list[Any], expected: list[tuple[str, str]]
) -> None:
    violations = found(schema, value + [0] * MANY)

    assert violations[:1] == expected


@pytest.mark.parametrize("value", [[{"a": 1}] * MANY, {"a": 1}, {}], ids=len)
def test_a_value_that_conforms_has_no_violations(value: object) -> None:
    schema = {"anyOf": [{"type": "array", "items": ITEM}, {"type": "object"}]}

    assert found(schema, value) == []


def test_items_of_an_old_draft_are_searched() -> None:
    schema = {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}
    validator = plain(schema, "4")

    violations = validator.violations([1, *range(MANY), "x"])
    assert [(one.pointer, one.keyword) for one in violations] == [
        ("/0", "type"),
        (f"/{MANY + 1}", "type"),
    ]


def test_a_search_names_the_part_of_the_request() -> None:
    assert plain({"items": ITEM}).violations([{}] * MANY, "query")[0].where == "query"
