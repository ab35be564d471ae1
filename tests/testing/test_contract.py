"""What the sandbox object promises of calls that only the control API itself can keep."""

import httpx
import pytest

from mockserver.testing.control_connection import ControlCallError
from tests.testing.conftest import PHONE, World


def test_a_call_that_came_is_found(world: World) -> None:
    world.invite()
    world.invite()
    requests = world.sandbox.requests
    requests.assert_called(operation="sendReviewInvitation", json={"target_phone": PHONE}, times=2)
    requests.assert_called(method="POST", path="*/send_invitation", reason="cooldown")
    requests.assert_not_called(api="walr")


def test_a_call_that_did_not_come_is_told_with_the_nearest(world: World) -> None:
    world.invite()
    with pytest.raises(AssertionError, match=r"body /target_phone: expected '\+44', found '\+33"):
        world.sandbox.requests.assert_called(json={"target_phone": "+44"})
    with pytest.raises(AssertionError, match="expected 0 of status=200; received 1"):
        world.sandbox.requests.assert_not_called(status=200)


def test_a_snapshot_is_restored(world: World) -> None:
    before = world.sandbox.snapshot()
    first = world.invite().json()
    world.sandbox.restore(before)
    assert len(world.sandbox.messages) == 0
    assert world.invite().json() == first


def test_the_next_request_fails_and_no_other(world: World) -> None:
    fault = world.sandbox.partoo.fail_next(status=403, operation="sendReviewInvitation")
    assert [world.invite().status_code, world.invite().status_code] == [403, 200]
    (found,) = world.sandbox.faults
    assert (found.id, found.hits, found.remaining) == (fault.id, 1, 0)
    world.sandbox.faults.clear()
    assert len(world.sandbox.faults) == 0


def test_a_connection_breaks_before_or_after_the_request_takes_effect(world: World) -> None:
    for when, sent in (("before", 0), ("after", 1)):
        world.sandbox.faults.add(disconnect=when, times=1)  # type: ignore[arg-type] # one of both
        with pytest.raises(httpx.ReadError):
            world.invite()
        assert len(world.sandbox.messages) == sent


def test_an_answer_is_cut_off(world: World) -> None:
    world.sandbox.partoo.fail_next(truncate=3)
    with pytest.raises(httpx.RemoteProtocolError):
        world.invite()


def test_a_fault_that_cannot_be_meant_is_told(world: World) -> None:
    with pytest.raises(ControlCallError, match="sendReviewInvitation"):
        world.sandbox.partoo.fail_next(status=503, operation="sendReviewInvitatio")
    assert world.invite().is_success
