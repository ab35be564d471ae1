import csv
import io
import json
import sys
import tracemalloc
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.json import JsonValue
from mockserver.wire import media
from mockserver.wire.media import MediaContent, json_bytes, reader_of, write
from mockserver.wire.media_families import content_type_for
from tests.compiled_schemas import plain

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "content_type", "written"),
    [
        ({"a": 1}, "application/json", b'{"a":1}'),
        ("a", "application/json", b'"a"'),
        ("a", "application/problem+json; charset=utf-8", b'"a"'),
        (2**70, "application/json", str(2**70).encode()),
        ("a", "text/plain", b"a"),
        ({"a": 1}, "text/plain", b'{"a":1}'),
        (5, "text/plain", b"5"),
        (b"\x00\xff", "application/json", b"\x00\xff"),
        ([{"a": 1}, 2], "application/x-ndjson", b'{"a":1}\n2\n'),
        ("as it is\n", "application/jsonl", b"as it is\n"),
        ([1], "application/json-seq", b"\x1e1\n"),
        ([{"data": "a"}, 5], "text/event-stream", b"data: a\n\ndata: 5\n\n"),
        ([{"data": "", "retry": 9}], "text/event-stream", b"retry: 9\ndata: \n\n"),
        (
            {"a": [1, "x"], "b": {"c": 1}},
            "application/x-www-form-urlencoded",
            b"a=1&a=x&b=%7B%22c%22%3A1%7D",
        ),
        ("a=1", "application/x-www-form-urlencoded", b"a=1"),
        ([[1, "x"], ['a"b', None]], "text/csv", b'1,x\r\n"a""b",\r\n'),
        ("a,b", "text/csv", b"a,b"),
        ({"a": 1}, "application/yaml", b'{"a":1}'),
        ([1, 2], "application/stream+json", b"1\n2\n"),
    ],
)
def test_a_value_is_written_by_its_media_type(
    value: Any, content_type: str, written: bytes
) -> None:
    assert write(value, content_type) == written


@pytest.mark.parametrize(
    ("documented", "sent"),
    [
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html; charset=latin-1", "text/html; charset=latin-1"),
        ("application/json", "application/json"),
        ("multipart/mixed", "multipart/mixed; boundary=mockserver-part"),
        ("multipart/mixed; boundary=x", "multipart/mixed; boundary=x"),
    ],
)
def test_a_media_type_says_what_its_reader_must_know(documented: str, sent: str) -> None:
    assert content_type_for(documented) == sent


def test_the_members_of_an_object_are_the_parts_of_a_message() -> None:
    assert write({"a": "x", "b": [1]}, "multipart/form-data").decode().splitlines() == [
        "--mockserver-part",
        'Content-Disposition: form-data; name="a"',
        "Content-Type: text/plain",
        "",
        "x",
        "--mockserver-part",
        'Content-Disposition: form-data; name="b"',
        "Content-Type: application/json",
        "",
        "[1]",
        "--mockserver-part--",
    ]


@given(JSON)
def test_json_can_be_read_back(value: Any) -> None:
    assert json.loads(write(value, "application/json")) == value


@given(st.dictionaries(st.text(), st.lists(st.text(min_size=1), min_size=1), max_size=3))
def test_a_form_can_be_read_back(value: dict[str, list[str]]) -> None:
    pairs = [(name, item) for name, items in value.items() for item in items]

    written = write(value, "application/x-www-form-urlencoded").decode()

    assert parse_qsl(written, keep_blank_values=True) == pairs


CELLS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4))
def test_a_table_can_be_read_back(rows: list[list[str]]) -> None:
    assert list(csv.reader(io.StringIO(write(rows, "text/csv").decode()))) == rows


@pytest.mark.parametrize(
    ("content", "boundary"),
    [
        (b"--batch_1\r\nContent-Type: text/plain\r\n\r\na\r\n--batch_1--\r\n", "batch_1"),
        (b"--\nx", "mockserver-part"),
        (b"text", "mockserver-part"),
    ],
)
def test_a_multipart_text_keeps_its_own_boundary(content: bytes, boundary: str) -> None:
    assert content_type_for("multipart/mixed", content) == f"multipart/mixed; boundary={boundary}"


@pytest.mark.parametrize(
    "media_type",
    [
        *(
            "application/x-ndjson",
            "application/jsonl",
            "application/x-jsonl",
            "application/jsonlines",
        ),
        *("application/stream+json", "application/x-json-stream", "application/geo+json-seq"),
        *("application/json-seq", "application/problem+json", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_written_is_read_as_the_same(media_type: str) -> None:
    is_one = media_type.endswith(("problem+json", "urlencoded"))
    value: JsonValue = {"a": "1"} if is_one else [{"a": "1"}, {"a": "2"}]

    read, violations = reader_of(media_type, MediaContent())(write(value, media_type), media_type)

    assert (read, violations) == (value, [])


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_a_valid_json_body_runs_no_code_outside_the_module(content_type: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"minimum": 0}}}}
    content = MediaContent(validator=plain(schema))
    read = reader_of("application/json", content)
    read(b"{}", content_type)  # which compiles the schema
    files = set()
    sys.setprofile(lambda frame, _event, _argument: files.add(frame.f_code.co_filename))
    value, violations = read(b'{"a": [1, 2]}', content_type)
    sys.setprofile(None)
    assert (value, violations) == ({"a": [1, 2]}, [])
    assert files - {__file__} == {media.__file__}


def test_the_name_of_a_part_adds_no_lines_to_its_head() -> None:
    content = write({'a"\r\nX-Evil: 1\r\n\r\nb': "c"}, "multipart/form-data").decode()
    head = content.partition("\r\n\r\n")[0].split("\r\n")
    disposition = 'form-data; name="a%22%0D%0AX-Evil: 1%0D%0A%0D%0Ab"'
    assert head[1:] == [f"Content-Disposition: {disposition}", "Content-Type: text/plain"]


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json-seq",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "application/xml",
        "multipart/form-data",
        "text/csv",
        "text/event-stream",
        "text/plain",
    ],
)
@pytest.mark.parametrize(
    "value",
    ["a\ud800", {"a": "b\udc00"}, {"a\ud800": "b"}, ["\ud800"], [{"a\ud800": ["\udc00"]}]],
)
def test_half_a_surrogate_pair_does_not_prevent_writing(media_type: str, value: Any) -> None:
    write(value, media_type).decode()


@pytest.mark.parametrize("size", [2, 3_000])
def test_a_written_json_text_holds_no_more_memory_than_it_needs(size: int) -> None:
    value = "x" * size
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    written = json_bytes(value)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert held < len(written) + 500
