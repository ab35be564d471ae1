from collections.abc import Sequence
from typing import Any

import pytest

from mockserver.schemas.invalid_keywords import path_to_keyword, remove_invalid_keywords
from mockserver.schemas.validators import compile_schema


def sound(schema: Any, draft: str = "2020-12") -> tuple[Any, list[list[str | int]]]:
    """Return a sound schema, and where what is left out of it was."""
    left_out: list[list[str | int]] = []

    def note(path: Sequence[str | int], _message: str) -> None:
        left_out.append(list(path))

    found = remove_invalid_keywords(schema, lambda given: compile_schema(given, draft), note)
    compile_schema(found, draft)
    return found, left_out


@pytest.mark.parametrize("draft", ["4", "2020-12"])
@pytest.mark.parametrize(
    ("schema", "meant", "where"),
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
def test_what_is_wrong_is_left_out_and_the_rest_stays(
    draft: str, schema: Any, meant: Any, where: Any
) -> None:
    found, left_out = sound(schema, draft)
    assert found == meant
    assert len(left_out) == 1
    assert where is None or left_out == [where]


def test_a_schema_that_is_sound_is_not_copied() -> None:
    schema = {"properties": {"a": {"type": "string"}}}
    assert sound(schema)[0] is schema


def test_a_schema_does_not_change_when_something_is_left_out() -> None:
    schema = {"properties": {"a": {"type": 5}}}
    sound(schema)
    assert schema == {"properties": {"a": {"type": 5}}}


def test_a_schema_of_which_nearly_all_is_wrong_is_given_up() -> None:
    schema = {"properties": {f"p{index}": {"type": 5} for index in range(200)}}
    assert (
        remove_invalid_keywords(schema, lambda given: compile_schema(given, "4"), lambda *_: None)
        == {}
    )


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
