"""What happens to a request once its operation is known, until there is an answer."""

from collections.abc import Iterable, Mapping, Sequence

from mockserver.engine.documented_answers import Documented, Wish, documented, status_with_example
from mockserver.engine.fault_injection import meet_faults
from mockserver.engine.preferences import CACHED, NO_PREFERENCES, VARY, Preferences, preferences_of
from mockserver.engine.ratelimits import apply_limits
from mockserver.engine.refusals import forced_until, refusal_of
from mockserver.engine.rendering import Reply, render_reply
from mockserver.engine.routing import Match
from mockserver.engine.run import Run
from mockserver.engine.security import PresentedCredential, authenticate
from mockserver.engine.steps import Steps, run_steps
from mockserver.engine.validation import validate
from mockserver.model.api import Effect, TestValues
from mockserver.model.messages import Answer
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.model.scope import Scope
from mockserver.model.trace import Answered, Authenticated, BrokenSchema, TestValueMet, Validated

_VALID = Validated(0)
_NO_CREDENTIAL = Authenticated((), None)


def operate(run: Steps, match: Match, credentials: Mapping[str, PresentedCredential]) -> Answer:
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
    if run.reply is None:
        return _documented(run, run.operation.success, preferences)
    return _of_steps(run, run.reply, preferences)


def _of_steps(run: Run, reply: Reply, preferences: Preferences) -> Answer:
    if run.options.errors:
        from mockserver.engine.replies import violations_of_reply  # noqa: PLC0415 - seldom asked for

        _object(run, violations_of_reply(run.operation, reply))
    answer = render_reply(reply)
    return _finished(run, answer, Answered(answer.status, reply.because, reply.source), preferences)


def _documented(run: Run, status: int, preferences: Preferences, why: str = "") -> Answer:
    """Answer as the document does."""
    found = documented(run.operation, status, _wish(run, preferences))
    if found is None:
        because = f"{why}the document says nothing about status {status}"
        return _finished(run, Answer(status, [], b""), Answered(status, because), preferences)
    if found.violations:
        run.append(BrokenSchema(found.violations))
        if run.options.errors:
            _object(run, found.violations)
    told = Answered(found.status, why + found.because, found.source)
    return _finished(run, found.answer(), told, preferences, found)


def _object(run: Run, violations: Sequence[Violation]) -> None:
    """Refuse to send an answer that breaks the document."""
    if violations:
        first = violations[0]
        told = f"the answer breaks its schema: {first.field} {first.message}"
        raise Refusal(Kind.BROKEN_ANSWER, told, tuple(violations), run.operation.source)


def _finished(
    run: Run,
    answer: Answer,
    told: Answered,
    preferences: Preferences,
    found: Documented | None = None,
) -> Answer:
    answer.headers += run.limit_headers
    answer.delay = run.delay
    if preferences is not NO_PREFERENCES:
        answer.delay = max(answer.delay, preferences.wait)
        if honoured := preferences.honoured(found, answer.status):
            answer.headers.append(("Preference-Applied", honoured))
        if run.exchange.request.method not in CACHED:
            answer.headers.append(VARY)
        if unmet := preferences.unmet(found, answer.status):
            told = told._replace(because=told.because + unmet)
    run.append(told)
    return answer


def _authenticate(run: Run, credentials: Mapping[str, PresentedCredential]) -> None:
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
    accept = run.exchange.request.accept
    if preferences is NO_PREFERENCES and not run.options.dynamic:
        return Wish(accept)
    dynamic = run.options.dynamic if preferences.dynamic is None else preferences.dynamic
    seed: int | str | None = preferences.seed
    if seed is None and dynamic:
        seed = f"{run.sandbox.seed}:{run.exchange.id}"
    return Wish(accept, seed, preferences.example, dynamic)


def _preferred(run: Run, preferences: Preferences) -> Answer:
    """Give the answer that the client forces, doing nothing else."""
    operation, status = run.operation, preferences.code
    if status is None and preferences.example is not None:
        status = status_with_example(operation, preferences.example)
    run.exchange.reason = "preferred"
    return _documented(run, status or operation.success, preferences, "Prefer asks for it; ")
