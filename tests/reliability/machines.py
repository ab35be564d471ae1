"""Servers with several workers, that stand for machines, and what their store has afterwards."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mockserver.base.time import system_now
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Api
from mockserver.stores.store_address import store_at
from tests.reliability.lean_client import GONE, Sent, send
from tests.served import Served
from tests.stores_world import BUSINESS, PARTOO, worker

KEY = {"x-apikey": "demo-partoo-key"}
UNLIMITED = ("--set", "partoo.requests_per_minute=1000000000")


class Machine:
    """A server with workers, which can be killed and started again at the same port."""

    def __init__(self, store: str, *more: str, workers: int = 2) -> None:
        self._arguments = ["--store", store, "--workers", str(workers), *UNLIMITED, *more]
        self.served = Served(*self._arguments)
        self.port = self.served.port

    def again(self) -> None:
        """Start it again at the same port."""
        self.served = Served(*self._arguments, "--port", str(self.port))

    def kill(self) -> None:
        """Kill the parent of the workers, and wait until all of them have ended."""
        pids = self.workers()
        self.served.process.kill()
        self.served.process.communicate()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def workers(self) -> list[int]:
        """Return the ids of the workers, or that of the only process."""
        pid = self.served.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(one) for one in found] or [pid]

    def stop(self) -> None:
        if self.served.process.poll() is None:
            self.served.stop()


@contextlib.contextmanager
def machines(store: str, *more: str, count: int = 2) -> Iterator[list[Machine]]:
    """Start machines that share a store, all at the same time."""
    with ThreadPoolExecutor(count) as pool:
        starting = [pool.submit(Machine, store, *more) for _ in range(count)]
    try:
        yield [future.result() for future in starting]
    finally:
        for future in starting:
            if future.exception() is None:
                future.result().stop()


def invitation(number: int, sandbox: str = "default") -> Sent:
    """Return a request that sends an SMS to a number of its own."""
    body = {"business_id": BUSINESS, "target_phone": f"+3364{number:07d}"}
    return Sent("POST", f"/~{sandbox}{PARTOO}", body, KEY)


async def change_settings(port: int, sandbox: str, **values: object) -> None:
    """Change settings of Partoo."""
    answer = await send(port, "PATCH", f"/_mock/settings/partoo?sandbox={sandbox}", values)
    assert answer.status == 200, answer


async def healthy(port: int, sandbox: str = "default") -> float:
    """Wait until a server answers well; return after how many seconds it did."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < 60:
        with contextlib.suppress(*GONE):
            if (await send(port, "GET", f"/_mock/clock?sandbox={sandbox}")).status == 200:
                return loop.time() - began
    raise AssertionError(f"port {port} is not healthy after a minute")


@contextlib.asynccontextmanager
async def stored(
    apis: Sequence[Api], address: str, name: str = "default"
) -> AsyncIterator[Sandbox]:
    """Read a sandbox from a store, as a worker that starts now would."""
    store = store_at(address)
    assert store is not None
    reader = worker(apis, store)
    await reader.committer.perform(name, system_now(), lambda: None, only_reads=True)
    yield reader.committer.engine.sandboxes.by_name[name]
    await reader.committer.close()


def check_whole(sandbox: Sandbox, answered: set[str]) -> int:
    """Fail unless a sandbox has all that was answered, and each request once; return how many."""
    store = sandbox.store("partoo")
    messages = [record["to"] for record in store.collection("messages")]
    assert len(messages) == len(set(messages)), "a number has two messages"
    cooldowns = {record["subject"] for record in store.collection("cooldowns")}
    used = sum(
        record["state"][1]
        for record in store.collection("quotas")
        if record["subject"] == "demo-org"
    )
    lost = answered - set(messages)
    assert not lost, f"{len(lost)} answered messages are not in the store: {sorted(lost)[:3]}"
    assert set(messages) == cooldowns, (len(messages), len(cooldowns))
    assert len(messages) == used, (len(messages), used)
    return len(messages)


def check_journal(sandbox: Sandbox, messages: int) -> None:
    """Fail unless the journal has one entry for each message, with numbers in order."""
    entries = list(sandbox.history)
    good = [
        entry for entry in entries if entry.answer.status == 200 and "invit" in entry.request.path
    ]
    assert len(good) == messages, (len(good), messages)
    numbers = [int(entry.id[1:]) for entry in entries]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a number is missing"
    instants = [entry.at for entry in sandbox.history.entries()]
    assert instants == sorted(instants), "an entry is before the one before it"
