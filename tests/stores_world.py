"""Workers that share a store in one process: each has an engine and copies of its own."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from mockserver.base.time import Instant
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Bounds
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Request
from mockserver.stores.committer import Committer
from mockserver.stores.history_store import HistoryStore
from tests.conftest import START

PARTOO = "/partoo/v2/review_booster/send_invitation"
BUSINESS = "5409c35a97bbc544d8e26737"


@dataclass
class Worker:
    """One process of several, as far as its state is concerned."""

    committer: Committer
    now: Instant = START

    async def send(self, request: Request) -> Exchange:
        return await self.committer.handle(request, self.now)

    async def invite(self, number: int, prefix: str = "", **more: object) -> Exchange:
        body = {"business_id": BUSINESS, "target_phone": f"+336473{number:05d}", **more}
        headers = {
            "host": "mock.test",
            "content-type": "application/json",
            "x-apikey": "demo-partoo-key",
        }
        path = prefix + PARTOO
        return await self.send(Request("POST", path, "", headers, json.dumps(body).encode()))

    async def invite_all(self, numbers: Sequence[int], prefix: str = "") -> list[int]:
        sent = await asyncio.gather(*(self.invite(number, prefix) for number in numbers))
        return [exchange.answer.status for exchange in sent]


def worker(
    apis: Sequence[Api],
    store: HistoryStore,
    most_unsettled: int = 100,
    most_sandboxes: int = 1_000,
    most_entries: int = 10_000,
    **settings: object,
) -> Worker:
    overrides = {"partoo": {"requests_per_minute": 10**9, **settings}}
    bounds = Bounds(sandboxes=most_sandboxes, exchanges=most_entries)
    sandboxes = Sandboxes({api.name: api for api in apis}, 0, overrides, bounds)
    return Worker(Committer(Engine(apis, sandboxes), store, most_unsettled))
