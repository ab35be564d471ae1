"""Part F: a file with a thousand sandboxes and a million entries is opened and used at once."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from pathlib import Path

from mockserver.base.time import system_now
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.model.api import Api
from mockserver.model.messages import Request
from mockserver.stores.entry_codec import encode_entry
from mockserver.stores.history_store import Batch, Head, HistoryStore, State
from mockserver.stores.memory_store import MemoryStore
from mockserver.stores.sqlite_store import SqliteStore
from mockserver.stores.stored_sandbox import all_rows, meta_of
from tests.reliability.lean_client import send, send_all
from tests.reliability.machines import Machine, invitation
from tests.stores_world import worker

BATCH = 50
QUOTA = ("--set", "partoo.sms_quota=1000000000")


async def _original(apis: Sequence[Api], entries: int) -> Sandbox:
    """Return a sandbox with so many invitations in its history."""
    one = worker(apis, MemoryStore(), sms_quota=10**9)
    sent = [invitation(number) for number in range(entries)]
    for each in sent:
        path = each.path.removeprefix("/~default")
        body = each.head_and_body().partition(b"\r\n\r\n")[2]
        headers = {"host": "mock.test", "content-type": "application/json", **each.headers}
        one.committer.engine.handle(Request(each.method, path, "", headers, body), system_now())
    return one.committer.engine.sandboxes.by_name[DEFAULT_SANDBOX]


def _encoded(sandbox: Sandbox) -> tuple[list[bytes], State]:
    state = State(all_rows(sandbox), meta_of(sandbox))
    return [encode_entry(entry) for entry in sandbox.history.entries()], state


async def _write(store: HistoryStore, name: str, encoded: list[bytes], last: State) -> None:
    head: Head | None = None
    for start in range(0, len(encoded), BATCH):
        is_last = start + BATCH >= len(encoded)
        state = last if is_last or head is None else None
        part = encoded[start : start + BATCH]
        outcome = await store.commit(name, head, Batch(f"{name}{start}", part, state, head is None))
        head = getattr(outcome, "head")  # noqa: B009 - a Committed: nobody else writes


async def fill(apis: Sequence[Api], path: Path, sandboxes: int, entries: int) -> None:
    """Write sandboxes with so many entries each, and one named `large` with 10,000."""
    store = SqliteStore(path)
    await store.open()
    encoded = _encoded(await _original(apis, entries))
    for number in range(sandboxes):
        await _write(store, f"s{number}", *encoded)
    await _write(store, "large", *_encoded(await _original(apis, 9_999)))
    await store.close()


def memory_of(pid: int) -> float:
    """Return the megabytes that a process has in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1_024
    raise AssertionError("no VmRSS")


async def use(path: Path, sandboxes: int) -> dict[str, float]:
    """Start a server on the file, and return seconds and megabytes of its first requests."""
    loop = asyncio.get_running_loop()
    began, new = loop.time(), random.randrange(20_000, 90_000)  # noqa: S311 - another each time
    machine = await asyncio.to_thread(lambda: Machine(str(path), *QUOTA, workers=1))
    with contextlib.closing(_Stopping(machine)):
        figures = {"start": loop.time() - began, "memory at start": memory_of(machine.workers()[0])}
        waits = []
        for number in range(sandboxes):
            began = loop.time()
            (answer,) = await send_all([machine.port], [invitation(new, f"s{number}")])
            assert answer is not None, number
            assert answer.status == 200, answer
            waits.append(loop.time() - began)
        figures["first request to a sandbox"] = max(waits)
        figures[f"memory after {sandboxes} sandboxes"] = memory_of(machine.workers()[0])
        began = loop.time()
        (answer,) = await send_all([machine.port], [invitation(new, "large")])
        figures["first request to 10,000 entries"] = loop.time() - began
        assert answer is not None
        assert answer.status == 200, answer
        figures["memory after it"] = memory_of(machine.workers()[0])
        began = loop.time()
        with contextlib.suppress(TimeoutError):
            listed = await send(machine.port, "GET", "/_mock/sandboxes")
            assert listed.status in {200, 503}, listed
        figures["list of sandboxes (at most 60 s)"] = loop.time() - began
        figures["memory after the list"] = memory_of(machine.workers()[0])
    return figures


class _Stopping:
    def __init__(self, machine: Machine) -> None:
        self.close = machine.stop
