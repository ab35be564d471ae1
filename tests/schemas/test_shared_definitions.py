from typing import Any

from mockserver.schemas import shared_definitions
from mockserver.schemas.compilation import compile_schema
from mockserver.schemas.part_checks import PartChecks
from mockserver.schemas.shared_definitions import SharedDefinitions
from mockserver.schemas.validators import SchemaValidator


def definitions_of(**schemas: dict[str, Any]) -> SharedDefinitions:
    found = SharedDefinitions("2020-12", "$defs")
    for name, schema in schemas.items():
        found.add(name, schema, [*schemas], has_address=False)
    return found


def test_validators_of_many_schemas_share_one_compilation(monkeypatch: Any) -> None:
    compiled: list[Any] = []

    def record(schema: Any, *rest: Any) -> Any:
        compiled.append(schema)
        return compile_schema(schema, *rest)

    monkeypatch.setattr(shared_definitions, "compile_schema", record)
    definitions = definitions_of(
        **{f"s{n}": {"properties": {"a": {"$ref": f"#/$defs/s{(n + 1) % 50}"}}} for n in range(50)}
    )
    parts = PartChecks(definitions)

    for name in definitions.schemas:
        assert SchemaValidator(definitions, parts, name).is_valid({"a": {}})
    assert len(compiled) == 1


def test_a_definition_that_is_added_later_is_validated_too() -> None:
    definitions = definitions_of(a={"$ref": "#/$defs/a1"}, a1={"type": "string"})
    check = definitions.check("a")
    assert check("x")

    definitions.add("b", {"$ref": "#/$defs/a1"}, ["a1"], has_address=False)

    assert not definitions.check("b")(1)
    assert not check(1)


def test_a_schema_is_written_with_only_the_definitions_that_it_needs() -> None:
    definitions = SharedDefinitions("2020-12", "$defs")
    definitions.add("0", {"$ref": "#/$defs/1"}, ["1"], has_address=False)
    definitions.add("1", {"type": "string"}, [], has_address=False)
    definitions.add("2", {"type": "integer"}, [], has_address=False)

    assert definitions.needed_schema("0")["$defs"].keys() == {"0", "1"}
