import pytest

from mockserver.model.messages import Answer
from mockserver.server.application import ENCODING, fields_and_body, framing


def test_an_answer_is_sent_with_its_length() -> None:
    assert framing("GET", Answer(200, [], b"abc")) == (3, b"abc")
    assert framing("GET", Answer(200, [], b"")) == (0, b"")


@pytest.mark.parametrize("status", [100, 103, 204, 304])
def test_statuses_without_a_body_have_no_length_either(status: int) -> None:
    assert framing("GET", Answer(status, [], b"abc")) == (None, b"")


def test_head_is_answered_with_the_length_that_get_would_have() -> None:
    assert framing("HEAD", Answer(200, [], b"abc")) == (3, b"")


def test_a_body_that_is_cut_keeps_its_whole_length() -> None:
    assert framing("GET", Answer(200, [], b"abc", cut_at=1)) == (3, b"a")


def test_fields_are_sent_as_latin_1() -> None:
    assert "é€".encode(*ENCODING) == b"\xe9?"


def test_a_status_without_content_says_so_where_a_length_is_allowed() -> None:
    assert framing("GET", Answer(205, [], b"abc")) == (0, b"")


def test_a_control_character_in_a_value_becomes_a_space() -> None:
    fields, _ = fields_and_body("GET", Answer(204, [("A", "a\x00b\nc\x7f\td"), ("B", "é")], b""))
    assert fields == [("A", "a b c \td"), ("B", "é")]
