from typing import Any

import pytest

from mockserver.schemas.reference_cycles import SameValueCosts

TO_A, TO_B = {"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}


@pytest.mark.parametrize(
    "definitions",
    [
        {"a": TO_A},
        {"a": {"not": TO_A}},
        {"a": {"$ref": "mock:/#/$defs/a"}},
        {"a": {"dependentSchemas": {"x": TO_A}}},
        {"a": TO_B, "b": TO_A},
        {"a": {"allOf": [{"type": "object"}, TO_B]}, "b": {"anyOf": [TO_A, {}]}},
        {"a": {"oneOf": [TO_A, TO_B]}, "b": {"oneOf": [TO_A, TO_B]}},
        {"a": {"if": {}, "then": TO_B}, "b": {"else": TO_A}},
        {"a": {"$ref": "#/definitions/a"}},
    ],
    ids=str,
)
def test_definitions_that_apply_themselves_to_the_same_value_are_found(
    definitions: dict[str, Any],
) -> None:
    assert set(SameValueCosts(definitions).unbounded("a")) == set(definitions)


@pytest.mark.parametrize(
    "definitions",
    [
        {"a": {}},
        {"a": True},
        {"a": {"properties": {"a": TO_A}}},
        {"a": {"items": TO_A, "additionalProperties": TO_A}},
        {"a": {"allOf": [TO_B, TO_B]}, "b": {"type": "object"}},
        {"a": {"$ref": "http://json-schema.org/draft-04/schema#"}},
        {"a": {"$ref": "#/$defs/none"}},
    ],
    ids=str,
)
def test_a_cycle_through_members_or_items_ends(definitions: dict[str, Any]) -> None:
    assert SameValueCosts(definitions).unbounded("a") == []


def doubling(count: int) -> dict[str, Any]:
    """Return definitions that each apply the next one twice."""
    found: dict[str, Any] = {
        f"{number}": {"allOf": [{"$ref": f"#/$defs/{number + 1}"}] * 2} for number in range(count)
    }
    return {**found, f"{count}": {"type": "object"}}


def test_a_net_that_applies_few_definitions_is_kept() -> None:
    assert SameValueCosts(doubling(10)).unbounded("0") == []


def test_a_net_that_applies_too_many_definitions_is_cut_where_it_gets_too_large() -> None:
    costs = SameValueCosts(doubling(40))

    assert costs.unbounded("0") == ["19"]
    assert costs.unbounded("0") == []


def test_a_definition_that_only_leads_to_a_cycle_is_kept() -> None:
    definitions = {"a": {"allOf": [TO_B]}, "b": {"anyOf": [TO_B, {"type": "string"}]}}

    assert SameValueCosts(definitions).unbounded("a") == ["b"]
