"""Part D: the clocks of two machines differ, and the time of a sandbox still only goes forwards."""

import contextlib
import random
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.base.time import SECOND, Instant, parse_instant, system_now
from mockserver.server.background_server import BackgroundServer
from mockserver.server.factory import create_app
from mockserver.server.sources import Settings
from tests.reliability.lean_client import send, send_all, statuses
from tests.reliability.machines import invitation

MINUTE = 60 * SECOND
SETTINGS: Settings = {"partoo": {"requests_per_minute": 10**9, "cooldown": "PT2H"}}


@contextlib.contextmanager
def apart(store: str, *offsets: int) -> Iterator[list[int]]:
    """Yield the ports of servers with one store whose clocks are off by so many microseconds."""
    servers: list[BackgroundServer] = []
    try:
        for offset in offsets:
            app = create_app(
                store=store,
                settings=SETTINGS,
                clock=lambda offset=offset: Instant(system_now() + offset),  # type: ignore[misc] # bound now
            )
            servers.append(BackgroundServer(app))
        yield [int(server.url.rpartition(":")[2]) for server in servers]
    finally:
        for server in servers:
            server.stop()


async def time_of(port: int, sandbox: str) -> int:
    """Return the time of a sandbox, as a machine shows it."""
    answer = await send(port, "GET", f"/_mock/clock?sandbox={sandbox}")
    return parse_instant(answer.json["now"])


async def move(port: int, sandbox: str, **change: Any) -> int:
    """Move the clock of a sandbox; return the time that the call shows."""
    answer = await send(port, "POST", f"/_mock/clock?sandbox={sandbox}", change)
    assert answer.status == 200, answer
    return parse_instant(answer.json["now"])


async def entries_in_order(ports: Sequence[int]) -> None:
    """Fail if an entry is before the one before it."""
    name = f"order-{secrets.token_hex(6)}"
    await send_all(ports, [invitation(number, name) for number in range(200)], lines=8)
    found = await send(ports[0], "GET", f"/_mock/requests?sandbox={name}&limit=1000")
    instants = [parse_instant(one["at"]) for one in found.json["requests"]]
    assert instants in (sorted(instants), sorted(instants, reverse=True))


async def cooldowns_hold(ports: Sequence[int]) -> None:
    """Fail if a number gets two messages within the cooldown, whichever machines are asked.

    On a machine that is ahead a cooldown ends earlier, by what the clocks are apart; it also gains
    that when a machine that is behind moves the clock.
    """
    for first, second in (ports, ports[::-1]):
        name = f"hold-{secrets.token_hex(6)}"
        sent = await send_all([first, second], [invitation(1, name)] * 16, lines=4)
        assert statuses(sent) == {200: 1, 400: 15}, statuses(sent)
        for port, by in ((second, "PT40M"), (first, "PT40M")):
            await move(port, name, advance=by)
            again = await send_all([first, second], [invitation(1, name)] * 4, lines=4)
            assert statuses(again) == {400: 4}, statuses(again)
        await move(second, name, advance="PT41M")
        again = await send_all([first, second], [invitation(1, name)] * 4, lines=4)
        assert statuses(again) == {200: 1, 400: 3}, statuses(again)


async def only_forwards(ports: Sequence[int], steps: int = 200) -> None:
    """Fail if the time of a sandbox goes back, whatever calls and requests machines get."""
    name, latest = f"time-{secrets.token_hex(6)}", 0
    await send_all(ports[:1], [invitation(0, name)])
    done: list[tuple[int, str]] = []
    for number in range(1, steps):
        port = random.choice(ports)  # noqa: S311 - any machine
        step = random.choice(["advance", "freeze", "run", "request", "show"])  # noqa: S311
        done.append((ports.index(port), step))
        now = await _step(port, name, step, number)
        assert now >= latest, ((now - latest) / SECOND, done[-4:])
        if step != "show":  # which leaves no entry, by which the other machine would know
            latest = now


async def _step(port: int, name: str, step: str, number: int) -> int:
    if step == "request":
        await send_all([port], [invitation(number, name)])
        found = await send(port, "GET", f"/_mock/requests?sandbox={name}&limit=1000")
        return max(parse_instant(one["at"]) for one in found.json["requests"])
    if step == "show":
        return await time_of(port, name)
    changes: dict[str, Any] = {"advance": {"advance": "PT1M"}, "freeze": {"frozen": True}}
    return await move(port, name, **changes.get(step, {"frozen": False}))
