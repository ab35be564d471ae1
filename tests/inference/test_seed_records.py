"""Records from unusual examples: of named examples, and of owners without a key."""

from typing import Any

import pytest

from tests.inference.test_inference import (
    THING,
    Keep,
    answer,
    crud,
    keep,  # noqa: F401 - a fixture
    reads,
    writes,
)


@pytest.mark.parametrize("named", [5, 1.5, True, "value", ["value"], None])
def test_a_named_example_that_is_no_object_gives_no_record(keep: Keep, named: Any) -> None:  # noqa: F811 - the fixture
    paths = crud()
    kept = {"value": {"id": 7, "name": "seven"}}
    paths["/things/{thingId}"]["get"]["responses"] = answer(
        THING, examples={"odd": named, "kept": kept}
    )
    world = keep(paths)
    assert world.get("/things/7").json == kept["value"]


@pytest.mark.parametrize("shown", [{"name": "x"}, {"id": None, "name": "x"}])
@pytest.mark.parametrize("example", [{"example": "k"}, {}])
@pytest.mark.parametrize("is_single", [True, False])
def test_an_example_without_its_key_gets_one_for_what_it_owns(
    keep: Keep,  # noqa: F811 - the fixture
    shown: dict[str, Any],
    example: dict[str, Any],
    is_single: bool,
) -> None:
    text, named = {"type": "string"}, {"type": "string", "example": "c"}
    owner = {"type": "object", "properties": {"id": {**text, **example}, "name": text}}
    part = {"type": "object", "properties": {"colour": named}}
    thing = {"type": "object", "properties": {"id": text, "name": named}}
    paths = crud(owner, "{id}", "/owners")
    paths["/owners/{id}"]["get"] = reads(owner, example=shown)
    if is_single:
        paths["/owners/{id}/settings"] = {"get": reads(part), "put": writes(part)}
    else:
        paths |= crud(thing, "{thingId}", "/owners/{id}/things")
    world = keep(paths)
    [record] = world.get("/owners").json
    assert record["name"] == "x"
    assert isinstance(record["id"], str)
    assert record["id"] == example.get("example", record["id"])
    rest = "settings" if is_single else "things"
    assert ':"c"' in world.get(f"/owners/{record['id']}/{rest}").text
