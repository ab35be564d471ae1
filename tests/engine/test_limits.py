from collections.abc import Callable

import pytest

from mockserver.base.errors import ExpressionError
from mockserver.base.time import DAY, LATEST, MINUTE, SECOND, parse_instant
from mockserver.engine.limits import (
    ALGORITHMS,
    State,
    current_allowance,
    fixed_window,
    sliding_window,
    token_bucket,
)
from mockserver.model.trace import LimitDecision

T0 = parse_instant("2026-03-10T12:00:17Z")
Algorithm = Callable[[int, int, State | None, int], tuple[State, LimitDecision]]
every_algorithm = pytest.mark.parametrize("hit", ALGORITHMS.values(), ids=ALGORITHMS.keys())


def spent(hit: Algorithm, limit: int, at: int = T0, window: int = MINUTE) -> State:
    """Return the state after `limit` hits at one instant."""
    state: State | None = None
    for _ in range(limit):
        state, decision = hit(limit, window, state, at)
        assert decision.allowed
    assert state is not None
    return state


@every_algorithm
def test_the_hit_after_the_last_allowed_one_is_refused(hit: Algorithm) -> None:
    _, decision = hit(3, MINUTE, spent(hit, 3), T0)

    assert not decision.allowed


@every_algorithm
def test_every_hit_leaves_one_less(hit: Algorithm) -> None:
    state, first = hit(3, MINUTE, None, T0)
    _, second = hit(3, MINUTE, state, T0)

    assert (first.remaining, second.remaining) == (2, 1)


@every_algorithm
def test_a_refused_hit_takes_nothing(hit: Algorithm) -> None:
    state = spent(hit, 3)
    after, decision = hit(3, MINUTE, state, T0)

    assert (after, decision.remaining) == (state, 0)


@every_algorithm
def test_a_limit_of_none_refuses_the_first_hit(hit: Algorithm) -> None:
    _, decision = hit(0, MINUTE, None, T0)

    assert (decision.allowed, decision.limit, decision.remaining) == (False, 0, 0)


@every_algorithm
def test_a_limit_that_is_raised_admits_at_once(hit: Algorithm) -> None:
    state = spent(hit, 3)
    _, decision = hit(10, MINUTE, state, T0 + 20 * SECOND)

    assert decision.allowed


@every_algorithm
def test_a_limit_that_is_lowered_below_what_was_used_leaves_none_not_less(hit: Algorithm) -> None:
    _, decision = hit(2, MINUTE, spent(hit, 5), T0)

    assert (decision.allowed, decision.remaining) == (False, 0)


@every_algorithm
def test_a_clock_that_was_set_back_asks_nobody_to_wait_for_the_past(hit: Algorithm) -> None:
    _, decision = hit(1, MINUTE, spent(hit, 1), T0 - DAY)

    assert decision.passes_at >= T0 - DAY
    assert decision.resets_at >= T0 - DAY


@every_algorithm
def test_no_instant_lies_beyond_the_last_a_clock_can_show(hit: Algorithm) -> None:
    _, decision = hit(1, MINUTE, spent(hit, 1, LATEST), LATEST)

    assert (decision.resets_at, decision.passes_at) == (LATEST, LATEST)


@every_algorithm
@pytest.mark.parametrize("limit", [None, 2.5, True, "3", -1])
def test_a_limit_is_a_whole_number(hit: Algorithm, limit: int) -> None:
    with pytest.raises(ExpressionError, match="whole number"):
        hit(limit, MINUTE, None, T0)


@every_algorithm
@pytest.mark.parametrize("window", [None, 0, -1, 1.5])
def test_a_window_is_longer_than_nothing(hit: Algorithm, window: int) -> None:
    with pytest.raises(ExpressionError, match="greater than zero"):
        hit(3, window, None, T0)


@pytest.mark.parametrize(
    ("after", "allowed"),
    [
        pytest.param(0, False, id="at once"),
        pytest.param(MINUTE - 1, False, id="a microsecond before the window closes"),
        pytest.param(MINUTE, True, id="as the window closes"),
    ],
)
def test_a_spent_fixed_window_refuses_until_it_closes(after: int, *, allowed: bool) -> None:
    _, decision = fixed_window(3, MINUTE, spent(fixed_window, 3), T0 + after)

    assert decision.allowed is allowed


def test_a_fixed_window_opens_with_its_first_hit() -> None:
    state, first = fixed_window(3, MINUTE, None, T0)
    _, later = fixed_window(3, MINUTE, state, T0 + 59 * SECOND)

    assert first.resets_at == later.resets_at == T0 + MINUTE


def test_a_sliding_window_admits_again_as_its_oldest_hit_ages_out() -> None:
    state, _ = sliding_window(2, MINUTE, None, T0)
    state, _ = sliding_window(2, MINUTE, state, T0 + 30 * SECOND)
    _, refused = sliding_window(2, MINUTE, state, T0 + 40 * SECOND)

    assert refused.passes_at == T0 + MINUTE
    assert refused.resets_at == T0 + 90 * SECOND


def test_a_fixed_window_opens_anew_after_a_clock_was_set_back() -> None:
    state, decision = fixed_window(1, MINUTE, spent(fixed_window, 1), T0 - DAY)

    assert (state, decision.allowed) == ([T0 - DAY, 1], True)


def test_a_sliding_window_whose_limit_was_lowered_waits_for_as_many_hits_as_are_too_many() -> None:
    state = [T0, T0 + 10 * SECOND, T0 + 20 * SECOND]
    _, decision = sliding_window(2, MINUTE, state, T0 + 30 * SECOND)

    assert decision.passes_at == T0 + 10 * SECOND + MINUTE


def test_a_sliding_window_forgets_hits_that_have_aged_out() -> None:
    state = spent(sliding_window, 5)
    after, _ = sliding_window(5, MINUTE, state, T0 + MINUTE)

    assert after == [T0 + MINUTE]


def test_a_sliding_window_drops_hits_from_after_a_clock_that_was_set_back() -> None:
    after, decision = sliding_window(5, MINUTE, [T0], T0 - DAY)

    assert (after, decision.remaining) == ([T0 - DAY], 4)


def test_a_token_bucket_refills_evenly() -> None:
    state = spent(token_bucket, 60)
    _, early = token_bucket(60, MINUTE, state, T0 + SECOND - 1)
    _, due = token_bucket(60, MINUTE, state, T0 + SECOND)

    assert (early.allowed, due.allowed) == (False, True)


def test_a_token_bucket_tells_when_it_will_be_full() -> None:
    _, decision = token_bucket(60, MINUTE, None, T0)

    assert decision.resets_at == T0 + SECOND


def test_a_token_bucket_promises_the_first_instant_with_a_whole_token() -> None:
    state = spent(token_bucket, 3, window=10)
    _, refused = token_bucket(3, 10, state, T0)

    assert refused.passes_at == T0 + 4


def test_a_token_bucket_loses_no_fraction_between_hits() -> None:
    state = spent(token_bucket, 3, window=10)
    for now in (T0 + 1, T0 + 2, T0 + 3):
        state, early = token_bucket(3, 10, state, now)
        assert not early.allowed

    _, due = token_bucket(3, 10, state, T0 + 4)

    assert due.allowed


@pytest.mark.parametrize("window", [SECOND, 60 * MINUTE])
def test_a_token_bucket_keeps_its_tokens_when_its_window_changes(window: int) -> None:
    state, before = token_bucket(10, MINUTE, None, T0)
    _, after = token_bucket(10, window, state, T0)

    assert (before.remaining, after.remaining) == (9, 8)


@every_algorithm
def test_a_limit_of_none_has_nothing_to_wait_for_but_its_window(hit: Algorithm) -> None:
    state, decision = hit(0, MINUTE, None, T0)
    assert T0 <= decision.passes_at <= T0 + MINUTE
    assert hit(0, MINUTE, state, T0 + DAY)[1].allowed is False


def test_a_bucket_of_none_fills_up_as_one_of_one_would() -> None:
    state, decision = token_bucket(0, MINUTE, None, T0)
    assert (decision.passes_at, decision.resets_at) == (T0 + MINUTE, T0)
    assert state == [0, T0, MINUTE]


def test_a_bucket_that_is_full_passes_now_and_not_earlier() -> None:
    _, decision = token_bucket(3, MINUTE, None, T0)
    assert (decision.passes_at, decision.resets_at) == (T0, T0 + MINUTE // 3)


def test_an_earlier_clock_takes_nothing_from_a_bucket() -> None:
    state = spent(token_bucket, 1)
    assert token_bucket(2, MINUTE, state, T0 - DAY)[0][0] == 0


def after(hit: Algorithm, count: int) -> State | None:
    """Return the state of a limit of 3 after some hits."""
    state: State | None = None
    for _ in range(count):
        state, _ = hit(3, MINUTE, state, T0)
    return state


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize(
    ("hits", "allowed", "remaining"), [(0, True, 3), (1, True, 2), (2, True, 1), (3, False, 0)]
)
def test_what_is_left_is_what_the_next_hits_find(
    name: str, hits: int, allowed: bool, remaining: int
) -> None:
    state = after(ALGORITHMS[name], hits)
    found = current_allowance(name, 3, MINUTE, state, T0)
    assert (found.allowed, found.limit, found.remaining) == (allowed, 3, remaining)
    assert found.passes_at == (
        T0 if allowed else ALGORITHMS[name](3, MINUTE, state, T0)[1].passes_at
    )


@pytest.mark.parametrize(
    ("name", "hits", "resets_after"),
    [
        ("fixed_window", 0, 0),
        ("fixed_window", 1, MINUTE),
        ("fixed_window", 3, MINUTE),
        ("sliding_window", 0, 0),
        ("sliding_window", 1, MINUTE),
        ("sliding_window", 3, MINUTE),
        ("token_bucket", 0, 0),
        ("token_bucket", 1, MINUTE // 3),
        ("token_bucket", 2, 2 * MINUTE // 3),
        ("token_bucket", 3, MINUTE),
    ],
)
def test_a_limit_is_whole_again_after_the_time_of_its_hits(
    name: str, hits: int, resets_after: int
) -> None:
    state = after(ALGORITHMS[name], hits)
    assert current_allowance(name, 3, MINUTE, state, T0).resets_at == T0 + resets_after


def test_a_bucket_of_none_is_whole_at_once() -> None:
    assert current_allowance("token_bucket", 0, MINUTE, None, T0).resets_at == T0
