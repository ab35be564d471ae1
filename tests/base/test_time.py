import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.errors import ClockError
from mockserver.base.time import (
    DAY,
    EARLIEST,
    HOUR,
    LAST,
    LATEST,
    MILLISECOND,
    MINUTE,
    SECOND,
    WEEK,
    Duration,
    Instant,
    VirtualClock,
    check_instant,
    format_duration,
    format_instant,
    parse_duration,
    parse_instant,
    system_now,
    to_datetime,
    whole_seconds,
)

NOW = parse_instant("2026-03-10T12:00:00Z")
instants = st.integers(EARLIEST, LATEST).map(Instant)
durations = st.integers(0, 10**6 * DAY).map(Duration)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT1M", MINUTE),
        ("PT0.5S", 500 * MILLISECOND),
        ("PT0.000001S", 1),
        ("P10D", 10 * DAY),
        ("P2W", 2 * WEEK),
        ("P1W2DT3H4M5S", WEEK + 2 * DAY + 3 * HOUR + 4 * MINUTE + 5 * SECOND),
        ("PT90M", 90 * MINUTE),
        ("P0D", 0),
        ("PT0.5H", 30 * MINUTE),
        ("PT1.5M", 90 * SECOND),
        ("P0.5D", 12 * HOUR),
        ("P1.5W", WEEK + WEEK // 2),
        ("PT0,5S", 500 * MILLISECOND),
        ("P1DT0,25H", DAY + 15 * MINUTE),
        ("PT1H0.5M", HOUR + 30 * SECOND),
    ],
)
def test_a_duration_is_read(text: str, span: int) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "p1d",
        "PT1",
        "-P1D",
        "PT1M1H",
        "P0.5DT1H",
        "PT0.5H1M",
        "P1.5W1D",
        "PT0.5H0.5M",
        "PT.5S",
        "PT5.S",
        "PT1.5.5S",
        "PT1.5,5S",
        "P\u0661D",
    ],
)
def test_anything_else_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT1.123456789S", 1_123_457),
        ("PT1.1234564S", 1_123_456),
        ("PT0.0000005S", 1),
        ("PT0.00000049S", 0),
        ("PT0.9999999S", SECOND),
        ("PT0.333333333H", 20 * MINUTE - 1),
        ("PT0.3333333333333333333333333333333333H", 20 * MINUTE),
    ],
)
def test_a_fraction_past_a_microsecond_is_rounded(text: str, span: int) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["P1Y", "P1M", "P1Y2M", "P1M3D", "P0.5Y", "P1,5M"])
def test_months_and_years_are_refused_because_their_length_varies(text: str) -> None:
    with pytest.raises(ValueError, match="whose length varies"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (0, "PT0S"),
        (10 * DAY, "P10D"),
        (90 * SECOND, "PT1M30S"),
        (DAY + HOUR, "P1DT1H"),
        (500 * MILLISECOND, "PT0.5S"),
        (MINUTE + 1, "PT1M0.000001S"),
    ],
)
def test_a_duration_is_written_without_parts_that_are_zero(span: int, text: str) -> None:
    assert format_duration(Duration(span)) == text


@given(durations)
def test_a_duration_that_is_written_reads_the_same(span: Duration) -> None:
    assert parse_duration(format_duration(span)) == span


@given(st.text(alphabet="PTWDHMSY0123456789.-", max_size=20))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        span = parse_duration(text)
    except ValueError:
        return

    assert parse_duration(format_duration(span)) == span


@pytest.mark.parametrize(
    ("span", "seconds"), [(0, 0), (1, 1), (SECOND, 1), (SECOND + 1, 2), (864_000 * SECOND, 864_000)]
)
def test_whole_seconds_are_rounded_up(span: int, seconds: int) -> None:
    assert whole_seconds(span) == seconds


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-02T01:00:00+01:00", DAY),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01T23:59:00+23:59", 0),
        ("1969-12-31T23:59:59Z", -SECOND),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01T00:00:00-00:00", 0),
        ("1970-01-01T00:00:00.1234567890Z", 123_456),
        ("1970-01-01T23:59:60Z", DAY),
        ("1990-12-31T15:59:60.5-08:00", 662_688_000_500_000),
    ],
)
def test_an_instant_is_read_in_any_offset(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-31t09:00:00z", "2026-01-31T09:00:00Z"),
        ("2026-01-31t09:00:00+01:00", "2026-01-31T08:00:00Z"),
        ("2026-01-31T09:00:00.5Z", "2026-01-31T09:00:00.500000Z"),
        ("2026-01-31T09:00:00.1234564999Z", "2026-01-31T09:00:00.123456Z"),
    ],
)
def test_an_instant_is_read_in_every_form_of_rfc_3339(text: str, same: str) -> None:
    assert parse_instant(text) == parse_instant(same)


@pytest.mark.parametrize(
    ("text", "next_second"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500000Z"),
        ("2016-12-31T15:59:60-08:00", "2017-01-01T00:00:00Z"),
        ("1990-12-31t23:59:60z", "1991-01-01T00:00:00Z"),
    ],
)
def test_a_leap_second_is_the_second_that_follows(text: str, next_second: str) -> None:
    assert parse_instant(text) == parse_instant(next_second)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1969-12-31T23:59:59Z", -SECOND),
        ("1960-02-29T12:00:00Z", -3594 * DAY + 12 * HOUR),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59.999999Z", LAST),
    ],
)
def test_instants_of_all_years_of_the_calendar_are_read(text: str, instant: int) -> None:
    assert parse_instant(text) == instant


@pytest.mark.parametrize("text", ["2026-01-31T09:00:00", "2026-01-31"])
def test_a_date_without_a_time_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-02-30T00:00:00Z",
        "2026-01-31T25:00:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:00:61Z",
        "2026-01-31T09:00:00+24:00",
        "2026-01-31T09:00:00+01:60",
        "2026-01-31T09:00:00+0100",
        "2026-01-31T09:00:00+01",
        "2026-01-31T09:00:00+01:00:30",
        "2026-01-31T09:00:00,5Z",
        "2026-01-31T09:00:00.Z",
        "2026-01-31T09:00Z",
        "2026-01-31 09:00:00Z",
        "20300131T090000Z",
        "2030-W05-4T09:00:00Z",
        "2026-01-31T24:00:00Z",
        " 2026-01-31T09:00:00Z",
        "2026-01-31T09:00:00Z\n",
        "\u0662026-01-31T09:00:00Z",
    ],
)
def test_a_text_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an RFC 3339 instant such as 2026"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["2026-06-30T23:58:60Z", "2026-06-30T23:59:60+01:00"])
def test_a_leap_second_is_the_last_one_of_a_day_in_utc(text: str) -> None:
    with pytest.raises(ValueError, match="not the last one of a day"):
        parse_instant(text)


@pytest.mark.parametrize("microseconds", [EARLIEST - 1, LAST + 1])
def test_an_instant_outside_the_years_1_to_9999_is_refused(microseconds: int) -> None:
    with pytest.raises(ValueError, match="1 to 9999"):
        check_instant(microseconds)
    with pytest.raises(ValueError, match="1 to 9999"):
        to_datetime(microseconds)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01"])
def test_a_text_before_the_year_1_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|years 1 to 9999"):
        parse_instant(text)


@pytest.mark.parametrize("instant", [-1, LATEST + 1])
def test_the_clock_stays_between_the_years_1970_and_9999(instant: int) -> None:
    with pytest.raises(ClockError, match=r"the year (1970|9999)"):
        VirtualClock(NOW).placed(Instant(instant), NOW)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:00-00:01"],
)
def test_a_text_outside_the_years_1_to_9999_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="years 1 to 9999"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (500 * MILLISECOND, "1970-01-01T00:00:00.500000Z"),
        (LATEST, "9999-12-31T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (EARLIEST, "0001-01-01T00:00:00Z"),
    ],
)
def test_an_instant_is_written_in_utc(instant: int, text: str) -> None:
    assert format_instant(instant) == text


@given(instants)
def test_an_instant_that_is_written_reads_the_same(instant: Instant) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(instants, instants)
def test_written_instants_of_whole_seconds_sort_as_they_follow(
    one: Instant, other: Instant
) -> None:
    first, second = one - one % SECOND, other - other % SECOND

    assert (format_instant(first) < format_instant(second)) is (first < second)


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    try:
        instant = parse_instant(text)
    except ValueError:
        return

    assert EARLIEST <= instant <= LAST


def test_the_system_s_clock_is_read_in_microseconds() -> None:
    written_after = parse_instant("2026-01-01T00:00:00Z")

    assert written_after < system_now() < LATEST


def later(span: int) -> Instant:
    return Instant(NOW + span)


def test_a_new_clock_shows_the_system_s_time() -> None:
    assert VirtualClock(NOW).now(NOW) == NOW


def test_an_advanced_clock_goes_on_from_where_it_was_moved() -> None:
    clock = VirtualClock(NOW)
    clock = clock.advanced(DAY, NOW)

    assert clock.now(NOW) == NOW + DAY
    assert clock.now(later(5)) == NOW + DAY + 5


def test_a_clock_knows_when_it_began_however_it_is_moved() -> None:
    advanced, frozen = VirtualClock(NOW), VirtualClock(NOW)
    advanced = advanced.advanced(DAY, NOW)
    advanced = advanced.advanced(DAY, later(5))
    frozen = frozen.frozen(NOW)
    frozen = frozen.advanced(DAY, later(5))
    frozen = frozen.running(later(9))

    assert advanced.began == frozen.began == NOW


def test_a_clock_that_is_placed_begins_there() -> None:
    clock = VirtualClock(NOW)
    clock = clock.placed(later(DAY), NOW)
    clock = clock.advanced(DAY, NOW)

    assert clock.began == later(DAY)


def test_a_frozen_clock_stands_still() -> None:
    clock = VirtualClock(NOW)
    clock = clock.frozen(NOW)

    assert clock.now(later(DAY)) == NOW


def test_a_frozen_clock_that_is_advanced_stays_frozen() -> None:
    clock = VirtualClock(NOW)
    clock = clock.frozen(NOW)
    clock = clock.advanced(HOUR, later(DAY))

    assert clock.now(later(2 * DAY)) == NOW + HOUR


def test_a_thawed_clock_runs_on_from_the_time_it_showed() -> None:
    clock = VirtualClock(NOW)
    clock = clock.frozen(NOW)
    clock = clock.running(later(DAY))

    assert clock.now(later(DAY)) == NOW
    assert clock.now(later(DAY + 5)) == NOW + 5


def test_thawing_a_running_clock_changes_nothing() -> None:
    clock = VirtualClock(NOW)
    clock = clock.advanced(DAY, NOW)
    clock = clock.running(NOW)

    assert clock.now(NOW) == NOW + DAY


@pytest.mark.parametrize("by", [0, -1])
def test_a_clock_advances_by_more_than_nothing(by: int) -> None:
    with pytest.raises(ClockError, match="greater than zero"):
        VirtualClock(NOW).advanced(Duration(by), NOW)


def test_a_clock_is_not_set_back() -> None:
    clock = VirtualClock(NOW)

    with pytest.raises(ClockError, match="only moves forwards; reset"):
        clock.moved(later(-1), NOW)
    assert clock.now(NOW) == NOW


def test_a_clock_can_be_set_to_the_time_it_shows() -> None:
    clock = VirtualClock(NOW)
    clock = clock.moved(NOW, NOW)

    assert clock.now(NOW) == NOW


def test_a_clock_stops_at_the_end_of_the_year_9999() -> None:
    clock = VirtualClock(NOW)
    clock = clock.moved(LATEST, NOW)

    with pytest.raises(ClockError, match="9999"):
        clock.advanced(Duration(1), NOW)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_clock_can_be_placed_in_the_past(*, frozen: bool) -> None:
    clock = VirtualClock(NOW)
    if frozen:
        clock = clock.frozen(NOW)
    clock = clock.placed(later(-DAY), NOW)

    assert clock.now(NOW) == NOW - DAY


@given(st.lists(st.tuples(st.integers(0, DAY), st.integers(1, DAY), st.booleans()), max_size=20))
def test_a_clock_never_runs_backwards(moves: list[tuple[int, int, bool]]) -> None:
    clock, system, shown = VirtualClock(NOW), NOW, NOW
    for passed, by, freezes in moves:
        system = Instant(system + passed)
        assert clock.now(system) >= shown
        clock = clock.frozen(system) if freezes else clock.running(system)
        clock = clock.advanced(Duration(by), system)
        assert clock.now(system) >= shown + by
        shown = clock.now(system)
