"""JSON Patch: the cases of RFC 6902, Appendix A, and the errors of its section 4."""

import json
from typing import Any

import pytest

from mockserver.language.functions import FUNCTIONS

DOES_NOT_APPLY = None
ROWS: dict[str, tuple[Any, Any, Any]] = {
    "A.1 adding a member": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux"}],
        {"baz": "qux", "foo": "bar"},
    ),
    "A.2 adding an element": (
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    "A.3 removing a member": (
        {"baz": "qux", "foo": "bar"},
        [{"op": "remove", "path": "/baz"}],
        {"foo": "bar"},
    ),
    "A.4 removing an element": (
        {"foo": ["bar", "qux", "baz"]},
        [{"op": "remove", "path": "/foo/1"}],
        {"foo": ["bar", "baz"]},
    ),
    "A.5 replacing": (
        {"baz": "qux", "foo": "bar"},
        [{"op": "replace", "path": "/baz", "value": "boo"}],
        {"baz": "boo", "foo": "bar"},
    ),
    "A.6 moving a member": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "A.7 moving an element": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "A.8 testing, successfully": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [
            {"op": "test", "path": "/baz", "value": "qux"},
            {"op": "test", "path": "/foo/1", "value": 2},
        ],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "A.9 testing, in vain": (
        {"baz": "qux"},
        [{"op": "test", "path": "/baz", "value": "bar"}],
        DOES_NOT_APPLY,
    ),
    "A.10 adding a nested member": (
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    "A.11 ignoring what is not known": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}],
        {"foo": "bar", "baz": "qux"},
    ),
    "A.12 adding to what is not there": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz/bat", "value": "qux"}],
        DOES_NOT_APPLY,
    ),
    "A.14 escapes": (
        {"/": 9, "~1": 10},
        [{"op": "test", "path": "/~01", "value": 10}],
        {"/": 9, "~1": 10},
    ),
    "A.15 a text is not a number": (
        {"/": 9, "~1": 10},
        [{"op": "test", "path": "/~01", "value": "10"}],
        DOES_NOT_APPLY,
    ),
    "A.16 adding past the end": (
        {"foo": ["bar"]},
        [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}],
        {"foo": ["bar", ["abc", "def"]]},
    ),
    "4.1 the whole": ({"a": 1}, [{"op": "add", "path": "", "value": {"b": 2}}], {"b": 2}),
    "4.1 an index beyond the end": (
        {"foo": []},
        [{"op": "add", "path": "/foo/1", "value": 1}],
        DOES_NOT_APPLY,
    ),
    "4.2 nothing to remove": ({}, [{"op": "remove", "path": "/a"}], DOES_NOT_APPLY),
    "4.3 nothing to replace": ({}, [{"op": "replace", "path": "/a", "value": 1}], DOES_NOT_APPLY),
    "4.4 into itself": (
        {"a": {"b": 1}},
        [{"op": "move", "from": "/a", "path": "/a/b"}],
        DOES_NOT_APPLY,
    ),
    "4.5 copying": (
        {"a": [1]},
        [{"op": "copy", "from": "/a", "path": "/b"}],
        {"a": [1], "b": [1]},
    ),
    "4.6 true is not 1": ({"a": 1}, [{"op": "test", "path": "/a", "value": True}], DOES_NOT_APPLY),
    "4 no operation": ({}, [{"op": "turn", "path": "/a"}], DOES_NOT_APPLY),
    "3 no list": ({}, {"op": "remove", "path": "/a"}, DOES_NOT_APPLY),
    "4 no map": ({}, [1], DOES_NOT_APPLY),
    "4 no path": ({}, [{"op": "add", "value": 1}], DOES_NOT_APPLY),
    "4.1 no value": ({}, [{"op": "add", "path": "/a"}], DOES_NOT_APPLY),
    "RFC 6901, 4: a leading zero": (
        {"a": [1, 2]},
        [{"op": "remove", "path": "/a/01"}],
        DOES_NOT_APPLY,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_json_patch_gives_what_the_rfc_says(name: str) -> None:
    value, operations, expected = ROWS[name]
    before = json.dumps(value)
    assert FUNCTIONS["json_patch"].call(value, operations) == expected
    assert json.dumps(value) == before


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "copy", "from": "", "path": f"/{number}"} for number in range(100)],
        [{"op": "test", "path": "", "value": {}}] * 1_001,
    ],
    ids=["copies of copies", "too many"],
)
def test_a_json_patch_that_grows_without_end_is_not_applied(operations: list[object]) -> None:
    assert FUNCTIONS["json_patch"].call({}, operations) is DOES_NOT_APPLY


@pytest.mark.parametrize("name", [[], {}, ["add"], 5, None])
def test_an_operation_whose_name_is_not_text_does_not_apply(name: Any) -> None:
    operations = [{"op": name, "path": "/a", "value": 1}]
    assert FUNCTIONS["json_patch"].call({}, operations) is DOES_NOT_APPLY
