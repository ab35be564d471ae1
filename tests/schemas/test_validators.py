import json
from pathlib import Path
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.base.problems import SpecProblem
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.model.refusal import Violation
from mockserver.schemas.validators import Schemas, SchemaValidator


class World:
    """A folder whose `api.json` is made of keywords."""

    def __init__(self, folder: Path, version: str = "3.1", **whole: Any) -> None:
        text = json.dumps(whole, indent=1)
        document = parse_document(text.encode(), "api.json", folder / "api.json")
        references = References(folder)
        references.add(document)
        self.root = Place(document, "", document.value)
        self.problems: list[SpecProblem] = []
        self.schemas = Schemas(references, version, self.problems)

    def validator(self, name: str = "schema", direction: str = "request") -> SchemaValidator:
        return self.schemas.validator(self.root.child(name), direction)

    def violations(self, value: JsonValue) -> list[Violation]:
        validator = self.validator()
        assert self.problems == []
        assert not validator.is_valid(value)
        return validator.violations(value)


def summaries(violations: list[Violation]) -> list[tuple[str, str, str]]:
    return [(item.pointer, item.keyword, item.message) for item in violations]


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_a_recursive_schema_is_bundled_with_references_to_its_definitions(
    tmp_path: Path, version: str
) -> None:
    tree = {"properties": {"next": {"$ref": "#/schema"}, "n": {"type": "integer"}}}
    world = World(tmp_path, version, schema=tree)
    keyword = {"3.0": "definitions", "3.1": "$defs"}[version]

    bundled = world.schemas.needed(world.root.child("schema"), "request")()

    assert bundled["$ref"] == f"#/{keyword}/0"
    assert bundled[keyword]["0"]["properties"]["next"] == {"$ref": f"#/{keyword}/0"}
    assert not world.validator().is_valid({"next": {"next": {"n": "x"}}})


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_references_lead_to_other_files_and_back(tmp_path: Path, version: str) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/pet.yaml").write_text(
        "Pet: {properties: {owner: {$ref: '../api.json#/owner'}}}\n"
    )
    world = World(
        tmp_path,
        version,
        schema={"$ref": "parts/pet.yaml#/Pet"},
        owner={"properties": {"pet": {"$ref": "parts/pet.yaml#/Pet"}, "age": {"type": "integer"}}},
    )

    assert world.validator().is_valid({"owner": {"pet": {"owner": {"age": 7}}}})
    assert not world.validator().is_valid({"owner": {"pet": {"owner": {"age": "old"}}}})


def test_a_chain_of_references_keeps_the_keywords_next_to_each(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        schema={"$ref": "#/long"},
        long={"$ref": "#/text", "minLength": 3},
        text={"type": "string"},
    )

    assert world.validator().is_valid("abc")
    assert not world.validator().is_valid("ab")
    assert not world.validator().is_valid(123)


def test_a_long_chain_of_schemas_is_bundled_without_recursion(tmp_path: Path) -> None:
    chain: dict[str, Any] = {
        f"s{number}": {"properties": {"next": {"$ref": f"#/s{number + 1}"}}}
        for number in range(3_000)
    }
    world = World(tmp_path, schema={"$ref": "#/s0"}, **chain, s3000={"type": "string"})

    assert world.validator().is_valid({"next": {"next": {}}})
    assert world.problems == []


@pytest.mark.parametrize(
    "other",
    [
        {"$id": "https://example.com/text", "type": "string"},
        {"$anchor": "text", "type": "string"},
    ],
)
def test_a_schema_is_found_by_its_own_name(tmp_path: Path, other: dict[str, Any]) -> None:
    name = other.get("$id", "#text")
    world = World(tmp_path, schema={"items": {"$ref": name}}, other=other)

    assert world.validator().is_valid(["a"])
    assert not world.validator().is_valid([1])
    assert world.problems == []


def test_an_anchor_of_another_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"any": {"$anchor": "text", "type": "string"}}')
    world = World(tmp_path, schema={"items": {"$ref": "other.json#text"}})

    assert not world.validator().is_valid([1])
    assert world.problems == []


def test_a_pointer_from_inside_a_named_schema_may_mean_the_document(tmp_path: Path) -> None:
    schema = {"$id": "https://example.com/pet", "properties": {"name": {"$ref": "#/text"}}}
    world = World(tmp_path, schema=schema, text={"type": "string"})

    assert not world.validator().is_valid({"name": 1})
    assert world.problems == []


def test_an_identifier_inside_data_is_not_one(tmp_path: Path) -> None:
    world = World(
        tmp_path, schema={"$ref": "#text"}, other={"const": {"$anchor": "text", "type": "string"}}
    )

    world.validator()

    assert [str(item.source) for item in world.problems] == ["api.json:3:3"]


def test_a_dynamic_reference_points_at_the_outermost_anchor(tmp_path: Path) -> None:
    listing = {
        "$id": "list",
        "properties": {"items": {"items": {"$dynamicRef": "#item"}}},
        "$defs": {"item": {"$dynamicAnchor": "item"}},
    }
    pets = {
        "$id": "pets",
        "$ref": "list",
        "$defs": {"item": {"$dynamicAnchor": "item", "type": "string"}},
    }
    world = World(tmp_path, list=listing, schema=pets)

    assert world.validator("list").is_valid({"items": [1]})
    assert world.validator().is_valid({"items": ["a"]})
    assert not world.validator().is_valid({"items": [1]})


def test_the_schema_of_a_dialect_can_be_referred_to(tmp_path: Path) -> None:
    world = World(tmp_path, schema={"$ref": "https://json-schema.org/draft/2020-12/schema"})

    assert world.validator().is_valid({"type": "string"})
    assert not world.validator().is_valid({"type": "text"})


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"properties": {"a": {"type": "strin"}}}, "/schema/properties/a/type"),
        ({"properties": {"a": {"pattern": "("}}}, "/schema/properties/a/pattern"),
        ({"anyOf": [{}, {"minLength": "3"}]}, "/schema/anyOf/1/minLength"),
        ({"required": "name"}, "/schema/required"),
        ({"properties": {"a": {"$ref": "#/nowhere"}}}, "/schema/properties/a/$ref"),
        ({"items": {"$ref": "#/circle"}}, "/circle/$ref"),
        ({"$ref": "https://example.com/pet.json"}, "/schema/$ref"),
    ],
)
@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_a_bad_schema_is_found_at_load_with_its_place(
    tmp_path: Path, schema: JsonValue, pointer: str, version: str
) -> None:
    world = World(tmp_path, version, schema=schema, circle={"$ref": "#/circle"})

    world.validator()

    assert {item.source.pointer for item in world.problems} == {pointer}


def test_the_problem_of_a_schema_in_another_file_stands_there(tmp_path: Path) -> None:
    (tmp_path / "pet.yaml").write_text("a: 1\nPet:\n  type: anything\n")
    world = World(tmp_path, schema={"$ref": "pet.yaml#/Pet"})

    world.validator()

    assert [str(item.source) for item in world.problems] == ["pet.yaml:3:3"]


@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T09:00:00Z", "2026-02-28"),
        ("email", "ann@example.com", "ann"),
        ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08"),
        ("uri", "https://example.com", "//example"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8"),
        ("byte", "bW9jaw==", "bW9jaw"),
    ],
)
def test_known_formats_are_asserted(
    tmp_path: Path, version: str, name: str, good: str, bad: str
) -> None:
    validator = World(tmp_path, version, schema={"type": "string", "format": name}).validator()

    assert validator.is_valid(good)
    assert not validator.is_valid(bad)


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_true_and_false_are_schemas_of_every_version(tmp_path: Path, version: str) -> None:
    world = World(tmp_path, version, schema={"properties": {"a": True, "b": False}})

    assert world.validator().is_valid({"a": 1})
    assert not world.validator().is_valid({"b": 1})


@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"$ref": "#/other"}},
        {"required": [{}], "properties": {"a": {"readOnly": True}}},
    ],
)
def test_what_is_not_a_schema_is_reported_at_load(
    tmp_path: Path, version: str, schema: JsonValue
) -> None:
    world = World(tmp_path, version, schema=schema, other={})
    world.validator()

    assert [problem.message.startswith("not a schema: ") for problem in world.problems] == [True]


@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize("member", [{"readOnly": True, "type": "integer"}, {"$ref": "#/id"}])
def test_a_read_only_member_of_a_request_is_not_compared(
    tmp_path: Path, version: str, member: JsonValue
) -> None:
    schema = {"properties": {"id": member}, "required": ["id"], "additionalProperties": False}
    world = World(tmp_path, version, schema=schema, id={"readOnly": True, "type": "integer"})

    assert world.validator().is_valid({"id": "x"})
    assert world.validator().is_valid({})
    assert not world.validator(direction="response").is_valid({"id": "x"})


def test_an_unknown_format_is_ignored(tmp_path: Path) -> None:
    world = World(tmp_path, schema={"type": "string", "format": "phone"})

    assert world.validator().is_valid("x")


MORE_THAN_ONE = "must match exactly one of the allowed schemas, but matches more than one"


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"minimum": 1}, 0, ("", "minimum", "must be at least 1")),
        ({"type": "integer"}, "x", ("", "type", "must be a whole number, not text")),
        ({"enum": ["a", "b"]}, "c", ("", "enum", 'must be one of: "a", "b"')),
        ({"required": ["a/b"]}, {}, ("/a~1b", "required", "is required")),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"c": 1},
            ("/c", "additionalProperties", "is not expected here"),
        ),
        ({"format": "byte"}, "!", ("", "format", "must be a valid byte")),
        (
            {"items": {"maxLength": 2}},
            ["abc"],
            ("/0", "maxLength", "must have at most 2 characters"),
        ),
        ({"type": "string"}, None, ("", "type", "must be text, not null")),
        ({"type": "string"}, True, ("", "type", "must be text, not true")),
        ({"type": "integer"}, 1.5, ("", "type", "must be a whole number, not a number")),
        ({"type": ["array", "null"]}, {}, ("", "type", "must be a list or null, not an object")),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, ("/b", "required", "is required")),
        (
            {"propertyNames": {"maxLength": 1}},
            {"ab": 1},
            ("", "propertyNames", 'must not have a member named "ab"'),
        ),
        (
            {"oneOf": [{"minimum": 1}, {"minimum": 2}]},
            3,
            ("", "oneOf", MORE_THAN_ONE),
        ),
        (
            {"oneOf": [{"type": "integer"}, {"type": "boolean"}]},
            "a",
            ("", "oneOf", "must be a whole number or true or false, not text"),
        ),
        (
            {"prefixItems": [{}], "unevaluatedItems": False},
            [1, 2],
            ("", "unevaluatedItems", "has more items than expected"),
        ),
    ],
)
def test_violations_have_plain_messages(
    tmp_path: Path, schema: JsonValue, value: JsonValue, expected: tuple[str, str, str]
) -> None:
    assert summaries(World(tmp_path, schema=schema).violations(value)) == [expected]


def test_violations_are_in_the_order_of_their_pointers(tmp_path: Path) -> None:
    schema = {"required": ["b", "a"], "properties": {"c": {"type": "string"}}}

    found = World(tmp_path, schema=schema).violations({"c": 1})

    assert [item.pointer for item in found] == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    "schema",
    [{"items": {"type": "string"}}, {"additionalProperties": False, "properties": {"a": {}}}],
)
def test_no_more_than_fifty_violations_are_listed(tmp_path: Path, schema: JsonValue) -> None:
    many: Any = {f"n{number}": 1 for number in range(500)}
    value = list(many.values()) if "items" in schema else many

    assert len(World(tmp_path, schema=schema).violations(value)) == 50


def test_a_message_never_repeats_a_long_value(tmp_path: Path) -> None:
    world = World(tmp_path, schema={"enum": ["x" * 5_000]})

    (found,) = world.violations("y" * 5_000)

    assert len(found.message) <= 100


def test_the_violations_are_those_of_the_alternative_with_the_right_type(tmp_path: Path) -> None:
    card = {"type": "object", "required": ["number"]}
    world = World(tmp_path, schema={"oneOf": [{"type": "string"}, card]})

    assert summaries(world.violations({})) == [("/number", "required", "is required")]


def test_a_value_that_matches_no_alternative_is_compared_with_the_nearest_ones(
    tmp_path: Path,
) -> None:
    def form(*names: str) -> dict[str, Any]:
        return {"type": "object", "required": list(names)}

    components = {
        "Card": form("number", "cvc"),
        "Bank": form("iban"),
        "Cash": form("a", "b", "c"),
        "Wire": form("a", "b", "c", "d"),
    }
    forms = [{"$ref": f"#/components/schemas/{name}"} for name in components]
    schema = {"properties": {"pay": {"anyOf": [{"type": "string"}, *forms]}}}
    world = World(tmp_path, schema=schema, components={"schemas": components})

    assert summaries(world.violations({"pay": {}})) == [
        (
            "/pay",
            "anyOf",
            (
                "does not match any of the allowed schemas: Bank (lacks iban), Card (lacks number; "
                "lacks cvc), Cash (lacks a; lacks b…); 2 more"
            ),
        )
    ]


def test_a_cycle_inside_a_combination_ends(tmp_path: Path) -> None:
    world = World(tmp_path, schema={"anyOf": [{"$ref": "#/schema"}, {"type": "string"}]})

    assert world.validator().is_valid("a")


def test_a_validator_is_compiled_when_it_is_first_used(tmp_path: Path) -> None:
    world = World(tmp_path, schema={"type": "string"})
    validator = world.validator()

    assert validator.violations(1) == validator.violations(1)
    assert validator.is_valid("a")


def test_the_directions_of_one_schema_do_not_mix(tmp_path: Path) -> None:
    schema = {"required": ["id"], "properties": {"id": {"readOnly": True}}}
    world = World(tmp_path, schema=schema)

    assert world.validator(direction="request").is_valid({})
    assert not world.validator(direction="response").is_valid({})


@pytest.mark.parametrize("value", ["\ud800", {"a": "b\udc00"}, {"\ud800": 1}, [["\udfff"]]])
@pytest.mark.parametrize("schema", [{"type": "string"}, {"enum": ["a"]}])
def test_half_of_a_surrogate_pair_is_a_violation(
    tmp_path: Path, schema: dict[str, Any], value: JsonValue
) -> None:
    [found] = World(tmp_path, schema=schema).validator().violations(value)
    assert (found.where, found.pointer) == ("body", "")
    assert found.message == "contains half of a surrogate pair, which is not a character"
