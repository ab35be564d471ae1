"""Keep the readers of event streams, make the events of a sandbox, and queue them for each reader.

`event_calls.py` opens and closes readers. `open` sets the listener of the sandbox's journal, which
then publishes each exchange and its messages; `adapter.py` publishes changes by calls, and
`sandbox_calls.py` ends the streams of a deleted sandbox, both through the context of a request. A
reader that is too slow loses what waits, and gets the number of lost events in an event `missed`.
More than `MAX_LISTENERS` in all sandboxes are a `ControlError` (503). Without a reader of a
sandbox, none of its events is made.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import takewhile

from mockserver.base.json import JsonValue
from mockserver.base.time import Instant
from mockserver.control import api_views
from mockserver.control.exchange_views import exchange_summary
from mockserver.control.problem_responses import ControlError
from mockserver.engine.history import REWIND, HistoryEntry
from mockserver.engine.sandbox import Sandbox
from mockserver.model.control_entry import ControlEntry
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import WORLD
from mockserver.wire.media import json_bytes

MAX_LISTENERS = 100
MAX_EVENTS = 1_000
"""Largest number of events that wait for a slow reader."""
_CLOCK = (WORLD, "clock")
_MAX_EVENT_BYTES = 1_000_000
"""Largest size of the events that wait for a slow reader."""


def event(name: str, data: JsonValue, event_id: str = "") -> bytes:
    """Return a server-sent event as bytes (HTML, section 9.2.6)."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: ".encode() + json_bytes(data) + b"\n\n"


class Listener:
    """Queue of one reader; if it reads too slowly, events are dropped and counted."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.ended = False
        self.wake = asyncio.Event()
        """Event that is set when there is something to read, or the stream has ended."""
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._missed = 0

    def put(self, chunk: bytes) -> None:
        """Add an event; if too many wait, all of them are dropped."""
        if len(self._waiting) >= MAX_EVENTS or self._size + len(chunk) > _MAX_EVENT_BYTES:
            self._missed += len(self._waiting) + 1
            self._waiting.clear()
            self._size = 0
        else:
            self._waiting.append(chunk)
            self._size += len(chunk)
        self.wake.set()

    def end(self) -> None:
        """End the stream after the events that wait."""
        self.ended = True
        self.wake.set()

    def take(self) -> bytes:
        """Return and remove the events that wait."""
        chunks = [event("missed", {"events": self._missed})] if self._missed else []
        chunks += self._waiting
        self._waiting.clear()
        self._size = self._missed = 0
        self.wake.clear()
        return b"".join(chunks)


class Listeners:
    """All readers by sandbox; a sandbox without readers is not observed."""

    def __init__(self, changes: Mapping[str, str] | None = None) -> None:
        self._by_sandbox: dict[Sandbox, list[Listener]] = {}
        self._changes = changes or {}
        """What each call changes, by its id."""

    def __len__(self) -> int:
        return sum(map(len, self._by_sandbox.values()))

    def open(self, sandbox: Sandbox, last_id: str | None) -> Listener:
        """Add a reader of a sandbox, from now on or after an exchange that the journal has.

        Raises:
            ControlError: If there are too many readers.
        """
        if len(self) >= MAX_LISTENERS:
            raise ControlError(
                503, f"there are {MAX_LISTENERS} event streams already; close one of them"
            )
        listener = Listener(sandbox)
        if last_id:
            _resume(listener, last_id)
        self._by_sandbox.setdefault(sandbox, []).append(listener)
        sandbox.history.listener = partial(self._publish, sandbox)
        sandbox.history.on_close = partial(self.end, sandbox.name)
        return listener

    def close(self, listener: Listener) -> None:
        """Remove a reader."""
        sandbox = listener.sandbox
        others = [one for one in self._by_sandbox.get(sandbox, ()) if one is not listener]
        if others:
            self._by_sandbox[sandbox] = others
        else:
            self._by_sandbox.pop(sandbox, None)
            sandbox.history.listener = sandbox.history.on_close = None

    def end(self, name: str) -> None:
        """End all streams of a sandbox."""
        for sandbox, listeners in self._by_sandbox.items():
            for listener in listeners if sandbox.name == name else ():
                listener.end()

    def clock_moved(self, sandbox: Sandbox, system: Instant) -> None:
        """Publish the new time of a sandbox."""
        for listener in self._by_sandbox.get(sandbox, ()):
            listener.put(event("clock", api_views.clock(sandbox, system)))

    def state_changed(self, sandbox: Sandbox, what: str) -> None:
        """Publish that a part of a sandbox has changed, such as its settings."""
        for listener in self._by_sandbox.get(sandbox, ()):
            listener.put(event("state", {"changed": what}))

    def _publish(self, sandbox: Sandbox, entry: HistoryEntry) -> None:
        if isinstance(entry, ControlEntry):
            self._publish_call(sandbox, entry)
            return
        for chunk in _events(sandbox, entry):
            for listener in self._by_sandbox.get(sandbox, ()):
                listener.put(chunk)

    def _publish_call(self, sandbox: Sandbox, entry: ControlEntry) -> None:
        """Publish a call that another process made."""
        if entry.call != REWIND and any(change.place == _CLOCK for change in entry.changes):
            self.clock_moved(sandbox, entry.arrived)
        elif what := self._changes.get(entry.call, entry.call):
            self.state_changed(sandbox, what)


def _events(sandbox: Sandbox, exchange: Exchange) -> Iterator[bytes]:
    """Yield the events of an exchange and of the messages that it added to the outbox."""
    yield event("exchange", exchange_summary(exchange), exchange.id)
    if exchange.api is None or (store := sandbox.stores.get(exchange.api.name)) is None:
        return
    messages = store.collection("messages").newest()
    latest = takewhile(lambda row: row["created_at"] >= exchange.at, messages)
    own = [row for row in latest if row["request_id"] == exchange.id]
    for record in reversed(own):
        yield event("message", api_views.message(record, exchange.at))


def _resume(listener: Listener, last_id: str) -> None:
    journal = listener.sandbox.history
    entries = list(journal)
    ids = [entry.id for entry in entries]
    if last_id not in ids:
        listener.put(event("missed", {"events": None}))
        return
    for entry in entries[ids.index(last_id) + 1 :]:
        listener.put(event("exchange", exchange_summary(entry), entry.id))
