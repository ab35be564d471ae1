"""Play a saved history into new sandboxes: requests and control calls in order, at their times.

- `cli/replay_command.py` makes a `Player` from an engine and a `SavedHistory` (`adopt` gives the
  engine the settings and the seed of the history), and reads a `ReplayOutcome` for each step.
- A request gets the number, the time and the identifiers that it had (`kept_ids.py`). A sandbox
  whose clock shows another time, because a call before cannot be played, is set to it. Answers are
  written as they were saved, and compared (`answer_differences.py`).
- Nothing waits, and no socket is opened. A control call that was accepted and is refused now is a
  difference, too.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from mockserver.base.errors import SandboxFullError, SettingsError
from mockserver.base.secrets import REDACTED
from mockserver.base.time import Instant
from mockserver.control.control_app import control_app
from mockserver.control.har import har_entry
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.setting_values import check_settings
from mockserver.model.messages import Request
from mockserver.replay.answer_differences import (
    AnswerDifference,
    DecisionDifference,
    answer_differences,
    decision_difference,
)
from mockserver.replay.kept_ids import keep_ids, release_ids
from mockserver.replay.saved_history import SavedCall, SavedEntry, SavedHistory
from mockserver.replay.saved_requests import Identities, UnplayableError, request_of
from mockserver.testing.inprocess import AsgiCall, perform

Result = Literal["equal", "differs", "not played"]
_FIRST_REFUSED = 300
_NUMBERED = re.compile(r"r([1-9]\d{0,11})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """A step of a history, with what came of it."""

    step: SavedEntry | SavedCall
    result: Result
    differences: tuple[AnswerDifference, ...] = ()
    decision: DecisionDifference | None = None
    reason: str = ""
    """Why it was not played."""


def adopt(engine: Engine, history: SavedHistory) -> list[str]:
    """Give an engine without sandboxes the seed and the settings of a history.

    Settings that the engine was started with stay. Returns a note for each that its documents do
    not have or do not accept.
    """
    notes: list[str] = []
    engine.sandboxes.seed = history.details.seed
    merged = {name: dict(values) for name, values in engine.sandboxes.overrides.items()}
    for name, values in history.details.settings.items():
        api = engine.apis.get(name)
        for setting, value in values.items() if api else ():
            if setting in merged.get(name, {}):
                continue
            assert api is not None
            try:
                merged.setdefault(name, {}).update(check_settings(api, {setting: value}))
            except SettingsError as error:
                notes.append(f"a setting of the history is left out: {error}")
    engine.sandboxes.overrides = merged
    return notes


class Player:
    """Plays a history on an engine without sandboxes."""

    def __init__(self, engine: Engine, history: SavedHistory) -> None:
        self._engine = engine
        self._history = history
        self._identities = Identities(history)
        self._now = Instant(0)
        self._control = control_app(engine, lambda: self._now)

    def play(self) -> Iterator[ReplayOutcome]:
        """Play all steps, and yield what came of each."""
        for step in self._history.steps:
            if isinstance(step, SavedCall):
                yield self._call(step)
            else:
                yield self._request(step)

    # --- control calls ---

    def _call(self, call: SavedCall) -> ReplayOutcome:
        if REDACTED in call.text and not self._history.details.secrets:
            reason = "the file leaves out a part of its body; save the history with --with-secrets"
            return ReplayOutcome(call, "not played", reason=reason)
        self._now = call.arrived
        headers = [
            (b"host", b"127.0.0.1"),
            (b"mock-sandbox", call.sandbox.encode("latin-1", "replace")),
            (b"content-type", b"application/json"),
        ]
        target = call.target.encode("latin-1", "replace")
        sent = AsgiCall(call.method, target, headers, call.text.encode("utf-8", "replace"))
        reply = perform(self._control, sent)
        if reply.status < _FIRST_REFUSED:
            return ReplayOutcome(call, "equal")
        now = f"{reply.status} {_detail(reply.body)}".strip()
        return ReplayOutcome(call, "differs", (AnswerDifference("status", "accepted", now),))

    # --- requests ---

    def _request(self, entry: SavedEntry) -> ReplayOutcome:
        details = entry.details
        if details.api is not None and details.api not in self._engine.apis:
            reason = f"these documents have no API {details.api!r}"
            return ReplayOutcome(entry, "not played", reason=reason)
        sandbox = self._sandbox(entry)
        try:
            request = request_of(
                entry, sandbox, self._identities, has_secrets=self._history.details.secrets
            )
        except UnplayableError as error:
            if sandbox is not None:
                sandbox.ids.count = details.ids
            return ReplayOutcome(entry, "not played", reason=str(error))
        now = self._answered(entry, sandbox, request)
        differences = tuple(answer_differences(entry, now))
        if not differences:
            return ReplayOutcome(entry, "equal")
        return ReplayOutcome(entry, "differs", differences, decision_difference(entry, now))

    def _sandbox(self, entry: SavedEntry) -> Sandbox | None:
        """Return the sandbox of a request; None if it had none."""
        if not entry.details.id:
            return None
        with suppress(ValueError, SandboxFullError):
            return self._engine.sandboxes.get(entry.details.sandbox, entry.details.arrived)
        return None

    def _answered(self, entry: SavedEntry, sandbox: Sandbox | None, request: Request) -> SavedEntry:
        """Send a request at its time and with its number; return the entry of the exchange."""
        details, arrived = entry.details, entry.details.arrived
        if sandbox is None:
            exchange = self._engine.handle(request, arrived)
        else:
            _prepare(sandbox, details.id, details.at, arrived)
            ids = keep_ids(sandbox, details.ids)
            exchange = self._engine.handle(request, arrived)
            release_ids(ids, details.ids)
        plain = self._history.details.secrets
        return SavedEntry.model_validate(har_entry(exchange, details.position, plain=plain))


def _prepare(sandbox: Sandbox, name: str, at: Instant, system: Instant) -> None:
    """Let the next request of a sandbox have a name, such as `r3`, and a time."""
    if found := _NUMBERED.fullmatch(name):
        sandbox.history.count = int(found[1]) - 1
    if sandbox.now(system) != at:
        clock = sandbox.clock.shown(at, system)
        sandbox.set_clock(sandbox.transaction(), clock, system)


def _detail(body: bytes) -> str:
    try:
        problem = json.loads(body)
    except ValueError:
        return ""
    return str(problem.get("detail", "")) if isinstance(problem, dict) else ""
