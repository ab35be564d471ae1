"""Run requests and calls on this process's copies of sandboxes, and write what they did to a store.

- In: `handle` gets requests to APIs, `perform` calls of the control API. Both return when the
  store has the entries, and raise `StoreError` if it could not take them; then nothing was done.
- `server/factory.py` makes one if there is a store. Without a store, sandboxes are only in memory,
  and the engine is called directly.

The rule is optimistic: what waits for one sandbox runs on its copy, in order, and is written
together by one compare-and-set of the sandbox's head. If another process was first, the own entries
are taken back, those of the other one are applied, and all of it runs again. So no process waits
for a lock, and an answer is only sent when the store has its entry.

A copy is reloaded when it cannot be brought up to date entry by entry: after a reset elsewhere,
when the log of the store is too short, and after an error of the store, which may have written a
batch although its answer was lost.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

from mockserver.base.errors import SandboxFullError
from mockserver.base.time import Instant
from mockserver.engine.history import HistoryEntry
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Point, Sandbox
from mockserver.engine.sandboxes import SANDBOX_NAME
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Request
from mockserver.stores.entry_codec import decode_entry, encode_entry
from mockserver.stores.history_store import (
    WRITER,
    Batch,
    Committed,
    Head,
    HistoryStore,
    Lost,
    Newer,
    State,
    StoreError,
)
from mockserver.stores.stored_sandbox import (
    CLOCK_ROW,
    SandboxBrief,
    Touched,
    all_rows,
    brief_of,
    changed_rows,
    load_sandbox,
    meta_of,
    touched_by,
)

T = TypeVar("T")
_MOST_WORKS = 200
"""Maximum number of requests in one batch."""
_MOST_TRIES = 200
"""Number of times that a batch runs before it is given up, because others were always first."""
_PATIENCE = 5.0
_LOOK = 0.25
"""Seconds between two looks at what other processes did, for readers of events."""
_MOST_UNSETTLED = 100
_MOST_TOUCHED = 20_000
"""Number of written records after which it is."""
_LONGEST_PAUSE = 0.05
"""Most seconds that a process waits after a batch if another one came too late."""
_TRIES_OF_A_SIZE = 4
"""Number of times that a batch runs before only half of it runs."""


@dataclass(slots=True)
class _Work:
    """Something to do with a sandbox, and who waits for its result."""

    run: Callable[[], Any]
    is_call: bool
    """True for a call of the control API, which has to see what other processes did."""
    only_reads: bool
    future: "asyncio.Future[Any]"
    result: Any = None
    error: Exception | None = None

    def attempt(self) -> None:
        """Run it; an exception is its result."""
        self.result = self.error = None
        try:
            self.result = self.run()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            self.error = error

    def finish(self) -> None:
        """Give the result to whoever waits."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Committer:
    """The copies of sandboxes in this process, and the store that has the originals."""

    def __init__(
        self,
        engine: Engine,
        store: HistoryStore,
        most_unsettled: int = _MOST_UNSETTLED,
        patience: float = _PATIENCE,
    ) -> None:
        """Let an engine's sandboxes be copies of those in a store.

        Args:
            engine: The engine.
            store: The store, which is opened at the first use.
            most_unsettled: Number of batches after which the state is written with the next one.
            patience: Seconds after which a batch is given up, because others were always first.
        """
        engine.tells = False
        engine.sandboxes.is_held = True
        self.writer = secrets.token_hex(WRITER // 2)
        """The beginning of the ids of all batches of this process."""
        self.most_unsettled, self.patience = most_unsettled, patience
        self.engine = engine
        self.store = store
        self._queues: dict[str, _Queue] = {}
        self._opening: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def handle(self, request: Request, system: Instant) -> Exchange:
        """Answer a request to an API.

        Raises:
            StoreError: If the store could not take what it changed.
        """
        name = self.engine.sandbox_name(request)
        if not SANDBOX_NAME.fullmatch(name):
            return self.engine.handle(request, system)
        queue = self.queue(name, system)
        exchange: Exchange = await queue.submit(
            lambda: self.engine.handle(request, system), is_call=False
        )
        return exchange

    async def perform(
        self, name: str, system: Instant, run: Callable[[], T], *, only_reads: bool
    ) -> T:
        """Make a call of the control API about a sandbox; raises what `run` raises, or StoreError.

        Args:
            name: The name of the sandbox.
            system: The time of the system's clock.
            run: Makes the call; it is run again if another process changed the sandbox meanwhile.
            only_reads: True if it changes nothing.
        """
        result: T = await self.queue(name, system).submit(run, only_reads=only_reads)
        return result

    def queue(self, name: str, system: Instant) -> "_Queue":
        """Return the queue of a sandbox."""
        queue = self._queues.pop(name, None) or _Queue(self, name)
        self._queues[name] = queue  # the one used last comes last
        queue.system = system
        return queue

    def forget(self, name: str) -> None:
        """Remove the queue of a sandbox that does not exist."""
        self._queues.pop(name, None)

    def make_room(self) -> None:
        """Drop the copy that was used longest ago if there are as many as this process may have."""
        sandboxes = self.engine.sandboxes
        if len(sandboxes.by_name) < sandboxes.bounds.sandboxes:
            return
        for name, queue in self._queues.items():
            if name in sandboxes and not queue.is_busy and not queue.is_watched:
                sandboxes.forget(name)
                self.forget(name)
                return

    async def check_room(self, name: str) -> None:
        """Raise SandboxFullError if the store has as many sandboxes as there may be."""
        most = self.engine.sandboxes.bounds.sandboxes
        if name != DEFAULT_SANDBOX and len(await self.store.names()) >= most:
            raise SandboxFullError(f"there are already {most:,} sandboxes; delete one of them")

    async def briefs(self) -> list[SandboxBrief]:
        """Return what a list of sandboxes shows, by name, without copies of them."""
        await self.opened()
        found = []
        for name in sorted(await self.store.names()):
            stored = await self.store.load(name, (CLOCK_ROW,))
            if stored is not None:
                found.append(brief_of(name, stored))
        return found

    async def opened(self) -> None:
        """Open the store, once; raises what `HistoryStore.open` raises."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.get_running_loop().create_task(self.store.open())
        if not self._opening.done():
            await asyncio.shield(self._opening)
        self._opening.result()

    def watch(self) -> None:
        """Read what other processes do to sandboxes whose events somebody reads, from now on."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            watched = [queue for queue in self._queues.values() if queue.is_watched]
            if not watched:
                return
            for queue in watched:
                with suppress(Exception):  # the next look may succeed
                    await queue.submit(lambda: None, only_reads=True)

    async def close(self) -> None:
        """Close the store."""
        if self._watching is not None:
            self._watching.cancel()
        await self.store.close()


class _Queue:
    """What waits for one sandbox; one batch after the other is written."""

    def __init__(self, committer: Committer, name: str) -> None:
        self._committer = committer
        self._sandboxes = committer.engine.sandboxes
        self._store = committer.store
        self._name = name
        self._head: Head | None = None
        self._is_stale = True
        """True if the copy must be loaded before it is used."""
        self._has_rivals = False
        """True if another process came too late just now."""
        self._pause = 0.0
        """Seconds that the last batch took, for which to give way to rivals."""
        self._touched: Touched = set()
        """What was written since the store got the state."""
        self._unsettled = 0
        """Number of batches since then."""
        self._told = (0, 0)
        """The run and the position of the latest entry that readers of events have."""
        self._waiting: list[_Work] = []
        self._task: asyncio.Task[None] | None = None
        self.system = Instant(0)

    def submit(
        self, run: Callable[[], Any], *, is_call: bool = True, only_reads: bool = False
    ) -> "asyncio.Future[Any]":
        """Queue something; the future has its result when the store has what it changed."""
        loop = asyncio.get_running_loop()
        work = _Work(run, is_call, only_reads, loop.create_future())
        self._waiting.append(work)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._drain())
        return work.future

    async def _drain(self) -> None:
        while self._waiting:
            works, self._waiting = self._waiting[:_MOST_WORKS], self._waiting[_MOST_WORKS:]
            try:
                await self._commit(works)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                self._fail(works, error)
            except BaseException:  # cancelled: nobody may wait for ever
                works, self._waiting = [*works, *self._waiting], []
                self._fail(works, StoreError("the request was broken off"))
                raise
            finally:
                for work in works:
                    work.finish()
            if self._has_rivals:  # let the others go first
                await asyncio.sleep(self._pause)
        if self._copy is None:
            self._committer.forget(self._name)

    @property
    def is_busy(self) -> bool:
        """True if something waits for the sandbox."""
        return bool(self._waiting) or (self._task is not None and not self._task.done())

    def _fail(self, works: Iterable[_Work], error: Exception) -> None:
        """Let works fail; the store may have written them nevertheless."""
        self._is_stale = True
        for work in works:
            work.error = error

    @property
    def is_watched(self) -> bool:
        """True if somebody reads the events of the sandbox."""
        return self._copy is not None and self._copy.history.listener is not None

    @property
    def _copy(self) -> Sandbox | None:
        return self._sandboxes.by_name.get(self._name)

    async def _commit(self, works: list[_Work]) -> None:
        """Run works and write what they changed; again, if another process was first."""
        await self._committer.opened()
        if self._copy is None:
            self._committer.make_room()
        await self._bring_up_to_date(reads=any(work.is_call for work in works))
        self._has_rivals, began = False, perf_counter()
        for number in range(_MOST_TRIES):
            if number % _TRIES_OF_A_SIZE == _TRIES_OF_A_SIZE - 1 and len(works) > 1:
                half = len(works) // 2  # a smaller batch has better chances
                self._waiting[:0], works[half:] = works[half:], []
            copy, before = self._copy, self._head
            point = None if copy is None else copy.point()
            for work in works:
                work.attempt()
            if await self._write(works, copy, point):
                self._pause = min(_LONGEST_PAUSE, perf_counter() - began)
                return
            if perf_counter() - began > self._committer.patience:
                break
            if self._head == before:
                await self._load()
        raise StoreError("other processes change this sandbox all the time")

    async def _write(
        self, works: Sequence[_Work], copy: Sandbox | None, point: Point | None
    ) -> bool:
        """Write what works did; return False if another process was first."""
        after = self._copy
        if after is None:
            if copy is not None:
                await self._store.delete(self._name)
                self._head = None
            return True
        is_fresh = point is None or after is not copy or after.history.run != point.run
        is_fresh = is_fresh or self._head is None
        position = 0 if is_fresh or point is None else point.position
        entries = after.history.after(position)
        if not entries and (not is_fresh or all(work.only_reads for work in works)):
            return True
        outcome = await self._send(after, point, entries, is_fresh=is_fresh)
        if isinstance(outcome, Committed):
            self._head, self._has_rivals = outcome.head, outcome.has_rivals
            self._unsettled += 1
            self._tell(after)
            after.history.trim()
            return True
        self._withdraw(after, point, is_fresh=is_fresh)
        if isinstance(outcome, Newer) and not self._is_stale:
            self._apply(after, outcome)
        else:
            await self._load()
        return False

    async def _send(
        self, copy: Sandbox, point: Point | None, entries: list[HistoryEntry], *, is_fresh: bool
    ) -> Committed | Newer | Lost:
        """Send entries to the store; take them back if that fails."""
        self._touch(entries)
        encoded = [encode_entry(entry) for entry in entries]
        state = self._state(copy, is_fresh=is_fresh)
        if self._head is None:
            await self._check_room(copy)
        batch = Batch(self._committer.writer + secrets.token_hex(8), encoded, state, is_fresh)
        try:
            outcome = await self._store.commit(self._name, self._head, batch)
        except BaseException:
            self._withdraw(copy, point, is_fresh=is_fresh)
            self._is_stale = True
            raise
        if state is not None and isinstance(outcome, Committed):
            self._touched, self._unsettled = set(), 0
        return outcome

    async def _check_room(self, copy: Sandbox) -> None:
        """Raise SandboxFullError, and drop the copy, if the store has too many sandboxes."""
        try:
            await self._committer.check_room(self._name)
        except BaseException:
            self._sandboxes.forget(copy.name)
            raise

    def _touch(self, entries: Iterable[HistoryEntry]) -> None:
        for entry in entries:
            self._touched |= touched_by(entry)

    def _state(self, copy: Sandbox, *, is_fresh: bool) -> State | None:
        """Return the state to write with a batch; None if the store has a late enough one."""
        if is_fresh:
            return State(all_rows(copy), meta_of(copy))
        if self._unsettled < self._committer.most_unsettled and len(self._touched) < _MOST_TOUCHED:
            return None
        return State(changed_rows(copy, self._touched), meta_of(copy))

    def _tell(self, copy: Sandbox, *, is_others: bool = False) -> None:
        """Tell readers of events what is new; calls only if another process made them."""
        history = copy.history
        run, position = self._told
        is_earlier = run == history.run and position <= history.position
        self._told = (history.run, history.position)
        for entry in history.after(position if is_earlier else 0):
            if isinstance(entry, Exchange):
                history.tell(entry)
            elif is_others:
                history.notify(entry)

    def _withdraw(self, copy: Sandbox, point: Point | None, *, is_fresh: bool) -> None:
        if is_fresh or point is None or not copy.withdraw(point):
            self._is_stale = True

    async def _bring_up_to_date(self, *, reads: bool) -> None:
        is_unknown = reads and self._head is None
        if self._is_stale or (is_unknown and await self._store.load(self._name, ()) is not None):
            await self._load()
        elif reads and self._head is not None:
            outcome = await self._store.since(self._name, self._head)
            copy = self._copy
            if isinstance(outcome, Lost) or copy is None:
                await self._load()
            else:
                self._apply(copy, outcome)

    def _apply(self, copy: Sandbox, newer: Newer) -> None:
        """Apply the entries of another process to the copy."""
        for text in newer.entries:
            entry = decode_entry(text, self._name, copy.apis)
            copy.apply(entry)
            self._touch([entry])
            self._tell(copy, is_others=True)
        copy.history.trim()
        self._unsettled += newer.head.version - (self._head.version if self._head else 0)
        self._head = newer.head

    async def _load(self) -> None:
        """Make the copy anew from what the store has; without it, the sandbox begins here."""
        stored = await self._store.load(self._name)
        self._is_stale = False
        if stored is None:
            self._head = None
            self._told = (0, 0)
            if self._copy is not None and self._name == DEFAULT_SANDBOX:
                self._copy.begin(self.system)
            else:
                self._sandboxes.forget(self._name)
            return
        is_known = self._copy is not None and self._told != (0, 0)
        copy = self._copy or self._sandboxes.get(self._name, self.system)
        later = load_sandbox(copy, stored)
        copy.history.trim()
        self._head = stored.head
        self._touched, self._unsettled = set(), len(later)
        self._touch(later)
        if is_known:
            self._tell(copy, is_others=True)
        self._told = (copy.history.run, copy.history.position)
