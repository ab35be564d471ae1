"""A sandbox is the fold of its history: it goes back to an entry, and forks at one."""

import pytest

from mockserver.base.time import DAY, Instant, parse_instant
from mockserver.engine.sandbox import Sandbox
from mockserver.model.exchange import Exchange
from tests.conftest import START, World
from tests.history import fold, state_of

PARTOO = "/partoo/v2/review_booster/send_invitation"
INVITE = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}


def invite(world: World, last: int = 0, prefix: str = "") -> Exchange:
    body = {**INVITE, "target_phone": f"+3364738{last:04d}"}
    return world.post(prefix + PARTOO, body, x_apikey="demo-partoo-key").exchange


def rewind(world: World, entry: str, name: str = "default") -> None:
    sandbox = world.sandbox(name)
    found = sandbox.history.get(entry)
    assert found is not None
    sandbox.rewind(sandbox.history.mark(found.position), world.now)


def test_an_exchange_has_what_it_changed(world: World) -> None:
    exchange = invite(world)
    places = [change.place for change in exchange.changes]
    assert ("partoo", "rate_limits") in places
    assert ("partoo", "cooldowns") in places
    assert ("partoo", "messages") in places
    assert all(change.after is not None for change in exchange.changes)


def test_a_refused_request_changes_only_rate_limits(world: World) -> None:
    invite(world)
    refused = invite(world)
    assert refused.answer.status == 400
    assert {change.place for change in refused.changes} == {("partoo", "rate_limits")}


def test_after_a_rewind_the_state_is_as_it_was(world: World) -> None:
    invite(world, 1)
    before = state_of(world.sandbox(), world.now)
    invite(world, 2)
    world.advance("P1D")
    world.set("partoo", sms_quota=1)
    invite(world, 3)
    rewind(world, "r1")
    assert state_of(world.sandbox(), world.now) == before


def test_the_same_requests_after_a_rewind_get_the_same_bodies(world: World) -> None:
    invite(world, 1)
    first = invite(world, 2).answer.body
    rewind(world, "r1")
    assert invite(world, 2).answer.body == first


def test_ids_of_entries_are_not_used_again_after_a_rewind(world: World) -> None:
    invite(world, 1)
    invite(world, 2)
    rewind(world, "r1")
    assert invite(world, 2).id == "r3"
    assert [entry.id for entry in world.sandbox().history.entries()] == ["r1", "c1", "r3"]


@pytest.mark.parametrize("frozen", [False, True])
def test_the_time_goes_on_from_the_entry_running_or_frozen_as_it_was(
    world: World, *, frozen: bool
) -> None:
    sandbox = world.sandbox()
    if frozen:
        writes = sandbox.transaction()
        sandbox.set_clock(writes, sandbox.clock.frozen(world.now), world.now)
        sandbox.record("moveClock", world.now, writes)
    at = invite(world, 1).at
    world.advance("P10D")
    world.now = Instant(world.now + DAY)
    rewind(world, "r1")
    assert sandbox.now(world.now) == at
    assert sandbox.now(Instant(world.now + DAY)) == (at if frozen else at + DAY)


def test_faults_and_their_counts_go_back(world: World) -> None:
    from mockserver.engine.faults import check_fault  # noqa: PLC0415 - one test
    from mockserver.model.fault import FaultDefinition  # noqa: PLC0415 - one test

    sandbox = world.sandbox()
    writes = sandbox.transaction()
    fault = check_fault(FaultDefinition(status=503, times=1), world.engine.apis)
    sandbox.faults.add(writes, fault)
    sandbox.record("addFault", world.now, writes)
    assert [invite(world).answer.status for _ in range(2)] == [503, 200]
    rewind(world, "c1")
    assert [invite(world).answer.status for _ in range(2)] == [503, 200]
    rewind(world, "c1")
    sandbox.rewind(sandbox.history.mark(0), world.now)
    assert invite(world).answer.status == 200


def test_a_fork_does_not_see_what_its_original_does_later(world: World) -> None:
    invite(world, 1)
    fork = world.engine.sandboxes.fork(world.sandbox(), "b", None, world.now)
    assert state_of(fork, world.now) == state_of(world.sandbox(), world.now)
    before = state_of(fork, world.now)
    invite(world, 2)
    assert state_of(fork, world.now) == before
    assert invite(world, 2, "/~b").answer.status == 200
    assert [entry.id for entry in fork.history] == ["r1", "r2"]


def test_a_fork_at_an_entry_is_as_after_a_rewind(world: World) -> None:
    invite(world, 1)
    invite(world, 2)
    mark = world.sandbox().history.mark(1)
    fork = world.engine.sandboxes.fork(world.sandbox(), "b", mark, world.now)
    rewind(world, "r1")
    assert state_of(fork, world.now) == state_of(world.sandbox(), world.now)


def test_a_reset_begins_a_run(world: World) -> None:
    invite(world)
    world.sandbox().reset(world.now)
    history = world.sandbox().history
    assert (history.run, [entry.id for entry in history.entries()]) == (2, ["c1"])
    assert invite(world).id == "r1"


def test_the_fold_of_all_changes_is_the_state(world: World) -> None:
    for number in range(3):
        invite(world, number)
        world.advance("PT1H")
    world.set("partoo", sms_quota=1)
    invite(world, 9)
    assert state_of(fold(world.sandbox(), START), world.now) == state_of(world.sandbox(), world.now)


def test_an_instant_is_never_before_the_one_before_it(world: World) -> None:
    first = invite(world, 1).at
    world.now = Instant(world.now - DAY)
    assert invite(world, 2).at == first


def test_a_clock_placed_after_records_were_written_keeps_their_dates(world: World) -> None:
    sandbox: Sandbox = world.sandbox()
    began = sandbox.clock.began
    writes = sandbox.transaction()
    writes.insert(sandbox.store("partoo").collection("businesses"), {"id": "new"})
    sandbox.record("addRecord", world.now, writes)
    writes = sandbox.transaction()
    placed = sandbox.clock.placed(parse_instant("2020-01-01T00:00:00Z"), world.now)
    sandbox.set_clock(writes, placed, world.now)
    sandbox.record("moveClock", world.now, writes)
    assert sandbox.store("partoo").began == began
    assert sandbox.store("partoo").collection("businesses").get("new") is not None
    assert sandbox.store("cloutly").began == placed.began


def test_an_entry_that_is_dropped_does_not_lower_the_floor(world: World) -> None:
    history = world.sandbox().history
    history.capacity = 3
    for number in range(3):
        invite(world, number)
    history.raise_floor(history.mark(3))
    invite(world, 3)
    assert history.floor.position == 3
