import pytest

from mockserver.base.errors import ExpressionError
from mockserver.base.time import DAY, LATEST, SECOND, parse_duration, parse_instant
from mockserver.verbs.cooldown import cooldown

T0 = parse_instant("2026-03-10T12:00:17Z")


@pytest.mark.parametrize(("seconds", "allowed"), [(0, False), (863_999, False), (864_000, True)])
def test_a_cooldown_of_ten_days_ends_after_864000_seconds(seconds: int, *, allowed: bool) -> None:
    _, rest = cooldown(10 * DAY, [T0], T0 + seconds * SECOND)

    assert rest.allowed is allowed


def test_the_first_sight_of_a_subject_starts_its_cooldown() -> None:
    state, rest = cooldown(DAY, None, T0)

    assert (state, rest.allowed, rest.until) == ([T0], True, T0 + DAY)


def test_a_refused_subject_waits_no_longer_for_asking() -> None:
    state, rest = cooldown(DAY, [T0], T0 + 5)

    assert (state, rest.until) == ([T0], T0 + DAY)


def test_a_cooldown_of_nothing_never_refuses() -> None:
    _, rest = cooldown(0, [T0], T0)

    assert rest.allowed


def test_a_cooldown_can_be_started_while_one_runs() -> None:
    _, rest = cooldown(DAY, [T0 + 5], T0 + DAY)

    assert (rest.allowed, rest.until) == (False, T0 + 5 + DAY)


def test_a_cooldown_longer_than_time_ends_with_it() -> None:
    _, rest = cooldown(parse_duration("P999999999D"), None, T0)

    assert rest.until == LATEST


@pytest.mark.parametrize("period", [None, -1, 1.5])
def test_a_cooldown_s_period_is_a_duration(period: int) -> None:
    with pytest.raises(ExpressionError, match="duration"):
        cooldown(period, None, T0)
