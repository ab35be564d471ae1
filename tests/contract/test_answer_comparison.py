from typing import Any

import pytest

from mockserver.contract.answer_comparison import (
    ABSENT,
    Difference,
    Rules,
    as_json,
    type_name,
)
from mockserver.contract.interactions import Rule, ValuePattern

UUID = ValuePattern(pattern="^[0-9a-f-]{36}$")


def compare(expected: Any, found: Any, **rules: Rule) -> list[tuple[str, Any]]:
    named = {f"/{name}" if name else name: rule for name, rule in rules.items()}
    return [(one.pointer, one.found) for one in Rules(named).compare(expected, found)]


@pytest.mark.parametrize(
    ("expected", "found", "differs"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {}, [("/a", ABSENT)]),
        ({"a": 1}, {"a": 2}, [("/a", 2)]),
        ({"a": 1}, {"a": True}, [("/a", True)]),
        ({"a": None}, {"a": 0}, [("/a", 0)]),
        ({"a": {"b": 1}}, {"a": []}, [("/a", [])]),
        ({"a/b": 1}, {"a/b": 2}, [("/a~1b", 2)]),
        ([1, 2], [1], [("", [1])]),
        ([1, {"a": 2}], [1, {"a": 3}], [("/1/a", 3)]),
        ("x", "y", [("", "y")]),
        (1, 1.0, []),
    ],
)
def test_values_are_equal_unless_a_rule_says_otherwise(
    expected: Any, found: Any, differs: list[tuple[str, Any]]
) -> None:
    assert compare(expected, found) == differs


@pytest.mark.parametrize(
    ("expected", "found", "differs"),
    [
        ({"a": 1}, {"a": 2}, []),
        ({"a": 1}, {"a": "2"}, [("/a", "2")]),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, []),
        ({"a": {"b": "x"}}, {"a": {}}, [("/a/b", ABSENT)]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}, {"b": "x"}]}, [("/a/1/b", "x")]),
        ({"a": [{"b": 1}]}, {"a": []}, []),
        ({"a": []}, {"a": [1]}, []),
        ({"a": 1}, {"a": None}, [("/a", None)]),
    ],
)
def test_by_type_only_the_form_counts(
    expected: Any, found: Any, differs: list[tuple[str, Any]]
) -> None:
    assert compare(expected, found, a="type") == differs


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        ({"a": "d3d8c966-0356-4ec0-baae-13ec3622ebc2"}, []),
        ({"a": "d3d8"}, [("/a", "d3d8")]),
        ({"a": 5}, [("/a", 5)]),
        ({}, [("/a", ABSENT)]),
    ],
)
def test_by_pattern_a_text_must_fit(found: Any, differs: list[tuple[str, Any]]) -> None:
    assert compare({"a": "x"}, found, a=UUID) == differs


@pytest.mark.parametrize("found", [{"a": 5}, {"a": None}, {}])
def test_what_is_ignored_may_be_anything_or_missing(found: Any) -> None:
    assert compare({"a": "x"}, found, a="ignored") == []


def test_the_longest_pointer_counts_and_a_star_stands_for_any_member() -> None:
    rules: dict[str, Rule] = {"": "type", "/items/*/id": UUID, "/items/*/kind": "equal"}
    found = {"items": [{"id": "1", "kind": "a", "n": 2}, {"id": "2", "kind": "b", "n": "3"}]}
    expected = {"items": [{"id": "0", "kind": "a", "n": 1}]}
    pointers = [one.pointer for one in Rules(rules).compare(expected, found)]
    assert pointers == ["/items/0/id", "/items/1/id", "/items/1/kind", "/items/1/n"]


@pytest.mark.parametrize(
    ("rule", "expected", "name"),
    [("equal", '{"b":1}', "equal"), ("type", "an object", "type"), (UUID, '{"b":1}', "pattern")],
)
def test_a_missing_member_is_told_by_the_rule_for_it(rule: Rule, expected: str, name: str) -> None:
    (found,) = Rules({"/a": rule}).compare({"a": {"b": 1}, "c": 2}, {"c": 2})
    assert found == Difference("body", "/a", expected, ABSENT, name)


def test_a_missing_member_that_is_ignored_is_no_difference() -> None:
    assert compare({"a": 1, "b": {"c": 2}}, {"b": {}}, a="ignored", b="ignored") == []
    rules: dict[str, Rule] = {"b/c": "ignored"}
    assert compare({"b": {"c": 2, "d": 3}}, {"b": {}}, **rules) == [("/b/d", ABSENT)]


def test_a_missing_member_below_another_rule_is_told_by_that_rule() -> None:
    (found,) = Rules({"": "type"}).compare({"a": {"b": "x"}}, {"a": {}})
    assert (found.pointer, found.expected, found.rule) == ("/a/b", "text", "type")


@pytest.mark.parametrize(
    ("expected", "found", "differs"),
    [
        ([1, 2], [1, 2, 3], [("", [1, 2, 3])]),
        ([], [1], [("", [1])]),
        ([], [], []),
        ([[1]], [[2]], [("/0/0", 2)]),
    ],
)
def test_lists_are_equal_if_all_their_items_are(expected: Any, found: Any, differs: Any) -> None:
    assert compare(expected, found) == differs


def test_an_asterisk_stands_for_one_member_of_the_same_depth() -> None:
    rules: dict[str, Rule] = {"a/*": "ignored"}
    assert compare({"a": [1, 2]}, {"a": [3, 4]}, **rules) == []
    assert compare({"a": [1, [2]]}, {"a": [3, [4]]}, **rules) == []
    assert compare({"a": 1, "b": [2]}, {"a": 2, "b": [3]}, **rules) == [("/a", 2), ("/b/0", 3)]


@pytest.mark.parametrize(
    ("where", "pointer", "place"),
    [
        ("body", "/a", "/a"),
        ("body", "", "body"),
        ("header", "content-type", "header content-type"),
        ("status", "", "status"),
    ],
)
def test_a_difference_has_a_place(where: str, pointer: str, place: str) -> None:
    assert Difference(where, pointer, "1", 2, "equal").place == place


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a number"),
        ("x", "text"),
        ([], "a list"),
        ({}, "an object"),
        (None, "null"),
        (ABSENT, "nothing"),
    ],
)
def test_a_type_has_a_name(value: Any, name: str) -> None:
    assert type_name(value) == name


def test_another_type_is_told_with_the_value_unless_only_the_type_counts() -> None:
    (by_value,) = Rules({}).compare({"a": 1}, {"a": "x"})
    (by_type,) = Rules({"": "type"}).compare({"a": 1}, {"a": "x"})
    assert (by_value.expected, by_type.expected) == ("1", "a number")


def test_what_is_absent_is_written_as_such() -> None:
    assert as_json(ABSENT) == repr(ABSENT)


def test_lists_of_other_lengths_are_one_difference() -> None:
    (found,) = Rules({}).compare([1, 2], [3])
    assert (found.expected, found.found) == ("2 items", [3])


def test_the_first_item_is_the_model_of_all_where_only_the_type_counts() -> None:
    assert compare({"a": [1, "x"]}, {"a": [2, "y"]}, a="type") == [("/a/1", "y")]


def test_the_rule_for_a_place_goes_before_a_pattern_that_fits_it() -> None:
    rules: dict[str, Rule] = {"*": "ignored", "a": "equal"}
    assert compare({"a": 1, "b": 1}, {"a": 2, "b": 2}, **rules) == [("/a", 2)]


@pytest.mark.parametrize(
    ("rules", "expected", "found", "difference"),
    [
        ({}, {"a": None}, {}, ("/a", "null", "equal")),
        ({}, {"a": None, "b": 1}, {"b": 1}, ("/a", "null", "equal")),
        ({}, {"a": [{"b": 1}]}, {"a": [{}]}, ("/a/0/b", "1", "equal")),
        ({}, {"a/b": {"c": 2}}, {"a/b": {}}, ("/a~1b/c", "2", "equal")),
        ({}, {"a": {"b": 1}}, {}, ("/a", '{"b":1}', "equal")),
        ({"": "type"}, {"a": "x"}, {}, ("/a", "text", "type")),
        ({"": "type"}, {"a": None}, {}, ("/a", "null", "type")),
        ({"/a": "type"}, {"a": [1]}, {"b": [1]}, ("/a", "a list", "type")),
        ({"/a/b": "type"}, {"a": {"b": True}}, {"a": {}}, ("/a/b", "true or false", "type")),
    ],
)
def test_a_member_that_is_missing_is_a_difference_of_its_own(
    rules: dict[str, Any], expected: Any, found: Any, difference: tuple[str, str, str]
) -> None:
    (one,) = Rules(rules).compare(expected, found)
    assert (one.pointer, one.expected, one.rule) == difference
    assert (one.where, one.found) == ("body", ABSENT)


def test_every_missing_member_is_told_and_the_others_are_still_compared() -> None:
    found = Rules({"/d": "ignored"}).compare({"a": 1, "b": 2, "c": 3, "d": 4}, {"b": 5})
    assert [(one.pointer, one.found) for one in found] == [
        ("/a", ABSENT),
        ("/b", 5),
        ("/c", ABSENT),
    ]


def test_a_member_that_is_null_is_not_missing() -> None:
    (one,) = Rules({}).compare({"a": 1}, {"a": None})
    assert one.found is None
    assert list(Rules({}).compare({"a": None}, {"a": None})) == []
