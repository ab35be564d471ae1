"""Compare two answers to one request, and the decisions that led to them.

- In: two entries, the saved one and the one played now, written in the same way. Out: an
  `AnswerDifference` for each part that differs (status, headers, body, delay, connection), and the
  first `DecisionDifference`.
- Callers: `playing.py` compares, `replay_reports.py` writes. JSON is compared as values. Not
  compared are `Date`, `Mock-Request-Id`, `Mock-Delay`, and the place of a document in `Mock-Why`,
  which moves when lines are added before it.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, NamedTuple

from mockserver.base.json import JsonValue, escape
from mockserver.contract.answer_comparison import ABSENT, Absent, as_json
from mockserver.model.refusal import Refusal
from mockserver.replay.saved_history import SavedAnswer, SavedDecision, SavedEntry
from mockserver.wire.media import parse_json

_IGNORED = frozenset(("date", "mock-request-id", "mock-delay"))
_PLACE = re.compile(r" \([^()\s]+:\d+\)")
_NOTHING = "nothing"
_MOST_PLACES = 5


class AnswerDifference(NamedTuple):
    """A part of an answer that differs."""

    place: str
    """`status`, `header content-type` or a JSON Pointer into the body, for example."""
    before: str
    now: str


class DecisionDifference(NamedTuple):
    """The first decision that differs, each with its place in the documents."""

    before: str
    now: str
    is_same: bool = False
    """True if all decisions are the same, so that only what they lead to differs."""


def answer_differences(before: SavedEntry, now: SavedEntry) -> Iterator[AnswerDifference]:
    """Yield what differs between two answers; headers of the mock only if nothing else does."""
    found = list(_differences(before, now))
    others = [one for one in found if not one.place.startswith("header mock-")]
    yield from others or found


def _differences(before: SavedEntry, now: SavedEntry) -> Iterator[AnswerDifference]:
    if before.response.status != now.response.status:
        first, second = str(before.response.status), str(now.response.status)
        yield AnswerDifference("status", first, second)
    yield from _headers(before.response, now.response)
    yield from _bodies(before.response, now.response)
    if before.time != now.time:
        yield AnswerDifference("delay", f"{before.time:g} ms", f"{now.time:g} ms")
    if before.details.cut_at != now.details.cut_at:
        cuts = _cut(before.details.cut_at), _cut(now.details.cut_at)
        yield AnswerDifference("connection", *cuts)


def _cut(at: int | None) -> str:
    if at is None:
        return "not closed"
    return "closed before the answer" if at < 0 else f"closed after {at} bytes of the body"


def _headers(before: SavedAnswer, now: SavedAnswer) -> Iterator[AnswerDifference]:
    old, new = _fields(before), _fields(now)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            values = (", ".join(one.get(name, [_NOTHING])) for one in (old, new))
            yield AnswerDifference(f"header {name}", *values)


def _fields(answer: SavedAnswer) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for pair in answer.headers:
        name = pair.name.lower()
        if name not in _IGNORED:
            value = _PLACE.sub("", pair.value) if name == "mock-why" else pair.value
            fields.setdefault(name, []).append(value)
    return fields


def _bodies(before: SavedAnswer, now: SavedAnswer) -> Iterator[AnswerDifference]:
    """Yield the first differences of two bodies, and the number of the others."""
    old, new = _body(before), _body(now)
    if old == new:
        return
    try:
        found = list(_values(parse_json(old), parse_json(new), ""))
    except Refusal:
        found = [AnswerDifference("body", *(_text(body) for body in (old, new)))]
    yield from found[:_MOST_PLACES]
    if (more := len(found) - _MOST_PLACES) > 0:
        yield AnswerDifference(f"and {more} more places of the body", "", "")


def _body(answer: SavedAnswer) -> bytes:
    content = answer.content
    return (
        b64decode(content.text)
        if content.encoding == "base64"
        else content.text.encode("utf-8", "replace")
    )


def _text(body: bytes) -> str:
    return json.dumps(body.decode("utf-8", "replace"), ensure_ascii=False) if body else _NOTHING


def _values(
    before: JsonValue | Absent, now: JsonValue | Absent, pointer: str
) -> Iterator[AnswerDifference]:
    """Yield the differences of two JSON values, in the order of the document."""
    old, new = _members(before), _members(now)
    if type(before) is type(now) and old is not None and new is not None:
        for key in dict.fromkeys((*old, *new)):
            below = f"{pointer}/{escape(str(key))}"
            yield from _values(old.get(key, ABSENT), new.get(key, ABSENT), below)
    elif before != now or isinstance(before, bool) != isinstance(now, bool):
        yield AnswerDifference(pointer or "body", as_json(before), as_json(now))


def _members(value: JsonValue | Absent) -> dict[Any, JsonValue] | None:
    """Return the members of an object or the items of a list, by key or index."""
    if isinstance(value, list):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else None


def decision_difference(before: SavedEntry, now: SavedEntry) -> DecisionDifference | None:
    """Return the first decision that differs; None if there are no decisions."""
    old, new = before.details.trace, now.details.trace
    if not old:
        return DecisionDifference("not in the file", _sentence(new[-1])) if new else None
    for index in range(max(len(old), len(new))):
        one = old[index] if index < len(old) else None
        other = new[index] if index < len(new) else None
        if one is None or other is None or _said(one) != _said(other):
            return DecisionDifference(_sentence(one), _sentence(other))
    return DecisionDifference(_sentence(old[-1]), _sentence(new[-1]), is_same=True)


def _said(decision: SavedDecision) -> tuple[str, str]:
    return decision.what, decision.sentence


def _sentence(decision: SavedDecision | None) -> str:
    if decision is None:
        return _NOTHING
    place = f"  [{decision.source}]" if decision.source else ""
    return f"{decision.sentence}{place}"
