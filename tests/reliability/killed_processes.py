"""Part B: processes are killed while they write; what was answered is there, and nothing twice."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence

from mockserver.model.api import Api
from tests.reliability.lean_client import GONE, Line
from tests.reliability.machines import (
    Machine,
    change_settings,
    check_journal,
    check_whole,
    healthy,
    invitation,
    stored,
)
from tests.stores.redis_server import RedisServer

LINES = 8
Kill = Callable[[], Awaitable[None]]


class Load:
    """Clients that send invitations all the time, and remember which were answered."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._lines = [Line(ports[number % len(ports)]) for number in range(LINES)]
        self._numbers: Iterator[int] = iter(range(10_000_000))
        self._is_over = False
        self._progress = asyncio.Event()
        self.sent = 0
        self.answered: set[str] = set()
        self.others: dict[int, int] = {}
        """Numbers of other answers than 200, by status; 0 for no answer."""
        self.without_retry = 0
        """Number of answers 503 that do not say when to try again."""
        self.slowest = 0.0
        """Largest number of seconds that a client waited."""

    async def run(self) -> None:
        """Send until `end` is called."""
        await asyncio.gather(*map(self._send, self._lines))

    def end(self) -> None:
        self._is_over = True

    async def _send(self, line: Line) -> None:
        for number in self._numbers:
            if self._is_over:
                break
            self.sent += 1
            sent = invitation(number)
            status, began = 0, asyncio.get_running_loop().time()
            with contextlib.suppress(*GONE):
                answer = await line.send(sent)
                status = answer.status
                self.without_retry += status == 503 and "retry-after" not in answer.headers
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
            if status == 200:
                self.answered.add(sent.body["target_phone"])
            else:
                self.others[status] = self.others.get(status, 0) + 1
            self._progress.set()
        line.close()

    async def after(self, requests: int) -> None:
        """Wait until so many more requests have ended."""
        until = self.sent + requests
        while self.sent < until and not self._is_over:
            self._progress.clear()
            await self._progress.wait()


async def under_load(machines: Sequence[Machine], kill: Kill, times: int) -> Load:
    """Kill something at random moments while clients send invitations."""
    ports = [machine.port for machine in machines]
    await change_settings(ports[0], "default", sms_quota=1_000_000)
    load = Load(ports)
    running = asyncio.create_task(load.run())
    try:
        for _ in range(times):
            await load.after(random.randint(1, 60))  # noqa: S311 - any moment
            await kill()
    finally:
        load.end()
        await running
    for port in ports:
        await healthy(port)
    return load


async def kill_a_worker(machines: Sequence[Machine]) -> None:
    """Kill one worker; its parent replaces it."""
    workers = [pid for machine in machines for pid in machine.workers()]
    with contextlib.suppress(ProcessLookupError):
        os.kill(random.choice(workers), signal.SIGKILL)  # noqa: S311 - any worker


async def kill_a_machine(machines: Sequence[Machine]) -> None:
    """Kill a server with its workers, and start it again at the same port."""
    machine = random.choice(machines)  # noqa: S311 - any machine
    await asyncio.to_thread(machine.kill)
    await asyncio.to_thread(machine.again)


async def kill_redis(server: RedisServer) -> None:
    """Kill the Redis server, and start it again with its files."""
    server.kill()
    await asyncio.to_thread(server.again)


async def check(apis: Sequence[Api], address: str, load: Load) -> str:
    """Compare the store with what was answered; return the figures."""
    async with stored(apis, address) as sandbox:
        kept = check_whole(sandbox, load.answered)
        if sandbox.history.floor.position == 0:
            check_journal(sandbox, kept)
    return f"{load.sent} sent, {len(load.answered)} answered, {kept} kept, others {load.others}"
