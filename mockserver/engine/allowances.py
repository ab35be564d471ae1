"""Report the current state of quotas, rate limits and cooldowns, without counting a request.

- In: an API, a sandbox and the time. Caller: `control/limit_calls.py`.
- Out: a `QuotaUsage` for each quota and principal, or other subject that used it; a
  `RateLimitUsage` for each subject with hits; a `RunningCooldown` for each that has not ended. The
  numbers apply to the next request. A quota's limit is None if it depends on a request; a rate
  limit or a cooldown that does is left out. Subjects are not masked, also if they are credentials.
- Expressions are evaluated for the principal of the subject, if there is one. No state of a limit
  changes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from mockserver.base.errors import ExpressionError
from mockserver.base.json import JsonValue, text
from mockserver.base.time import Instant
from mockserver.engine import limits
from mockserver.engine.sandbox import Sandbox, Store
from mockserver.model.api import Api, Operation, RateLimit
from mockserver.model.scope import Record, Scope, Template
from mockserver.model.steps import Step
from mockserver.verbs.cooldown import CooldownStep, cooldown
from mockserver.verbs.take import Period, TakeStep, take

AnyStep = TypeVar("AnyStep", bound=Step)


class QuotaUsage(NamedTuple):
    """The use of a quota by a subject; `limit` and `left` are None if they depend on a request."""

    name: str
    subject: str
    used: int
    limit: int | None
    left: int | None
    renews: Instant | None


class RateLimitUsage(NamedTuple):
    """The remainder of a rate limit for a subject."""

    name: str
    subject: str
    limit: int
    left: int
    resets_at: Instant


class RunningCooldown(NamedTuple):
    """A cooldown that has not ended."""

    name: str
    subject: str
    since: Instant
    until: Instant


@dataclass(frozen=True, slots=True)
class Allowances:
    """The current limits of one API in one sandbox."""

    api: Api
    sandbox: Sandbox
    now: Instant

    def quotas(self) -> Iterator[QuotaUsage]:
        """Yield the quotas of all principals, and of all other subjects that used one."""
        for name, (operation, step) in self._steps(TakeStep, "quota").items():
            scopes = self._scopes(operation, step.subject)
            states = _states(self._store.collection("quotas"), name)
            for subject in dict.fromkeys((*scopes, *states)):
                scope = scopes.get(subject) or self._scope(operation)
                yield _quota(step, subject, states.get(subject), scope, self.now)

    def rate_limits(self) -> Iterator[RateLimitUsage]:
        """Yield the rate limits of all subjects that made a request."""
        for name, (operation, limit) in self._limits().items():
            scopes = {} if limit.per is None else self._scopes(operation, limit.per)
            for record in self._store.rate_limits:
                if record.get("name") != name:
                    continue
                subject = str(record.get("subject"))
                state = limits.stored_state(limit.algorithm, record)
                scope = scopes.get(subject) or self._scope(operation)
                if (found := _rate(limit, subject, state, scope, self.now)) is not None:
                    yield found

    def cooldowns(self) -> Iterator[RunningCooldown]:
        """Yield the cooldowns that have not ended."""
        for name, (operation, step) in self._steps(CooldownStep, "name").items():
            period = _whole(step.period, self._scope(operation)) or 0
            for subject, state in _states(self._store.collection("cooldowns"), name).items():
                _, rest = cooldown(period, state, self.now)
                if not rest.allowed:
                    yield RunningCooldown(name, subject, Instant(state[0]), rest.until)

    @property
    def _store(self) -> Store:
        return self.sandbox.store(self.api.name)

    def _steps(self, verb: type[AnyStep], field: str) -> dict[str, tuple[Operation, AnyStep]]:
        """Return the steps of a verb by name; the first of several with one name counts."""
        found: dict[str, tuple[Operation, AnyStep]] = {}
        for operation in self.api.operations:
            for step in operation.program.steps if operation.program else ():
                if isinstance(step, verb):
                    found.setdefault(getattr(step, field), (operation, step))
        return found

    def _limits(self) -> dict[str, tuple[Operation, RateLimit]]:
        found: dict[str, tuple[Operation, RateLimit]] = {}
        for operation in self.api.operations:
            for limit in operation.limits:
                found.setdefault(limit.name, (operation, limit))
        return found

    def _scope(self, operation: Operation) -> Scope:
        scope = operation.blank.copy()
        scope |= {"settings": self.sandbox.settings(self.api.name), "now": self.now}
        return scope

    def _scopes(self, operation: Operation, subject: Template) -> dict[str, Scope]:
        """Return a scope for the subject of every principal."""
        found: dict[str, Scope] = {}
        for credential, principal in self._principals():
            scope = {**self._scope(operation), "principal": principal, "credential": credential}
            if (name := _value(subject, scope)) is not None:
                found.setdefault(text(name), scope)
        return found

    def _principals(self) -> Iterator[tuple[JsonValue, Record]]:
        for scheme in self.api.schemes.values():
            if (owners := scheme.principals) is not None:
                for record in self._store.collection(owners.collection):
                    yield record.get(owners.field), record


def _states(records: Iterable[Record], name: str) -> Mapping[str, list[int]]:
    return {row["subject"]: row["state"] for row in records if row["name"] == name}


def _value(template: Template, scope: Scope) -> JsonValue:
    """Evaluate an expression; return None if it depends on a request."""
    try:
        return template(scope)
    except ExpressionError:
        return None


def _whole(template: Template, scope: Scope) -> int | None:
    value = _value(template, scope)
    return value if type(value) is int and value >= 0 else None


def _quota(
    step: TakeStep, subject: str, state: JsonValue, scope: Scope, now: Instant
) -> QuotaUsage:
    limit = _value(step.limit, scope)
    every, anchor = _whole(step.period, scope), _whole(step.anchor, scope)
    period = Period(every or None, step.calendar, anchor)
    known = type(limit) is int
    _, quota = take(limit if known else 0, period, state, now, 0)
    left = quota.left if known else None
    return QuotaUsage(step.quota, subject, quota.used, limit if known else None, left, quota.renews)


def _rate(
    limit: RateLimit, subject: str, state: list[int] | None, scope: Scope, now: Instant
) -> RateLimitUsage | None:
    count, window = _value(limit.limit, scope), _value(limit.window, scope)
    try:
        found = limits.current_allowance(limit.algorithm, count, window, state, now)
    except ExpressionError:
        return None
    return RateLimitUsage(limit.name, subject, count, found.remaining, found.resets_at)
