import pytest

from mockserver.base.errors import ExpressionError
from mockserver.base.time import DAY, LATEST, Instant, parse_duration, parse_instant
from mockserver.verbs.take import Period, take

T0 = parse_instant("2026-03-10T12:00:17Z")


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
        renews = period.bounds(now)[1]
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

    _, renews = period.bounds(parse_instant("2028-02-01T00:00:00Z"))

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
        Period(every=DAY, anchor=1.5).bounds(T0)  # type: ignore[arg-type] # as an expression gives


@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_a_quota_s_period_is_longer_than_nothing(every: int) -> None:
    with pytest.raises(ExpressionError, match="longer than 0"):
        Period(every=every).bounds(T0)


def test_a_quota_is_told_by_its_names() -> None:
    _, quota = take(5, Period(every=DAY, anchor=T0), None, T0)

    assert quota.as_record() == {
        "allowed": True,
        "left": 4,
        "used": 1,
        "limit": 5,
        "renews": T0 + DAY,
    }
