"""Measures forks and rewinds of a sandbox with many records: `make bench-history`."""

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import ParamSpec

from mockserver.base.time import Instant
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Bounds, Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis
from mockserver.server.sources import bundled_specs

RECORDS = 100_000
ENTRIES = (1, 100, 10_000)
REMOVED = (1, 64)
ROUNDS = 5
GROUPS = 50
"""Values of an index that has many records for each."""
BAD = 400
NOW = Instant(1_767_225_600_000_000)
P = ParamSpec("P")
NUMBERS = itertools.count()
INVITATION = '{"business_id":"5409c35a97bbc544d8e26737","target_phone":"+3361%07d"}'
HEADERS = {"host": "127.0.0.1", "content-type": "application/json", "x-apikey": "demo-partoo-key"}


def full_engine() -> Engine:
    """Make an engine whose sandbox has so many invitations at Partoo, and at Walr."""
    apis = load_apis([bundled_specs()], BUILT_IN)
    bounds = Bounds(exchanges=2 * max(ENTRIES))
    engine = Engine(apis, Sandboxes({api.name: api for api in apis}, bounds=bounds))
    sandbox = engine.sandboxes.get("default", NOW)
    sandbox.change_settings(sandbox.transaction(), "partoo", {"sms_quota": 10 * RECORDS})
    sandbox.change_settings(sandbox.transaction(), "partoo", {"requests_per_minute": 10 * RECORDS})
    sent, walr = sandbox.store("partoo"), sandbox.store("walr").collection("invites")
    for number in range(RECORDS):
        one = {"id": f"i{number}", "target_phone": f"+337{number:08}"}
        for name in ("invitations", "messages", "cooldowns"):
            sent.collection(name).insert(one)
        walr.insert({"id": f"i{number}", "campaign_id": f"c{number % GROUPS}"})
    return engine


def invite(engine: Engine, sandbox: str = "default") -> None:
    """Send an invitation to another number each time."""
    body = (INVITATION % next(NUMBERS)).encode()
    path = f"/~{sandbox}/partoo/v2/review_booster/send_invitation"
    answer = engine.handle(Request("POST", path, "", HEADERS, body), NOW).answer
    if answer.status >= BAD:
        raise SystemExit(f"the invitation was answered with {answer.status}: {answer.body!r}")


def milliseconds(step: Callable[P, object], *args: P.args, **named: P.kwargs) -> float:
    """Return how long a step takes."""
    start = time.perf_counter()
    step(*args, **named)
    return (time.perf_counter() - start) * 1e3


def forks(engine: Engine) -> Iterator[tuple[str, float]]:
    """Fork the sandbox, and write to each fork."""
    known = engine.sandboxes
    for _ in range(ROUNDS):
        yield "fork", milliseconds(known.fork, known.by_name["default"], "b", None, NOW)
        yield "first request in the fork", milliseconds(invite, engine, "b")
        yield "second request in the fork", milliseconds(invite, engine, "b")
        invites = known.by_name["b"].store("walr").collection("invites")
        record = {"id": "another", "campaign_id": "c7"}
        yield "first write beside an index", milliseconds(invites.insert, record)
        known.delete("b")


def rewinds(engine: Engine) -> Iterator[tuple[str, float]]:
    """Rewind the sandbox by few and many entries, and by one that removed records."""
    sandbox = engine.sandboxes.by_name["default"]
    for count, _ in itertools.product(ENTRIES, range(ROUNDS)):
        invite(engine)
        mark = sandbox.history.mark(sandbox.history.position)
        for _ in range(count):
            invite(engine)
        yield f"rewind by {count:,} requests", milliseconds(sandbox.rewind, mark, NOW)
    messages = sandbox.store("partoo").collection("messages")
    for count, _ in itertools.product(REMOVED, range(ROUNDS)):
        mark = sandbox.history.mark(sandbox.history.position)
        remove(sandbox, count)
        yield f"rewind of {count} removed records", milliseconds(sandbox.rewind, mark, NOW)
        yield f"first read in order after {count}", milliseconds(lambda: next(messages.newest()))


def remove(sandbox: Sandbox, count: int) -> None:
    """Remove messages from the middle, in one entry."""
    writes, messages = sandbox.transaction(), sandbox.store("partoo").collection("messages")
    for number in range(count):
        writes.remove(messages, f"i{RECORDS // 2 + number}")
    sandbox.record("removeRecords", NOW, writes)


def main() -> None:
    """Print the figures."""
    engine = full_engine()
    gc.collect()
    gc.freeze()
    found: dict[str, list[float]] = {}
    for name, spent in itertools.chain(forks(engine), rewinds(engine)):
        found.setdefault(name, []).append(spent)
    print(f"{RECORDS:,} invitations{'milliseconds: median':>26}{'most':>10}")
    for name, times in found.items():
        print(f"{name:36}{statistics.median(times):9.3f}{max(times):10.3f}")


if __name__ == "__main__":
    main()
