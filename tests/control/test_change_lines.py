"""What a change is called, in the words of the thing that changed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.time import DAY, parse_instant
from mockserver.control.change_lines import ChangeFacts, RateTerms, change_line
from mockserver.control.singular_names import singular
from mockserver.model.record_change import WORLD, RecordChange

NOON = parse_instant("2026-03-10T12:00:00Z")
FACTS = ChangeFacts(
    arrived=NOON,
    quota_limits={("sms", "demo-org"): 500},
    rates_left={"requests": (8, True), "bursts": (0, False)},
    cooldown_periods={"sms": 10 * DAY},
    first_settings={"partoo": {"sms_quota": 500, "cooldown": 10 * DAY}},
    durations=frozenset({("partoo", "cooldown")}),
)


def line(collection: str, key: str, before: Any, after: Any, api: str = "partoo") -> str:
    return change_line(RecordChange((api, collection), key, before, after, 0), FACTS)


def counted(name: str, subject: str, *state: int) -> dict[str, Any]:
    return {"id": f"{name}:{subject}", "name": name, "subject": subject, "state": list(state)}


def test_a_quota_with_a_known_limit_tells_what_is_left() -> None:
    before, after = counted("sms", "demo-org", 0, 1), counted("sms", "demo-org", 0, 2)
    assert line("quotas", "sms:demo-org", before, after) == "quota sms of demo-org 499 → 498"


def test_a_quota_that_was_not_used_before_had_all_left() -> None:
    after = counted("sms", "demo-org", 0, 2)
    assert line("quotas", "sms:demo-org", None, after) == "quota sms of demo-org 500 → 498"


def test_a_quota_that_renewed_had_all_left() -> None:
    before, after = counted("sms", "demo-org", 0, 9), counted("sms", "demo-org", DAY, 1)
    assert line("quotas", "sms:demo-org", before, after) == "quota sms of demo-org 500 → 499"


def test_a_quota_without_a_known_limit_tells_what_is_used() -> None:
    before, after = counted("sms", "other", 0, 1), counted("sms", "other", 0, 2)
    assert line("quotas", "sms:other", before, after) == "quota sms of other 1 → 2 used"
    assert line("quotas", "sms:other", after, None) == "quota sms of other 2 → 0 used"


def test_a_cooldown_tells_when_it_ends() -> None:
    after = counted("sms", "+33647385968", NOON)
    found = line("cooldowns", "sms:+33647385968", None, after)
    assert found == "cooldown sms of +33647385968 until 20 Mar 2026 12:00"


def test_a_cooldown_of_an_unknown_period_tells_when_it_began() -> None:
    found = line("cooldowns", "mail:a", None, counted("mail", "a", NOON))
    assert found == "cooldown mail of a since 10 Mar 2026 12:00"


def test_a_cooldown_can_be_removed() -> None:
    found = line("cooldowns", "sms:a", counted("sms", "a", NOON), None)
    assert found == "cooldown sms of a removed"


def test_a_rate_limit_tells_what_is_left() -> None:
    after = counted("requests", "demo-org", NOON, 2)
    found = line("rate_limits", "requests:demo-org", None, after)
    assert found == "rate limit requests of demo-org 9 → 8 left"


def test_a_rate_limit_that_refused_tells_that_nothing_is_left() -> None:
    after = counted("bursts", "", NOON, 2)
    assert line("rate_limits", "bursts:", after, after) == "rate limit bursts 0 left"


def test_a_rate_limit_that_a_call_wrote_is_only_changed() -> None:
    after = counted("own", "a", NOON, 2)
    assert line("rate_limits", "own:a", after, after) == "rate limit own of a changed"
    assert line("rate_limits", "own:a", None, after) == "rate limit own of a added"
    assert line("rate_limits", "own:a", after, None) == "rate limit own of a removed"


def test_a_rate_limit_without_a_trace_tells_what_its_state_allows() -> None:
    facts = ChangeFacts(at=NOON, rate_terms={"own": RateTerms("fixed_window", 5, DAY)})
    before, after = counted("own", "a", NOON, 2), counted("own", "a", NOON, 3)
    first = RecordChange(("partoo", "rate_limits"), "own:a", None, before, 0)
    second = RecordChange(("partoo", "rate_limits"), "own:a", before, after, 0)
    assert change_line(first, facts) == "rate limit own of a 5 → 3 left"
    assert change_line(second, facts) == "rate limit own of a 3 → 2 left"


def test_a_quota_has_the_limit_of_all_subjects_if_its_own_is_unknown() -> None:
    facts = ChangeFacts(quota_limits={("sms", None): 9})
    change = RecordChange(("partoo", "quotas"), "sms:a", None, counted("sms", "a", 0, 1), 0)
    assert change_line(change, facts) == "quota sms of a 9 → 8"


def test_true_is_not_one() -> None:
    assert line("things", "a", {"id": "a", "n": 1}, {"id": "a", "n": True}) == "thing a: n 1 → true"


WORLD_PLACES = [(WORLD, name) for name in ("clock", "settings", "faults", "counters", "other")]
API_PLACES = [
    "quotas",
    "cooldowns",
    "rate_limits",
    "messages",
    "sequences",
    "things",
    "left_reviews",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["id", "name", "subject", "state", "value", "channel", "to", "sent_at"])
RECORDS = st.none() | st.dictionaries(NAMES, VALUES)


@given(
    st.sampled_from([*WORLD_PLACES, *(("partoo", name) for name in API_PLACES)]),
    st.text(),
    RECORDS,
    RECORDS,
)
def test_any_record_has_one_line(place: tuple[str, str], key: str, before: Any, after: Any) -> None:
    found = change_line(RecordChange(place, key, before, after, 0), FACTS)
    assert found.isprintable()
    assert 0 < len(found) < 3_000


def test_a_record_with_a_quota_s_name_but_without_its_fields_is_any_record() -> None:
    assert line("quotas", "x", None, {"id": "x"}) == "+1 quota x"


def test_an_added_record_has_a_plus() -> None:
    assert line("invitations", "0a52", None, {"id": "0a52"}) == "+1 invitation 0a52"


def test_a_removed_record_has_a_minus() -> None:
    assert line("businesses", "b2", {"id": "b2"}, None) == "-1 business b2"


def test_a_changed_record_tells_its_fields() -> None:
    before = {"id": "a", "status": "pending", "n": 1, "tags": ["x"], "gone": True}
    after = {"id": "a", "status": "sent", "n": 2, "tags": ["x"], "new": {"a": None}}
    found = line("invitations", "a", before, after)
    assert found == (
        'invitation a: status pending → sent, n 1 → 2, gone true → none, new none → {"a":null}'
    )


def test_a_record_that_was_written_again_is_not_changed() -> None:
    assert line("invitations", "a", {"id": "a"}, {"id": "a"}) == "invitation a: as before"


def test_an_instant_of_a_record_is_a_date() -> None:
    found = line("invitations", "a", {"id": "a", "sent_at": None}, {"id": "a", "sent_at": NOON})
    assert found == "invitation a: sent_at null → 10 Mar 2026 12:00"


def test_long_lines_are_cut_off() -> None:
    before = {f"f{number}": "x" * 500 for number in range(9)}
    after = {f"f{number}": "y" * 500 for number in range(9)}
    found = line("invitations", "k" * 500, before, after)
    assert len(found) < 800
    assert found.endswith(", and 4 more")


def test_a_line_is_one_line() -> None:
    before, after = {"id": "a", "text": "one"}, {"id": "a", "text": "two\nlines\u2028\x1b[0m"}
    found = line("notes\n", "a\nb", before, after)
    assert found.isprintable()


def test_what_is_hidden_is_not_shown_but_has_changed() -> None:
    change = RecordChange(("partoo", "users"), "a", {"token": "one"}, {"token": "two"}, 0)
    hidden = RecordChange(("partoo", "users"), "a", {"token": "[h]"}, {"token": "[h]"}, 0)
    assert change_line(change, FACTS, hidden) == "user a: token [h] → [h]"


@pytest.mark.parametrize(
    ("channel", "shown"), [("sms", "SMS"), ("email", "e-mail"), ("push", "push message")]
)
def test_a_message_has_a_recipient(channel: str, shown: str) -> None:
    message = {"id": "m", "channel": channel, "to": "+33647385968"}
    assert line("messages", "m", None, message) == f"+1 {shown} to +33647385968"
    assert line("messages", "m", message, None) == f"-1 {shown} to +33647385968"


def clock(offset: int = 0, frozen_at: int | None = None) -> dict[str, Any]:
    return {"id": "clock", "began": NOON, "offset": offset, "frozen_at": frozen_at}


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (clock(), clock(DAY), "clock 2026-03-10T12:00:00Z → 2026-03-11T12:00:00Z"),
        (
            clock(),
            clock(0, NOON + DAY),
            "clock 2026-03-10T12:00:00Z → 2026-03-11T12:00:00Z, frozen",
        ),
        (clock(), clock(0, NOON), "clock 2026-03-10T12:00:00Z, frozen"),
        (clock(0, NOON), clock(), "clock 2026-03-10T12:00:00Z, running again"),
    ],
    ids=str,
)
def test_a_clock_moves(before: Any, after: Any, shown: str) -> None:
    assert line("clock", "clock", before, after, WORLD) == shown


def settings(**values: Any) -> dict[str, Any]:
    return {"id": "partoo", "values": values}


def test_a_setting_changes_from_its_first_value() -> None:
    found = line("settings", "partoo", None, settings(sms_quota=1), WORLD)
    assert found == "setting partoo.sms_quota 500 → 1"


def test_settings_that_change_together_are_in_one_line() -> None:
    before, after = settings(sms_quota=1), settings(sms_quota=2, cooldown=DAY)
    found = line("settings", "partoo", before, after, WORLD)
    assert found == "setting partoo.sms_quota 1 → 2, partoo.cooldown P10D → P1D"


def test_a_setting_that_keeps_its_value_is_not_changed() -> None:
    found = line("settings", "partoo", None, settings(sms_quota=500), WORLD)
    assert found == "settings of partoo: as before"


def fault(hits: int = 0, seen: int = 0, times: int | None = 2) -> dict[str, Any]:
    return {"id": "f1", "definition": {"times": times}, "hits": hits, "seen": seen}


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (None, fault(), "fault f1 added"),
        (fault(), fault(1, 1), "fault f1 hit 1 of 2"),
        (fault(4, 4, None), fault(5, 5, None), "fault f1 hit 5"),
        (fault(), fault(0, 1), "fault f1 let a request pass"),
        (fault(), None, "fault f1 removed"),
    ],
    ids=str,
)
def test_a_fault_is_added_hits_and_is_removed(before: Any, after: Any, shown: str) -> None:
    assert line("faults", "f1", before, after, WORLD) == shown


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("hidden", 7, "requests removed from the journal"),
        ("faults", 2, "number of faults so far 1 → 2"),
        ("began:partoo", NOON, "records of partoo begin on 10 Mar 2026 12:00"),
        ("other", 2, "counter other 1 → 2"),
    ],
)
def test_the_sandbox_s_own_counters_have_words(key: str, value: int, shown: str) -> None:
    before, after = {"id": key, "value": 1}, {"id": key, "value": value}
    assert line("counters", key, before, after, WORLD) == shown


def test_a_sequence_counts() -> None:
    before, after = {"id": "invoices", "value": 4}, {"id": "invoices", "value": 5}
    assert line("sequences", "invoices", before, after) == "sequence invoices 4 → 5"
    assert line("sequences", "invoices", None, after) == "sequence invoices 0 → 5"


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("invitations", "invitation"),
        ("businesses", "business"),
        ("categories", "category"),
        ("addresses", "address"),
        ("batches", "batch"),
        ("boxes", "box"),
        ("responses", "response"),
        ("api_keys", "api key"),
        ("left_reviews", "left review"),
        ("status", "status"),
        ("analysis", "analysis"),
        ("statuses", "statuses"),
        ("caches", "caches"),
        ("series", "series"),
        ("ties", "ties"),
        ("people", "people"),
        ("s", "s"),
    ],
)
def test_the_singular_is_used_where_it_is_simple(name: str, one: str) -> None:
    assert singular(name) == one
