import random
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.plans import plan_of
from tests import compiled_schemas as schemas

CHANCES = range(60)
ANIMALS: dict[str, Any] = {
    "cat": {
        "type": "object",
        "required": ["kind", "lives"],
        "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer", "minimum": 1}},
    },
    "dog": {
        "type": "object",
        "required": ["kind", "name"],
        "properties": {"kind": {"const": "dog"}, "name": {"type": "string", "minLength": 3}},
    },
}
ANIMAL: dict[str, Any] = {
    "oneOf": [{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}],
    "$defs": ANIMALS,
}


def planned(schema: dict[str, Any]) -> list[JsonValue]:
    plan = plan_of(schemas.plain(schema))
    return [plan(random.Random(chance)) for chance in CHANCES]  # noqa: S311 - no secret


@pytest.mark.parametrize(
    "schema",
    [
        ANIMAL,
        {"type": "array", "minItems": 2, "items": ANIMAL["oneOf"][0], "$defs": ANIMALS},
        {"type": "object", "required": ["a"], "properties": {"a": {"pattern": "^[A-Z]-[0-9]+$"}}},
        {"allOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"maximum": 4}}}]},
        {"type": "array", "prefixItems": [{"type": "null"}], "items": {"type": "boolean"}},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "integer"}},
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "ipv4"}]},
        {"type": "object", "patternProperties": {"^x-": {"type": "number"}}, "minProperties": 1},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
    ],
    ids=str,
)
def test_what_is_planned_conforms_without_a_search(schema: dict[str, Any]) -> None:
    validator = schemas.plain(schema)

    assert all(validator.is_valid(value) for value in planned(schema))


def test_each_alternative_is_chosen_by_some_seed() -> None:
    kinds = {value["kind"] for value in planned(ANIMAL) if isinstance(value, dict)}

    assert kinds == {"cat", "dog"}


def test_alternatives_inside_alternatives_are_all_chosen() -> None:
    constants = [{"oneOf": [{"const": low}, {"const": low + 1}]} for low in (0, 2, 4)]

    assert set(map(str, planned({"anyOf": constants}))) == {"0", "1", "2", "3", "4", "5"}


def test_a_set_inside_a_planned_value_has_different_items() -> None:
    letters = {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [*"abc"]}}

    for value in planned({"required": ["a"], "properties": {"a": letters}}):
        assert isinstance(value, dict)
        assert sorted(value["a"]) == ["a", "b", "c"]


def test_many_branches_at_many_levels_are_left_unplanned() -> None:
    names = [str(number) for number in range(40)]
    level = {"properties": {name: {"oneOf": [{"type": "integer"}, ANIMAL]} for name in names}}
    schema = {"properties": dict.fromkeys(names, level), "$defs": ANIMALS}
    validator = schemas.plain(schema)

    assert validator.is_valid(plan_of(validator)(random.Random(1)))  # noqa: S311 - no secret
