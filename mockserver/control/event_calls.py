"""Declare and answer the call for the event stream of a sandbox, and send its events (ASGI).

`control_app.py` adds its `CALLS`; `adapter.py` sends the `EventStream` that the handler returns. It
lasts until the client disconnects or the sandbox is deleted. `listeners.py` makes the events, keeps
them while they wait, first sends what came after `Last-Event-ID`, and refuses too many streams
(503). Without an event, a comment is sent every 15 seconds.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from mockserver.control.declarations import Call, ControlRequest, SandboxQuery
from mockserver.control.listeners import Listener, Listeners
from mockserver.control.problem_responses import PROTECTION

TAG = "Events"
_EVENT_STREAM = "text/event-stream"
_HEARTBEAT = 15.0
"""Seconds without an event after which a comment is sent, to keep the connection open."""


@dataclass(frozen=True, slots=True)
class EventStream:
    """Answer that lasts until the client or the server closes it."""

    listener: Listener
    listeners: Listeners
    heartbeat: float = _HEARTBEAT

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
        """Wait until the client has disconnected."""
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
    for name, value in {**PROTECTION, "Content-Type": _EVENT_STREAM}.items()
]


def listen(request: ControlRequest[SandboxQuery, None]) -> EventStream:
    """Open an event stream."""
    listener = request.listeners.open(request.sandbox(), request.headers.get("last-event-id"))
    return EventStream(listener, request.listeners)


CALLS = (
    Call(
        "GET",
        "/events",
        "listen",
        TAG,
        "Stream the events of a sandbox",
        listen,
        result=str,
        media_type=_EVENT_STREAM,
        problems=(503,),
        headers={
            "Last-Event-ID": "Id of the last exchange that was received; later ones are sent first."
        },
        description="Server-sent events: `exchange` (as in the list of requests, with its id as "
        "event id), `message` (added to the outbox), `clock` (changed), `state` (`changed` names "
        "what: settings, records, reset and others) and `missed` (events were dropped because the "
        "client reads too slowly, or the journal no longer has the exchange of `Last-Event-ID`). "
        "With `Last-Event-ID` the exchanges after that one are sent first. A comment is sent when "
        "there is no event for a while.",
    ),
)
