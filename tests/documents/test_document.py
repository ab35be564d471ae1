import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.base.errors import SpecError
from mockserver.base.places import Source
from mockserver.base.problems import SpecProblem
from mockserver.documents import document as documents
from mockserver.documents.document import load_document, parse_document, require_clean_text

YAML = """\
openapi: 3.1.0
paths:
  /a/b:
    get:
      tags: [one, two]
      responses:
        200:
          description: fine
      parameters:
        - name: x
          in: query
        -
          name: y
"""
JSON = """\
{"openapi": "3.1.0",
 "paths": {
  "/a/b": {"get": {"tags": ["one",
   "two"]}}
 }
}
"""


def problems(content: bytes, file: str = "a.yaml") -> tuple[SpecProblem, ...]:
    with pytest.raises(SpecError) as caught:
        require_clean_text(parse_document(content, file))
    return caught.value.problems


def at(source: Source) -> tuple[int, int]:
    return (source.line, source.column)


@pytest.mark.parametrize(
    ("pointer", "position"),
    [
        ("", (1, 1)),
        ("/openapi", (1, 1)),
        ("/paths/~1a~1b", (3, 3)),
        ("/paths/~1a~1b/get/tags", (5, 7)),
        ("/paths/~1a~1b/get/tags/1", (5, 19)),
        ("/paths/~1a~1b/get/responses/200/description", (8, 11)),
        ("/paths/~1a~1b/get/parameters/0", (10, 11)),
        ("/paths/~1a~1b/get/parameters/0/in", (11, 11)),
        ("/paths/~1a~1b/get/parameters/1/name", (13, 11)),
    ],
)
def test_yaml_values_know_their_line_and_column(pointer: str, position: tuple[int, int]) -> None:
    document = parse_document(YAML.encode(), "a.yaml")

    assert at(document.source(pointer)) == position


@pytest.mark.parametrize(
    ("pointer", "position"),
    [
        ("", (1, 1)),
        ("/openapi", (1, 2)),
        ("/paths/~1a~1b", (3, 3)),
        ("/paths/~1a~1b/get/tags/0", (3, 29)),
        ("/paths/~1a~1b/get/tags/1", (4, 4)),
    ],
)
def test_json_values_know_their_line_and_column(pointer: str, position: tuple[int, int]) -> None:
    document = parse_document(JSON.encode(), "a.json")

    assert at(document.source(pointer)) == position


def test_an_absent_value_has_the_position_of_its_parent() -> None:
    document = parse_document(YAML.encode(), "a.yaml")

    assert at(document.source("/paths/~1a~1b/get/summary")) == (4, 5)


def test_what_an_alias_repeats_is_shown_at_the_alias() -> None:
    document = parse_document(b"a: &a\n  b: 1\nc: *a\n", "a.yaml")

    assert at(document.source("/c/b")) == (3, 1)


def test_a_source_prints_file_line_and_column() -> None:
    document = parse_document(YAML.encode(), "api/a.yaml")

    assert str(document.source("/paths")) == "api/a.yaml:2:1"


def test_positions_of_long_keys_at_every_level_stay_small() -> None:
    text = "".join(f'{{"{"k" * 20_000}": ' for _ in range(90)) + json.dumps([0] * 50_000)
    document = parse_document((text + "}" * 90).encode(), "a.json")

    assert document.source("/absent").line == 1


@pytest.mark.parametrize("name", ["a.json", "a.JSON", "a.yaml", "a.txt"])
def test_json_is_read_under_every_name(name: str) -> None:
    assert parse_document(b'{"a": "\\ud83d\\ude00"}', name).value == {"a": "😀"}


def test_yaml_that_begins_with_a_brace_is_yaml() -> None:
    document = parse_document(b"{a: 1, b: [x]}", "a.yaml")

    assert document.value == {"a": 1, "b": ["x"]}
    assert at(document.source("/b")) == (1, 8)


def test_yaml_in_a_json_file_is_refused() -> None:
    (problem,) = problems(b"{a: 1}", "a.json")

    assert "not JSON" in problem.message
    assert at(problem.source) == (1, 2)


@pytest.mark.parametrize("file", ["a.yaml", "a.json"])
def test_a_byte_order_mark_is_ignored(file: str) -> None:
    assert parse_document(b'\xef\xbb\xbf{"a": 1}', file).value == {"a": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: \xff\n", "the byte 0xFF is 'ÿ' in Latin-1"),
        ("a: 1\nb: å".encode("latin-1"), "the byte 0xE5 is 'å' in Latin-1"),
    ],
)
def test_other_encodings_are_refused_with_their_place(content: bytes, message: str) -> None:
    (problem,) = problems(content)

    assert (problem.message, at(problem.source)) == (f"not UTF-8: {message}", (2, 4))


def test_utf_16_is_refused() -> None:
    (problem,) = problems("a: 1".encode("utf-16"))

    assert problem.hint == "save it as UTF-8"


def test_problems_name_the_value_they_are_about() -> None:
    found = problems(b"a:\n  b: !x 1\n  c: !x 1\n")

    assert [str(problem.source.pointer) for problem in found] == ["/a/b", "/a/c"]
    assert [at(problem.source) for problem in found] == [(2, 6), (3, 6)]


def test_too_large_a_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST", 4)

    (problem,) = problems(b"a: 12")

    assert "larger than" in problem.message


def test_a_file_is_loaded_with_its_path_and_its_shown_name(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")

    document = load_document(path, "shown.yaml")

    assert (document.file, document.path, document.value) == ("shown.yaml", path, {"a": 1})


def test_without_a_name_the_path_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")

    assert load_document(path).file == str(path)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "a" * 300, "nul\0.yaml", "file.yaml/x"])
def test_an_invalid_path_is_a_problem(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.yaml").write_text("a: 1")

    with pytest.raises(SpecError) as caught:
        load_document(tmp_path / name, "shown")

    assert caught.value.problems[0].source.file == "shown"


def test_an_endless_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Path("/dev/zero")
    if not endless.exists():
        pytest.skip("the system has no endless file")
    monkeypatch.setattr(documents, "LARGEST", 1000)
    link = tmp_path / "a.yaml"
    link.symlink_to(endless)

    with pytest.raises(SpecError, match="larger than"):
        load_document(link)


@given(st.binary(max_size=60), st.sampled_from(["a.yaml", "a.json"]))
@example(b"{" * 100_000, "a.yaml")
@example(b"\x85", "a.json")
def test_any_bytes_are_a_document_or_a_problem(content: bytes, file: str) -> None:
    try:
        document = parse_document(content, file)
    except SpecError:
        return
    assert document.source("/a/0").line >= 1
