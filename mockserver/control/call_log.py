"""Keep the calls of the control API that change something, between the requests to the APIs.

- `CallLog` is put around a control API by `server/factory.py`, for `cli/run_command.py`, which
  tells it every request. It keeps accepted calls that may change something, and each sandbox that
  another call brings into being.
- `calls_of` reads the same from the history of one sandbox, for `request_calls.py`.
- Out: a `PastCall` for each, which `history_members.py` writes and `mockserver replay` makes
  again. Bodies are kept as they came, with their secrets.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from mockserver.base.asgi import CONTROL_PREFIX, AsgiApp, AsgiScope, Message, Receive, Send
from mockserver.base.time import Instant
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.control_entry import ControlEntry
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import WORLD

_READING = ("GET", "HEAD", "OPTIONS")
_VERIFY = f"{CONTROL_PREFIX}/requests/verify"
_FIRST_REFUSED = 300
_CLOCK = (WORLD, "clock")


class PastCall(NamedTuple):
    """A call of the control API that was accepted."""

    position: int
    """Its place in the order of all requests and calls."""
    arrived: Instant
    """The system's time at the call."""
    sandbox: str
    method: str
    target: str
    """Path with the query, percent-encoded."""
    body: bytes = b""


class CallLog:
    """The calls of a control API that may have changed something, in order."""

    def __init__(self, sandboxes: Sandboxes, clock: Callable[[], Instant]) -> None:
        """Begin with the sandboxes that exist; the control API must use the clock of this log."""
        self.calls: list[PastCall] = []
        self.position = 0
        """Number of requests and calls so far."""
        self._sandboxes = sandboxes
        self._known = set(sandboxes.by_name)
        self._clock = clock
        self._now = Instant(0)

    def clock(self) -> Instant:
        """Return the time, and remember it as that of the call that reads it."""
        self._now = self._clock()
        return self._now

    def count(self, exchange: Exchange) -> int:
        """Return the position of a request that was just answered."""
        if exchange.id:
            self._known.add(exchange.sandbox)
        self.position += 1
        return self.position

    def watch(self, app: AsgiApp) -> AsgiApp:
        """Return a control API that answers as another one, and keeps its calls here."""

        async def watched(scope: AsgiScope, receive: Receive, send: Send) -> None:
            body = bytearray()

            async def receiving() -> Message:
                message = await receive()
                if scope["method"] not in _READING:
                    body.extend(message.get("body", b""))
                return message

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._note(scope, message["status"], bytes(body))
                await send(message)

            await app(scope, receiving, sending)

        return watched

    def _note(self, scope: AsgiScope, status: int, body: bytes) -> None:
        """Keep a call; it has just read the clock, because handlers never wait."""
        method, path = scope["method"], scope["path"]
        is_kept = method not in _READING and status < _FIRST_REFUSED and path != _VERIFY
        if is_kept:
            query = scope["query_string"].decode("latin-1")
            target = quote(path, safe="/~") + (query and f"?{query}")
            self._keep(_sandbox_of(scope), method, target, body)
        for name in self._sandboxes.by_name.keys() - self._known:
            if not is_kept:
                self._keep(name, "PUT", f"{CONTROL_PREFIX}/sandboxes/{name}")
        self._known = set(self._sandboxes.by_name)

    def _keep(self, sandbox: str, method: str, target: str, body: bytes = b"") -> None:
        self.position += 1
        self.calls.append(PastCall(self.position, self._now, sandbox, method, target, body))


def _sandbox_of(scope: AsgiScope) -> str:
    named = (value for name, value in scope["headers"] if name.lower() == b"mock-sandbox")
    return next(named, DEFAULT_SANDBOX.encode()).decode("latin-1")


def calls_of(sandbox: Sandbox) -> Iterator[PastCall]:
    """Yield the calls in the history of a sandbox, after one that brings it into being."""
    name = sandbox.name
    beginning = f"{CONTROL_PREFIX}/sandboxes/{name}"
    yield PastCall(0, _began(sandbox), name, "PUT", beginning)
    for entry in sandbox.history.entries():
        if isinstance(entry, ControlEntry) and entry.sent.method:
            path, mark, query = entry.sent.target.partition("?")
            target = quote(path, safe="/~") + mark + query
            arrived, sent = entry.arrived, entry.sent
            yield PastCall(entry.position, arrived, name, sent.method, target, sent.body)


def _began(sandbox: Sandbox) -> Instant:
    """Return when a sandbox began, before its clock was set."""
    for entry in sandbox.history.entries():
        for change in entry.changes:
            if change.place == _CLOCK and change.before is not None:
                return Instant(change.before["began"])
    return sandbox.clock.began
