"""Compares what a history says it needs with what it needs: `make bench-history`.

Each case gets two processes of its own: one counts what Python allocates, and what of it is freed
with the histories; the other one reads by how much the process grows. Nothing passes or fails.
"""

import asyncio
import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import uvicorn
from uvicorn.server import ServerState

from mockserver.base.time import system_now
from mockserver.engine.sandboxes import Sandboxes
from mockserver.server.application import App
from mockserver.server.factory import application
from mockserver.server.protocol import Protocol
from mockserver.server.sources import Sources, open_engine

PARTOO = "/partoo/v2/review_booster/send_invitation"
SEARCH = (
    "/partoo/v2/review_booster/search-invitation"
    "?business_id=5409c35a97bbc544d8e26737&target_phone=%2B33647385968"
)
UNLIMITED = {"partoo": {"requests_per_minute": 1_000_000, "sms_quota": 1_000_000}}
MB = 1_000_000


class Answered(asyncio.Transport):
    """A transport that forgets what is written to it."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Forget it."""

    def get_write_buffer_size(self) -> int:
        """Return 0, as nothing waits."""
        return 0

    def is_closing(self) -> bool:
        """Return False, as nothing closes it."""
        return False

    def pause_reading(self) -> None:
        """Read on."""

    def resume_reading(self) -> None:
        """Read on."""


def http(method: str, path: str, body: object = None, sandbox: str = "default") -> bytes:
    """Return a request as a usual client sends it."""
    content = b"" if body is None else orjson.dumps(body)
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1:8000",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "User-Agent: python-httpx/0.28.1",
        "x-apikey: demo-partoo-key",
        f"Mock-Sandbox: {sandbox}",
    ]
    if content:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", ""]).encode() + content


def invitation(number: int, **more: object) -> dict[str, object]:
    """Return the body of an invitation to a phone number of its own."""
    phone = f"+3364738{number:04d}"
    return {"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone, **more}


def small_gets() -> Iterator[bytes]:
    """Yield requests that change nothing but a rate limit."""
    yield from (http("GET", SEARCH) for number in range(5_000))


def unknown_paths() -> Iterator[bytes]:
    """Yield requests that no operation has."""
    yield from (http("GET", f"/partoo/v2/none/{number}") for number in range(5_000))


def wrong_bodies() -> Iterator[bytes]:
    """Yield requests that are refused for their bodies."""
    yield from (http("POST", PARTOO, {"target_phone": number}) for number in range(5_000))


def invitations() -> Iterator[bytes]:
    """Yield requests with five changes each."""
    yield from (http("POST", PARTOO, invitation(number)) for number in range(5_000))


def large_bodies() -> Iterator[bytes]:
    """Yield invitations with 100 kB each."""
    for number in range(400):
        yield http("POST", PARTOO, invitation(number, note="x" * 100_000))


def many_sandboxes() -> Iterator[bytes]:
    """Yield three invitations to each of 1,000 sandboxes."""
    for number in range(1_000):
        yield from (http("POST", PARTOO, invitation(one), f"s{number}") for one in range(3))


CASES: dict[str, Callable[[], Iterator[bytes]]] = {
    "small GETs": small_gets,
    "unknown paths": unknown_paths,
    "wrong bodies": wrong_bodies,
    "invitations": invitations,
    "bodies of 100 kB": large_bodies,
    "1,000 sandboxes": many_sandboxes,
}


def connection_to(app: App) -> Protocol:
    """Return a connection of the server, without a socket."""
    config = uvicorn.Config(app, http=Protocol, ws="none", lifespan="off")
    config.load()
    protocol = Protocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(Answered())
    return protocol


def grown() -> int:
    """Return the present size of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def allocated() -> int:
    """Return what Python has allocated."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def prepared(sandboxes: Sandboxes) -> None:
    """Make the records of the API in every sandbox that the cases use."""
    for name in ["default", *(f"s{number}" for number in range(999))]:
        sandboxes.get(name, system_now()).store("partoo")


async def measure(case: str, *, counts: bool) -> None:
    """Send the requests of a case in this process, and print what they took."""
    engine = open_engine(Sources(settings=UNLIMITED))
    connection, sandboxes = connection_to(application(engine)), engine.sandboxes
    sandboxes.budget.most = sys.maxsize
    prepared(sandboxes)
    for request in (http("POST", PARTOO, invitation(9_999)), http("GET", SEARCH)):
        connection.data_received(request)
    if counts:
        tracemalloc.start()
    before, estimate = allocated() if counts else grown(), sandboxes.budget.used
    count = 0
    for request in CASES[case]():
        connection.data_received(request)
        count += 1
    estimate = sandboxes.budget.used - estimate
    if not counts:
        print(f"  the process grows by {(grown() - before) / MB:.1f} MB")
        return
    full = allocated()
    for sandbox in sandboxes.by_name.values():
        sandbox.history.clear()
    freed = full - allocated()
    print(
        f"  {count:,} requests: estimate {estimate / MB:.1f} MB, {estimate / count:,.0f} bytes each"
    )
    print(f"  freed with the histories {freed / MB:.1f} MB, {freed / count:,.0f} bytes each")
    print(f"  kept by the records {(full - freed - before) / MB:.1f} MB", flush=True)


def main() -> None:
    """Measure one case, or start two processes for each."""
    if arguments := sys.argv[1:]:
        asyncio.run(measure(arguments[0], counts=arguments[1:] == ["counts"]))
        return
    for case in CASES:
        print(case, flush=True)
        subprocess.run([sys.executable, __file__, case, "counts"], check=False)
        subprocess.run([sys.executable, __file__, case], check=False)


if __name__ == "__main__":
    main()
