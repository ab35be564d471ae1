"""Examples and defaults below the top of a schema: which are used, and as what."""

from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.sampler import Sample
from tests.compiled_schemas import sampled


def member(schema: dict[str, Any], seed: int | None = None) -> Sample:
    return sampled({"type": "object", "properties": {"a": schema}}, seed)


def written(schema: dict[str, Any]) -> JsonValue:
    return member(schema).written["a"]


@pytest.mark.parametrize("keyword", ["example", "default"])
@pytest.mark.parametrize(
    ("value", "text"), [(12345, "12345"), (1.5, "1.5"), (True, "true"), ("x", "x")]
)
def test_a_scalar_example_of_a_text_is_used_as_its_text(
    keyword: str, value: JsonValue, text: str
) -> None:
    found = member({"type": "string", keyword: value})
    assert found == Sample({"a": text}, is_valid=True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"], "example": 5},
        {"type": "string", "examples": [5, "ok"]},
        {"allOf": [{"type": "string"}], "example": 5},
        {"oneOf": [{"type": "string", "example": 5}, {"type": "boolean"}]},
        {"type": "string", "pattern": "^[0-9]$", "example": 5},
    ],
)
def test_the_type_may_come_from_any_part_of_the_schema(schema: dict[str, Any]) -> None:
    assert member(schema) == Sample({"a": "5"}, is_valid=True)


def test_a_number_is_no_text_where_numbers_are_allowed() -> None:
    assert written({"type": ["string", "integer"], "example": 5}) == 5


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number", "example": "9.99"},
        {"type": "integer", "default": "5"},
        {"type": "string", "format": "date-time", "example": "2024-01-01 10:00:00"},
        {"type": "string", "maxLength": 2, "example": "abcd"},
        {"type": "string", "pattern": "^b", "example": "abcd"},
        {"type": "string", "enum": ["a", "b"], "example": "c"},
        {"type": "string", "example": None},
        {"type": "array", "items": {"type": "integer"}, "example": [1, "x"]},
        {"type": "object", "required": ["q"], "example": {"z": 1}},
        {"oneOf": [{"type": "integer", "example": "x"}]},
    ],
)
def test_an_example_that_does_not_conform_is_used_as_written(schema: dict[str, Any]) -> None:
    found = member(schema)
    given = schema.get("example", schema.get("default", "x"))
    assert found.is_valid  # there is a value that conforms, without the example
    assert found.written == {"a": given}
    assert found.value != found.written
    assert found.misfits == ("/a",)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "array", "items": {"type": "integer", "example": "x"}}, ["x"]),
        ({"type": "object", "additionalProperties": {"type": "integer", "example": "x"}}, None),
        ({"type": "array", "prefixItems": [{"type": "integer", "example": "x"}]}, ["x"]),
        ({"$ref": "#/$defs/wrong", "$defs": {"wrong": {"type": "integer", "example": "x"}}}, "x"),
    ],
)
def test_an_example_is_used_as_written_wherever_it_is(
    schema: dict[str, Any], value: JsonValue
) -> None:
    definitions = schema.pop("$defs", {})
    found = sampled({"type": "object", "properties": {"a": schema}, "$defs": definitions})
    assert found.written["a"] == (value or {"property1": "x"})


def test_other_examples_are_kept_next_to_one_that_does_not_conform() -> None:
    good = {"type": "string", "example": "good"}
    bad = {"type": "integer", "example": "bad"}
    inner = {"type": "object", "properties": {"good": good, "bad": bad}}
    found = sampled({"oneOf": [{"type": "object", "properties": {"good": good, "inner": inner}}]})
    assert found.written == {"good": "good", "inner": {"good": "good", "bad": "bad"}}
    assert found.value["inner"]["good"] == "good"
    assert found.misfits == ("/inner/bad",)


def test_an_example_that_conforms_is_preferred_to_an_earlier_one_that_does_not() -> None:
    found = member({"type": "integer", "examples": ["x", 7]})
    assert found == Sample({"a": 7}, is_valid=True)


def test_seeded_values_use_no_examples() -> None:
    found = member({"type": "integer", "example": "x"}, 1)
    assert isinstance(found.value["a"], int)
    assert found.written == found.value
    assert found.misfits == ()
