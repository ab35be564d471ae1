from pathlib import Path
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.base.problems import Severity, SpecProblem
from mockserver.documents.document import parse_document
from mockserver.documents.references import Place, References
from mockserver.schemas.dialects import DRAFT_2020_12, OPENAPI_3_0, dialect_of, is_meta_schema
from mockserver.schemas.sampling.sampler import sample
from mockserver.schemas.schema_conformer import Conformer
from mockserver.schemas.validators import Schemas


def place_of(schema: JsonValue, **whole: Any) -> Place:
    document = parse_document(b"{}", "api.json", Path("/nowhere/api.json"))
    document.value = {**whole, "schema": schema}
    return Place(document, "", document.value).child("schema")


def converted(
    schema: JsonValue, version: str = "3.0", direction: str = "request", **whole: Any
) -> dict[str, Any]:
    problems: list[SpecProblem] = []
    schemas = Schemas(References(Path("/nowhere")), version, problems)
    bundle = schemas.needed(place_of(schema, **whole), direction)()
    assert not [item for item in problems if "not a schema" in item.message]
    keyword, _, number = bundle["$ref"].removeprefix("#/").partition("/")
    found: dict[str, Any] = bundle[keyword][number]
    return found


def accepts(schema: JsonValue, value: JsonValue, version: str = "3.0", **how: Any) -> bool:
    direction = how.pop("direction", "request")
    problems: list[SpecProblem] = []
    schemas = Schemas(References(Path("/nowhere")), version, problems)
    validator = schemas.validator(place_of(schema, **how), direction)
    assert not [item for item in problems if "not a schema" in item.message]
    return validator.is_valid(value)


@pytest.mark.parametrize(
    ("schema", "null_is_valid"),
    [
        ({"type": "string", "nullable": True}, True),
        ({"type": "string", "nullable": False}, False),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, True),
        ({"type": "string", "nullable": True, "enum": ["a"]}, False),
        ({"nullable": True, "minLength": 1}, True),
        ({"nullable": True, "enum": ["a"]}, False),
        ({"$ref": "#/pet", "nullable": True}, False),
        ({"$ref": "#/none"}, True),
    ],
)
def test_nullable_adds_null_only_to_the_type_of_its_schema(
    schema: JsonValue, *, null_is_valid: bool
) -> None:
    whole: dict[str, JsonValue] = {
        "pet": {"type": "object"},
        "none": {"type": "object", "nullable": True},
    }

    assert accepts(schema, None, **whole) is null_is_valid


NULLABLE_COMBINATIONS: list[JsonValue] = [
    {"nullable": True, "allOf": [{"$ref": "#/pet"}]},
    {"nullable": True, "oneOf": [{"$ref": "#/pet"}, {"type": "integer"}]},
    {"nullable": True, "anyOf": [{"$ref": "#/pet"}, {"type": "integer"}]},
    {"type": "object", "nullable": True, "allOf": [{"$ref": "#/pet"}], "required": ["id"]},
    {"x-nullable": True, "allOf": [{"$ref": "#/pet"}], "readOnly": False, "description": "a"},
    {"nullable": True, "allOf": [{"$ref": "#/pet"}], "oneOf": [{}], "anyOf": [{}]},
]


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1"])
@pytest.mark.parametrize("schema", NULLABLE_COMBINATIONS)
def test_nullable_next_to_a_combination_accepts_null(schema: JsonValue, version: str) -> None:
    pet = {"type": "object", "properties": {"id": {"type": "integer"}}}

    assert accepts(schema, None, version, pet=pet)
    assert accepts({"properties": {"a": schema}}, {"a": None}, version, pet=pet)
    assert accepts(schema, {"id": 1}, version, pet=pet)
    assert not accepts(schema, {"id": "x"}, version, pet=pet)
    assert not accepts(schema, "text", version, pet=pet)


def test_a_note_says_that_null_next_to_a_combination_is_not_what_3_0_3_says() -> None:
    problems: list[SpecProblem] = []
    schemas = Schemas(References(Path("/nowhere")), "3.0", problems)
    schemas.validator(place_of({"nullable": True, "allOf": [{"type": "object"}]}), "request")

    assert [problem.severity for problem in problems] == [Severity.NOTE]
    assert problems[0].source.pointer == "/schema/nullable"
    assert "OpenAPI 3.0.3" in problems[0].message


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_the_violations_of_a_nullable_combination_are_those_of_its_schemas(version: str) -> None:
    pet = {"type": "object", "required": ["id"]}
    place = place_of({"nullable": True, "allOf": [{"$ref": "#/pet"}]}, pet=pet)
    validator = Schemas(References(Path("/nowhere")), version, []).validator(place, "request")

    (missing,) = validator.violations({})
    (wrong,) = validator.violations(5)

    assert (missing.pointer, missing.message) == ("/id", "is required")
    assert (wrong.pointer, wrong.message) == ("", "must be an object, not a whole number")


def test_a_sample_of_a_nullable_combination_is_not_null() -> None:
    pet = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    place = place_of({"nullable": True, "allOf": [{"$ref": "#/pet"}]}, pet=pet)
    validator = Schemas(References(Path("/nowhere")), "3.0", []).validator(place, "response")

    assert sample(validator).value == {"id": 1}
    assert all(sample(validator, seed).value for seed in range(20))
    assert list(Conformer(validator).conform({"other": 1}, "s")) == ["id"]


def test_exclusive_bounds_of_3_0_stay_booleans() -> None:
    schema = {"type": "integer", "minimum": 0, "exclusiveMinimum": True}

    assert converted(schema) == schema
    assert not accepts(schema, 0)


@pytest.mark.parametrize("keyword", ["discriminator", "xml", "externalDocs", "x-internal"])
@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_what_is_only_of_openapi_is_dropped(keyword: str, version: str) -> None:
    assert converted({"type": "object", keyword: {}}, version) == {"type": "object"}


@pytest.mark.parametrize("keyword", ["const", "patternProperties", "if", "nullable", "$id"])
def test_keywords_that_3_0_does_not_have_are_dropped(keyword: str) -> None:
    assert converted({"type": "object", keyword: {}}) == {"type": "object"}


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_examples_are_kept_for_sampling(version: str) -> None:
    schema = {"type": "string", "example": {"$ref": "#/nowhere"}}

    assert converted(schema, version) == schema


def test_siblings_of_a_reference_count_in_3_1_only() -> None:
    schema = {"$ref": "#/text", "minLength": 3}

    assert accepts(schema, "a", "3.0", text={"type": "string"})
    assert not accepts(schema, "a", "3.1", text={"type": "string"})


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_int32_has_a_range(value: int, version: str) -> None:
    schema = {"type": "integer", "format": "int32"}

    assert not accepts(schema, value, version)
    assert accepts(schema, 2**31 - 1, version)


def test_narrower_bounds_than_those_of_the_format_stay() -> None:
    schema = converted({"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**70})

    assert (schema["minimum"], schema["maximum"]) == (1, 2**63 - 1)


USER = {
    "type": "object",
    "required": ["id", "password", "name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "password": {"type": "string", "writeOnly": True},
        "name": {"type": "string"},
    },
}


@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize(
    ("direction", "required"), [("request", ["password", "name"]), ("response", ["id", "name"])]
)
def test_properties_that_are_not_sent_are_not_required(
    version: str, direction: str, required: list[str]
) -> None:
    assert converted(USER, version, direction)["required"] == required


def test_a_read_only_property_may_be_sent() -> None:
    assert accepts(USER, {"id": 1, "password": "x", "name": "Ann"})


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"$ref": "#/user"}], "required": ["id"]},
        {"allOf": [{"$ref": "#/user"}, {"required": ["id"]}]},
        {"allOf": [{"allOf": [{"$ref": "#/user"}]}, {"oneOf": [{"required": ["id"]}]}]},
        {"required": ["id"], "properties": {"id": {"$ref": "#/id"}}},
    ],
)
@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_read_only_is_seen_through_references_and_allof(schema: JsonValue, version: str) -> None:
    user = {"properties": USER["properties"]}

    assert accepts(schema, {}, version, user=user, id={"type": "integer", "readOnly": True})
    assert not accepts(schema, {}, version, direction="response", user=user, id={})


def test_only_the_keyword_of_properties_that_are_not_sent_is_kept() -> None:
    properties = converted(USER, "3.1", "response")["properties"]

    assert properties["password"] == {"type": "string", "writeOnly": True}
    assert properties["id"] == {"type": "integer"}


DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def test_a_schema_names_its_dialect_before_its_document_does() -> None:
    draft_4 = "http://json-schema.org/draft-04/schema"
    place = place_of({"$schema": DRAFT_7}, jsonSchemaDialect=draft_4)

    assert dialect_of(place, "3.1").draft == "7"
    assert dialect_of(place_of({}, jsonSchemaDialect=draft_4), "3.1").draft == "4"


@pytest.mark.parametrize("address", ["https://spec.openapis.org/oas/3.1/dialect/base", "x", 7])
def test_an_unknown_dialect_is_read_as_2020_12(address: object) -> None:
    assert dialect_of(place_of({}, jsonSchemaDialect=address), "3.1") is DRAFT_2020_12


def test_3_0_has_one_dialect() -> None:
    assert dialect_of(place_of({"$schema": DRAFT_7}), "3.0") is OPENAPI_3_0


@pytest.mark.parametrize(
    "dialect",
    [
        DRAFT_7,
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "https://json-schema.org/draft/2019-09/schema",
    ],
)
def test_an_older_dialect_is_applied(dialect: str) -> None:
    schema = {"items": [{"type": "string"}]}

    assert accepts(schema, ["a", 1], "3.1", jsonSchemaDialect=dialect)
    assert not accepts(schema, [1], "3.1", jsonSchemaDialect=dialect)


def test_the_addresses_of_dialects_are_known() -> None:
    assert is_meta_schema(DRAFT_7)
    assert not is_meta_schema("https://example.com/schema")
