"""Several workers with one store are one sandbox."""

import asyncio

import pytest

from mockserver.engine.retracing import retraced
from mockserver.model.api import Api
from mockserver.model.exchange import Exchange
from mockserver.model.trace import as_json, decisions
from mockserver.stores.memory_store import MemoryStore
from tests.history import state_of
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
