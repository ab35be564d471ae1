"""A number that JSON does not have costs the part it stands in, not the document."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.base.errors import SpecError
from mockserver.documents.document import Document, load_document

HEAD = "openapi: 3.1.0\n"


def load(folder: Path, text: str, name: str = "api.yaml") -> Document:
    (folder / name).write_text(text)
    return load_document(folder / name)


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", ".NaN", "1e999", "9" * 401])
def test_the_example_around_the_number_is_left_out(tmp_path: Path, number: str) -> None:
    document = load(tmp_path, HEAD + f"a: {{example: {{b: [{number}]}}, c: 1}}\n")
    assert document.value["a"] == {"c": 1}
    [warning] = document.text_warnings
    assert (warning.code, warning.source.pointer) == ("MS007", "/a/example/b/0")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {examples: {b: {value: .inf}, c: {value: 1}}}", {"examples": {"c": {"value": 1}}}),
        ("a: {examples: [1, .inf], type: number}", {"type": "number"}),
        ("a: {enum: [1, .inf], type: number}", {"type": "number"}),
        ("a: {maximum: .inf, type: number}", {"type": "number"}),
        ("a: {properties: {example: {maximum: .inf}}}", {"properties": {"example": {}}}),
        ("a: {properties: {b: {default: .inf}}}", {"properties": {"b": {}}}),
        ("a: {example: [.inf, .nan], default: .inf}", {}),
        ("a: {example: {value: {c: .inf}}, b: 1}", {"b": 1}),
    ],
)
def test_the_smallest_useful_part_is_left_out(tmp_path: Path, text: str, expected: Any) -> None:
    assert load(tmp_path, f"{HEAD}{text}\n").value["a"] == expected


def test_json_is_read_alike(tmp_path: Path) -> None:
    document = load(tmp_path, '{"openapi": "3.1.0", "a": {"example": 1e999, "b": 1}}', "api.json")
    assert document.value["a"] == {"b": 1}
    assert [one.code for one in document.text_warnings] == ["MS007"]


@pytest.mark.parametrize(
    "text",
    [
        "x-mock: {settings: {a: {type: number, default: .inf}}}\n",
        "- .inf\n",
        ".inf\n",
        "a: {example: &n [.inf]}\nb: *n\n",
    ],
)
def test_a_number_that_cannot_be_left_out_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SpecError, match="JSON cannot represent the number"):
        load(tmp_path, text)


def test_a_tab_in_the_indentation_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r":3:1: .*: line 3 is indented by a tab \(indent with sp"):
        load(tmp_path, "openapi: 3.1.0\npaths:\n\t/a: {}\n")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("a: {{ now }}", 4),
        ("a: {{ now }} text", 4),
        ("a: 'b'  \nc: [1, {{ lower('x') }}]", 8),
        ('a: {b: {{ x["y"] }}}', 8),
    ],
)
def test_an_expression_without_quotes_is_named(tmp_path: Path, line: str, column: int) -> None:
    with pytest.raises(SpecError, match="must be quoted") as caught:
        load(tmp_path, f"{HEAD}{line}\n")
    assert caught.value.problems[0].source.column == column


@pytest.mark.parametrize("line", ["a: '{{ now }}'\nb: [\n", 'a: "{{ now }}": b\n'])
def test_an_expression_in_quotes_is_not_to_blame(tmp_path: Path, line: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, HEAD + line)
    assert "quoted" not in str(caught.value)
