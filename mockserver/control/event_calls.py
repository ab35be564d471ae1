"""The call that tells what happens in a sandbox while it happens."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from mockserver.control.declarations import Ask, Call, InSandbox
from mockserver.control.listeners import Listener, Listeners
from mockserver.control.problem_responses import PROTECTION

TAG = "Events"
EVENT_STREAM = "text/event-stream"
HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that nobody takes the line for dead."""


@dataclass(frozen=True, slots=True)
class EventStream:
    """An answer that goes on until the client or the server stops."""

    listener: Listener
    listeners: Listeners
    heartbeat: float = HEARTBEAT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events (ASGI 3)."""
        gone = asyncio.ensure_future(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            if scope["method"] != "HEAD":
                await send(_part(b": listening\n\n"))
                await self._send_events(gone, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.listeners.close(self.listener)
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _watch(self, receive: Receive) -> None:
        """Wait until the client is gone."""
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self.listener.wake.set()

    async def _send_events(self, gone: asyncio.Future[None], send: Send) -> None:
        listener = self.listener
        while not gone.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(self.heartbeat):
                    await listener.wake.wait()
            if gone.done():
                return
            ended = listener.ended
            await send(_part(listener.take() or (b"" if ended else b":\n\n")))
            if ended:
                return


def _part(body: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": True}


_HEADERS = [
    (name.lower().encode(), value.encode())
    for name, value in {**PROTECTION, "Content-Type": EVENT_STREAM}.items()
]


def listen(ask: Ask[InSandbox, None]) -> EventStream:
    """Begin to listen."""
    listener = ask.listeners.open(ask.sandbox(), ask.headers.get("last-event-id"))
    return EventStream(listener, ask.listeners)


CALLS = (
    Call(
        "GET",
        "/events",
        "listen",
        TAG,
        "Tell what happens in the sandbox while it happens",
        listen,
        result=str,
        media_type=EVENT_STREAM,
        problems=(503,),
        headers={"Last-Event-ID": "The last exchange that was told; those after it come first."},
        description="Server-sent events: `exchange` (as in the list of requests; its id is the "
        "event's), `message` (put into the outbox), `clock` (moved), `state` (`changed` says what: "
        "settings, records, reset and the like) and `missed` (events were dropped because they "
        "were read too slowly, or `Last-Event-ID` names an exchange that the journal no longer "
        "has). With `Last-Event-ID` the exchanges after that one come first. A comment is sent "
        "when nothing happens.",
    ),
)
