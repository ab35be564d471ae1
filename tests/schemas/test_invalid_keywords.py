from collections.abc import Sequence
from typing import Any

import pytest

from mockserver.schemas.compilation import compile_schema
from mockserver.schemas.invalid_keywords import path_to_keyword, remove_invalid_keywords


def repaired(schema: Any, draft: str = "2020-12") -> tuple[Any, list[list[str | int]]]:
    """Return a repaired schema, and the paths of the removed keywords."""
    removed: list[list[str | int]] = []

    def report(path: Sequence[str | int], _message: str) -> None:
        removed.append(list(path))

    found = remove_invalid_keywords(schema, lambda given: compile_schema(given, draft), report)
    compile_schema(found, draft)
    return found, removed


@pytest.mark.parametrize("draft", ["4", "2020-12"])
@pytest.mark.parametrize(
    ("schema", "expected", "path"),
    [
        ({"type": "strin", "maxLength": 3}, {"maxLength": 3}, ["type"]),
        ({"pattern": "(", "type": "string"}, {"type": "string"}, ["pattern"]),
        ({"required": ["a", 5]}, {}, ["required"]),
        ({"properties": {"1": {"minLength": -1}}}, {"properties": {"1": {}}}, None),
        ({"properties": []}, {}, ["properties"]),
        ({"patternProperties": {"(": {}}}, {"patternProperties": {}}, ["patternProperties", "("]),
        ({"items": {"type": 5, "maximum": 1}}, {"items": {"maximum": 1}}, ["items", "type"]),
        ({"allOf": [{"type": 5}, {}]}, {"allOf": [{}, {}]}, ["allOf", 0, "type"]),
        ({"allOf": [5, {"maximum": 1}]}, {"allOf": [{}, {"maximum": 1}]}, ["allOf", 0]),
        ({"not": {"not": {"type": 5}}}, {"not": {"not": {}}}, ["not", "not", "type"]),
        ("text", {}, []),
    ],
)
def test_an_invalid_keyword_is_removed_and_the_rest_stays(
    draft: str, schema: Any, expected: Any, path: Any
) -> None:
    found, removed = repaired(schema, draft)
    assert found == expected
    assert len(removed) == 1
    assert path is None or removed == [path]


def test_a_valid_schema_is_not_copied() -> None:
    schema = {"properties": {"a": {"type": "string"}}}
    assert repaired(schema)[0] is schema


def test_the_given_schema_does_not_change() -> None:
    schema = {"properties": {"a": {"type": 5}}}
    repaired(schema)
    assert schema == {"properties": {"a": {"type": 5}}}


@pytest.mark.parametrize("count", [99, 100, 101, 1_000])
def test_each_of_many_invalid_keywords_is_removed_and_reported(count: int) -> None:
    valid = {"type": "object", "maxProperties": 7}
    schema = {**valid, "properties": {f"p{index}": {"type": 5} for index in range(count)}}

    found, removed = repaired(schema, "4")

    assert found == {**valid, "properties": {f"p{index}": {} for index in range(count)}}
    assert removed == [["properties", f"p{index}", "type"] for index in range(count)]


@pytest.mark.parametrize(
    ("schema", "expected", "count"),
    [
        ({"allOf": [{"minLength": -1}, {"minLength": -2}]}, {"allOf": [{}, {}]}, 2),
        ({"items": {"properties": {"a": {"type": 5, "minimum": "b"}}}}, None, 2),
        ({"not": {"type": 5}, "required": [1], "maxLength": "a"}, {"not": {}}, 3),
    ],
)
def test_all_faults_of_one_schema_are_removed_at_every_depth(
    schema: Any, expected: Any, count: int
) -> None:
    found, removed = repaired(schema)

    assert found == (expected or {"items": {"properties": {"a": {}}}})
    assert len(removed) == count


@pytest.mark.parametrize(
    ("path", "shortened"),
    [
        (["type", 0], ["type"]),
        (["properties", "type", "type", "x"], ["properties", "type", "type"]),
        (["properties", "a"], ["properties", "a"]),
        (["items", 0, "enum", 3], ["items", 0, "enum"]),
        (["not"], ["not"]),
        ([], []),
    ],
)
def test_a_path_is_shortened_to_the_keyword(path: Any, shortened: Any) -> None:
    assert path_to_keyword(path) == shortened


def test_a_keyword_below_a_property_without_a_name_is_removed_alone() -> None:
    schema = {"properties": {"": {"type": "string", "pattern": "(ab"}, "b": {"minimum": 1}}}

    found, removed = repaired(schema)

    assert found == {"properties": {"": {"type": "string"}, "b": {"minimum": 1}}}
    assert removed == [["properties", "", "pattern"]]
