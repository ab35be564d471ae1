import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.errors import (
    MOST_PROBLEMS_SHOWN,
    ClockError,
    ExpressionError,
    MockserverError,
    SandboxFullError,
    SettingsError,
    SpecError,
)
from mockserver.base.json import escape, unescape
from mockserver.base.places import Position, Source
from mockserver.base.problems import SpecProblem, as_warnings, warning

LINES = {"/paths": (3, 1), "/paths/~1pets": (4, 3), "/info": (2, 1)}


def locate(pointer: str) -> Position:
    return LINES.get(pointer, (1, 1))


def at(pointer: str, file: str = "pets.yaml") -> Source:
    return Source(file, pointer, locate)


def test_a_place_is_written_as_file_line_and_column() -> None:
    assert str(at("/paths/~1pets")) == "pets.yaml:4:3"


def test_a_place_knows_its_line_and_column() -> None:
    source = at("/paths/~1pets")

    assert (source.line, source.column) == (4, 3)


def test_a_place_that_never_stood_in_a_file_is_at_its_beginning() -> None:
    assert str(Source("pets.yaml", "/paths")) == "pets.yaml:1:1"


def test_a_place_below_another_escapes_its_keys() -> None:
    child = at("").child("paths", "/pets", 0, "a~b")

    assert child.pointer == "/paths/~1pets/0/a~0b"


def test_a_place_below_another_is_found_in_the_same_file() -> None:
    assert str(at("/paths").child("/pets")) == "pets.yaml:4:3"


def test_places_are_equal_however_they_are_located() -> None:
    assert at("/paths") == Source("pets.yaml", "/paths")


@pytest.mark.parametrize(("key", "token"), [("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01")])
def test_a_key_is_escaped_as_rfc_6901_says(key: str, token: str) -> None:
    assert escape(key) == token


@given(st.text(alphabet="~/01ab") | st.text())
def test_a_key_that_is_escaped_can_be_read_back(key: str) -> None:
    assert unescape(escape(key)) == key


@given(st.text(alphabet="~/01ab"))
def test_an_escaped_key_has_no_slash(key: str) -> None:
    assert "/" not in escape(key)


def test_a_problem_tells_where_what_and_how_to_mend_it() -> None:
    problem = SpecProblem("MS101", at("/paths"), "there are no paths", "add one")

    assert str(problem) == "pets.yaml:3:1: /paths: there are no paths (add one) [MS101]"


def test_a_problem_of_a_whole_document_without_a_hint_says_so() -> None:
    assert (
        str(SpecProblem("MS101", at(""), "it is empty"))
        == "pets.yaml:1:1: (document): it is empty [MS101]"
    )


def test_problems_are_told_in_reading_order() -> None:
    first, second = SpecProblem("MS101", at("/info"), "a"), SpecProblem("MS101", at("/paths"), "b")
    other_file = SpecProblem("MS101", at("", "users.yaml"), "c")

    assert SpecError([other_file, second, first]).problems == (first, second, other_file)


def test_a_problem_that_is_found_twice_is_told_once() -> None:
    twice = [SpecProblem("MS101", at("/info"), "a"), SpecProblem("MS101", at("/info"), "a")]

    assert len(SpecError(twice).problems) == 1


def test_every_problem_has_a_line_of_its_own() -> None:
    error = SpecError(
        [SpecProblem("MS101", at("/info"), "a"), SpecProblem("MS101", at("/paths"), "b")]
    )

    assert str(error) == "pets.yaml:2:1: /info: a [MS101]\npets.yaml:3:1: /paths: b [MS101]"


def test_a_flood_of_problems_is_cut_and_counted() -> None:
    flood = [SpecProblem("MS101", at("/info"), f"{n:03}") for n in range(MOST_PROBLEMS_SHOWN + 3)]
    lines = str(SpecError(flood)).splitlines()

    assert len(lines) == MOST_PROBLEMS_SHOWN + 1
    assert lines[-1] == "… and 3 more problems"


@given(st.permutations([SpecProblem("MS101", at(pointer), "wrong") for pointer in LINES]))
def test_the_order_in_which_problems_are_found_does_not_matter(found: list[SpecProblem]) -> None:
    assert SpecError(found).problems == SpecError(reversed(found)).problems


@pytest.mark.parametrize(
    "kind", [SpecError, SettingsError, ClockError, ExpressionError, SandboxFullError]
)
def test_every_error_raised_on_purpose_can_be_caught_as_one(kind: type[Exception]) -> None:
    assert issubclass(kind, MockserverError)


def test_a_warning_says_that_it_is_one() -> None:
    told = str(warning("MS101", at("/paths"), "there are no paths", "add one"))
    assert told == "pets.yaml:3:1: warning: /paths: there are no paths (add one) [MS101]"


def test_an_error_that_becomes_a_warning_says_the_same() -> None:
    [found] = as_warnings([SpecProblem("MS101", at("/paths"), "a", "b")])
    assert found == warning("MS101", at("/paths"), "a", "b")
