"""What is said of a value that matches no alternative, above all of nested ones."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.documents.document import load_document
from mockserver.documents.references import Place, References
from mockserver.schemas.validators import Schemas, SchemaValidator

DOCUMENT = """
Pay: {anyOf: [{$ref: '#/components/schemas/Card'}, {$ref: '#/components/schemas/Bank'}]}
Card: {type: object, required: [kind, number], properties: {kind: {enum: [card]}}}
Bank: {type: object, required: [kind, iban], properties: {kind: {enum: [bank]}}}
Cash: {type: object, properties: {kind: {const: cash}}}
Gift: {type: object, required: [code], properties: {kind: {const: gift_card}}}
Many: {oneOf: [{$ref: '#/components/schemas/Pay'}, {$ref: '#/components/schemas/Cash'},
  {$ref: '#/components/schemas/Gift'}, {type: string}]}
Saved: {type: object, required: [id], properties: {id: {type: string},
  kind: {anyOf: [{type: string, enum: [saved]}, {type: 'null'}]}}}
Source: {oneOf: [{$ref: '#/components/schemas/Saved'}, {oneOf: [{$ref: '#/components/schemas/Card'},
  {$ref: '#/components/schemas/Bank'}]}]}
Choice: {oneOf: [{type: string, enum: [none, auto]}, {$ref: '#/components/schemas/Pay'}]}
End: {anyOf: [{type: string, enum: [now]}, {type: integer}]}
Content: {oneOf: [{type: string}, {type: array, items: {type: string}}]}
Deep: {oneOf: [{$ref: '#/components/schemas/Choice'}, {type: array}]}
"""


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("unions") / "api.yaml"
    schemas = DOCUMENT.replace("\n", "\n    ")
    file.write_text(f"openapi: 3.1.0\ncomponents:\n  schemas:\n{schemas}\n")
    document = load_document(file)
    compiled = Schemas(References(Path(file.parent)), "3.1", [])
    root = Place(document, "", document.value)

    def validator(name: str) -> SchemaValidator:
        return compiled.validator(root.descend("components", "schemas", name), "request")

    return validator


NONE = "does not match any of the allowed schemas: "


@pytest.mark.parametrize(
    ("name", "value", "pointer", "message"),
    [
        # alternatives of alternatives are named as if they were in one list
        (
            "Source",
            {},
            "",
            (
                f"{NONE}Saved (lacks id), Card (lacks kind; lacks number), "
                "Bank (lacks kind; lacks iban)"
            ),
        ),
        (
            "Choice",
            {"kind": "x", "iban": "1"},
            "",
            (
                f'{NONE}Bank (kind must be "bank"), Card (lacks number; kind must be "card"), '
                "schema 1 (must be text, not an object)"
            ),
        ),
        # the fixed values choose among all of them
        ("Source", {"kind": "card"}, "/number", "is required"),
        ("Source", {"kind": "bank"}, "/iban", "is required"),
        ("Source", {"kind": None}, "/id", "is required"),
        ("Choice", {"kind": "bank"}, "/iban", "is required"),
        # a text that the enum does not allow has the right type, unlike the other values
        (
            "Choice",
            "any",
            "",
            (
                f'{NONE}schema 1 (must be one of: "none", "auto"), '
                "Card (must be an object, not text), Bank (must be an object, not text)"
            ),
        ),
        (
            "End",
            "later",
            "",
            f'{NONE}schema 1 (must be "now"), schema 2 (must be a whole number, not text)',
        ),
        ("End", 1.5, "", "must be text or a whole number, not a number"),
        # many that differ by one value
        (
            "Many",
            {"kind": "gift_crad"},
            "",
            'kind must be one of: "card", "bank", "cash", "gift_card"; did you mean \'gift_card\'?',
        ),
        ("Many", {"kind": 5}, "", 'kind must be one of: "card", "bank", "cash", "gift_card"'),
        ("Many", {"kind": "gift_card"}, "/code", "is required"),
        # where nothing but the type is wrong, the types are listed
        ("Content", 5, "", "must be text or a list, not a whole number"),
        ("Pay", "card_1", "", "must be an object (Card or Bank), not text"),
        ("Source", None, "", "must be an object (Saved, Card or Bank), not null"),
        ("Deep", 5, "", "must be text, an object (Card or Bank) or a list, not a whole number"),
    ],
)
def test_alternatives_are_named_with_what_is_wrong(
    named: Any, name: str, value: JsonValue, pointer: str, message: str
) -> None:
    found = named(name).violations(value)
    assert [(item.pointer, item.message) for item in found] == [(pointer, message)]
