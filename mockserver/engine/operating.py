"""What happens to a request once its operation is known, until there is an answer."""

from collections.abc import Iterable, Mapping

from mockserver.engine.documented import Documented, Wish, documented, named_example
from mockserver.engine.injection import meet_faults
from mockserver.engine.matching import Match
from mockserver.engine.preferences import (
    CACHED,
    NO_PREFERENCES,
    VARY,
    Preferences,
    preferences_of,
)
from mockserver.engine.ratelimits import apply_limits
from mockserver.engine.refusals import forced_until, refusal_of
from mockserver.engine.rendering import Reply, render_reply
from mockserver.engine.run import Run
from mockserver.engine.security import Credential, authenticate
from mockserver.engine.steps import Steps, run_steps
from mockserver.engine.trace import Answered, Authenticated, TestValueMet, Validated
from mockserver.engine.validation import validate
from mockserver.exchange import Answer, Scope
from mockserver.model import Effect, TestValues

_VALID = Validated(0)
_NO_CREDENTIAL = Authenticated((), None)


def operate(run: Steps, match: Match, credentials: Mapping[str, Credential]) -> Answer:
    """Handle a request to an operation.

    Raises:
        Refusal: If it is not granted.
    """
    if run.sandbox.faults.active and (forced := meet_faults(run, match)) is not None:
        return forced
    request = run.exchange.request
    preferences = preferences_of(request)
    if preferences.code is not None or preferences.example is not None:
        return _preferred(run, preferences)
    _authenticate(run, credentials)
    apply_limits(run)
    validate(run, request, match)
    run.append(_VALID)
    if run.operation.test_values:
        _meet_test_values(run)
    if run.operation.program is not None:
        run_steps(run.operation.program, run)
    found, reply = None, run.reply
    if reply is None:  # no step answered
        status = run.operation.success
        found = documented(run.operation, status, _wish(run, preferences))
        reply = _reply(status, found)
    return _finished(run, reply, preferences, found)


def _finished(run: Run, reply: Reply, preferences: Preferences, found: Documented | None) -> Answer:
    answer = render_reply(reply)
    answer.headers += run.limit_headers
    answer.delay = run.delay
    if preferences is not NO_PREFERENCES:
        answer.delay = max(answer.delay, preferences.wait)
        if honoured := preferences.honoured(found, reply.status):
            answer.headers.append(("Preference-Applied", honoured))
        if run.exchange.request.method not in CACHED:
            answer.headers.append(VARY)
        reply.because += preferences.unmet(found, reply.status)
    run.append(Answered(reply.status, reply.because))
    return answer


def _authenticate(run: Run, credentials: Mapping[str, Credential]) -> None:
    if not run.operation.security:
        run.append(_NO_CREDENTIAL)
        return
    found = authenticate(run, credentials)
    scope = run.scope
    scope["principal"], scope["credential"] = found.principal, found.credential
    scope["scopes"] = found.scopes
    run.exchange.principal = found.principal
    run.append(Authenticated(found.alternative, found.principal))


def _meet_test_values(run: Run) -> None:
    """Let the documented magic inputs have their effect."""
    scope = run.scope
    for group in run.operation.test_values:
        for value in (group.at(scope),) if group.each is None else _values(group, scope):
            effect = group.effects.get(value if type(value) is str else str(value))
            if effect is not None:
                _take_effect(run, effect, str(value), group)


def _take_effect(run: Run, effect: Effect, value: str, group: TestValues) -> None:
    scope = run.scope
    run.append(TestValueMet(value, effect.description, group.source))
    run.delay = max(run.delay, effect.delay)
    scope["test"] = {**scope["test"], **effect.bind}
    if effect.error is not None:
        wait = None if effect.retry_after is None else effect.retry_after(scope)
        until = forced_until(effect.error.kind, run.now, wait)
        raise refusal_of(effect.error, scope, effect.description, group.source, until)


def _values(group: TestValues, scope: Scope) -> Iterable[str]:
    """Return what an expression is on the items of a list, each value once."""
    inner = scope.copy()
    found: dict[str, None] = {}
    assert group.each is not None
    items = group.each(scope)
    for item in items if isinstance(items, list) else ():
        inner["item"] = item
        found[str(group.at(inner))] = None
    return found


def _wish(run: Run, preferences: Preferences) -> Wish:
    accept = run.exchange.request.headers.get("accept", "")
    seed = run.sandbox.seed if preferences.seed is None else preferences.seed
    return Wish(accept, seed, preferences.example, preferences.dynamic)


def _preferred(run: Run, preferences: Preferences) -> Answer:
    """Give the answer that the client forces, doing nothing else."""
    operation = run.operation
    found: Documented | None
    named = named_example(operation, preferences.example) if preferences.example else None
    if named is not None and preferences.code in (None, named[0]):
        status, found = named
    else:
        status = preferences.code or operation.success
        found = documented(operation, status, _wish(run, preferences))
    reply = _reply(status, found)
    reply.because = f"Prefer asks for it; {reply.because}"
    run.exchange.reason = "preferred"
    return _finished(run, reply, preferences, found)


def _reply(status: int, found: Documented | None) -> Reply:
    if found is None:
        return Reply(status, [], None, "", f"the document says nothing about status {status}")
    return Reply(status, list(found.headers), found.body, found.content_type, found.because)
