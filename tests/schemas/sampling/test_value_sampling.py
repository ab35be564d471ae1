import os
import re
import subprocess
import sys
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.json import JsonValue
from mockserver.schemas.sampling.patterns import read_pattern
from mockserver.schemas.sampling.sampler import sample
from mockserver.schemas.sampling.sampling_context import FixedRandom
from mockserver.schemas.sampling.text_sampling import texts as texts_of
from tests import compiled_schemas as schemas

SEEDS = (None, 0, 1, 7, "text")
DEFINITIONS: dict[str, Any] = {
    "tree": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/$defs/tree"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        },
    },
    "nested": {
        "anyOf": [
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/nested"}},
            {"type": "string"},
        ]
    },
    "linked": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/linked"}, {"type": "null"}]}},
    },
}


def sampled(schema: dict[str, Any], seed: int | str | None) -> JsonValue:
    return schemas.sampled(schema, seed).value


def referring(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", "$defs": DEFINITIONS}


def is_valid(schema: JsonValue, value: JsonValue) -> bool:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)


PATTERNS = [
    "^(foo|bar)[0-9]{3}$",
    r"^\+?[1-9]\d{1,14}$",
    r"^[A-Z]{2}-\w+$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    "^(?:a|b)*c?$",
    "^#[0-9a-fA-F]{6}$",
    r"^[\w.-]+$",
    "^.{5,}$",
    r"^[a-z]+(\.[a-z]+)*?$",
    "b+",
    "^$",
    "",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_matches_a_simple_pattern(pattern: str, seed: int | str | None) -> None:
    assert re.search(pattern, sampled({"type": "string", "pattern": pattern}, seed))


@pytest.mark.parametrize(
    "pattern", ["[]", "(", "[", r"\k<a", "*", "(" * 500, "^(((a{1000}){1000}){1000}){1000}$"]
)
def test_a_pattern_that_cannot_be_read_gives_nothing(pattern: str) -> None:
    expression = read_pattern(pattern)
    assert expression is None or expression.text(FixedRandom(), 0, 8) is None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?=.*[A-Z])(?=.*\d).{8,}$",
        r"^(?!0)\d{4}$",
        r"\bword\b",
        r"^\p{L}+$",
        r"^(?<year>\d{4})-(?:0[1-9]|1[0-2])$",
        r"^\u0041\x42$",
        r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$",
    ],
)
def test_a_text_matches_a_pattern_with_assertions(pattern: str, seed: int | str | None) -> None:
    assert schemas.sampled({"type": "string", "pattern": pattern}, seed).is_valid


def test_a_pattern_is_made_as_long_as_it_must_be() -> None:
    schema = {"type": "string", "pattern": "^[a-z]+$", "minLength": 37, "maxLength": 37}

    assert re.fullmatch("[a-z]{37}", sampled(schema, 1))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 5, "maximum": 7, "multipleOf": 3},
        {"type": "integer", "minimum": 0, "maximum": 3, "multipleOf": 5},
        {"type": "integer", "maximum": -5},
        {"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6},
        {"type": "integer", "minimum": 2.5, "maximum": 3.5},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        {"type": "number", "minimum": 0.25, "maximum": 0.95, "multipleOf": 0.1},
        {"type": "number", "exclusiveMinimum": 0.5, "maximum": 0.9, "multipleOf": 0.25},
        {"minimum": 3, "maximum": 4},
        {"type": "string", "minLength": 100},
        {"type": "string", "maxLength": 3},
        {"type": "string", "format": "email", "minLength": 40},
        {"type": ["null", "integer"]},
        {"type": "null"},
        {"enum": ["a", 1, None]},
        {"const": {"a": 1}},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "items": {"example": "x", "type": "string"}, "minItems": 3},
        {"type": "array", "maxItems": 0},
        {"type": "array", "prefixItems": [{"type": "string"}, {"const": 1}], "items": False},
        {"type": "array", "contains": {"const": 5}, "items": {"type": "integer"}, "minItems": 3},
        {"type": "object", "required": ["b"], "maxProperties": 1, "properties": {"a": {}}},
        {"type": "object", "minProperties": 3, "additionalProperties": {"type": "integer"}},
        {"type": "object", "minProperties": 2, "properties": {"a": {}, "b": {}, "c": {}}},
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
        {"type": "integer", "anyOf": [{"type": "string"}, {"type": "number", "minimum": 3}]},
        {
            "allOf": [
                {"required": ["a"], "properties": {"a": {"type": "integer", "minimum": 5}}},
                {"required": ["b"], "properties": {"a": {"maximum": 6}, "b": {"type": "string"}}},
            ]
        },
        {
            "type": "object",
            "example": {"kind": "a"},
            "required": ["kind"],
            "properties": {"kind": {"type": "string"}},
            "oneOf": [{"properties": {"kind": {"const": "a"}}}],
        },
        referring("tree"),
        referring("nested"),
        referring("linked"),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_sample_conforms_to_its_schema(schema: JsonValue, seed: int | str | None) -> None:
    assert is_valid(schema, sampled(schema, seed))


@pytest.mark.parametrize(
    "name",
    [
        *("date", "date-time", "time", "duration", "email", "uuid", "uri", "uri-reference"),
        *("hostname", "ipv4", "ipv6", "regex", "json-pointer"),
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_is_of_its_format(name: str, seed: int | str | None) -> None:
    schema = {"type": "string", "format": name}

    assert is_valid(schema, sampled(schema, seed))


def numbers() -> st.SearchStrategy[dict[str, Any]]:
    bound = st.integers(-(2**40), 2**40)
    return st.builds(
        lambda kind, low, size: {"type": kind, "minimum": low, "maximum": low + size},
        st.sampled_from(["integer", "number"]),
        bound,
        st.integers(0, 2**40),
    )


def texts() -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda least, size: {"type": "string", "minLength": least, "maxLength": least + size},
        st.integers(0, 60),
        st.integers(0, 60),
    )


def arrays(items: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda item, least, size: {
            "type": "array",
            "items": item,
            "minItems": least,
            "maxItems": least + size,
        },
        items,
        st.integers(0, 4),
        st.integers(0, 4),
    )


def objects(members: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda properties, required: {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name in required],
            "additionalProperties": False,
        },
        st.dictionaries(st.sampled_from("abcdef"), members, max_size=4),
        st.sets(st.sampled_from("abcdef")),
    )


def combined(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(parts, min_size=1, max_size=3)
    return several.map(lambda schemas: {"anyOf": schemas}) | parts.map(
        lambda schema: {"allOf": [schema, {"description": "x"}]}
    )


SCHEMAS = st.recursive(
    numbers() | texts() | st.sampled_from([{"type": "boolean"}, {"type": "null"}]),
    lambda inner: arrays(inner) | objects(inner) | combined(inner),
    max_leaves=12,
)


@given(SCHEMAS, st.integers())
def test_samples_of_any_simple_schema_conform(schema: dict[str, Any], seed: int) -> None:
    assert is_valid(schema, sampled(schema, seed))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "example": "x", "default": "y"}, "x"),
        ({"type": "string", "examples": ["x", "y"]}, "x"),
        ({"type": "string", "default": "y"}, "y"),
        ({"type": "string", "const": "z", "example": "x"}, "z"),
        ({"properties": {"a": {"example": 7}}}, {"a": 7}),
        ({"allOf": [{"type": "object", "example": {"a": 1}}]}, {"a": 1}),
        ({"example": None}, None),
    ],
)
def test_examples_and_constants_of_the_schema_are_used(schema: JsonValue, value: JsonValue) -> None:
    assert sampled(schema, None) == value


def test_the_example_of_a_part_does_not_stand_for_the_whole() -> None:
    part = {"type": "object", "example": {"a": 1}, "properties": {"a": {"example": 1}}}
    schema = {"allOf": [part, {"properties": {"b": {"example": 2}}}]}

    assert sampled(schema, None) == {"a": 1, "b": 2}


def test_an_integer_without_narrow_bounds_is_small_and_positive() -> None:
    schema = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}

    assert all(1 <= sampled(schema, seed) <= 1_001 for seed in range(50))


def test_exclusive_bounds_of_draft_4_are_kept() -> None:
    schema = {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 1}

    assert sample(schemas.plain(schema, "4"), 1).value == 1


@pytest.mark.parametrize("mark", ["readOnly", "writeOnly"])
def test_a_property_that_is_not_sent_is_not_made(mark: str) -> None:
    hidden = {"$ref": "#/$defs/hidden"}
    schema = {
        "properties": {"a": {"type": "boolean"}, "b": {mark: True}, "c": hidden},
        "$defs": {"hidden": {mark: True}},
    }

    assert sampled(schema, 1).keys() == {"a"}


def test_optional_members_stop_where_a_schema_leads_back_to_itself() -> None:
    made = sampled(referring("tree"), 1)

    assert made.keys() == {"name", "children"}
    assert made["children"] == []


def test_a_reference_into_a_bundle_with_an_address_is_followed() -> None:
    schema = {"$id": "mock:/", "$ref": "mock:/#/$defs/0", "$defs": {"0": {"const": 5}}}

    assert sampled(schema, 1) == 5


def wide_schema() -> dict[str, Any]:
    """Twenty required members, nine levels deep."""
    levels = {
        str(level): {
            "type": "object",
            "required": [f"p{number}" for number in range(20)],
            "properties": {f"p{number}": {"$ref": f"#/$defs/{level + 1}"} for number in range(20)},
        }
        for level in range(9)
    }
    return {"$ref": "#/$defs/0", "$defs": {**levels, "9": {"type": "string"}}}


def tangled_schema() -> dict[str, Any]:
    """Twelve alternatives, each of which has all twelve as alternatives."""
    names = [str(number) for number in range(12)]
    every = [{"$ref": f"#/$defs/{name}"} for name in names]
    return {"$ref": "#/$defs/0", "$defs": {name: {"oneOf": every} for name in names}}


def endless_schema() -> dict[str, Any]:
    again = {"$ref": "#/$defs/0"}
    return {
        "$ref": "#/$defs/0",
        "$defs": {"0": {"type": "object", "required": ["a"], "properties": {"a": again}}},
    }


@pytest.mark.parametrize(
    "schema",
    [
        wide_schema(),
        tangled_schema(),
        endless_schema(),
        {"$ref": "#"},
        {"type": "array", "minItems": 10**9, "items": {"type": "integer"}},
        {"type": "object", "minProperties": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"const": 1}},
    ],
)
def test_a_schema_of_endless_size_gives_a_bounded_value(schema: dict[str, Any]) -> None:
    assert len(repr(sampled(schema, 1))) < 2_000_000


def test_the_same_seed_gives_the_same_value_in_every_process() -> None:
    code = (
        "from tests.compiled_schemas import sampled;"
        "print(sampled({'type': 'object', 'required': list('fbadce'), 'minProperties': 9,"
        " 'additionalProperties': {'type': 'string', 'pattern': '[^a-d]{9}'}}, 5).value)"
    )
    printed = {
        subprocess.run(  # noqa: S603 - our own interpreter and text
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(printed) == 1


def test_another_seed_gives_another_value() -> None:
    schema = {"type": "string", "format": "uuid"}

    assert len({sampled(schema, seed) for seed in range(20)}) == 20


def test_without_a_seed_values_are_simple_and_always_the_same() -> None:
    schema = {
        "properties": {
            "name": {"type": "string"},
            "count": {"type": "integer"},
            "price": {"type": "number"},
            "on": {"type": "boolean"},
            "kind": {"enum": ["a", "b"]},
            "mail": {"type": "string", "format": "email"},
            "at": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "items": {"type": "string"}},
        }
    }

    assert sampled(schema, None) == {
        "name": "string",
        "count": 1,
        "price": 1,
        "on": True,
        "kind": "a",
        "mail": "user@example.com",
        "at": "2026-01-01T00:00:00Z",
        "tags": ["string"],
    }


def test_with_a_seed_values_look_like_what_their_names_say() -> None:
    schema = {
        "properties": {
            "firstName": {"type": "string"},
            "contact_email": {"type": "string"},
            "phone": {"type": "string"},
            "latitude": {"type": "number"},
        }
    }
    made = sampled(schema, 3)

    assert re.fullmatch("[A-Z][a-z]+", made["firstName"])
    assert re.fullmatch(r"[a-z.0-9]+@example\.com", made["contact_email"])
    assert re.fullmatch(r"\+447700900\d{3}", made["phone"])
    assert -90 <= made["latitude"] <= 90


def test_a_value_conforms_even_if_an_example_of_a_property_does_not() -> None:
    schema = {
        "properties": {
            "good": {"type": "string", "example": "as it is"},
            "bad": {"type": "string", "example": [5]},
        }
    }

    assert sampled(schema, None) == {"good": "as it is", "bad": "string"}


def test_a_sample_is_marked_invalid_where_nothing_conforms() -> None:
    made = schemas.sampled({"type": "integer", "minimum": 5, "maximum": 4})

    assert not made.is_valid


HARD: list[dict[str, Any]] = [
    {"not": {"type": "string"}},
    {"type": "object", "properties": {"a": {}, "b": {}}, "not": {"required": ["a"]}},
    {"type": "string", "not": {"enum": ["string", "x"]}},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}},
    {
        "type": "object",
        "required": ["kind", "size"],
        "properties": {"kind": {"enum": ["s", "l"]}, "size": {"type": "integer"}},
        "if": {"properties": {"kind": {"const": "l"}}},
        "then": {"properties": {"size": {"minimum": 100}}},
        "else": {"properties": {"size": {"maximum": 9}}},
    },
    {"type": "object", "minProperties": 3, "patternProperties": {"^x-[a-z]+$": {"type": "null"}}},
    {"minProperties": 2, "additionalProperties": False, "patternProperties": {"^\\d$": {}}},
    {"type": "object", "minProperties": 2, "propertyNames": {"maxLength": 3}},
    {"properties": {"a": {}}, "dependentRequired": {"a": ["b"], "b": ["c"]}},
    {
        "properties": {"a": {"const": 1}},
        "dependentSchemas": {"a": {"required": ["b"], "properties": {"b": {"const": 2}}}},
    },
    {"type": "array", "contains": {"const": 7}, "minContains": 2, "items": {"type": "integer"}},
    {"type": "array", "contains": {"const": 7}, "maxContains": 1, "minItems": 3},
    {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": ["a", "b", "c"]}},
    {"type": "array", "uniqueItems": True, "minItems": 4, "items": {"type": "string"}},
    {"allOf": [{"type": "string", "minLength": 3}, {"type": "string", "maxLength": 4}]},
    {"allOf": [{"pattern": "^a"}, {"pattern": "z$"}], "type": "string", "examples": ["abcz"]},
    {"allOf": [{"oneOf": [{"const": 1}, {"const": 2}]}, {"oneOf": [{"const": 2}, {"const": 3}]}]},
    {"anyOf": [{"const": 1}, {"const": 2}], "oneOf": [{"const": 2}, {"const": 3}]},
    {
        "allOf": [
            {"properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
            {"properties": {"b": {"minLength": 12}}, "required": ["b"]},
        ]
    },
    {"properties": {"a": {}}, "required": ["a"], "unevaluatedProperties": False},
    {"type": "string", "format": "uri", "maxLength": 10},
    {"type": "string", "format": "email", "pattern": "@example\\.org$"},
    {"type": "number", "multipleOf": 0.01, "exclusiveMinimum": 0, "exclusiveMaximum": 0.02},
    {"type": "integer", "multipleOf": 7, "minimum": 50},
]


@pytest.mark.parametrize("seed", [None, 1, "text"])
@pytest.mark.parametrize("schema", HARD, ids=str)
def test_a_hard_schema_has_a_valid_sample(schema: dict[str, Any], seed: int | str | None) -> None:
    made = schemas.sampled(schema, seed)

    assert made.is_valid, made.value
    assert is_valid(schema, made.value)


@pytest.mark.parametrize(
    "kind",
    [
        *("date", "date-time", "time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uuid"),
        *("uri-template", "json-pointer", "relative-json-pointer", "regex", "byte"),
    ],
)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_a_text_has_its_format(kind: str, seed: int | None) -> None:
    assert schemas.sampled({"type": "string", "format": kind}, seed).is_valid


@pytest.mark.parametrize("seed", [None, 1])
def test_a_map_of_any_names_has_one_member(seed: int | None) -> None:
    assert len(dict(sampled({"additionalProperties": {"type": "integer"}}, seed))) == 1
    assert len(dict(sampled({"patternProperties": {"^x-": {"type": "integer"}}}, seed))) == 1


@pytest.mark.parametrize("seed", [None, *range(5)])
@pytest.mark.parametrize(
    "text",
    [
        {"format": "date-time", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T"},
        {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"},
        {"format": "date-time", "pattern": r"[+-]\d{2}:\d{2}$"},
        {"format": "date-time", "minLength": 24, "maxLength": 24},
        {"format": "time", "pattern": r"^\d\d:\d\d:\d\d\.\d{3}"},
        {"format": "duration", "pattern": "^P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?)?$"},
        {"format": "duration", "pattern": "^PT"},
        {"format": "uuid", "pattern": "^[0-9a-f]{8}-"},
        {"format": "ipv4", "pattern": r"^(\d{1,3}\.){3}"},
        {"format": "email", "pattern": r"^[a-z]+@corp\.example$"},
    ],
    ids=str,
)
def test_a_text_has_both_its_format_and_its_pattern(text: dict[str, Any], seed: int | None) -> None:
    schema = {"properties": {"a": {"type": "string", **text}}}

    assert "a" in dict(sampled(schema, seed))


@pytest.mark.parametrize("seed", [None, 1])
def test_only_what_cannot_be_made_is_left_out(seed: int | None) -> None:
    member = {"properties": {"no": {"type": "string", "format": "ipv4", "pattern": "x"}, "a": {}}}
    schema = {"properties": {"inner": {"type": "array", "items": member}, "b": {"type": "string"}}}

    made = dict(sampled(schema, seed))

    assert [list(item) for item in made["inner"]] == [["a"]]
    assert "b" in made


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "minProperties": 2.0, "propertyNames": {"maxLength": 5.0}},
        {"type": "object", "minProperties": 2.0, "propertyNames": {"minLength": 30.0}},
        {"type": "object", "minProperties": 1.0, "maxProperties": 1.0},
        {"type": "array", "minItems": 2.0, "maxItems": 3.0, "items": {"maxLength": 2.0}},
        {"type": "array", "contains": {"const": 1}, "minContains": 2.0, "maxContains": 2.0},
        {"type": "array", "prefixItems": [{}, {}, {}], "maxItems": 2.0, "minItems": 2.0},
        {"type": "string", "minLength": 3.0, "maxLength": 4.0},
        {"type": "string", "pattern": "^a+$", "minLength": 3.0, "maxLength": 4.0},
        {"type": "string", "format": "email", "minLength": 30.0, "maxLength": 40.0},
        {"type": "integer", "minimum": 3.0, "maximum": 4.0, "multipleOf": 2.0},
    ],
)
def test_a_limit_may_be_written_as_a_decimal_number(schema: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema)
    for seed in SEEDS:
        assert validator.is_valid(sampled(schema, seed))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\ud800$",
        "^\ud800$",
        r"^\u{d800}$",
        r"^[\ud800-\udbff]$",
        r"^[\ud7ff-\ue000]+$",
        r"^[a\udc00]+$",
        r"^a|\udfff$",
        r"^[\ud800-\udbff][\udc00-\udfff]$",
    ],
)
def test_no_text_has_half_of_a_surrogate_pair(pattern: str) -> None:
    for seed in range(10):
        made = texts_of({"pattern": pattern})(Random(seed))  # noqa: S311 - not for secrets
        assert made
        made.encode()


def test_a_surrogate_pair_in_a_pattern_is_one_character() -> None:
    made = texts_of({"pattern": r"^\ud83d\ude00$"})(Random(0))  # noqa: S311 - not for secrets
    assert made == "\U0001f600"
