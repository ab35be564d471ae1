"""Lists deep inside a sampled value have an item, and values stay small all the same."""

import json
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from tests.compiled_schemas import sampled

SEEDS = (None, 1)


def nested(levels: int, schema: dict[str, Any]) -> dict[str, Any]:
    """Return an object inside this many objects."""
    for _ in range(levels):
        schema = {"type": "object", "required": ["in"], "properties": {"in": schema}}
    return schema


def list_of(items: dict[str, Any]) -> dict[str, Any]:
    """Return a list object, as payment APIs have them."""
    return {
        "type": "object",
        "required": ["data", "has_more", "object", "url"],
        "properties": {
            "data": {"type": "array", "items": items},
            "has_more": {"type": "boolean"},
            "object": {"type": "string", "enum": ["list"]},
            "url": {"type": "string", "maxLength": 5000},
        },
    }


def inside(value: JsonValue, levels: int) -> JsonValue:
    for _ in range(levels):
        value = value["in"]
    return value


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("levels", [0, 1, 3, 5, 6])
def test_a_list_object_has_an_item_wherever_it_is(levels: int, seed: int | None) -> None:
    refund = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    found = sampled(nested(levels, list_of(refund)), seed)
    assert found.is_valid
    assert len(inside(found.value, levels)["data"]) == 1
    assert inside(found.value, levels)["data"][0].keys() == {"id"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_after_very_many_members_has_an_item(seed: int | None) -> None:
    many = {f"m{number}": {"type": "string"} for number in range(1_200)}
    schema = list_of({"type": "string"})
    schema["properties"] = {"before": {"type": "object", "properties": many}} | schema["properties"]
    found = sampled(schema, seed)
    assert len(found.value["data"]) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_of_the_schema_around_it_stays_empty(seed: int | None) -> None:
    charge = {"type": "object", "properties": {"refunds": list_of({"$ref": "#/$defs/charge"})}}
    found = sampled({"$ref": "#/$defs/charge", "$defs": {"charge": charge}}, seed)
    assert found.value["refunds"]["data"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_net_of_lists_stays_small(seed: int | None) -> None:
    names = [f"s{number}" for number in range(40)]
    lists = {name: list_of({"$ref": f"#/$defs/{name}"}) for name in names}
    schema = {"type": "object", "required": names, "properties": lists}
    found = sampled({"$ref": "#/$defs/s0", "$defs": dict.fromkeys(names, schema)}, seed)
    assert found.is_valid
    assert len(json.dumps(found.value)) < 1_000_000
