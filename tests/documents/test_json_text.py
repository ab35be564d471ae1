import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.documents.json_text import read_json
from mockserver.documents.yaml_text import DEEPEST, TextProblem, UnreadableError

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def problems(text: str) -> list[TextProblem]:
    with pytest.raises(UnreadableError) as caught:
        read_json(text)
    return caught.value.problems


@given(json_values, st.sampled_from([None, 1]), st.booleans())
def test_dumped_json_keeps_its_value(
    value: Any,
    indent: int | None,
    ascii_only: bool,
) -> None:
    assert read_json(json.dumps(value, indent=indent, ensure_ascii=ascii_only)) == value


@given(st.text(max_size=60) | st.text('[]{}:,"\\ \n01-eE.uDd8NaInfity', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = read_json(text)
    except UnreadableError:
        return
    json.dumps(value, allow_nan=False).encode()


def test_duplicate_keys_are_all_reported_with_both_lines() -> None:
    found = problems('{"a": 1,\n "b": {"c/d": 1,\n  "c/d": 2},\n "a": 3}')

    assert [(problem.position, problem.pointer) for problem in found] == [
        ((3, 3), "/b/c~1d"),
        ((4, 2), "/a"),
    ]
    assert "line 2" in found[0].message


def test_keys_that_differ_only_in_their_escapes_are_duplicates() -> None:
    (problem,) = problems('{"a": 1, "\\u0061": 2}')

    assert problem.position == (1, 10)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1E+400", "9" * 5000])
def test_numbers_that_json_cannot_represent_are_refused_with_their_position(number: str) -> None:
    (problem,) = problems(f'{{"a":\n [0, {number}]}}')

    assert "JSON cannot represent" in problem.message
    assert (problem.position, problem.pointer) == ((2, 6), "/a/1")


def test_text_that_looks_like_a_large_number_is_text() -> None:
    value = {"a": "1e999", "b": "9" * 500, "NaN": 1, "c": 1e-300}

    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udc00x"', '["1e999", "\\ud800"]'])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    (problem,) = problems(text)

    assert problem.position[0] == 1


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert read_json('"\\ud83d\\ude00"') == "😀"


@pytest.mark.parametrize(
    ("text", "position"),
    [('{"a": 1,\n  b: 2}', (2, 3)), ("[1,\n2,,3]", (2, 3)), ("", (1, 1)), ("[1] x", (1, 5))],
)
def test_a_syntax_error_has_line_and_column(text: str, position: tuple[int, int]) -> None:
    (problem,) = problems(text)

    assert problem.position == position


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_bombs_are_refused_with_a_position(opening: str) -> None:
    (problem,) = problems(opening * 100_000)

    assert "nested deeper" in problem.message
    assert problem.position == (1, DEEPEST * len(opening) + 1)


def test_brackets_in_text_are_not_depth() -> None:
    value = ["[" * 1000, '\\"[[' * 200]

    assert read_json(json.dumps(value)) == value


def test_five_megabytes_are_read() -> None:
    row = {"name": "x" * 40, "values": [1, 2.5, True, None], "nested": {"a": {"b": "c"}}}
    rows = [row] * 45_000
    assert read_json(json.dumps(rows)) == rows
