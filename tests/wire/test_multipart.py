import time

import pytest

from mockserver.model.refusal import Refusal
from mockserver.wire.multipart import MOST_PARTS, Part, parts_of

TYPE = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


def refusal(body: bytes, content_type: str = TYPE) -> str:
    with pytest.raises(Refusal) as caught:
        parts_of(body, content_type)
    assert caught.value.kind == "malformed"
    return caught.value.message


def part(disposition: str, **headers: str) -> Part:
    return Part({"content-disposition": disposition, **headers}, b"")


def test_bytes_between_boundaries_are_kept_as_they_are() -> None:
    content = bytes(range(256)) + b"\r\n\r\n--\r\n--"

    (found,) = parts_of(HEAD + content + b"\r\n--b--", TYPE)

    assert found.content == content


def test_what_stands_before_and_after_the_parts_is_passed_over() -> None:
    body = b"preamble\r\n" + HEAD + b"1\r\n--b \t\r\nX: 1\r\n\r\n2\r\n--b--\r\nepilogue\r\n--b\r\n"

    assert [found.content for found in parts_of(body, TYPE)] == [b"1", b"2"]


def test_a_part_may_have_no_header_fields_and_no_content() -> None:
    (found,) = parts_of(b"--b\r\n\r\n\r\n--b--", TYPE)

    assert (found.headers, found.content, found.name) == ({}, b"", None)


@pytest.mark.parametrize(
    ("disposition", "name", "filename"),
    [
        ('form-data; name="a b"; filename="c;d.txt"', "a b", "c;d.txt"),
        ("form-data; name=a", "a", None),
        ("FORM-DATA; NAME=a", "a", None),
        ('form-data; name="a\\"b"', 'a"b', None),
        ("form-data; name=a; filename=x; filename*=UTF-8''%e2%82%ac.txt", "a", "€.txt"),
        ("attachment; name=a", None, None),
        ("form-data", None, None),
    ],
)
def test_names_are_read(disposition: str, name: str | None, filename: str | None) -> None:
    found = part(disposition)

    assert (found.name, found.filename) == (name, filename)


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (HEAD + b"1\r\n--b--", "multipart/form-data", "has no valid boundary"),
        (
            HEAD + b"1\r\n--b--",
            f"multipart/form-data; boundary={'x' * 71}",
            "has no valid boundary",
        ),
        (HEAD + b"1", TYPE, "last boundary is missing"),
        (b"nothing", TYPE, "last boundary is missing"),
        (b"--b\r\nno blank line\r\n--b--", TYPE, "a part has no header fields"),
        (b"--bc\r\n\r\n1\r\n--b--", TYPE, "a boundary is not at the end of its line"),
    ],
)
def test_what_is_not_of_the_form_is_malformed(body: bytes, content_type: str, message: str) -> None:
    assert message in refusal(body, content_type)


def test_more_parts_than_are_read_are_malformed() -> None:
    body = b"--b\r\n\r\n\r\n" * (MOST_PARTS + 1) + b"--b--"

    assert refusal(body) == "the body is not multipart: it has more than 1,000 parts"


def test_as_many_parts_as_are_read_are_fine() -> None:
    body = b"--b\r\n\r\n\r\n" * MOST_PARTS + b"--b--"

    assert len(parts_of(body, TYPE)) == MOST_PARTS


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n" + b"X: y\r\n" * 1_000_000,
        b"--b\r\n\r\n\r\n" * 1_000_000,
        b"x" * 10_000_000,
        b"\r\n--" * 2_000_000,
    ],
    ids=["endless header", "endless parts", "endless preamble", "almost boundaries"],
)
def test_an_attack_is_refused_in_little_time(body: bytes) -> None:
    start = time.thread_time()

    refusal(body)

    assert time.thread_time() - start < 10, "the time grows faster than the body"
