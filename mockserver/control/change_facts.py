"""Find what the changes of an entry mean: limits of quotas, what is left, periods of cooldowns.

- In: a sandbox, and an entry of its history. Out: the `ChangeFacts` that `change_lines.py` needs.
- Callers: `change_views.py` and `cli/explain_command.py`.
- The trace of a request has the limits that applied then; periods are evaluated with the settings
  that the sandbox had at the entry, so that a line does not change when a setting changes later.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue
from mockserver.control.change_lines import ChangeFacts
from mockserver.engine.history import HistoryEntry
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Api, Operation
from mockserver.model.exchange import Exchange
from mockserver.model.record_change import WORLD
from mockserver.model.trace import Decision, RateLimited, StepTaken, decisions
from mockserver.verbs.cooldown import CooldownStep
from mockserver.verbs.take import TakeStep


def facts_of(sandbox: Sandbox, entry: HistoryEntry) -> ChangeFacts:
    """Return what is known about the changes of an entry."""
    trace = decisions(None, entry.trace) if isinstance(entry, Exchange) else []
    places = {write[0] for write in entry.writes}
    return ChangeFacts(
        arrived=entry.arrived,
        quota_limits=_quota_limits(trace),
        rates_left={
            one.limit.name: (one.decision.remaining, one.decision.allowed)
            for one in trace
            if isinstance(one, RateLimited)
        },
        cooldown_periods=_periods(sandbox, entry, places),
        **(_setting_facts(sandbox) if (WORLD, "settings") in places else {}),
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


def _quota_limits(trace: list[Decision]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for one in trace:
        if isinstance(one, StepTaken) and isinstance(one.step, TakeStep):
            named = one.named()
            if type(limit := named.get("limit")) is int:
                found[str(named["quota"]), str(named["subject"])] = limit
    return found


def _periods(sandbox: Sandbox, entry: HistoryEntry, places: set[tuple[str, str]]) -> dict[str, int]:
    """Return the periods of the cooldowns that an entry changed, as they were then."""
    found: dict[str, int] = {}
    for name, collection in places:
        if collection == "cooldowns" and name in sandbox.apis:
            given = {"settings": _settings_at(sandbox, name, entry.position), "now": entry.at}
            for operation in _operations(sandbox.apis[name], entry):
                for step in operation.program.steps if operation.program else ():
                    if isinstance(step, CooldownStep) and step.name not in found:
                        period = _whole(step, {**operation.blank, **given})
                        found |= {} if period is None else {step.name: period}
    return found


def _operations(api: Api, entry: HistoryEntry) -> tuple[Operation, ...]:
    """Return the operation of a request, or all that a record may come from."""
    own = entry.operation if isinstance(entry, Exchange) else None
    return api.operations if own is None else (own,)


def _whole(step: CooldownStep, scope: dict[str, object]) -> int | None:
    try:
        value = step.period(scope)
    except ExpressionError:  # it depends on the request
        return None
    return value if type(value) is int and value >= 0 else None


def _settings_at(sandbox: Sandbox, api: str, position: int) -> Mapping[str, JsonValue]:
    """Return the settings of an API at an entry; the next change of them has them."""
    for entry in sandbox.history.entries():
        if entry.position > position:
            for place, key, before, _, _ in entry.writes:
                if place == (WORLD, "settings") and key == api:
                    return {**sandbox.initial_settings(api), **(before or {}).get("values", {})}
    return sandbox.settings(api)
