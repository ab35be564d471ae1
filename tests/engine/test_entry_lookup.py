"""An entry is found by its name; what is gone says why, and never shows another entry."""

import pytest

from mockserver.base.time import Instant
from mockserver.engine.entry_lookup import NoEntryError, TooEarlyError, entry_mark, find_entry
from mockserver.engine.history import History
from mockserver.engine.sandbox import Bounds, Sandbox
from mockserver.engine.sandboxes import Sandboxes
from tests.conftest import START, World


@pytest.fixture
def sandbox(world: World) -> Sandbox:
    """A sandbox with the entries r1, r2, r3."""
    for _ in range(3):
        world.get("/partoo/v2/nothing")
    return world.sandbox()


def small(world: World, capacity: int) -> None:
    """Let the sandboxes of a world keep only so many entries."""
    known = world.engine.sandboxes
    world.engine.sandboxes = Sandboxes(known.apis, bounds=Bounds(exchanges=capacity))


def rewind(sandbox: Sandbox, name: str) -> None:
    sandbox.rewind(entry_mark(sandbox.history, name), START)


def reason(history: History, name: str) -> str:
    with pytest.raises(NoEntryError) as raised:
        find_entry(history, name)
    return str(raised.value)


def refusal(history: History, name: str) -> str:
    with pytest.raises(TooEarlyError) as raised:
        entry_mark(history, name)
    return str(raised.value)


@pytest.mark.parametrize("name", ["r2", "1.r2"])
def test_an_entry_has_a_name_with_and_without_its_run(sandbox: Sandbox, name: str) -> None:
    assert find_entry(sandbox.history, name).id == "r2"
    assert entry_mark(sandbox.history, name).position == 2


def test_a_control_entry_has_a_name(sandbox: Sandbox) -> None:
    sandbox.record("resetSandbox", START, sandbox.transaction())
    assert find_entry(sandbox.history, "c1").id == "c1"


@pytest.mark.parametrize("name", ["start", "1.start"])
def test_the_start_is_the_beginning_of_the_run(sandbox: Sandbox, name: str) -> None:
    assert entry_mark(sandbox.history, name) == (0, START, 0)


def test_the_start_is_at_the_time_of_the_reset(sandbox: Sandbox) -> None:
    later = Instant(START + 5_000_000)
    sandbox.reset(later)
    assert entry_mark(sandbox.history, "start").at == later


@pytest.mark.parametrize(
    "name", ["", "17", "r", "r0", "r01", "x1", "r1.2", "r" + "9" * 5_000, "R1", "r\u0661"]
)
def test_what_is_no_name_says_what_a_name_is(sandbox: Sandbox, name: str) -> None:
    told = reason(sandbox.history, name)
    assert "an entry is named r17 or c3" in told
    assert len(told) < 300


def test_a_misspelt_start_is_recognised(sandbox: Sandbox) -> None:
    assert "did you mean 'start'?" in reason(sandbox.history, "strat")


def test_an_entry_that_never_was_names_the_latest(sandbox: Sandbox) -> None:
    assert reason(sandbox.history, "r71") == "there is no entry 'r71'; the latest is r3"
    assert reason(sandbox.history, "c1") == "there is no entry 'c1'; this run has none yet"


def test_an_undone_entry_names_the_rewind(sandbox: Sandbox) -> None:
    rewind(sandbox, "r1")
    told = "the entry 'r3' is gone: c1 undid it (rewind to r1, 2 entries undone)"
    assert reason(sandbox.history, "r3") == told


def test_an_undone_rewind_names_the_later_rewind(sandbox: Sandbox, world: World) -> None:
    rewind(sandbox, "r2")
    world.get("/partoo/v2/nothing")
    rewind(sandbox, "r1")
    assert "c2 undid it" in reason(sandbox.history, "c1")
    assert "c2 undid it" in reason(sandbox.history, "r3")
    assert "c2 undid it" in reason(sandbox.history, "r4")


def test_each_undone_entry_names_its_own_rewind(sandbox: Sandbox, world: World) -> None:
    rewind(sandbox, "r2")
    world.get("/partoo/v2/nothing")
    world.get("/partoo/v2/nothing")
    rewind(sandbox, "r4")
    assert "c1 undid it" in reason(sandbox.history, "r3")
    assert "c2 undid it" in reason(sandbox.history, "r5")


def test_an_entry_before_a_reset_is_gone(sandbox: Sandbox, world: World) -> None:
    sandbox.reset(START)
    world.get("/partoo/v2/nothing")
    told = "the entry '1.r1' is gone: a reset or a restore began run 2"
    assert reason(sandbox.history, "1.r1") == told
    assert reason(sandbox.history, "1.start").endswith("a reset or a restore began run 2")
    assert find_entry(sandbox.history, "r1") is find_entry(sandbox.history, "2.r1")
    assert "the latest is r1" in reason(sandbox.history, "r3")


def test_a_run_that_has_not_begun_is_not_gone(sandbox: Sandbox) -> None:
    told = reason(sandbox.history, "7.r1")
    assert told == "there is no entry '7.r1'; the sandbox is in its run 1"


def test_a_dropped_entry_says_where_the_history_begins(world: World) -> None:
    small(world, 3)
    for _ in range(5):
        world.get("/partoo/v2/nothing")
    history = world.sandbox().history
    told = "the history begins at r3: older entries were dropped"
    assert reason(history, "r2") == f"the entry 'r2' is gone; {told}"
    assert refusal(history, "start") == told
    assert entry_mark(history, "r3").position == 3


def test_an_undone_entry_is_not_called_dropped_if_others_were(world: World) -> None:
    small(world, 4)
    for _ in range(4):
        world.get("/partoo/v2/nothing")
    rewind(world.sandbox(), "r2")
    world.get("/partoo/v2/nothing")
    world.get("/partoo/v2/nothing")
    history = world.sandbox().history
    assert [entry.id for entry in history.entries()] == ["r2", "c1", "r5", "r6"]
    assert "dropped" in reason(history, "r1")
    assert "c1 undid it" in reason(history, "r3")


def test_the_sandbox_cannot_go_back_past_a_reload(sandbox: Sandbox, world: World) -> None:
    sandbox.replace(sandbox.apis, {})
    world.get("/partoo/v2/nothing")
    told = "other documents were loaded after r3, which is the earliest possible entry"
    assert refusal(sandbox.history, "r2") == told
    assert refusal(sandbox.history, "start") == told
    assert entry_mark(sandbox.history, "r3").position == 3
    assert find_entry(sandbox.history, "r2").id == "r2"


def test_dropped_entries_do_not_take_the_floor_of_a_reload_back(world: World) -> None:
    small(world, 5)
    for _ in range(5):
        world.get("/partoo/v2/nothing")
    world.sandbox().replace(world.sandbox().apis, {})
    world.get("/partoo/v2/nothing")
    assert world.sandbox().history.floor.position == 5
    assert "r5" in refusal(world.sandbox().history, "r4")


def test_the_start_is_possible_after_a_reload_before_all_entries(world: World) -> None:
    sandbox = world.sandbox()
    sandbox.replace(sandbox.apis, {})
    world.get("/partoo/v2/nothing")
    assert entry_mark(sandbox.history, "start").position == 0


def test_an_entry_before_a_fork_is_named_in_it(sandbox: Sandbox, world: World) -> None:
    sandbox.reset(START)
    for _ in range(2):
        world.get("/partoo/v2/nothing")
    mark = entry_mark(sandbox.history, "r1")
    fork = world.engine.sandboxes.fork(sandbox, "b", mark, START)
    assert find_entry(fork.history, "2.r1") is find_entry(sandbox.history, "r1")
    assert reason(fork.history, "r2").endswith("c2 undid it (forkSandbox of default at r1)")


def test_a_reload_at_the_first_entry_that_is_kept_is_not_told_from_a_loss(world: World) -> None:
    world.get("/partoo/v2/nothing")
    world.sandbox().replace(world.sandbox().apis, {})
    told = "the history begins at r1: what was before is not kept, or of other documents"
    assert refusal(world.sandbox().history, "start") == told
