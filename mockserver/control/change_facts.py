"""Find what the changes of an entry mean: limits of quotas, what is left, periods of cooldowns.

- In: a sandbox, and an entry of its history. Out: the `ChangeFacts` that `change_lines.py` needs.
- Callers: `change_views.py` and `cli/explain_command.py`.
- The trace of a request has the limits that applied then. Without a trace (control calls, entries
  from a store), limits are evaluated, as periods are, with the settings that the sandbox had at the
  entry; so a line does not change when a setting changes later. What depends on more of a request
  than its principal stays unknown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.control.change_lines import ChangeFacts, RateTerms
from mockserver.engine.history import HistoryEntry
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Operation
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import WORLD
from mockserver.model.scope import Scope, Template
from mockserver.model.steps import Step
from mockserver.model.trace import Decision, RateLimited, StepTaken, decisions
from mockserver.verbs.cooldown import CooldownStep
from mockserver.verbs.take import TakeStep


def facts_of(sandbox: Sandbox, entry: HistoryEntry) -> ChangeFacts:
    """Return what is known about the changes of an entry."""
    trace = decisions(None, entry.trace) if isinstance(entry, Exchange) else []
    terms = _Terms(sandbox, entry)
    terms.find()
    has_settings = any(write[0] == (WORLD, "settings") for write in entry.writes)
    return ChangeFacts(
        arrived=entry.arrived,
        at=entry.at,
        quota_limits={**terms.quotas, **_quota_limits(trace)},
        rates_left={
            one.limit.name: (one.decision.remaining, one.decision.allowed)
            for one in trace
            if isinstance(one, RateLimited)
        },
        rate_terms=terms.rates,
        cooldown_periods=terms.cooldowns,
        **(_setting_facts(sandbox) if has_settings else {}),
    )


def _setting_facts(sandbox: Sandbox) -> dict[str, Any]:
    """Return the facts about settings: their first values, and which are durations."""
    durations = frozenset(
        (api.name, setting.name)
        for api in sandbox.apis.values()
        for setting in api.settings.values()
        if setting.type == "duration"
    )
    first = {name: sandbox.initial_settings(name) for name in sandbox.apis}
    return {"first_settings": first, "durations": durations}


def _quota_limits(trace: list[Decision]) -> dict[tuple[str, str | None], int]:
    found: dict[tuple[str, str | None], int] = {}
    for one in trace:
        if isinstance(one, StepTaken) and isinstance(one.step, TakeStep):
            named = one.named()
            if type(limit := named.get("limit")) is int:
                found[str(named["quota"]), str(named["subject"])] = limit
    return found


_LIMITS = frozenset(("quotas", "cooldowns", "rate_limits"))


@dataclass(slots=True)
class _Terms:
    """The limits and periods of the steps that may have made the changes of an entry."""

    sandbox: Sandbox
    entry: HistoryEntry
    quotas: dict[tuple[str, str | None], int] = field(default_factory=dict)
    cooldowns: dict[str, int] = field(default_factory=dict)
    rates: dict[str, RateTerms] = field(default_factory=dict)

    def find(self) -> None:
        """Evaluate them, for the APIs whose limits the entry changed."""
        changed = {api for (api, name), *_ in self.entry.writes if name in _LIMITS}
        for name in changed & self.sandbox.apis.keys():
            settings = _settings_at(self.sandbox, name, self.entry.position)
            for operation in self._operations(name):
                scope: Scope = {**operation.blank, "settings": settings, "now": self.entry.at}
                if isinstance(self.entry, Exchange):
                    scope["principal"] = self.entry.principal
                self._add(operation, scope)

    def _operations(self, api: str) -> tuple[Operation, ...]:
        """Return the operation of a request, or all that a record may come from."""
        own = self.entry.operation if isinstance(self.entry, Exchange) else None
        return self.sandbox.apis[api].operations if own is None else (own,)

    def _add(self, operation: Operation, scope: Scope) -> None:
        for step in _steps(operation):
            if isinstance(step, TakeStep) and (limit := _whole(step.limit, scope)) is not None:
                self.quotas.setdefault((step.quota, None), limit)
            elif isinstance(step, CooldownStep):
                period = _whole(step.period, scope)
                if period is not None:
                    self.cooldowns.setdefault(step.name, period)
        for one in operation.limits:
            count, window = _whole(one.limit, scope), _whole(one.window, scope)
            if count is not None and window:
                self.rates.setdefault(one.name, RateTerms(one.algorithm, count, window))


def _steps(operation: Operation) -> Iterator[Step]:
    yield from operation.program.steps if operation.program else ()


def _whole(template: Template, scope: Scope) -> int | None:
    """Evaluate an expression; return None if it depends on the request."""
    try:
        value = template(scope)
    except ExpressionError:
        return None
    return value if type(value) is int and value >= 0 else None


def _settings_at(sandbox: Sandbox, api: str, position: int) -> Mapping[str, JsonValue]:
    """Return the settings of an API at an entry; the next change of them has them."""
    for entry in sandbox.history.after(position):
        for place, key, before, _, _ in entry.writes:
            if place == (WORLD, "settings") and key == api:
                return {**sandbox.initial_settings(api), **(before or {}).get("values", {})}
    return sandbox.settings(api)
