"""The budget of all histories: what entries need, and which are dropped."""

import pytest

from mockserver.base.time import Instant
from mockserver.engine.history import Budget, History, entry_size
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Answer, Request
from mockserver.model.record_change import Write
from mockserver.model.trace import Validated
from tests.conftest import World

NO_ANSWER = Answer(200, [], b"")


def exchange(name: str = "r1", body: bytes = b"", **others: object) -> Exchange:
    request = Request("POST", "/a", body=body)
    return Exchange(name, "default", Instant(0), request, NO_ANSWER, **others)  # type: ignore[arg-type] # as given


def filled(budget: Budget, count: int) -> History:
    history = History(1_000, budget)
    for number in range(count):
        history.append(exchange(f"r{number + 1}", b"x" * 10_000))
    return history


def test_an_entry_needs_more_for_its_body_its_head_and_its_trace() -> None:
    plain = entry_size(exchange())
    assert entry_size(exchange(body=b"x" * 100)) >= plain + 100
    assert entry_size(exchange(trace=[Validated(0)] * 1_000)) > plain + 90_000
    long = exchange()
    long.request.head_size = 60_000
    assert entry_size(long) >= plain + 60_000


def test_the_records_of_a_large_body_count_with_all_that_they_hold() -> None:
    record = {"id": "1", "texts": ["x" * 1_000, "y" * 1_000], "more": {"name": "é" * 500}}
    write: Write = (("shop", "items"), "1", None, record, 1)
    large, small = exchange(body=b"x" * 3_000), exchange(body=b"x" * 3_000)
    large.writes = [write]
    assert entry_size(large) > entry_size(small) + 2_500


def test_the_size_of_a_history_is_that_of_its_entries() -> None:
    budget = Budget()
    history = filled(budget, 3)
    assert history.size == budget.used == sum(entry.size for entry in history.entries())
    list(history.cut(1))
    assert history.size == budget.used == next(history.entries()).size


def test_the_largest_history_loses_its_oldest_entries() -> None:
    budget = Budget(400_000)
    small, large = filled(budget, 3), filled(budget, 40)
    assert (small.dropped, len(small)) == (0, 3)
    assert large.dropped == 40 - len(large) > 0
    assert [entry.id for entry in large][-1] == "r40"
    assert budget.used <= budget.most


def test_an_entry_for_which_there_is_no_room_at_all_is_dropped_and_counted() -> None:
    budget = Budget(20_000)
    history = History(10, budget)
    history.append(exchange(body=b"x" * 50_000))
    assert (history.dropped, len(history), budget.used) == (1, 0, 0)
    assert history.floor.position == 1


def test_a_history_that_needs_too_much_does_not_keep_others_from_shrinking() -> None:
    budget = Budget(100_000)
    History(10, budget).append(exchange(body=b"x" * 60_000))
    filled(budget, 10)
    assert budget.used <= budget.most


def test_dropping_is_rare_when_many_histories_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(5_000_000)
    histories = [filled(budget, 4) for _ in range(100)]
    rounds: list[int] = []
    shrink = Budget.shrink

    def counted(own: Budget) -> None:
        rounds.append(1)
        shrink(own)

    monkeypatch.setattr(Budget, "shrink", counted)
    for number in range(1_000):
        histories[number % 100].append(exchange(body=b"x" * 10_000))
    assert sum(history.dropped for history in histories) > 900
    assert len(rounds) < 60


def test_a_fork_counts_its_entries_and_shrinks_the_histories(world: World) -> None:
    for _ in range(9):
        world.get("/cloutly/api/v1/businesses")
    sandboxes: Sandboxes = world.engine.sandboxes
    sandboxes.budget.most = sandboxes.budget.used + 10_000
    fork = sandboxes.fork(world.sandbox(), "b", None, world.now)
    assert sandboxes.budget.used <= sandboxes.budget.most
    assert fork.history.dropped + world.sandbox().history.dropped > 0


def test_a_fork_at_an_entry_is_whole_although_the_budget_is_exceeded(world: World) -> None:
    for number in range(9):
        body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": f"+3364738000{number}"}
        headers = {"x_apikey": "demo-partoo-key"}
        world.post("/partoo/v2/review_booster/send_invitation", body, **headers)
    sandboxes = world.engine.sandboxes
    sandboxes.budget.most = sandboxes.budget.used + 1
    fork = sandboxes.fork(world.sandbox(), "b", world.sandbox().history.mark(2), world.now)
    assert len(fork.store("partoo").collection("messages")) == 2


def test_records_are_kept_when_the_clock_is_placed_after_their_entries_were_dropped(
    world: World,
) -> None:
    sandbox = world.sandbox()
    writes = sandbox.transaction()
    writes.insert(sandbox.store("partoo").collection("businesses"), {"id": "new"})
    sandbox.record("addRecord", world.now, writes)
    world.get("/nowhere")
    sandbox.history.drop()
    writes = sandbox.transaction()
    sandbox.set_clock(writes, sandbox.clock.placed(Instant(0), world.now), world.now)
    assert sandbox.store("partoo").collection("businesses").get("new") is not None
