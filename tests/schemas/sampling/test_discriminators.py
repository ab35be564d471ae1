"""Samples of schemas with a discriminator: each is of the type that its discriminator names."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.documents.references import References
from mockserver.schemas.sampling.sampler import sample
from mockserver.schemas.validators import Schemas, SchemaValidator
from tests.schemas.test_dialects import place_of

KIND = {"type": "string"}
REF = "#/components/schemas/"


def base(mapping: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    discriminator: dict[str, Any] = {"propertyName": "kind"}
    if mapping is not None:
        discriminator["mapping"] = mapping
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": KIND},
        "discriminator": discriminator,
        **more,
    }


def subtype(member: str, of: str = "Base") -> dict[str, Any]:
    own = {"type": "object", "required": [member], "properties": {member: {"type": "integer"}}}
    return {"allOf": [{"$ref": REF + of}, own]}


def validator_of(schema: JsonValue, schemas: dict[str, Any], version: str) -> SchemaValidator:
    place = place_of(schema, components={"schemas": schemas})
    return Schemas(References(Path("/nowhere")), version, []).validator(place, "response")


def samples(schema: JsonValue, schemas: dict[str, Any], version: str) -> list[JsonValue]:
    validator = validator_of(schema, schemas, version)
    made = [sample(validator, seed) for seed in (None, *range(10))]
    assert all(one.is_valid for one in made)
    return [one.value for one in made]


VERSIONS = pytest.mark.parametrize("version", ["3.0", "3.1"])


@VERSIONS
@pytest.mark.parametrize("target", [REF + "A", "A"])
def test_a_sample_of_a_base_has_the_members_of_the_subtype_that_it_names(
    version: str, target: str
) -> None:
    schemas = {"Base": base({"a": target}), "A": subtype("x")}

    for made in samples({"$ref": REF + "Base"}, schemas, version):
        assert made["kind"] == "a"
        assert isinstance(made["x"], int)
    for (made,) in samples({"type": "array", "items": {"$ref": REF + "Base"}}, schemas, version):
        assert (made["kind"], list(made)) == ("a", ["kind", "x"])


@VERSIONS
def test_a_sample_of_a_base_that_is_a_description_has_the_members_of_a_subtype(
    version: str,
) -> None:
    schemas = {"Base": base({"a": REF + "A"}), "A": subtype("x")}
    wrapped = {"allOf": [{"$ref": REF + "Base"}], "description": "one"}

    for made in samples(wrapped, schemas, version):
        assert (made["kind"], "x" in made) == ("a", True)


@VERSIONS
def test_a_sample_of_a_subtype_has_no_members_of_another(version: str) -> None:
    mapping = {"a": REF + "A", "b": REF + "B"}
    schemas = {"Base": base(mapping), "A": subtype("x"), "B": subtype("y")}

    for made in samples({"$ref": REF + "B"}, schemas, version):
        assert (made["kind"], "x" in made, "y" in made) == ("b", False, True)
    either = {"oneOf": [{"$ref": REF + "A"}, {"$ref": REF + "B"}]}
    kinds = {(made["kind"], "x" in made, "y" in made) for made in samples(either, schemas, version)}
    assert kinds == {("a", True, False), ("b", False, True)}


@VERSIONS
def test_a_subtype_that_the_mapping_does_not_name_is_sampled_as_itself(version: str) -> None:
    schemas = {"Base": base({"a": REF + "A"}), "A": subtype("x"), "B": subtype("y")}

    for made in samples({"$ref": REF + "B"}, schemas, version):
        assert (made["kind"], "x" in made, "y" in made) == ("B", False, True)


@VERSIONS
def test_a_nullable_schema_around_itself_is_left_out(version: str) -> None:
    node = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "next": {"nullable": True, "allOf": [{"$ref": REF + "Node"}]},
        },
    }

    for made in samples({"$ref": REF + "Node"}, {"Node": node}, version):
        assert list(made) == ["name"]


@VERSIONS
def test_a_base_that_its_mapping_names_is_sampled_as_itself(version: str) -> None:
    schemas = {"Base": base({"base": REF + "Base", "a": REF + "A"}), "A": subtype("x")}

    for made in samples({"$ref": REF + "Base"}, schemas, version):
        assert made == {"kind": "base"}


@VERSIONS
def test_a_subtype_that_holds_its_base_has_an_end(version: str) -> None:
    tree = subtype("x")
    tree["allOf"][1]["properties"]["below"] = {"type": "array", "items": {"$ref": REF + "Base"}}
    schemas = {"Base": base({"a": REF + "A"}), "A": tree}

    assert all(made["kind"] == "a" for made in samples({"$ref": REF + "Base"}, schemas, version))


@VERSIONS
@pytest.mark.parametrize("target", [REF + "None", "None", "other.yaml", ""])
def test_a_mapping_without_a_target_does_not_matter(version: str, target: str) -> None:
    assert samples({"$ref": REF + "Base"}, {"Base": base({"a": target})}, version)


@VERSIONS
def test_a_discriminator_keeps_to_its_own_schema(version: str) -> None:
    one = {
        "allOf": [{"$ref": REF + "Named"}],
        "discriminator": {"propertyName": "kind"},
        "properties": {"kind": {"$ref": REF + "Kind"}},
        "required": ["kind"],
    }
    schemas = {
        "Kind": {"type": "string", "enum": ["A", "B"]},
        "Named": {"properties": {"name": {"type": "string"}}},
        "One": one,
    }

    for made in samples({"$ref": REF + "One"}, schemas, version):
        assert made["kind"] in ("A", "B")
        assert "name" in made


@VERSIONS
@pytest.mark.parametrize("mapping", [None, {"b": REF + "B"}])
def test_a_sampled_alternative_keeps_its_discriminator(
    version: str, mapping: dict[str, str] | None
) -> None:
    plain = {"type": "object", "properties": {"x": {"type": "integer"}}}
    discriminator = {"propertyName": "kind", **({} if mapping is None else {"mapping": mapping})}
    either = {"oneOf": [{"$ref": REF + "A"}], "discriminator": discriminator}

    for made in samples(either, {"A": plain, "B": plain}, version):
        assert made["kind"] == "A"


@VERSIONS
def test_an_example_of_an_alternative_gets_its_discriminator(version: str) -> None:
    plain = {"type": "object", "properties": {"x": {"type": "integer"}}, "example": {"x": 5}}
    either = {"anyOf": [{"$ref": REF + "A"}], "discriminator": {"propertyName": "kind"}}

    assert samples(either, {"A": plain}, version)[0] == {"x": 5, "kind": "A"}


@VERSIONS
def test_an_alternative_without_a_name_keeps_its_discriminator_deep_inside(version: str) -> None:
    kind = {"type": "string", "enum": ["a"]}
    inline = {"type": "object", "properties": {"kind": kind, "x": {"type": "integer"}}}
    schema: dict[str, Any] = {"oneOf": [inline], "discriminator": {"propertyName": "kind"}}
    for _ in range(8):
        schema = {"type": "object", "required": ["in"], "properties": {"in": schema}}

    for made in samples(schema, {}, version):
        inner: Any = made
        for _ in range(8):
            inner = inner["in"]
        assert inner["kind"] == "a"
