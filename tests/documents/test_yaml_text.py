import json
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockserver.documents import yaml_text
from mockserver.documents.yaml_text import DEEPEST, Trouble, UnreadableError, read_yaml

texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\ufeff"))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)


def troubles(text: str) -> list[Trouble]:
    with pytest.raises(UnreadableError) as caught:
        read_yaml(text)
    return caught.value.troubles


@given(json_values)
def test_json_read_as_yaml_keeps_its_value(value: Any) -> None:
    assert read_yaml(json.dumps(value, ensure_ascii=False)) == value


@given(json_values)
def test_dumped_yaml_keeps_its_value(value: Any) -> None:
    text = yaml.safe_dump(value, default_style='"', allow_unicode=True)

    assert read_yaml(text) == value


@given(st.text(max_size=60) | st.text("-:[]{}&*!|>'\"#%@?, \n\tab01.e<~", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = read_yaml(text.encode(errors="replace").decode())
    except UnreadableError:
        return
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("True", True),
        ("FALSE", False),
        ("12", 12),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("9223372036854775809", 9223372036854775809),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
    ],
)
def test_core_schema_words_and_numbers_have_types(text: str, value: object) -> None:
    read = read_yaml(text)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "No", "on", "OFF", "y"),
        *("+4412321321321", "+12", "012", "0123456789", "00.5"),
        *("2026-01-31", "2026-01-31T10:00:00Z", "12:30:45", "1_000"),
        *("-e5", ".e5", ".", "0x", "1e", "nULL", "NaN", "²"),
    ],
)
def test_what_is_no_core_schema_value_is_text(text: str) -> None:
    assert read_yaml(f"[a, {text}]") == ["a", text]


def test_quoted_scalars_are_text() -> None:
    text = "[\"12\", 'true', \"null\", '']"

    assert read_yaml(text) == ["12", "true", "null", ""]


def test_block_scalars_are_text() -> None:
    assert read_yaml("a: |\n  12\nb: >-\n  true\n") == {"a": "12\n", "b": "true"}


def test_keys_are_always_text() -> None:
    assert read_yaml("200: a\ntrue: b\nnull: c\n1.0: d") == {
        "200": "a",
        "true": "b",
        "null": "c",
        "1.0": "d",
    }


def test_tags_of_the_core_schema_are_honoured() -> None:
    text = (
        '[!!str 12, !!int "12", !!float "1.5", !!bool "true", !!null "", !!map {}, !!seq [], ! 1]'
    )

    assert read_yaml(text) == ["12", 12, 1.5, True, None, {}, [], "1"]


@pytest.mark.parametrize(
    "text",
    [
        *("!!int abc", "!!bool 1", "!!null x", "!!float true"),
        *("!!map [1]", "!!seq {}", "!!map text", "!!python/name:os.system x", "!mine 1"),
        *("!!binary aGk=", "!!set {a}", "{!!int 5: a}"),
    ],
)
def test_other_tags_and_unfit_values_are_refused(text: str) -> None:
    assert len(troubles(text)) == 1


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", "1e999", "9" * 401])
def test_numbers_that_json_lacks_are_refused(text: str) -> None:
    (trouble,) = troubles(f"a:\n  - {text}")

    assert "JSON has no number" in trouble.message
    assert (trouble.position, trouble.pointer) == ((2, 5), "/a/0")


def test_a_duplicate_key_names_both_lines() -> None:
    (trouble,) = troubles("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")

    assert trouble.position == (5, 3)
    assert trouble.pointer == "/b/c"
    assert "line 3" in trouble.message


def test_all_problems_are_reported_at_once() -> None:
    found = troubles("a: !x 1\na: 2\nb: {c: 1, c: 2, <<: 3}\nd: [.inf, !x 2]\ne: ]")

    assert [trouble.position[0] for trouble in found] == [1, 2, 3, 3, 4, 4, 5]


def test_a_merge_key_is_refused_with_advice() -> None:
    (trouble,) = troubles("a: &a {b: 1}\nc:\n  <<: *a\n")

    assert (trouble.position, trouble.hint) == ((3, 3), "use $ref, or repeat it")


def test_a_quoted_merge_key_is_a_key() -> None:
    assert read_yaml('"<<": 1') == {"<<": 1}


def test_a_second_document_is_refused() -> None:
    (trouble,) = troubles("a: 1\n---\nb: 2\n")

    assert trouble.position[0] == 2


def test_a_syntax_error_has_line_and_column() -> None:
    (trouble,) = troubles("a: 1\nb: [1, 2\nc: 3\n")

    assert trouble.position == (3, 2)


def test_a_forbidden_character_has_line_and_column() -> None:
    (trouble,) = troubles("a: 1\nb: x\x00y\n")

    assert trouble.position == (2, 5)


@pytest.mark.parametrize("text", ["? [a]\n: 1", "? {a: 1}\n: 2", "a: &a k\n*a : 1"])
def test_a_key_that_is_not_text_is_refused(text: str) -> None:
    (trouble,) = troubles(text)

    assert "a key must be text" in trouble.message


def test_aliases_stand_for_their_values() -> None:
    text = "&k a: &v [1, {b: &s x}]\nc: *v\nd: *s\ne: *k\n"

    assert read_yaml(text) == {"a": [1, {"b": "x"}], "c": [1, {"b": "x"}], "d": "x", "e": "a"}


@pytest.mark.parametrize("text", ["&a [*a]", "a: *nowhere", "&a {b: {c: *a}}"])
def test_an_alias_of_nothing_complete_is_refused(text: str) -> None:
    (trouble,) = troubles(text)

    assert "stands for nothing" in trouble.message


def test_exploding_aliases_are_refused_fast() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    before = time.process_time()

    (trouble,) = troubles("\n".join(lines))

    assert "repeat more than" in trouble.message
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_depth_bombs_are_refused(opening: str) -> None:
    found = troubles(opening * 100_000)

    assert "nested deeper" in found[-1].message


def test_depth_that_aliases_add_up_is_refused() -> None:
    chain = "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 1500))
    (trouble,) = troubles("a0: &a0 [x]\n" + chain)

    assert "nested deeper" in trouble.message


def test_the_allowed_depth_is_read() -> None:
    value = read_yaml("[" * DEEPEST + "]" * DEEPEST)

    for _ in range(DEEPEST - 1):
        (value,) = value
    assert value == []


def test_too_many_values_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MOST_NODES", 10)

    (trouble,) = troubles(f"[{', '.join('x' * 10)}]")

    assert trouble.position == (1, 29)


def test_the_loader_without_a_compiled_parser_reads_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "a: [1, '2', {b: !!str 3}]\nc: |\n  x\n"
    expected = read_yaml(text)

    monkeypatch.setattr(yaml_text, "_LOADER", yaml.BaseLoader)

    assert read_yaml(text) == expected
