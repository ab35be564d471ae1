"""Numbers beyond floating point and text that is not Unicode, in functions and operators."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from mockserver.base.errors import ExpressionError
from mockserver.language import operators
from mockserver.language.functions import FUNCTIONS

HUGE = 10**400
"""An integer that has no floating-point number."""
HALF_PAIR = "\ud800"
EXTREMES = [HUGE, -HUGE, float("inf"), float("nan"), HALF_PAIR, [HALF_PAIR], {HALF_PAIR: HUGE}]


@pytest.mark.parametrize(
    "operator",
    [
        operators.add,
        operators.subtract,
        operators.multiply,
        operators.divide,
        operators.floor_divide,
        operators.modulo,
    ],
)
@pytest.mark.parametrize(
    ("left", "right"), [(HUGE, 1.5), (1.5, HUGE), (-HUGE, 1.5)], ids=["left", "right", "negative"]
)
def test_arithmetic_of_a_huge_integer_and_a_fraction_is_an_error_of_the_expression(
    operator: Callable[[Any, Any], Any], left: float, right: float
) -> None:
    with pytest.raises(ExpressionError, match="too large"):
        operator(left, right)


def test_dividing_a_huge_integer_by_an_integer_is_an_error_of_the_expression() -> None:
    with pytest.raises(ExpressionError, match="too large"):
        operators.divide(HUGE, 3)


@pytest.mark.parametrize(
    "name",
    ["number", "integer", "round", "seconds", "minutes", "hours", "days", "weeks", "iso"],
)
@pytest.mark.parametrize("value", [HUGE, -HUGE], ids=["positive", "negative"])
def test_a_function_refuses_a_huge_integer(name: str, value: int) -> None:
    with pytest.raises(ExpressionError, match="too large"):
        FUNCTIONS[name].call(value)


def test_half_a_surrogate_pair_is_not_hashed() -> None:
    with pytest.raises(ExpressionError, match="half of a surrogate pair"):
        FUNCTIONS["sha256_base64url"].call(HALF_PAIR)


@pytest.mark.parametrize(("value", "pattern"), [(HALF_PAIR, "a"), ("a", HALF_PAIR)])
def test_half_a_surrogate_pair_is_not_matched(value: str, pattern: str) -> None:
    with pytest.raises(ExpressionError, match=r"half of a surrogate pair|not a pattern"):
        FUNCTIONS["matches"].call(value, pattern)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_fails_with_an_error_of_the_expression_only(name: str) -> None:
    parameters = inspect.signature(FUNCTIONS[name].call).parameters.values()
    fewest = sum(
        one.default is one.empty and one.kind is not one.VAR_POSITIONAL for one in parameters
    )
    values = [*EXTREMES, "a", 1, None]
    for size in range(fewest, min(len(parameters), 3) + 1):
        for arguments in product(values, repeat=size):
            with suppress(ExpressionError):
                FUNCTIONS[name].call(*arguments)
