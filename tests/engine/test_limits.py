from collections.abc import Callable

import pytest

from mockserver.base.errors import ExpressionError
from mockserver.base.time import DAY, LATEST, MINUTE, SECOND, Instant, parse_duration, parse_instant
from mockserver.engine.limits import (
    ALGORITHMS,
    Period,
    State,
    cooldown,
    fixed_window,
    sliding_window,
    start_cooldown,
    take,
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
    with pytest.raises(ExpressionError, match="longer than nothing"):
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


def test_a_quota_gives_what_it_has_and_no_more() -> None:
    state, all_of_it = take(5, Period(), None, T0, 5)
    _, one_more = take(5, Period(), state, T0)

    assert (all_of_it.allowed, all_of_it.left) == (True, 0)
    assert (one_more.allowed, one_more.used) == (False, 5)


def test_more_than_is_left_takes_nothing_at_all() -> None:
    state, _ = take(5, Period(), None, T0, 3)
    after, quota = take(5, Period(), state, T0, 3)

    assert after == state
    assert (quota.allowed, quota.left, quota.used) == (False, 2, 3)


def test_taking_nothing_only_looks() -> None:
    state, _ = take(5, Period(), None, T0, 5)
    after, quota = take(5, Period(), state, T0, 0)

    assert (after, quota.allowed, quota.left) == (state, True, 0)


def test_a_quota_whose_limit_falls_below_its_use_has_nothing_left() -> None:
    state, _ = take(5, Period(), None, T0, 5)
    _, quota = take(2, Period(), state, T0, 0)

    assert (quota.left, quota.used, quota.limit) == (0, 5, 2)


def test_looking_is_allowed_even_where_more_was_used_than_there_is() -> None:
    state, _ = take(5, Period(), None, T0, 5)
    _, quota = take(2, Period(), state, T0, 0)

    assert quota.allowed


def test_a_quota_without_a_period_never_renews() -> None:
    state, _ = take(1, Period(), None, T0)
    _, quota = take(1, Period(), state, LATEST)

    assert (quota.allowed, quota.renews) == (False, None)


@pytest.mark.parametrize(("after", "allowed"), [(30 * DAY - 1, False), (30 * DAY, True)])
def test_a_quota_renews_a_period_after_its_anchor(after: int, *, allowed: bool) -> None:
    period = Period(every=parse_duration("P30D"), anchor=T0)
    state, _ = take(1, period, None, T0)
    _, quota = take(1, period, state, T0 + after)

    assert quota.allowed is allowed


def test_an_anchor_may_lie_ahead() -> None:
    _, quota = take(1, Period(every=DAY, anchor=T0 + 10), None, T0)

    assert quota.renews == T0 + 10


@pytest.mark.parametrize(
    ("calendar", "renews"),
    [
        ("day", "2026-03-11T00:00:00Z"),
        ("week", "2026-03-16T00:00:00Z"),
        ("month", "2026-04-01T00:00:00Z"),
    ],
)
def test_a_calendar_quota_renews_at_the_start_of_the_next(calendar: str, renews: str) -> None:
    _, quota = take(1, Period(calendar=calendar), None, T0)

    assert quota.renews == parse_instant(renews)


def test_a_month_from_the_31st_renews_on_the_last_day_of_shorter_months() -> None:
    period = Period(calendar="month", anchor=parse_instant("2026-01-31T09:30:00Z"))
    now, renewals = parse_instant("2026-02-01T00:00:00Z"), []
    for _ in range(4):
        renews = period.around(now)[1]
        assert renews is not None
        renewals.append(renews)
        now = Instant(renews)

    assert renewals == [
        parse_instant("2026-02-28T09:30:00Z"),
        parse_instant("2026-03-31T09:30:00Z"),
        parse_instant("2026-04-30T09:30:00Z"),
        parse_instant("2026-05-31T09:30:00Z"),
    ]


def test_a_month_from_the_29th_renews_on_the_leap_day() -> None:
    period = Period(calendar="month", anchor=parse_instant("2027-12-29T00:00:00Z"))

    _, renews = period.around(parse_instant("2028-02-01T00:00:00Z"))

    assert renews == parse_instant("2028-02-29T00:00:00Z")


def test_a_monthly_quota_works_until_the_last_day_a_clock_can_show() -> None:
    _, quota = take(1, Period(calendar="month"), None, LATEST)

    assert (quota.allowed, quota.renews) == (True, LATEST)


@pytest.mark.parametrize(
    ("limit", "amount"), [(None, 1), (2.5, 1), (5, None), (5, -1), (5, 1.0), (5, "1"), (5, True)]
)
def test_what_a_quota_counts_is_whole_and_not_negative(limit: int, amount: int) -> None:
    with pytest.raises(ExpressionError, match="whole numbers"):
        take(limit, Period(), None, T0, amount)


def test_a_quota_s_anchor_is_an_instant() -> None:
    with pytest.raises(ExpressionError, match="instant"):
        Period(every=DAY, anchor=1.5).around(T0)  # type: ignore[arg-type] # as an expression gives


@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_a_quota_s_period_is_longer_than_nothing(every: int) -> None:
    with pytest.raises(ExpressionError, match="longer than nothing"):
        Period(every=every).around(T0)


def test_a_quota_is_told_by_its_names() -> None:
    _, quota = take(5, Period(every=DAY, anchor=T0), None, T0)

    assert quota.as_record() == {
        "allowed": True,
        "left": 4,
        "used": 1,
        "limit": 5,
        "renews": T0 + DAY,
    }


@pytest.mark.parametrize(("seconds", "allowed"), [(0, False), (863_999, False), (864_000, True)])
def test_a_cooldown_of_ten_days_ends_after_864000_seconds(seconds: int, *, allowed: bool) -> None:
    _, rest = cooldown(10 * DAY, start_cooldown(T0), T0 + seconds * SECOND)

    assert rest.allowed is allowed


def test_the_first_sight_of_a_subject_starts_its_cooldown() -> None:
    state, rest = cooldown(DAY, None, T0)

    assert (state, rest.allowed, rest.until) == ([T0], True, T0 + DAY)


def test_a_refused_subject_waits_no_longer_for_asking() -> None:
    state, rest = cooldown(DAY, start_cooldown(T0), T0 + 5)

    assert (state, rest.until) == ([T0], T0 + DAY)


def test_a_cooldown_of_nothing_never_refuses() -> None:
    _, rest = cooldown(0, start_cooldown(T0), T0)

    assert rest.allowed


def test_a_cooldown_can_be_started_while_one_runs() -> None:
    _, rest = cooldown(DAY, start_cooldown(T0 + 5), T0 + DAY)

    assert (rest.allowed, rest.until) == (False, T0 + 5 + DAY)


def test_a_cooldown_longer_than_time_ends_with_it() -> None:
    _, rest = cooldown(parse_duration("P999999999D"), None, T0)

    assert rest.until == LATEST


@pytest.mark.parametrize("period", [None, -1, 1.5])
def test_a_cooldown_s_period_is_a_duration(period: int) -> None:
    with pytest.raises(ExpressionError, match="duration"):
        cooldown(period, None, T0)
