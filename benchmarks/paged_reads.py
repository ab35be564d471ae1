"""Measures pages of long lists of the control API: `make bench-pages`.

A sandbox has 1,000,000 messages, records and reviews, and 10,000 exchanges; every call reads ten.
Nothing passes or fails by a figure.
"""

import asyncio
import time

import httpx

from mockserver.base.time import system_now
from mockserver.engine.sandbox import Sandbox
from mockserver.model.messages import Request
from mockserver.model.scope import Record
from mockserver.server.factory import application
from mockserver.server.sources import Sources, open_engine

COUNT, EXCHANGES = 1_000_000, 10_000
BEGAN = 1_767_225_600_000_000
CALLS = (
    "messages?limit=10",
    "messages?limit=10&order=newest",
    "messages?limit=10&offset=500000",
    "messages?limit=10&to=%2B33000000500",
    "messages?limit=10&status=delivered",
    "messages?limit=10&api=walr",
    "messages/m500000",
    "reviews?limit=10",
    "reviews?limit=10&order=newest",
    "records/partoo/messages?limit=10",
    "records/partoo/messages?limit=10&offset=500000",
    "requests?limit=10",
    "requests?limit=10&order=newest",
    "requests?limit=10&status=404",
    "requests?limit=10&path=/nowhere/*",
    "requests/r5000",
)


def message(number: int) -> Record:
    """Return a message."""
    at = BEGAN + number
    return {
        "id": f"m{number}",
        "api": "partoo",
        "operation": "sendReviewInvitation",
        "request_id": f"r{number}",
        "channel": "sms",
        "to": f"+33{number % 1_000_000:09}",
        "from": "Partoo",
        "subject": None,
        "text": "How was your visit?",
        "link": None,
        "data": None,
        **dict.fromkeys(("created_at", "send_at", "sent_at", "delivered_at"), at),
        "outcome": "delivered",
    }


def review(number: int) -> Record:
    """Return a review."""
    return {
        "key": f"k{number}",
        "id": f"k{number}",
        "page": "/r/{invitation}",
        **dict.fromkeys(("about", "text", "name", "message_id")),
        "rating": 5,
        "at": BEGAN + number,
    }


def fill(sandbox: Sandbox) -> None:
    """Fill the outbox and the reviews of a sandbox."""
    store = sandbox.store("partoo")
    for name, make in (("messages", message), ("left_reviews", review)):
        collection = store.collection(name)
        for number in range(COUNT):
            collection.insert({collection.spec.key: f"k{number}", **make(number)})


async def main() -> None:
    """Measure every call three times, and print the shortest time."""
    engine = open_engine(Sources())
    sandbox = engine.sandboxes.get("default", system_now())
    fill(sandbox)
    for number in range(EXCHANGES):
        engine.handle(Request("GET", f"/nowhere/{number}"), system_now())
    transport = httpx.ASGITransport(app=application(engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for call in CALLS:
            taken = []
            for _ in range(3):
                started = time.perf_counter()
                (await client.get(f"/_mock/{call}")).raise_for_status()
                taken.append(time.perf_counter() - started)
            print(f"{min(taken) * 1000:>10,.1f} ms  GET {call}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
