"""A test reads what requests changed, and the history of its sandbox."""

from datetime import timedelta

import pytest

from mockserver.testing import ControlCallError
from tests.testing.conftest import PHONE, World


def test_a_request_has_its_changes(world: World) -> None:
    world.invite()
    changes = world.sandbox.requests.last.changes
    texts = [change.text for change in changes]
    assert "quota sms of demo-org 500 → 499" in texts
    assert f"+1 SMS to {PHONE}" in texts
    quota = next(change for change in changes if change.collection == "quotas")
    assert (quota.api, quota.key, quota.before) == ("partoo", "sms:demo-org", None)
    assert quota.after["subject"] == "demo-org"
    assert repr(quota) == "quota sms of demo-org 500 → 499"


def test_many_changes_are_read_in_pages(world: World) -> None:
    for number in range(3):
        world.sandbox.partoo.records.businesses.add({"id": f"b{number}"})
    world.sandbox.partoo.records.businesses.clear()
    (entry,) = world.sandbox.history(call="clearRecords")
    assert len(entry.changes) == entry.change_count > 3


def test_the_history_has_requests_and_control_calls(world: World) -> None:
    world.sandbox.partoo.settings.change(sms_quota=7)
    world.invite()
    first, second = world.sandbox.history()
    assert (first.id, first.run, first.kind, first.call) == ("c1", 1, "call", "changeSettings")
    assert (first.detail, first.method, first.request) == ("partoo", "PATCH", None)
    assert first.target.startswith("/_mock/settings/partoo")
    assert [change.text for change in first.changes] == ["setting partoo.sms_quota 500 → 7"]
    assert (second.id, second.kind, second.call, second.position) == ("r1", "request", None, 2)
    assert second.request is not None
    assert second.request.operation == "sendReviewInvitation"
    assert second.request.response["status"] == 200
    assert second.at <= second.arrived + timedelta(days=1)
    assert repr(first) == "c1 changeSettings partoo"
    assert repr(second) == repr(second.request)


def test_the_history_is_filtered_by_the_server(world: World) -> None:
    world.invite()
    world.sandbox.clock.advance(days=1)
    assert [entry.id for entry in world.sandbox.history(kind="request")] == ["r1"]
    assert [entry.id for entry in world.sandbox.history(recipient=PHONE)] == ["r1"]
    assert [entry.id for entry in world.sandbox.history(text="ADVANCE")] == ["c1"]
    assert [entry.id for entry in world.sandbox.history(status=200, api="partoo")] == ["r1"]
    assert [entry.id for entry in world.sandbox.history(order="newest")] == ["c1", "r1"]
    later = world.sandbox.requests.last.at + timedelta(hours=12)
    assert [entry.id for entry in world.sandbox.history(since=later)] == ["c1"]
    assert [entry.id for entry in world.sandbox.history(until=later)] == ["r1"]


def test_a_filter_that_nothing_can_meet_is_refused(world: World) -> None:
    with pytest.raises(ControlCallError, match="did you mean 'moveClock'"):
        world.sandbox.history(call="moveClok")
