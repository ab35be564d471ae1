"""Laws of rate limits, quotas and cooldowns, whatever the limit and whenever the requests come."""

import calendar
from collections import Counter
from collections.abc import Callable
from itertools import accumulate, pairwise

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.time import DAY, Instant, parse_instant, to_datetime
from mockserver.engine.limits import (
    ALGORITHMS,
    State,
    fixed_window,
    sliding_window,
    token_bucket,
)
from mockserver.model.trace import LimitDecision
from mockserver.verbs.cooldown import cooldown
from mockserver.verbs.take import Period, take

Algorithm = Callable[[int, int, State | None, int], tuple[State, LimitDecision]]
unhurried = settings(deadline=None)
every_algorithm = pytest.mark.parametrize("hit", ALGORITHMS.values(), ids=ALGORITHMS.keys())

T0 = parse_instant("2026-01-31T09:00:00Z")
limits = st.integers(1, 6)
windows = st.integers(1, 50)
times = st.lists(st.integers(0, 20), max_size=40).map(lambda waits: list(accumulate(waits)))
instants = st.integers(T0, T0 + 4000 * DAY)


def play(
    hit: Algorithm, limit: int, window: int, arrivals: list[int]
) -> tuple[State | None, list[LimitDecision]]:
    """Hit at every arrival; return the last state and all decisions."""
    state: State | None = None
    decisions = []
    for now in arrivals:
        state, decision = hit(limit, window, state, now)
        decisions.append(decision)
    return state, decisions


def admitted(hit: Algorithm, limit: int, window: int, arrivals: list[int]) -> list[int]:
    _, decisions = play(hit, limit, window, arrivals)
    pairs = zip(arrivals, decisions, strict=True)
    return [now for now, decision in pairs if decision.allowed]


@unhurried
@given(limits, windows, times)
def test_no_fixed_window_admits_more_than_its_limit(
    limit: int, window: int, arrivals: list[int]
) -> None:
    _, decisions = play(fixed_window, limit, window, arrivals)

    counts = Counter(decision.resets_at for decision in decisions if decision.allowed)
    assert all(count <= limit for count in counts.values())


@unhurried
@given(limits, windows, times)
def test_no_span_as_long_as_a_sliding_window_admits_more_than_its_limit(
    limit: int, window: int, arrivals: list[int]
) -> None:
    passed = admitted(sliding_window, limit, window, arrivals)

    for start in passed:
        assert sum(start <= now < start + window for now in passed) <= limit


@unhurried
@given(limits, windows, times)
def test_a_sliding_window_refuses_only_when_the_span_is_full(
    limit: int, window: int, arrivals: list[int]
) -> None:
    _, decisions = play(sliding_window, limit, window, arrivals)
    passed: list[int] = []
    for now, decision in zip(arrivals, decisions, strict=True):
        recent = sum(now - window < earlier for earlier in passed)
        assert decision.allowed is (recent < limit)
        if decision.allowed:
            passed.append(now)


@unhurried
@given(limits, windows, times)
def test_a_sliding_window_remembers_no_more_than_its_limit(
    limit: int, window: int, arrivals: list[int]
) -> None:
    state, _ = play(sliding_window, limit, window, arrivals)

    assert len(state or []) <= limit


@unhurried
@given(limits, windows, times)
def test_no_span_takes_more_from_a_bucket_than_it_holds_and_gains(
    limit: int, window: int, arrivals: list[int]
) -> None:
    passed = admitted(token_bucket, limit, window, arrivals)

    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            gained = limit * (passed[last] - start)
            assert (last - first + 1) * window <= limit * window + gained


@every_algorithm
@unhurried
@given(limits, windows, times, st.integers(0, 60))
def test_a_hit_passes_when_it_was_promised_and_not_before(
    hit: Algorithm, limit: int, window: int, arrivals: list[int], wait: int
) -> None:
    state, _ = play(hit, limit, window, arrivals)
    now = (arrivals[-1] if arrivals else 0) + wait
    state, decision = hit(limit, window, state, now)
    promised = decision.passes_at

    assert promised >= now
    assert hit(limit, window, state, promised)[1].allowed
    if promised > now:
        assert not hit(limit, window, state, promised - 1)[1].allowed


@every_algorithm
@unhurried
@given(limits, windows, times)
def test_a_subject_that_waits_for_the_reset_has_its_whole_allowance(
    hit: Algorithm, limit: int, window: int, arrivals: list[int]
) -> None:
    state, decisions = play(hit, limit, window, [*arrivals, arrivals[-1] if arrivals else 0])
    reset = decisions[-1].resets_at

    for left in reversed(range(limit)):
        state, decision = hit(limit, window, state, reset)
        assert (decision.allowed, decision.remaining) == (True, left)


@every_algorithm
@unhurried
@given(limits, windows, times, st.integers(0, 100), st.integers(0, 100))
def test_waiting_longer_never_shrinks_an_allowance(
    hit: Algorithm, limit: int, window: int, arrivals: list[int], wait: int, more: int
) -> None:
    state, _ = play(hit, limit, window, arrivals)
    now = (arrivals[-1] if arrivals else 0) + wait
    sooner, later = hit(limit, window, state, now)[1], hit(limit, window, state, now + more)[1]

    assert sooner.allowed <= later.allowed
    assert sooner.remaining <= later.remaining


@every_algorithm
@unhurried
@given(limits, windows, times)
def test_at_one_instant_what_remains_only_falls(
    hit: Algorithm, limit: int, window: int, arrivals: list[int]
) -> None:
    state, _ = play(hit, limit, window, arrivals)
    now = arrivals[-1] if arrivals else 0
    remaining = []
    for _ in range(limit + 2):
        state, decision = hit(limit, window, state, now)
        remaining.append(decision.remaining)

    assert remaining == sorted(remaining, reverse=True)
    assert remaining[-1] == 0


@every_algorithm
@unhurried
@given(limits, windows, times)
def test_a_state_survives_being_stored_as_json(
    hit: Algorithm, limit: int, window: int, arrivals: list[int]
) -> None:
    state, _ = play(hit, limit, window, [0, *arrivals])

    assert orjson.loads(orjson.dumps(state)) == state


@every_algorithm
@unhurried
@given(limits, windows, st.lists(st.integers(0, 200), min_size=1, max_size=20))
def test_a_clock_that_jumps_about_never_gives_a_wait_into_the_past(
    hit: Algorithm, limit: int, window: int, arrivals: list[int]
) -> None:
    _, decisions = play(hit, limit, window, arrivals)

    for now, decision in zip(arrivals, decisions, strict=True):
        assert decision.passes_at >= now
        assert decision.resets_at >= now
        assert 0 <= decision.remaining <= limit


periods = st.one_of(
    st.builds(Period, every=st.integers(1, 90 * DAY), anchor=st.none() | instants),
    st.builds(
        Period,
        calendar=st.sampled_from(["day", "week", "month"]),
        anchor=st.none() | instants,
    ),
)


@unhurried
@given(periods, instants)
def test_an_instant_lies_in_the_period_around_it(period: Period, now: int) -> None:
    start, renews = period.bounds(now)

    assert renews is not None
    assert start <= now < renews


@unhurried
@given(periods, instants)
def test_periods_follow_each_other_without_a_gap(period: Period, now: int) -> None:
    start, renews = period.bounds(now)
    assert renews is not None

    assert period.bounds(renews)[0] == renews
    assert period.bounds(renews - 1) == (start, renews)


@unhurried
@given(instants, instants)
def test_a_month_renews_on_the_anchor_s_day_or_the_last_before_it(anchor: int, now: int) -> None:
    first = to_datetime(anchor)
    renewal = to_datetime(Period(calendar="month", anchor=anchor).bounds(now)[1] or 0)

    assert renewal.day == min(first.day, calendar.monthrange(renewal.year, renewal.month)[1])
    assert renewal.timetz() == first.timetz()


@unhurried
@given(
    st.integers(0, 8),
    periods,
    st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(0, 4)), max_size=30),
)
def test_no_period_gives_more_than_the_quota(
    limit: int, period: Period, takes: list[tuple[int, int]]
) -> None:
    state: State | None = None
    taken: Counter[int] = Counter()
    now = int(T0)
    for wait, amount in takes:
        now += wait
        state, quota = take(limit, period, state, now, amount)
        taken[period.bounds(now)[0]] += amount * quota.allowed
        assert quota.left == limit - taken[period.bounds(now)[0]]

    assert all(count <= limit for count in taken.values())


@unhurried
@given(st.integers(0, 100), st.lists(st.integers(0, 40), max_size=40))
def test_two_passes_through_a_cooldown_lie_its_period_apart(period: int, waits: list[int]) -> None:
    state: State | None = None
    passed = []
    for now in accumulate(waits, initial=int(T0)):
        state, rest = cooldown(period, state, now)
        if rest.allowed:
            passed.append(now)

    assert all(later - earlier >= period for earlier, later in pairwise(passed))


@unhurried
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_cooldown_ends_when_it_says(period: int, wait: int) -> None:
    state, _ = cooldown(period, None, T0)
    _, rest = cooldown(period, state, T0 + wait)

    assert rest.allowed is (wait >= period)
    if not rest.allowed:
        assert cooldown(period, state, rest.until)[1].allowed
        assert not cooldown(period, state, Instant(rest.until - 1))[1].allowed
