"""What every store does, in memory, in a file, and in Redis."""

import secrets
from pathlib import Path

import pytest

from mockserver.stores.history_store import (
    Batch,
    Committed,
    Head,
    HistoryStore,
    Lost,
    Newer,
    Retention,
    State,
)
from tests.stores.conftest import KINDS, a_store

pytestmark = pytest.mark.anyio
Rows = dict[str, bytes]


def batch(name: str, *entries: bytes, fresh: bool = False, rows: Rows | None = None) -> Batch:
    state = None if rows is None else State(rows, b"meta of %b" % name.encode())
    return Batch(name, entries or (b'{"of":"%b"}' % name.encode(),), state, fresh)


async def first(store: HistoryStore, name: str = "one") -> Head:
    made = await store.commit(name, None, batch("first", fresh=True, rows={"a": b"1"}))
    assert isinstance(made, Committed)
    return made.head


async def committed(store: HistoryStore, head: Head, name: str, **rows: bytes) -> Head:
    made = await store.commit("one", head, batch(name, rows=rows))
    assert isinstance(made, Committed)
    return made.head


async def test_what_was_written_is_there(store: HistoryStore) -> None:
    head = await first(store)
    later = await committed(store, head, "second", b=b"2")
    stored = await store.load("one")
    assert stored is not None
    assert stored.head == later
    assert (dict(stored.state.rows), stored.state.meta) == (
        {"a": b"1", "b": b"2"},
        b"meta of second",
    )
    assert list(stored.earlier) == [b'{"of":"first"}', b'{"of":"second"}']
    assert list(stored.later) == []


async def test_a_state_is_that_of_the_batch_with_which_it_was_written(store: HistoryStore) -> None:
    head = await first(store)
    await store.commit("one", head, batch("second"))
    stored = await store.load("one")
    assert stored is not None
    assert (dict(stored.state.rows), stored.state.meta) == ({"a": b"1"}, b"meta of first")
    assert (list(stored.earlier), list(stored.later)) == (
        [b'{"of":"first"}'],
        [b'{"of":"second"}'],
    )


async def test_there_is_no_sandbox_with_another_name(store: HistoryStore) -> None:
    await first(store)
    assert await store.load("two") is None


async def test_a_sandbox_is_made_only_once(store: HistoryStore) -> None:
    await first(store)
    assert await store.commit("one", None, batch("other", fresh=True)) == Lost()


async def test_who_was_not_first_gets_what_is_newer(store: HistoryStore) -> None:
    head = await first(store)
    second = await committed(store, head, "second")
    third = await committed(store, second, "third")
    late = await store.commit("one", head, batch("late", rows={"a": b"lost"}))
    assert late == Newer(third, [b'{"of":"second"}', b'{"of":"third"}'])
    stored = await store.load("one")
    assert stored is not None
    assert dict(stored.state.rows) == {"a": b"1"}


async def test_entries_since_a_head_are_read(store: HistoryStore) -> None:
    head = await first(store)
    second = await committed(store, head, "second")
    assert await store.since("one", head) == Newer(second, [b'{"of":"second"}'])
    found = await store.since("one", second)
    assert isinstance(found, Newer)
    assert (found.head, list(found.entries)) == (second, [])


async def test_a_history_that_began_again_is_noticed(store: HistoryStore) -> None:
    head = await first(store)
    await store.commit("one", head, batch("again", fresh=True, rows={"b": b"2"}))
    stored = await store.load("one")
    assert stored is not None
    assert dict(stored.state.rows) == {"b": b"2"}
    assert await store.since("one", head) == Lost()
    assert await store.commit("one", head, batch("late")) == Lost()


async def test_a_history_that_went_back_is_noticed(store: HistoryStore) -> None:
    head = await first(store)
    second = await committed(store, head, "second")
    await store.delete("one")
    await first(store)
    assert await store.commit("one", second, batch("late")) == Lost()
    assert await store.since("one", second) == Lost()


async def test_another_history_of_the_same_length_is_noticed(store: HistoryStore) -> None:
    await first(store)
    assert await store.commit("one", Head(1, "another"), batch("late")) == Lost()


async def test_a_sandbox_is_deleted(store: HistoryStore) -> None:
    head = await first(store)
    await first(store, "two")
    assert sorted(await store.names()) == ["one", "two"]
    assert (await store.delete("one"), await store.delete("one")) == (True, False)
    assert await store.names() == ["two"]
    assert await store.since("one", head) == Lost()


async def test_a_batch_can_be_without_entries(store: HistoryStore) -> None:
    made = await store.commit("one", None, Batch("first", (), State({"a": b"1"}, b"m"), fresh=True))
    assert isinstance(made, Committed)
    stored = await store.load("one")
    assert stored is not None
    assert (list(stored.earlier), list(stored.later)) == ([], [])


@pytest.mark.parametrize("request_kind", KINDS)
async def test_only_the_latest_batches_are_kept(
    request: pytest.FixtureRequest, tmp_path: Path, request_kind: str
) -> None:
    request.param = request_kind
    store = a_store(request, tmp_path, Retention(entries=3))
    await store.open()
    head = old = await first(store)
    for number in range(5):
        head = await committed(store, head, f"n{number}")
    stored = await store.load("one")
    assert stored is not None
    assert list(stored.earlier) == [b'{"of":"n2"}', b'{"of":"n3"}', b'{"of":"n4"}']
    assert await store.since("one", old) == Lost()
    await store.close()


@pytest.mark.parametrize("request_kind", KINDS)
async def test_batches_after_the_state_are_kept_however_many(
    request: pytest.FixtureRequest, tmp_path: Path, request_kind: str
) -> None:
    request.param = request_kind
    store = a_store(request, tmp_path, Retention(entries=2, size=10))
    await store.open()
    head = await first(store)
    for number in range(5):
        made = await store.commit("one", head, batch(f"n{number}"))
        assert isinstance(made, Committed)
        head = made.head
    stored = await store.load("one")
    assert stored is not None
    assert len(stored.later) == 5
    await store.close()


@pytest.mark.parametrize("request_kind", KINDS)
async def test_only_so_many_bytes_of_batches_are_kept(
    request: pytest.FixtureRequest, tmp_path: Path, request_kind: str
) -> None:
    request.param = request_kind
    store = a_store(request, tmp_path, Retention(size=2_000))
    await store.open()
    head = await first(store)
    for number in range(5):
        content = secrets.token_hex(800).encode()  # it cannot be compressed much
        made = await store.commit("one", head, batch(f"n{number}", b'"%b"' % content, rows={}))
        assert isinstance(made, Committed)
        head = made.head
    stored = await store.load("one")
    assert stored is not None
    assert 1 <= len(stored.earlier) <= 2  # some stores compress them
    assert not stored.later
    await store.close()
