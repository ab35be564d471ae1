"""Several workers with one store are one sandbox."""

import asyncio

import pytest

from mockserver.base.errors import SandboxFullError
from mockserver.control.api_views import brief_summary, sandbox_summary
from mockserver.engine.retracing import retraced
from mockserver.model.api import Api
from mockserver.model.exchange import Exchange
from mockserver.model.trace import as_json, decisions
from mockserver.stores.memory_store import MemoryStore
from tests.history import state_of
from tests.stores.test_stored_sandboxes import do
from tests.stores_world import worker

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("quota", [0, 1, 30, 59, 61])
async def test_a_quota_is_exact_among_workers(bundled: list[Api], quota: int) -> None:
    store = MemoryStore()
    workers = [worker(bundled, store, sms_quota=quota) for _ in range(4)]
    shares = [range(number, 60, 4) for number in range(4)]
    statuses = await asyncio.gather(
        *(one.invite_all(share) for one, share in zip(workers, shares, strict=True))
    )
    every = [status for share in statuses for status in share]
    assert every.count(200) == min(quota, 60)
    assert every.count(403) == 60 - min(quota, 60)


async def test_a_cooldown_has_one_winner(bundled: list[Api]) -> None:
    store = MemoryStore()
    workers = [worker(bundled, store) for _ in range(4)]
    statuses = await asyncio.gather(*(one.invite_all([7] * 5) for one in workers))
    assert sorted(status for share in statuses for status in share) == [200] + [400] * 19


async def test_copies_are_equal_after_all(bundled: list[Api]) -> None:
    store = MemoryStore()
    first, second = worker(bundled, store), worker(bundled, store)
    await asyncio.gather(first.invite_all(range(20)), second.invite_all(range(20, 40)))
    await first.invite(41)
    await second.invite(42)
    await first.committer.perform("default", first.now, lambda: None, only_reads=True)
    one, two = (single.committer.engine.sandboxes.by_name["default"] for single in (first, second))
    assert state_of(one, first.now) == state_of(two, first.now)
    assert [entry.id for entry in one.history] == [f"r{number}" for number in range(1, 43)]
    assert [entry.answer.body for entry in one.history] == [
        entry.answer.body for entry in two.history
    ]


async def test_a_worker_that_starts_later_has_the_same_state(bundled: list[Api]) -> None:
    store = MemoryStore()
    first = worker(bundled, store)
    await first.invite_all(range(5))
    late = worker(bundled, store)
    await late.committer.perform("default", late.now, lambda: None, only_reads=True)
    one, two = (single.committer.engine.sandboxes.by_name["default"] for single in (first, late))
    assert state_of(one, first.now) == state_of(two, first.now)
    assert (await late.invite(1)).answer.status == 400


@pytest.mark.parametrize("name", ["default", "team"])
async def test_a_call_sees_a_sandbox_that_another_worker_began_after_the_last_look(
    bundled: list[Api], name: str
) -> None:
    store = MemoryStore()
    first, second = worker(bundled, store), worker(bundled, store)
    await first.committer.perform(name, first.now, lambda: None, only_reads=True)
    await second.invite(1, prefix=f"/~{name}")
    await first.committer.perform(name, first.now, lambda: None, only_reads=True)
    seen = first.committer.engine.sandboxes.by_name.get(name)
    assert seen is not None
    assert [entry.id for entry in seen.history] == ["r1"]


async def test_all_sandboxes_are_listed_as_other_workers_left_them(bundled: list[Api]) -> None:
    store = MemoryStore()
    first, second = worker(bundled, store), worker(bundled, store)
    await first.invite(1, prefix="/~kept")
    await first.invite(1, prefix="/~gone")
    await second.invite(2, prefix="/~kept")
    await second.invite(2, prefix="/~new")
    forget = second.committer.engine.sandboxes.forget
    await second.committer.perform("gone", second.now, lambda: forget("gone"), only_reads=False)
    briefs = await first.committer.briefs()
    found = [(brief.name, brief.requests, brief.entry) for brief in briefs]
    assert found == [("kept", 2, "1.r2"), ("new", 1, "1.r1")]


@pytest.mark.parametrize("most_unsettled", [0, 1, 100])
async def test_a_brief_is_what_a_copy_would_show(bundled: list[Api], most_unsettled: int) -> None:
    store = MemoryStore()
    one = worker(bundled, store, most_unsettled)
    for number, action in enumerate(["invite", "advance", "freeze", "rewind", "invite"]):
        await do(one, action, number)
        (brief,) = await one.committer.briefs()
        copy = one.committer.engine.sandboxes.by_name["default"]
        assert brief_summary(brief, one.now) == sandbox_summary(copy, one.now)


async def test_the_decisions_about_a_request_from_a_store_are_found_again(
    bundled: list[Api],
) -> None:
    store = MemoryStore()
    first = worker(bundled, store)
    await first.invite(1)
    await first.invite(1)
    await first.invite(2)
    late = worker(bundled, store)
    await late.committer.perform("default", late.now, lambda: None, only_reads=True)
    here, there = (one.committer.engine.sandboxes.by_name["default"] for one in (first, late))
    before = state_of(there, late.now)
    for kept, stored in zip(here.history, there.history, strict=True):
        found = retraced(late.committer.engine, there, stored, late.now)
        assert (stored.trace, stored.is_traced) == ([], False)
        assert sentences(found) == sentences(kept)
    assert state_of(there, late.now) == before


def sentences(exchange: Exchange) -> list[str]:
    found = decisions(exchange.operation, exchange.trace, exchange.request)
    return [str(as_json(item)["sentence"]) for item in found]


async def test_all_workers_together_make_only_so_many_sandboxes(bundled: list[Api]) -> None:
    store = MemoryStore()
    first, second = (worker(bundled, store, most_sandboxes=3) for _ in range(2))
    await first.invite(1, "/~a")
    await second.invite(1, "/~b")
    await first.invite(1, "/~c")
    with pytest.raises(SandboxFullError, match="already 3 sandboxes"):
        await second.invite(1, "/~d")
    assert (await second.invite(2, "/~a")).answer.status == 200
    assert sorted(await store.names()) == ["a", "b", "c"]


async def test_a_worker_has_copies_of_the_sandboxes_that_it_used_last(bundled: list[Api]) -> None:
    store = MemoryStore()
    large, small = worker(bundled, store), worker(bundled, store, most_sandboxes=2)
    for name in "abcde":
        await large.invite(1, f"/~{name}")
    for name in "abcde":
        assert (await small.invite(1, f"/~{name}")).answer.status == 400
    assert len(small.committer.engine.sandboxes.by_name) == 2


async def test_names_that_are_only_read_leave_nothing_behind(bundled: list[Api]) -> None:
    one = worker(bundled, MemoryStore())
    for number in range(20):
        await one.committer.perform(f"n{number}", one.now, lambda: None, only_reads=True)
    assert not one.committer._queues  # noqa: SLF001 - what is left behind is nowhere else


async def test_a_batch_may_be_longer_than_the_journal(bundled: list[Api]) -> None:
    store = MemoryStore()
    one = worker(bundled, store, most_entries=2)
    assert await one.invite_all(range(20)) == [200] * 20
    late = worker(bundled, store)
    await late.committer.perform("default", late.now, lambda: None, only_reads=True)
    here, there = (each.committer.engine.sandboxes.by_name["default"] for each in (one, late))
    assert (len(here.history), len(there.history)) == (2, 20)
    assert state_of(here, one.now) == state_of(there, one.now)
