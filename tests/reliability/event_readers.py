"""Part E: the events of a sandbox on one machine show what another one did."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.reliability.lean_client import Sent, read_head, send, send_all
from tests.reliability.machines import invitation


class EventReader:
    """Collects the events of a sandbox."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.has_ended = False
        self._more = asyncio.Condition()

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read events until the stream ends."""
        name = ""
        while line := (await reader.readline()).decode():
            if line.startswith("event: "):
                name = line[7:].strip()
            elif line.startswith("data: "):
                async with self._more:
                    self.events.append((name, json.loads(line[6:])))
                    self._more.notify_all()
            elif line == "0\r\n":
                break
        async with self._more:
            self.has_ended = True
            self._more.notify_all()

    def names(self) -> list[str]:
        """Return the names of the events, with what changed."""
        return [
            f"{name} {data['changed']}" if name == "state" else name for name, data in self.events
        ]

    async def until(self, count: int, name: str, seconds: float = 5) -> float:
        """Wait for so many events of a name; return after how many seconds they were there."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(seconds), self._more:
                await self._more.wait_for(lambda: self.names().count(name) >= count)
        except TimeoutError:
            raise AssertionError(f"no {count} events {name!r} but {self.names()[-8:]}") from None
        return loop.time() - began

    async def until_end(self, seconds: float = 5) -> None:
        """Wait for the end of the stream."""
        async with asyncio.timeout(seconds), self._more:
            await self._more.wait_for(lambda: self.has_ended)


@contextlib.asynccontextmanager
async def events(port: int, sandbox: str) -> AsyncIterator[EventReader]:
    """Read the events of a sandbox, from now on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(Sent("GET", f"/_mock/events?sandbox={sandbox}").head_and_body())
    status, _ = await read_head(reader)
    assert status == 200, status
    await reader.readuntil(b": listening")
    found = EventReader()
    task = asyncio.create_task(found.read(reader))
    yield found
    task.cancel()
    writer.close()


async def seen_elsewhere(first: int, second: int) -> float:
    """Fail unless events on the second machine show what the first does; return the slowest."""
    name = f"events-{secrets.token_hex(6)}"
    waits = []
    await send(first, "PUT", f"/_mock/sandboxes/{name}")
    async with events(second, name) as there:
        await send_all([first], [invitation(number, name) for number in range(100)], lines=8)
        waits += [await there.until(100, "exchange"), await there.until(100, "message")]
        ids = [data["id"] for kind, data in there.events if kind == "exchange"]
        assert ids == [f"r{number}" for number in range(1, 101)], ids
        await send(first, "POST", f"/_mock/clock?sandbox={name}", {"advance": "P1D"})
        waits.append(await there.until(1, "clock"))
        values = {"sms_quota": 7}
        await send(first, "PATCH", f"/_mock/settings/partoo?sandbox={name}", values)
        waits.append(await there.until(1, "state settings"))
    return max(waits)


async def _sees(first: int, second: int, calls: Sequence[tuple[str, str, Any]], name: str) -> None:
    sandbox = f"events-{secrets.token_hex(6)}"
    await send_all([first], [invitation(1, sandbox)])
    async with events(second, sandbox) as there:
        for method, path, body in calls:
            answer = await send(first, method, f"/_mock{path}?sandbox={sandbox}", body)
            assert answer.status < 300, answer
        await there.until(1, name)
        await send_all([first], [invitation(2, sandbox)])
        await there.until(1, "exchange")


async def reset_seen(first: int, second: int) -> None:
    """Fail unless a reset elsewhere is seen, and what comes after it."""
    await _sees(first, second, [("POST", "/reset", None)], "state reset")


async def restore_seen(first: int, second: int) -> None:
    """Fail unless a restored state elsewhere is seen, and what comes after it."""
    name = f"kept-{secrets.token_hex(6)}"
    await send_all([first], [invitation(3, name)])
    kept = (await send(first, "GET", f"/_mock/state?sandbox={name}")).json
    await _sees(first, second, [("PUT", "/state", kept)], "state restore")


async def deletion_seen(first: int, second: int) -> None:
    """Fail unless the events of a sandbox that was deleted elsewhere end."""
    name = f"events-{secrets.token_hex(6)}"
    await send_all([first], [invitation(1, name)])
    async with events(second, name) as there:
        await send(first, "DELETE", f"/_mock/sandboxes/{name}")
        await there.until_end()
