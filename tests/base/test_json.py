import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.json import equal, hashable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.sampled_from(["", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ([1, [True]], [1.0, [True]], True),
        ([1, [True]], [1, [1]], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ({"a": {"b": 0}}, {"a": {"b": False}}, False),
    ],
)
def test_values_are_equal_as_json_has_it(left: Any, right: Any, *, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


@given(left=VALUES, right=VALUES)
def test_what_stands_for_a_value_is_equal_where_the_value_is(left: Any, right: Any) -> None:
    assert (hashable(left) == hashable(right)) is equal(left, right)
    assert hash(hashable(left)) == hash(hashable(json.loads(json.dumps(left))))
