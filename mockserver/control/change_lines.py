"""Say in one plain line what a change changed, such as `quota sms of demo-org 499 → 498`.

- In: a `RecordChange`, and the `ChangeFacts` that it does not have itself, such as the limit of a
  quota. Out: a line in the words of the thing: quota, cooldown, rate limit, message, clock,
  setting, fault, or any record. It is printable, and long values are cut off.
- Callers: `change_views.py`, with the change as it is shown (without secrets), and
  `cli/explain_command.py`. `change_facts.py` finds the facts.
- Nothing is evaluated or redacted here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, equal
from mockserver.base.time import (
    LAST,
    Duration,
    Instant,
    VirtualClock,
    format_duration,
    format_instant,
    no_later,
    plain_time,
)
from mockserver.control.singular_names import singular
from mockserver.engine.limits import current_allowance, stored_state
from mockserver.model.exchange import BEGINNING
from mockserver.model.record_change import WORLD, RecordChange
from mockserver.model.scope import Record

_LONGEST_VALUE = 60
_LONGEST_KEY = 80
_MOST_FIELDS = 5
_FIRST_MICROSECONDS = 10**14
"""Whole numbers from here on are instants, if their name is that of one."""
_INSTANT_NAME = re.compile(r"(?:^|_)(?:at|on|until|since|from|expires|date|time)$|[a-z]At$")


class RateTerms(NamedTuple):
    """The terms of a rate limit; `engine/limits.py` has the algorithms."""

    algorithm: str
    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """What a line says that the change itself does not have; all of it may be unknown."""

    arrived: Instant = BEGINNING
    """The system's time of the entry."""
    at: Instant = BEGINNING
    """The sandbox's time of the entry."""
    quota_limits: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    """The limit of quotas, by name and subject; None for all subjects."""
    rates_left: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    """What was left of rate limits afterwards, by name, and whether the request was counted."""
    rate_terms: Mapping[str, RateTerms] = field(default_factory=dict)
    """The terms of rate limits, by name, by which that is found where it is not known."""
    cooldown_periods: Mapping[str, int] = field(default_factory=dict)
    first_settings: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """The values of settings that were not changed, by API."""
    durations: frozenset[tuple[str, str]] = frozenset()
    """API and name of the settings that are durations."""


def change_line(change: RecordChange, facts: ChangeFacts, shown: RecordChange | None = None) -> str:
    """Return what a change changed, in one line.

    Args:
        change: The change as it was made.
        facts: What else is known about it.
        shown: The change without its secrets, if there are any.
    """
    shown = change if shown is None else shown
    api, collection = change.place
    lines = _WORLD_LINES if api == WORLD else _API_LINES
    one = _ChangedThing(change, shown, facts)
    try:
        return _printable(lines.get(collection, _ChangedThing.record)(one))
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, ExpressionError):
        return _printable(one.record())  # a call of the control API can write any record


@dataclass(frozen=True, slots=True)
class _ChangedThing:
    change: RecordChange
    shown: RecordChange
    facts: ChangeFacts

    def record(self) -> str:
        """Return the line for a record of any collection."""
        change = self.change
        what = f"{singular(change.place[1])} {_cut(self.shown.key, _LONGEST_KEY)}"
        if change.before is None:
            return f"+1 {what}"
        return f"-1 {what}" if change.after is None else f"{what}: {self._fields()}"

    def _fields(self) -> str:
        before, after = self.change.before or {}, self.change.after or {}
        both = before.keys() & after.keys()
        shown_before, shown_after = self.shown.before or {}, self.shown.after or {}
        names = [
            name
            for name in {**before, **after}
            if name not in both or not equal(before[name], after[name])
        ]
        listed = ", ".join(
            f"{_cut(name, _LONGEST_KEY)} {_value(shown_before, name)} → {_value(shown_after, name)}"
            for name in names[:_MOST_FIELDS]
        )
        hidden = len(names) - _MOST_FIELDS
        return (listed or "as before") + (f", and {hidden} more" if hidden > 0 else "")

    def quota(self) -> str:
        """Return what is left of a quota, or what is used if its limit is not known."""
        before, after = self.change.before, self.change.after
        some = after or before or {}
        limits, name = self.facts.quota_limits, some["name"]
        limit = limits.get((name, some["subject"]), limits.get((name, None)))
        used = _used(before, after), _used(after, after)
        whose = f"quota {self._subject()}"
        if limit is None:
            return f"{whose} {used[0]} → {used[1]} used"
        return f"{whose} {max(limit - used[0], 0)} → {max(limit - used[1], 0)}"

    def _subject(self) -> str:
        """Return name and subject of a limit."""
        record = self.shown.after or self.shown.before or {}
        name, subject = str(record["name"]), str(record["subject"])
        return _cut(name, _LONGEST_KEY) + (f" of {_cut(subject, _LONGEST_KEY)}" if subject else "")

    def cooldown(self) -> str:
        """Return until when a subject cools down."""
        whose, after = f"cooldown {self._subject()}", self.change.after
        if after is None:
            return f"{whose} removed"
        period, since = self.facts.cooldown_periods.get(after["name"]), after["state"][0]
        if period is None:
            return f"{whose} since {plain_time(since)}"
        return f"{whose} until {plain_time(no_later(since + period))}"

    def rate_limit(self) -> str:
        """Return what is left of a rate limit."""
        change, whose = self.change, f"rate limit {self._subject()}"
        name = (change.after or change.before or {})["name"]
        if change.after is not None and name in self.facts.rates_left:
            after, counted = self.facts.rates_left[name]
            before = after + counted
        elif name in self.facts.rate_terms:
            terms = self.facts.rate_terms[name]
            before, after = self._left(terms, change.before), self._left(terms, change.after)
        else:
            return f"{whose} {_verb(change)}"
        return f"{whose} {after} left" if before == after else f"{whose} {before} → {after} left"

    def _left(self, terms: RateTerms, record: Record | None) -> int:
        """Return how many requests a state of a rate limit allows."""
        algorithm, limit, window = terms
        state = stored_state(algorithm, record)
        return current_allowance(algorithm, limit, window, state, self.facts.at).remaining

    def message(self) -> str:
        """Return the kind and the recipient of a message."""
        before, after = self.change.before, self.change.after
        if before is not None and after is not None:
            return self.record()
        shown = self.shown.after or self.shown.before or {}
        channel = str(shown["channel"])
        kind = _CHANNELS.get(channel, f"{channel} message")
        recipient = _cut(str(shown["to"]), _LONGEST_KEY)
        return f"{'-1' if after is None else '+1'} {_cut(kind, _LONGEST_KEY)} to {recipient}"

    def sequence(self) -> str:
        """Return how far a sequence counts."""
        name = _cut(self.shown.key, _LONGEST_KEY)
        return f"sequence {name} {_number(self.change.before)} → {_number(self.change.after)}"

    def clock(self) -> str:
        """Return how the clock moved, and whether it stopped or runs again."""
        before, after = _clock(self.change.before), _clock(self.change.after)
        then, now = before.now(self.facts.arrived), after.now(self.facts.arrived)
        moved = "" if then == now else f"{format_instant(then)} → "
        if after.frozen_at is None:
            state = "" if before.frozen_at is None else ", running again"
        else:
            state = ", frozen"
        return f"clock {moved}{format_instant(now)}{state}"

    def settings(self) -> str:
        """Return the settings of an API that changed."""
        changed = ", ".join(self._settings())
        return f"setting {changed}" if changed else f"settings of {self.change.key}: as before"

    def _settings(self) -> Iterator[str]:
        api, first = self.change.key, self.facts.first_settings.get(self.change.key, {})
        before, after = {**first, **_values(self.change.before)}, _values(self.change.after)
        old, new = {**first, **_values(self.shown.before)}, _values(self.shown.after)
        for name in after:
            if name not in before or not equal(before[name], after[name]):
                yield f"{api}.{name} {self._setting(name, old)} → {self._setting(name, new)}"

    def _setting(self, name: str, values: Mapping[str, JsonValue]) -> str:
        value = values.get(name)
        if (self.change.key, name) in self.facts.durations and type(value) is int:
            return format_duration(Duration(value))
        return _value(values, name)

    def fault(self) -> str:
        """Return whether a fault was added, removed, or hit a request."""
        before, after, name = self.change.before, self.change.after, f"fault {self.change.key}"
        if before is None or after is None:
            return f"{name} {_verb(self.change)}"
        if after["hits"] == before["hits"]:
            return f"{name} let a request pass"
        times = after["definition"].get("times")
        return f"{name} hit {after['hits']}" + ("" if times is None else f" of {times}")

    def counter(self) -> str:
        """Return what one of the sandbox's own numbers means."""
        key, before, after = self.change.key, self.change.before, self.change.after
        if key == "hidden":
            return "requests removed from the journal"
        if key.startswith("began:") and after is not None:
            api = key.removeprefix("began:")
            return f"records of {api} begin on {plain_time(after['value'])}"
        name = "number of faults so far" if key == "faults" else f"counter {key}"
        return f"{name} {_number(before)} → {_number(after)}"


_Line = Callable[[_ChangedThing], str]
_API_LINES: Mapping[str, _Line] = {
    "quotas": _ChangedThing.quota,
    "cooldowns": _ChangedThing.cooldown,
    "rate_limits": _ChangedThing.rate_limit,
    "messages": _ChangedThing.message,
    "sequences": _ChangedThing.sequence,
}
_WORLD_LINES: Mapping[str, _Line] = {
    "clock": _ChangedThing.clock,
    "settings": _ChangedThing.settings,
    "faults": _ChangedThing.fault,
    "counters": _ChangedThing.counter,
}
_CHANNELS = {"sms": "SMS", "email": "e-mail"}


def _verb(change: RecordChange) -> str:
    if change.before is None:
        return "added"
    return "removed" if change.after is None else "changed"


def _used(record: Record | None, after: Record | None) -> int:
    """Return what a record of a quota has used in the period of the later one."""
    if record is None or (after is not None and record["state"][0] != after["state"][0]):
        return 0
    return int(record["state"][1])


def _number(record: Record | None) -> int:
    return 0 if record is None else int(record["value"])


def _values(record: Record | None) -> Mapping[str, Any]:
    return {} if record is None else record["values"]


def _clock(record: Record | None) -> VirtualClock:
    if record is None:
        raise TypeError("a sandbox always has a clock")
    return VirtualClock(record["began"], record["offset"], record["frozen_at"])


def _value(record: Mapping[str, JsonValue], name: str) -> str:
    """Return the value of a field: a text as it is, an instant as a date, else JSON."""
    if name not in record:
        return "none"
    value = record[name]
    if isinstance(value, str):
        return _cut(value, _LONGEST_VALUE)
    is_instant = type(value) is int and _FIRST_MICROSECONDS <= value <= LAST
    if is_instant and _INSTANT_NAME.search(name):
        return plain_time(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return _cut(text, _LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _printable(text: str) -> str:
    """Return a text with escapes for what is not printable, so that it stays one line."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
