from typing import Any

import pytest

from mockserver.schemas import part_checks
from mockserver.schemas.compilation import compile_schema
from tests.compiled_schemas import plain

DEFINITIONS: dict[str, Any] = {
    "text": {"type": "string"},
    "pair": {"properties": {"a": {"$ref": "#/$defs/text"}, "b": {"$ref": "#/$defs/pair"}}},
}
TEXT, PAIR = {"$ref": "#/$defs/text"}, {"$ref": "#/$defs/pair"}


@pytest.mark.parametrize(
    ("part", "valid", "invalid"),
    [
        (TEXT, "a", 1),
        (PAIR, {"b": {"a": "x"}}, {"b": {"a": 1}}),
        ({**TEXT, "maxLength": 1}, "a", "ab"),
        ({"anyOf": [{"type": "null"}, TEXT]}, None, 1),
        ({"properties": {"$ref": TEXT}}, {"$ref": "#/$defs/pair"}, {"$ref": 1}),
        ({"properties": {"c": {"items": TEXT}}}, {"c": ["x"]}, {"c": [1]}),
        ({"additionalProperties": TEXT}, {"c": "x"}, {"c": 1}),
        ({"const": TEXT}, TEXT, {"$ref": "other"}),
        ({**PAIR, "unevaluatedProperties": False}, {"a": "x"}, {"c": 1}),
        (True, 1, None),
    ],
    ids=repr,
)
def test_a_part_is_validated_with_the_definitions_that_it_refers_to(
    part: Any, valid: object, invalid: object
) -> None:
    check = plain({"$ref": "#/$defs/pair", "$defs": DEFINITIONS}).checker(part)

    assert check(valid)
    assert part is True or not check(invalid)


def test_no_value_conforms_to_an_invalid_part() -> None:
    assert not plain({}).checker({"type": "none"})(1)
    nothing: Any = False
    assert not plain({}).checker(nothing)(1)


def test_references_of_an_old_draft_ignore_the_keywords_beside_them() -> None:
    schema = {"definitions": {"text": {"type": "string"}}}
    check = plain(schema, "4").checker({"$ref": "#/definitions/text", "maxLength": 1})

    assert check("abc")
    assert not check(1)


def test_a_part_of_a_net_of_schemas_is_compiled_without_the_net(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[Any] = []

    def record(schema: Any, *rest: Any) -> Any:
        compiled.append(schema)
        return compile_schema(schema, *rest)

    monkeypatch.setattr(part_checks, "compile_schema", record)
    validator = plain({"$ref": "#/$defs/pair", "$defs": DEFINITIONS})

    assert validator.checker({"anyOf": [TEXT, PAIR]})({"a": "x"})
    assert compiled == [{"anyOf": [{"x-mock-definition": "text"}, {"x-mock-definition": "pair"}]}]


def test_checks_of_parts_are_kept_up_to_a_bound() -> None:
    validator = plain({})
    first = validator.checker({"const": "first"})

    assert validator.checker({"const": "first"}) is first
    for number in range(15):
        validator.checker({"const": f"{number}" * 100_000})
    assert validator.checker({"const": "first"}) is not first
