"""Write what HTTP Archives lack of a history, as their members `_mockserver`.

- `har.py` calls `entry_member` for each exchange; `request_calls.py` and `cli/run_command.py` make
  the member of the whole log by `log_member`. `VERSION` is that of the format.
- The order of requests and calls is their `position`. Times are those of the sandbox (`at`) and of
  the system (`arrived`). `ids` counts the identifiers made so far, so that a replay makes the same.
- Secrets are redacted as elsewhere in the archive, unless it is `plain`. What a text cannot hold of
  a request is said (`body: partial`), so that nobody takes it for the whole.
- `mockserver replay` reads all of it.
"""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from mockserver.base.json import JsonValue
from mockserver.base.secrets import REDACTED
from mockserver.base.time import format_duration, format_instant
from mockserver.control.body_redaction import without_credentials
from mockserver.control.call_log import PastCall
from mockserver.control.redaction import redacted
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Sandbox
from mockserver.model.exchange import Exchange
from mockserver.model.refusal import Refusal
from mockserver.model.trace import Authenticated, Decision, as_json, decisions
from mockserver.wire.media import parse_json

VERSION = 1
"""Version of the members."""
_OPTIONS = ("dynamic", "echo", "errors", "strict_requests", "like")


class TraceMember(TypedDict):
    """A decision; `schemes` and `principal` only of an authentication."""

    what: str
    sentence: str
    source: str | None
    schemes: NotRequired[list[str]]
    principal: NotRequired[str]


class EntryMember(TypedDict):
    """What an exchange has beyond its request and answer."""

    position: int
    sandbox: str
    id: str
    at: str
    arrived: str
    ids: int
    api: str | None
    operation: str | None
    reason: str | None
    trace: list[TraceMember]
    body: NotRequired[Literal["partial"]]
    base64: NotRequired[str]
    """The body of the request, if it is not UTF-8 and secrets are kept."""
    too_large: NotRequired[Literal[True]]
    cut_at: NotRequired[int]
    """Bytes of the answer's body after which a fault closed the connection; -1: before all."""


class CallMember(TypedDict):
    """A call of the control API."""

    position: int
    arrived: str
    sandbox: str
    method: str
    target: str
    text: str
    """The body, which is JSON; empty if there is none."""


class LogMember(TypedDict):
    """What is needed to play the entries again."""

    version: int
    seed: int
    secrets: bool
    """True if secrets are in the archive as they were sent."""
    options: dict[str, JsonValue]
    settings: dict[str, dict[str, JsonValue]]
    """Values that were given at the start of the server."""
    incomplete: str | None
    """What the archive lacks of the history, in a sentence."""
    calls: list[CallMember]


def log_member(
    engine: Engine,
    calls: Iterable[PastCall],
    *,
    seed: int | None = None,
    incomplete: str = "",
    plain: bool = False,
    stateful: bool = False,
) -> LogMember:
    """Write the member of the whole log.

    Args:
        engine: The engine that answered.
        calls: The calls of the control API, in order.
        seed: The seed of the sandbox, if it is not that of the engine.
        incomplete: What the archive lacks of the history.
        plain: Keep secrets.
        stateful: Whether the steps of operations were inferred.
    """
    given = engine.sandboxes.overrides
    return {
        "version": VERSION,
        "seed": engine.sandboxes.seed if seed is None else seed,
        "secrets": plain,
        "options": {
            **{name: getattr(engine.options, name) for name in _OPTIONS},
            "stateful": stateful,
        },
        "settings": {api: _as_written(engine, api, values) for api, values in given.items()},
        "incomplete": incomplete or None,
        "calls": [_call(call, plain=plain) for call in calls],
    }


def _as_written(engine: Engine, api: str, values: Any) -> dict[str, JsonValue]:  # noqa: ANN401 - a mapping of JSON values
    declared = engine.apis[api].settings
    return {
        name: format_duration(value) if declared[name].type == "duration" else value
        for name, value in values.items()
    }


def _call(call: PastCall, *, plain: bool) -> CallMember:
    return {
        "position": call.position,
        "arrived": format_instant(call.arrived),
        "sandbox": call.sandbox,
        "method": call.method,
        "target": call.target,
        "text": call.body.decode("utf-8", "replace") if plain else _redacted_text(call.body),
    }


def _redacted_text(body: bytes) -> str:
    try:
        return json.dumps(redacted(parse_json(body)), ensure_ascii=False) if body else ""
    except Refusal:  # a snapshot may be nested deeper than other bodies
        return REDACTED


def incompleteness(sandbox: Sandbox, shown: Iterable[Exchange]) -> str:
    """Say what exchanges lack of the history of their sandbox; an empty text if nothing."""
    history = sandbox.history
    entries = list(history.entries())
    exchanges = [entry for entry in entries if isinstance(entry, Exchange)]
    missing = len(exchanges) - sum(1 for _ in shown)
    lacks = [f"{missing} requests of the sandbox are not in it"] if missing > 0 else []
    if history.floor.position:
        lacks.append("its earliest entries were dropped, or belong to other documents")
    if entries and getattr(entries[0], "call", "") == "restoreState":
        lacks.append("it begins with a snapshot that was restored")
    if any(entry.sandbox != sandbox.name for entry in exchanges):
        lacks.append("it begins as that of another sandbox, from which this one was forked")
    return "; ".join(lacks)


def entry_member(exchange: Exchange, position: int, text: str, *, plain: bool) -> EntryMember:
    """Write the member of an exchange; `text` is the body of its request in the archive."""
    member: EntryMember = {
        "position": position,
        "sandbox": exchange.sandbox,
        "id": exchange.id,
        "at": format_instant(exchange.at),
        "arrived": format_instant(exchange.arrived or exchange.at),
        "ids": exchange.ids,
        "api": exchange.api.name if exchange.api else None,
        "operation": exchange.operation.id if exchange.operation else None,
        "reason": exchange.reason or None,
        "trace": [
            _decision(exchange, item, plain=plain)
            for item in decisions(exchange.operation, exchange.trace, exchange.request)
        ],
    }
    request = exchange.request
    if request.too_large:
        member["too_large"] = True
    if request.unread is not None:
        member["body"] = "partial"
    elif not _is_whole(request.body, text):
        if plain:
            member["base64"] = b64encode(request.body).decode()
        else:
            member["body"] = "partial"
    if exchange.answer.cut_at is not None:
        member["cut_at"] = exchange.answer.cut_at
    return member


def _is_whole(body: bytes, text: str) -> bool:
    """Return True if a text has all of a body: the same bytes, or the same JSON value."""
    if body == text.encode("utf-8", "replace"):
        return True
    try:
        value = parse_json(body)
    except Refusal:
        return False
    return text == json.dumps(value, ensure_ascii=False)


def _decision(exchange: Exchange, decision: Decision, *, plain: bool) -> TraceMember:
    shown = as_json(decision)
    sentence = shown["sentence"]
    member: TraceMember = {
        "what": shown["what"],
        "sentence": sentence if plain else str(without_credentials(exchange, sentence)),
        "source": shown["source"],
    }
    if isinstance(decision, Authenticated):
        member["schemes"], member["principal"] = shown["schemes"], shown["principal"]
    return member
