from typing import Any

import pytest

from mockserver.documents.document import Document
from mockserver.documents.references import Place
from mockserver.schemas.version_repairs import repair_for_version


def repair(schema: dict[str, Any], *, is_openapi_3_0: bool) -> tuple[Any, list[str]]:
    """Return a repaired schema, and the pointers of its warnings."""
    warnings: list[str] = []

    def warn(code: str, place: Place, message: str, hint: str = "") -> None:
        assert message != hint
        assert code.startswith("MS3")
        warnings.append(place.pointer)

    place = Place(Document("d.yaml", None, schema, dict), "", schema)
    return repair_for_version(place, warn, is_openapi_3_0=is_openapi_3_0).value, warnings


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", None]}, {"type": ["string", "null"]}),
        ({"type": None}, {"type": "null"}),
        ({"exclusiveMinimum": 3}, {"minimum": 3, "exclusiveMinimum": True}),
        ({"exclusiveMinimum": 3, "minimum": 1}, {"minimum": 3, "exclusiveMinimum": True}),
        ({"exclusiveMinimum": 3, "minimum": 5}, {"minimum": 5, "exclusiveMinimum": False}),
        ({"exclusiveMaximum": 3, "maximum": 5}, {"maximum": 3, "exclusiveMaximum": True}),
        ({"exclusiveMaximum": 3, "maximum": 1}, {"maximum": 1, "exclusiveMaximum": False}),
        ({"required": True, "type": "string"}, {"type": "string"}),
    ],
)
def test_keywords_of_3_1_are_repaired_for_3_0(schema: Any, expected: Any) -> None:
    found, warnings = repair(schema, is_openapi_3_0=True)
    assert (found, bool(warnings)) == (expected, True)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"], "nullable": True}),
        ({"type": ["a", "b"], "nullable": True}, {"type": ["a", "b", "null"], "nullable": True}),
        ({"exclusiveMinimum": True, "minimum": 1}, {"exclusiveMinimum": 1}),
        ({"exclusiveMinimum": False, "minimum": 1}, {"minimum": 1}),
        ({"exclusiveMaximum": True}, {}),
        ({"required": False}, {}),
    ],
)
def test_keywords_of_3_0_are_repaired_for_3_1(schema: Any, expected: Any) -> None:
    found, warnings = repair(schema, is_openapi_3_0=False)
    assert (found, bool(warnings)) == (expected, True)


@pytest.mark.parametrize(
    ("schema", "is_openapi_3_0"),
    [
        ({"type": "string", "nullable": True, "required": ["a"]}, True),
        ({"minimum": 1, "exclusiveMinimum": True}, True),
        ({"$ref": "#/a", "description": "that", "x-order": 1}, True),
        ({"type": ["string", "null"], "exclusiveMinimum": 1}, False),
        ({"$ref": "#/a", "minLength": 1, "nullable": False}, False),
    ],
)
def test_a_schema_of_its_own_version_does_not_change(schema: Any, is_openapi_3_0: bool) -> None:
    assert repair(schema, is_openapi_3_0=is_openapi_3_0) == (schema, [])


def test_a_keyword_next_to_a_reference_in_3_0_gives_a_warning() -> None:
    schema = {"$ref": "#/a", "nullable": True, "title": "A"}
    assert repair(schema, is_openapi_3_0=True) == (schema, ["/nullable"])
