from typing import Any

import pytest

from mockserver.schemas.reference_cycles import has_endless_cycle
from tests.compiled_schemas import plain, sampled


def defined(**definitions: Any) -> dict[str, Any]:
    return {"$ref": "#/$defs/a", "$defs": definitions}


TO_A, TO_B = {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$id": "mock:/", "$ref": "mock:/#"},
        {"not": {"$ref": "#"}},
        defined(a=TO_B, b=TO_A),
        defined(a={"allOf": [{"type": "object"}, TO_B]}, b={"anyOf": [TO_A, {}]}),
        defined(a={"oneOf": [TO_A, TO_B]}, b={"oneOf": [TO_A, TO_B]}),
        defined(a={"if": {}, "then": TO_B}, b={"else": TO_A}),
        {"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}},
    ],
    ids=str,
)
def test_a_schema_that_applies_itself_to_the_same_value_is_endless(schema: dict[str, Any]) -> None:
    assert has_endless_cycle(schema)
    assert plain(schema).is_valid({"any": "value"})
    assert sampled(schema).is_valid


@pytest.mark.parametrize(
    "schema",
    [
        {},
        defined(a={"properties": {"a": TO_A}}),
        defined(a={"items": TO_A, "additionalProperties": TO_A}),
        defined(a={"allOf": [TO_B, TO_B]}, b={"type": "object"}),
        {"$ref": "http://json-schema.org/draft-04/schema#"},
        {"$ref": "#/$defs/none"},
    ],
    ids=str,
)
def test_a_cycle_through_members_or_items_ends(schema: dict[str, Any]) -> None:
    assert not has_endless_cycle(schema)
