"""Answer a request: run its stages in the order below.

- In: a `Request` and the time of the system's clock.
- Out: an `Exchange`: the request, its answer, and a trace of decisions with their reasons.
- Callers: `server/application.py`, the control API to send a request again, the command
  `mockserver explain`, and tests.

 1. locate        find sandbox, API and operation by path, Host and method
 2. faults        a fault of the sandbox may answer instead of stages 3 to 9, or act in stage 11
 3. preferences   `Prefer: code=…, example=…` returns a documented answer and skips stages 4 to 8;
                  with the convention `validate_preferred` it skips only stages 7 and 8
 4. authenticate  find the principal (the owner of the credentials)
 5. limit         count a hit on each rate limit, or on none if one is exceeded
 6. validate      parse parameters and body, and collect all violations
 7. test values   apply the effects of inputs for tests, such as a phone number that fails
 8. steps         the operation's program reads and writes records, and may choose the answer
 9. respond       return the steps' answer, else the documented one
10. settle        keep the writes, or roll them back if a stage refused or failed
11. carry out     set a fault's delay or closed connection on the answer
12. add headers   `Mock-Request-Id`, `Mock-Reason`, `Mock-Why`, CORS
13. history       keep the exchange with its changes, and call the listener

Rules of this module:

- One `Exchange` is made per request; its fields are set and never removed. Stages add their
  decisions and the reasons to its trace.
- A stage from 1 to 10 ends the request by raising `Refusal`, which becomes the answer of its error
  kind as the API's document defines it. A full collection is one, too (`full`). Any other
  exception of the stages 2 to 10 is a bug of the mock or of a document, and becomes a 500 with its
  own problem type.
- The writes of a refused request are undone. Its hits on rate limits and faults stay counted, and
  it is in the history, unless its sandbox cannot be made. A step may answer with an error and keep
  the writes (`Run.answer_error`).
- Nothing waits and nothing is sent here: the answer says what to delay and where to close.
- `now` is read once, from the sandbox's clock; no stage reads a clock or draws a random number.
"""

from collections.abc import Iterable, Mapping, Sequence

from mockserver.base.errors import SandboxFullError
from mockserver.base.json import JsonValue, key_text
from mockserver.base.time import Instant
from mockserver.engine import cors, mock_failures
from mockserver.engine.conventions import NO_SUCH_EXAMPLE, Conventions
from mockserver.engine.documented_answers import (
    AnswerCriteria,
    DocumentedAnswer,
    documented_answer,
    status_with_example,
)
from mockserver.engine.echo import echoed
from mockserver.engine.engine_options import DEFAULT_OPTIONS, Options
from mockserver.engine.fault_injection import apply_faults, carry_out
from mockserver.engine.limits import apply_limits
from mockserver.engine.preferences import (
    CACHED,
    NO_PREFERENCES,
    VARY,
    Preferences,
    invalid_preference,
    preferences_of,
    unmet_preference,
)
from mockserver.engine.refusals import forced_until, refusal_of
from mockserver.engine.rendering import (
    ErrorCriteria,
    Reply,
    problem,
    render_refusal,
    render_reply,
    replace_headers,
    violations_of_reply,
)
from mockserver.engine.routing import Match, MountedApis, RoutedRequest
from mockserver.engine.run import Run, run_steps
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.security import (
    PresentedCredential,
    add_challenges,
    authenticate,
    read_credentials,
    sandbox_of,
)
from mockserver.engine.unmatched_requests import advice_for_path, no_operation
from mockserver.model.api import Api, Effect, Operation, TestValues
from mockserver.model.exchange import MOCK_FAILURE, UNANSWERED, Exchange
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import Kind, Refusal, Violation
from mockserver.model.request_paths import SANDBOX_PREFIXES, split_sandbox
from mockserver.model.scope import SCOPE_NAMES, Scope
from mockserver.model.trace import (
    Answered,
    Authenticated,
    BrokenSchema,
    Refused,
    Remarked,
    TestValueMet,
    Validated,
)
from mockserver.wire.media import read_body

_UNAUTHORIZED = 401
_NO_CREDENTIAL = Authenticated((), None)
_VALID = Validated(0)
NO_SUCH_API = "no_such_api"
INVALID_SANDBOX = "invalid_sandbox"
_MOST_OF_PATH = 200
MOST_VIOLATIONS = 100
"""Maximum number of violations in the refusal of one request."""


class Engine:
    """All APIs and all sandboxes of a process."""

    def __init__(
        self, apis: Iterable[Api], sandboxes: Sandboxes, options: Options | None = None
    ) -> None:
        self.apis: Mapping[str, Api] = {api.name: api for api in apis}
        self.sandboxes = sandboxes
        self.options = options or DEFAULT_OPTIONS
        self.tells = True  # False if the caller does what `History.tell` does
        self._mounts = MountedApis(self.apis.values())

    def replace(
        self,
        apis: Iterable[Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
    ) -> None:
        """Replace the APIs, starting with the next request.

        Args:
            apis: All APIs to serve.
            overrides: Values of settings, by API, that replace their defaults.
        """
        by_name = {api.name: api for api in apis}
        mounts = MountedApis(by_name.values())
        self.sandboxes.replace(by_name, overrides)
        self.apis, self._mounts = by_name, mounts

    def handle(self, request: Request, system: Instant) -> Exchange:
        """Answer one request and add it to the history of its sandbox.

        A request with an invalid sandbox name, or for one sandbox too many, is only answered.

        Args:
            request: The request.
            system: The time of the system's clock.
        """
        path, named = _split_sandbox(request)
        located = self._mounts.locate(path, request.headers.get("host", "").lower(), request.method)
        operation = self._operation(located, request.method)
        credentials = (
            read_credentials(operation, request) if operation and operation.security else {}
        )
        name = named if named is not None else sandbox_of(credentials) or DEFAULT_SANDBOX
        try:
            sandbox = self.sandboxes.by_name.get(name) or self.sandboxes.get(name, system)
        except (ValueError, SandboxFullError) as error:
            return self._without_sandbox(request, name, error, system)
        history, at = sandbox.history, sandbox.now(system)
        exchange = Exchange(f"r{history.count + 1}", name, at, request, UNANSWERED, arrived=system)
        if self._is_answered_first(request):
            exchange.answer = Answer(204, [], b"")
        elif located is None:
            self._no_such_api(exchange, path)
        else:
            exchange.api, exchange.operation = located.mount.api, operation
            prefix = request.path[: len(request.path) - len(path)] + located.prefix
            _answer(exchange, sandbox, located, prefix, credentials, self.options)
            if exchange.fault is not None:
                carry_out(exchange, exchange.fault)
            if operation is not None and request.method in CACHED:
                exchange.answer.headers.append(VARY)
        self._add_headers(exchange)
        exchange.ids = sandbox.ids.count
        history.add(exchange)
        if self.tells:
            history.tell(exchange)
        return exchange

    def sandbox_name(self, request: Request) -> str:
        """Return the name of the sandbox that a request belongs to."""
        path, named = _split_sandbox(request)
        host, method = request.headers.get("host", "").lower(), request.method
        operation = self._operation(self._mounts.locate(path, host, method), method)
        if named is None and operation is not None and operation.security:
            named = sandbox_of(read_credentials(operation, request))
        return DEFAULT_SANDBOX if named is None else named

    def _operation(self, located: RoutedRequest | None, method: str) -> Operation | None:
        if located is None or located.match is None:
            return None
        if self.options.conventions.exact_methods:
            return located.match.methods.get(method)
        return located.match.operation(method)

    def _is_answered_first(self, request: Request) -> bool:
        options = self.options
        is_first = options.cors and options.conventions.preflights_first
        return is_first and cors.is_preflight(request)

    def _add_headers(self, exchange: Exchange) -> None:
        headers = exchange.answer.headers
        if self.options.announce:
            headers.append(("Mock-Request-Id", exchange.id))
            if exchange.reason:
                _add_reason(exchange)
        if self.options.cors and "origin" in exchange.request.headers:
            cors.add_headers(headers, exchange.request)
        elif self.options.cors and self.options.conventions.open_cors:
            cors.add_open_headers(headers)

    def _no_such_api(self, exchange: Exchange, path: str) -> None:
        known = ", ".join(f"/{name}" for name in self.apis)
        message = f"no API is served at {path[:_MOST_OF_PATH]}"
        mounts = self._mounts
        advice = advice_for_path(mounts.by_name, path, exchange.request, mounts.advised)
        hints = [advice, f"there are: {known}"] if advice else [f"there are: {known}"]
        refusal = Refusal(NO_SUCH_API, message, advice="; ".join(hints))
        exchange.refusal, exchange.reason = refusal, NO_SUCH_API
        exchange.trace.append(_refused(refusal))
        exchange.answer = problem(404, f"{message}; {refusal.advice}")

    def _without_sandbox(
        self, request: Request, name: str, error: Exception, system: Instant
    ) -> Exchange:
        is_full = isinstance(error, SandboxFullError)
        answer = problem(503 if is_full else 400, str(error))
        exchange = Exchange("", name, system, request, answer)
        exchange.reason = Kind.FULL if is_full else INVALID_SANDBOX
        exchange.refusal = Refusal(exchange.reason, str(error))
        if self.options.announce:
            _add_reason(exchange)
        if self.options.cors and "origin" in request.headers:
            cors.add_headers(answer.headers, request)
        return exchange


def _add_reason(exchange: Exchange) -> None:
    from mockserver.engine.refusal_line import refusal_line  # noqa: PLC0415 - accepted requests need it not

    headers = exchange.answer.headers
    headers.append(("Mock-Reason", exchange.reason))
    if line := refusal_line(exchange):
        headers.append(("Mock-Why", line))


def _refused(refusal: Refusal) -> Refused:
    return Refused(refusal.kind, refusal.message, refusal.source, refusal.passes_at, refusal.advice)


# --- locate ---


def _split_sandbox(request: Request) -> tuple[str, str | None]:
    """Return the path without its sandbox prefix, and the sandbox that path or header name."""
    path, name = request.path, None
    if path.startswith(SANDBOX_PREFIXES):
        path, name = split_sandbox(path)
    return path, request.headers.get("mock-sandbox") if name is None else name


def _base_url(request: Request, prefix: str) -> str:
    return f"{request.scheme}://{request.headers.get('host', 'localhost')}{prefix}"


# --- settle ---


def _answer(
    exchange: Exchange,
    sandbox: Sandbox,
    located: RoutedRequest,
    prefix: str,
    credentials: Mapping[str, PresentedCredential],
    options: Options,
) -> None:
    """Set the answer to a request; refusals and failures become answers as well."""
    api, operation, match = located.mount.api, exchange.operation, located.match
    scope: Scope = {}
    run: Run | None = None
    try:
        if operation is None or match is None:
            scope = dict.fromkeys(SCOPE_NAMES)
            scope |= {"settings": sandbox.settings(api.name), "now": exchange.at, "test": {}}
            exchange.answer = no_operation(located, exchange.request, options)
            return
        base_url = _base_url(exchange.request, prefix)
        run = Run(exchange, sandbox, api, operation, base_url, options)
        scope = run.scope
        exchange.answer = _operate(run, match, credentials)
        if exchange.answer.status == _UNAUTHORIZED:
            add_challenges(exchange.answer, api, operation, scope)
    except Refusal as refusal:
        _refuse(exchange, run, api, refusal, scope, options)
    except SandboxFullError as error:
        _refuse(exchange, run, api, Refusal(Kind.FULL, str(error)), scope, options)
    except Exception as error:  # noqa: BLE001 - a bug of the mock must become a 500
        if run is not None:
            run.roll_back()
        exchange.answer = mock_failures.answer(exchange, run, error)
        exchange.reason = MOCK_FAILURE
    finally:
        if run is not None:
            run.close()


def _refuse(
    exchange: Exchange,
    run: Run | None,
    api: Api,
    refusal: Refusal,
    scope: Scope,
    options: Options,
) -> None:
    if run is not None:
        run.roll_back()
    _forget_frames(refusal)
    exchange.refusal, exchange.reason = refusal, str(refusal.kind)
    try:
        if run is not None and not refusal.advice:
            refusal.advice = _refusal_advice(run, refusal)
        exchange.trace.append(_refused(refusal))
        answer = render_refusal(
            refusal,
            api,
            exchange.operation,
            scope,
            exchange.at,
            _error_criteria(exchange.request, options.conventions),
        )
        if run is not None:
            replace_headers(answer.headers, run.limit_headers)
            answer.delay = run.delay
            if answer.status == _UNAUTHORIZED:
                add_challenges(answer, api, run.operation, scope)
        exchange.answer = answer
        exchange.trace.append(Answered(answer.status, f"error kind {refusal.kind}"))
    except Exception as error:  # noqa: BLE001 - an error body's expression may fail as well
        exchange.answer = mock_failures.answer(exchange, run, error)
        exchange.reason = MOCK_FAILURE


def _refusal_advice(run: Run, refusal: Refusal) -> str:
    from mockserver.engine.refusal_advice import refusal_advice  # noqa: PLC0415 - only mistakes need it

    return refusal_advice(run, refusal)


def _error_criteria(request: Request, conventions: Conventions) -> ErrorCriteria:
    """Return how a refusal is answered, with the example of an error that the request asks for."""
    example = None
    if conventions.validate_preferred:
        preferences = preferences_of(request, in_query=conventions.query_preferences)
        example = None if preferences.code is None else preferences.example
    return ErrorCriteria(request.accept, conventions, example)


def _forget_frames(refusal: Refusal) -> None:
    """Remove reference cycles, so that memory is freed without the garbage collector."""
    refusal.__traceback__ = refusal.__cause__ = refusal.__context__ = None


# --- the stages of an operation ---


def _operate(run: Run, match: Match, credentials: Mapping[str, PresentedCredential]) -> Answer:
    """Run the stages from faults to respond.

    Raises:
        Refusal: From the first stage that refuses the request.
    """
    if run.sandbox.faults.active and (forced := apply_faults(run, match)) is not None:
        return forced
    request, conventions = run.exchange.request, run.options.conventions
    preferences = NO_PREFERENCES
    if "prefer" in request.headers or conventions.query_preferences:
        preferences = _read_preferences(request, conventions)
    is_preferred = preferences is not NO_PREFERENCES and preferences.is_for_documented
    if is_preferred and not conventions.validate_preferred:
        return _preferred(run, preferences)
    _authenticate(run, credentials)
    apply_limits(run)
    _validate(run, request, match)
    if is_preferred:
        return _preferred(run, preferences)
    if run.operation.test_values:
        _apply_test_values(run)
    if run.operation.program is not None:
        run_steps(run.operation.program, run)
    if run.reply is None:
        return _documented(run, run.operation.success, preferences)
    return _steps_answer(run, run.reply, preferences)


def _read_preferences(request: Request, conventions: Conventions) -> Preferences:
    """Return the preferences of a request.

    Raises:
        Refusal: `invalid` for ambiguous values, if the conventions refuse them.
    """
    found = preferences_of(request, in_query=conventions.query_preferences)
    if found.undecided and conventions.refuse_unmet_preferences:
        violations = tuple(invalid_preference(item, request) for item in found.undecided)
        raise Refusal(Kind.INVALID, _summary(violations), violations)
    return found


def _preferred(run: Run, preferences: Preferences) -> Answer:
    """Return the documented answer that `Prefer` requests; skip all later stages."""
    operation, status = run.operation, preferences.code
    is_strict = run.options.conventions.refuse_unmet_preferences
    if status is None and preferences.example is not None and not is_strict:
        status = status_with_example(operation, preferences.example)
    status = status or operation.success
    run.exchange.reason = "preferred"
    if is_strict and (missing := unmet_preference(operation, status, preferences)):
        uri = run.options.conventions.problem_types.get(NO_SUCH_EXAMPLE)
        answer = problem(404, missing, {"type": uri} if uri else None)
        return _finished(run, answer, Answered(404, missing), NO_PREFERENCES)
    return _documented(run, status, preferences, "Prefer asks for it; ")


def _authenticate(run: Run, credentials: Mapping[str, PresentedCredential]) -> None:
    if not run.operation.security:
        run.append(_NO_CREDENTIAL)
        return
    try:
        found = authenticate(run, credentials)
    except Refusal as refusal:
        from mockserver.engine.credential_advice import credential_advice  # noqa: PLC0415 - only mistakes need it

        refusal.advice = credential_advice(run, credentials)
        raise
    scope = run.scope
    scope["principal"], scope["credential"] = found.principal, found.credential
    scope["scopes"] = found.scopes
    run.exchange.principal = found.principal
    run.append(Authenticated(found.alternative, found.principal, found.ignored))


def _validate(run: Run, request: Request, match: Match) -> None:
    """Put the typed parameters and the body into the scope.

    Raises:
        Refusal: `invalid` with all violations of parameters and body at once; or `too_large`,
            `unsupported_media_type` or `malformed` if the body cannot be read.
    """
    scope, operation = run.scope, run.operation
    violations: list[Violation] = []
    if operation.parameters is None:
        scope["path"], scope["query"], scope["cookie"] = {}, {}, {}
    else:
        path = match.parameters(operation)
        values, violations = operation.parameters.decode(path, request.query, request.headers)
        scope["path"], scope["query"] = values["path"], values["query"]
        scope["cookie"] = values["cookie"]
        if values["header"]:
            scope["header"] = {**request.headers, **values["header"]}
    if request.too_large:
        raise Refusal(Kind.TOO_LARGE, "the request body is too large")
    if operation.body is not None:
        scope["body"], found = read_body(operation.body, request)
        violations = [*violations, *found]
    elif request.body and run.options.conventions.refuse_undescribed_bodies:
        raise Refusal(Kind.UNSUPPORTED_MEDIA_TYPE, "the operation describes no body; send none")
    if violations and not run.options.strict_requests:
        violations = _without_tolerated(run, violations)
    if violations:
        raise Refusal(Kind.INVALID, _summary(violations), tuple(violations[:MOST_VIOLATIONS]))
    run.append(_VALID)


def _without_tolerated(run: Run, violations: list[Violation]) -> list[Violation]:
    """Return the violations that refuse the request; the others become remarks of the trace."""
    for one in violations:
        if one.tolerated:
            remark = f"{one.where} {one.field}: {one.tolerated}; --strict-requests refuses it"
            run.append(Remarked(remark))
    return [one for one in violations if not one.tolerated]


def _summary(violations: Sequence[Violation]) -> str:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return f"{first.field} {first.message}{more}"


def _apply_test_values(run: Run) -> None:
    """Apply the effects of test values in the request."""
    scope = run.scope
    for group in run.operation.test_values:
        for value in (group.at(scope),) if group.each is None else _values(group, scope):
            effect = group.effects.get(value if type(value) is str else key_text(value))
            if effect is not None:
                _apply_effect(run, effect, str(value), group)


def _apply_effect(run: Run, effect: Effect, value: str, group: TestValues) -> None:
    scope = run.scope
    run.append(TestValueMet(value, effect.description, group.source))
    run.delay = max(run.delay, effect.delay)
    scope["test"] = {**scope["test"], **effect.bind}
    if effect.error is not None:
        wait = None if effect.retry_after is None else effect.retry_after(scope)
        until = forced_until(effect.error.kind, run.now, wait)
        raise refusal_of(effect.error, scope, effect.description, group.source, until)


def _values(group: TestValues, scope: Scope) -> Iterable[str]:
    """Return the values of an expression for the items of a list, without duplicates."""
    inner = scope.copy()
    found: dict[str, None] = {}
    assert group.each is not None
    items = group.each(scope)
    for item in items if isinstance(items, list) else ():
        inner["item"] = item
        found[key_text(group.at(inner))] = None
    return found


# --- respond ---


def _steps_answer(run: Run, reply: Reply, preferences: Preferences) -> Answer:
    if run.options.errors:
        _require_conformance(run, violations_of_reply(run.operation, reply))
    answer = render_reply(reply, run.options.conventions.answer_style)
    decision = Answered(answer.status, reply.because, reply.source)
    return _finished(run, answer, decision, preferences)


def _documented(run: Run, status: int, preferences: Preferences, why: str = "") -> Answer:
    """Return the documented answer for a status."""
    found = documented_answer(run.operation, status, _criteria(run, preferences))
    if found is None:
        because = f"{why}the document says nothing about status {status}"
        return _finished(run, Answer(status, [], b""), Answered(status, because), preferences)
    if run.options.echoes == "all" or (found.sampled and run.options.echoes == "samples"):
        found = echoed(found, run.operation, run.scope, _api_path(run), run.api)
    if found.violations:
        run.append(BrokenSchema(found.violations))
        if run.options.errors:
            _require_conformance(run, found.violations)
    decision = Answered(found.status, why + found.because, found.source)
    return _finished(run, found.answer(), decision, preferences, found)


def _api_path(run: Run) -> str:
    """Return the path of the request as the real API would get it, without the API's name."""
    path, mount = run.exchange.request.path, f"/{run.api.name}"
    is_own = run.operation.path.startswith(f"{mount}/") or not path.startswith(f"{mount}/")
    return path if is_own else path.removeprefix(mount)


def _criteria(run: Run, preferences: Preferences) -> AnswerCriteria:
    request, conventions = run.exchange.request, run.options.conventions
    accept, style = request.accept or conventions.default_accept, conventions.answer_style
    if request.method == "HEAD" and conventions.exact_methods:
        accept = ""  # there is no body whose media type could be unacceptable
    if preferences is NO_PREFERENCES and not run.options.dynamic:
        return AnswerCriteria(accept, style=style)
    dynamic = run.options.dynamic if preferences.dynamic is None else preferences.dynamic
    seed: int | str | None = preferences.seed
    if seed is None and dynamic:
        seed = f"{run.sandbox.seed}:{run.exchange.id}"
    return AnswerCriteria(accept, seed, preferences.example, dynamic, style=style)


def _require_conformance(run: Run, violations: Sequence[Violation]) -> None:
    """Refuse the request if its answer has violations of its schema."""
    if violations:
        first = violations[0]
        message = f"the answer breaks its schema: {first.field} {first.message}"
        raise Refusal(Kind.BROKEN_ANSWER, message, tuple(violations), run.operation.source)


def _finished(
    run: Run,
    answer: Answer,
    decision: Answered,
    preferences: Preferences,
    found: DocumentedAnswer | None = None,
) -> Answer:
    """Complete an answer with headers of limits, delays, and the effects of preferences."""
    replace_headers(answer.headers, run.limit_headers)
    answer.delay = run.delay
    if run.operation.deprecated and run.options.conventions.deprecation_header:
        replace_headers(answer.headers, [("Deprecation", "true")])
    if preferences is not NO_PREFERENCES:
        answer.delay = max(answer.delay, preferences.wait)
        if applied := preferences.applied(found, answer.status):
            replace_headers(answer.headers, [("Preference-Applied", applied)])
        if run.exchange.request.method not in CACHED:
            answer.headers.append(VARY)
        if not_applied := preferences.not_applied(found, answer.status):
            decision = decision._replace(because=decision.because + not_applied)
    run.append(decision)
    return answer
