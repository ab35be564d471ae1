"""A name of an entry shows that entry or none, and says why there is none."""

import pytest

from mockserver.control.entry_names import find_entry, find_exchange
from mockserver.control.problem_responses import ControlError
from mockserver.engine.sandbox import IdGenerator, SandboxState
from tests.conftest import World


def visit(world: World, times: int = 1) -> None:
    for _ in range(times):
        world.get("/cloutly/api/v1/businesses")


def why(world: World, name: str) -> str:
    with pytest.raises(ControlError) as raised:
        find_entry(world.sandbox(), name)
    assert raised.value.status == 404
    return raised.value.detail


def rewind(world: World, position: int) -> None:
    sandbox = world.sandbox()
    sandbox.rewind(sandbox.history.mark(position), world.now)


@pytest.mark.parametrize("name", ["r1", "1.r1"])
def test_a_request_is_found_with_or_without_its_run(world: World, name: str) -> None:
    visit(world)
    assert find_entry(world.sandbox(), name).id == "r1"
    assert find_exchange(world.sandbox(), name).id == "r1"


def test_a_control_call_is_found(world: World) -> None:
    world.set("partoo", sms_quota=1)
    assert find_entry(world.sandbox(), "c1").position == 1


def test_a_control_call_is_no_request(world: World) -> None:
    world.set("partoo", sms_quota=1)
    with pytest.raises(ControlError, match="a control call, not a request"):
        find_exchange(world.sandbox(), "c1")


@pytest.mark.parametrize(
    "name", ["", "x1", "r", "r0", "r01", "r1x", "0.r1", "1.2.r1", "r\u0661", "R1"]
)
def test_a_name_that_no_entry_can_have_is_refused(world: World, name: str) -> None:
    visit(world)
    assert "an entry is named r17 or c3" in why(world, name)


def test_an_entry_that_never_was_is_not_gone(world: World) -> None:
    visit(world, 2)
    assert why(world, "r3") == "there is no entry 'r3'; the latest is r2"
    assert why(world, "c1") == "there is no entry 'c1'; this run has none yet"
    assert why(world, "2.r1") == "there is no entry '2.r1'; the sandbox is in its run 1"


def test_an_entry_of_an_earlier_run_is_gone(world: World) -> None:
    visit(world, 2)
    world.sandbox().reset(world.now)
    visit(world)
    expected = "the entry '1.r1' is gone: a reset or a restore began run 2"
    assert why(world, "1.r1") == expected
    assert "the latest is r1" in why(world, "r2")
    assert find_entry(world.sandbox(), "2.r1").id == "r1"


def test_a_request_before_a_restored_snapshot_is_gone(world: World) -> None:
    sandbox = world.sandbox()
    state = SandboxState(sandbox.clock, 0, IdGenerator(0), 5, {}, {})
    sandbox.restore(state, world.now)
    visit(world)
    assert find_entry(sandbox, "r6").id == "r6"
    assert "a reset or a restore began run 2" in why(world, "r5")


@pytest.mark.parametrize("back_to", [0, 1])
def test_an_undone_request_is_gone(world: World, back_to: int) -> None:
    visit(world, 2)
    rewind(world, back_to)
    visit(world)
    assert "is gone: c1 undid it (rewind to " in why(world, "r2")
    assert find_entry(world.sandbox(), "r3").id == "r3"


def test_a_dropped_request_is_gone(world: World) -> None:
    world.sandbox().history.capacity = 2
    visit(world, 4)
    assert "is gone; the history begins at r3: older entries were dropped" in why(world, "r1")


def test_a_request_that_was_undone_is_not_called_dropped(world: World) -> None:
    world.sandbox().history.capacity = 3
    visit(world, 4)
    rewind(world, 3)
    assert "c1 undid it" in why(world, "r4")


def test_a_cleared_request_is_gone(world: World) -> None:
    visit(world)
    writes = world.sandbox().transaction()
    world.sandbox().hide_exchanges(writes)
    assert "is gone: the journal was cleared" in why(world, "r1")
