"""match → authenticate → rate limits → validate → test values → steps → render → journal."""

from collections.abc import Iterable, Mapping

from mockserver.base.errors import SandboxFullError
from mockserver.base.json import JsonValue
from mockserver.base.time import Instant
from mockserver.engine import cors, mock_failures
from mockserver.engine.engine_options import Options
from mockserver.engine.fault_injection import carry_out
from mockserver.engine.operating import operate
from mockserver.engine.preferences import CACHED, VARY
from mockserver.engine.rendering import problem, render_refusal
from mockserver.engine.routing import Located, Mounts
from mockserver.engine.run import Run
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox, Sandboxes
from mockserver.engine.security import PresentedCredential, present, sandbox_of
from mockserver.engine.steps import Steps
from mockserver.model.api import Api, Operation
from mockserver.model.exchange import MOCK_FAILURE, Exchange
from mockserver.model.messages import Answer, Request
from mockserver.model.refusal import Kind, Refusal
from mockserver.model.scope import SCOPE_NAMES, Scope
from mockserver.model.trace import Answered, Refused

_PREFIX = "/~"


class Engine:
    """All APIs and all sandboxes of a process."""

    def __init__(
        self, apis: Iterable[Api], sandboxes: Sandboxes, options: Options | None = None
    ) -> None:
        self.apis: Mapping[str, Api] = {api.name: api for api in apis}
        self.sandboxes = sandboxes
        self.options = options or Options()
        self._mounts = Mounts(self.apis.values())

    def replace(
        self,
        apis: Iterable[Api],
        overrides: Mapping[str, Mapping[str, JsonValue]],
        system: Instant,
    ) -> None:
        """Serve other versions of the APIs from the next request on.

        Args:
            apis: All that are to be served.
            overrides: Values of settings, by API, in place of their defaults.
            system: The time that the system's clock shows.
        """
        by_name = {api.name: api for api in apis}
        mounts = Mounts(by_name.values())
        self.sandboxes.replace(by_name, overrides, system)
        self.apis, self._mounts = by_name, mounts

    def handle(self, request: Request, system: Instant) -> Exchange:
        """Answer one request; `system` is the time that the system's clock shows."""
        path, named = _split_sandbox(request)
        located = self._mounts.locate(path, request.headers.get("host", "").lower())
        operation = _operation(located, request.method)
        credentials = present(operation, request) if operation and operation.security else {}
        name = named if named is not None else sandbox_of(credentials) or DEFAULT_SANDBOX
        try:
            sandbox = self.sandboxes.get(name)
        except (ValueError, SandboxFullError) as error:
            return self._without_sandbox(request, name, error, system)
        at = sandbox.clock.now(system)
        exchange = Exchange(sandbox.journal.next_id(), name, at, request)
        if located is None:
            self._nowhere(exchange, path)
        else:
            exchange.api, exchange.operation = located.mount.api, operation
            prefix = request.path[: len(request.path) - len(path)] + located.prefix
            _answer(exchange, sandbox, located, prefix, credentials, self.options)
            if exchange.fault is not None:
                carry_out(exchange, exchange.fault)
            if operation is not None and request.method in CACHED:
                exchange.answer.headers.append(VARY)
        self._dress(exchange)
        sandbox.journal.add(exchange)
        return exchange

    def _dress(self, exchange: Exchange) -> None:
        headers = exchange.answer.headers
        if self.options.announce:
            headers.append(("Mock-Request-Id", exchange.id))
            if exchange.reason:
                headers.append(("Mock-Reason", exchange.reason))
        if self.options.cors and "origin" in exchange.request.headers:
            headers += cors.headers(exchange.request)

    def _without_sandbox(
        self, request: Request, name: str, error: Exception, system: Instant
    ) -> Exchange:
        status = 503 if isinstance(error, SandboxFullError) else 400
        return Exchange("", name, system, request, answer=problem(status, str(error)))

    def _nowhere(self, exchange: Exchange, path: str) -> None:
        known = ", ".join(f"/{name}" for name in self.apis)
        detail = f"no API is served at {path[:200]}; there are: {known}"
        exchange.answer, exchange.reason = problem(404, detail), "no_such_api"


def _split_sandbox(request: Request) -> tuple[str, str | None]:
    """Return the path without a sandbox prefix, and the sandbox that path or header name."""
    path = request.path
    if path.startswith(_PREFIX):
        name, slash, rest = path[len(_PREFIX) :].partition("/")
        return slash + rest or "/", name
    return path, request.headers.get("mock-sandbox")


def _operation(located: Located | None, method: str) -> Operation | None:
    if located is None or located.match is None:
        return None
    return located.match.operation(method)


def _answer(
    exchange: Exchange,
    sandbox: Sandbox,
    located: Located,
    prefix: str,
    credentials: Mapping[str, PresentedCredential],
    options: Options,
) -> None:
    """Find the answer of an API; whatever goes wrong becomes one."""
    api, operation, match = located.mount.api, exchange.operation, located.match
    scope: Scope = {}
    run: Steps | None = None
    try:
        if operation is None or match is None:
            scope = dict.fromkeys(SCOPE_NAMES)
            scope |= {"settings": sandbox.settings(api.name), "now": exchange.at, "test": {}}
            exchange.answer = _no_operation(located, exchange.request.method)
            return
        base_url = _base_url(exchange.request, prefix)
        run = Steps(exchange, sandbox, api, operation, base_url, options)
        scope = run.scope
        exchange.answer = operate(run, match, credentials)
        run.commit()
    except Refusal as refusal:
        _refuse(exchange, run, api, refusal, scope)
    except SandboxFullError as error:
        _refuse(exchange, run, api, Refusal(Kind.FULL, str(error)), scope)
    except Exception as error:  # noqa: BLE001 - a fault of ours must be an answer that says so
        if run is not None:
            run.roll_back()
        exchange.answer, exchange.reason = mock_failures.answer(exchange, run, error), MOCK_FAILURE
    finally:
        if run is not None:
            run.close()


def _refuse(exchange: Exchange, run: Run | None, api: Api, refusal: Refusal, scope: Scope) -> None:
    if run is not None:
        run.roll_back()
    _forget_frames(refusal)
    exchange.refusal, exchange.reason = refusal, str(refusal.kind)
    exchange.trace.append(Refused(refusal.kind, refusal.message, refusal.source, refusal.passes_at))
    try:
        accept = exchange.request.accept
        answer = render_refusal(refusal, api, exchange.operation, scope, exchange.at, accept)
        if run is not None:
            answer.headers += run.limit_headers
            answer.delay = run.delay
        exchange.answer = answer
        exchange.trace.append(Answered(answer.status, f"error kind {refusal.kind}"))
    except Exception as error:  # noqa: BLE001 - an error body's expression may fail as well
        exchange.answer, exchange.reason = mock_failures.answer(exchange, run, error), MOCK_FAILURE


def _forget_frames(refusal: Refusal) -> None:
    """Drop what leads back to the exchange: cycles wait for the collector, which rarely runs."""
    refusal.__traceback__ = refusal.__cause__ = refusal.__context__ = None


def _no_operation(located: Located, method: str) -> Answer:
    if located.match is None:
        raise Refusal(Kind.NOT_FOUND, "the API has no such path")
    allowed = cors.allowed(located.match.methods)
    if method == "OPTIONS":
        return Answer(204, [("Allow", allowed)], b"")
    message = f"{method[:20]} is not allowed here; {allowed} are"
    raise Refusal(Kind.METHOD_NOT_ALLOWED, message, headers=(("Allow", allowed),))


def _base_url(request: Request, prefix: str) -> str:
    return f"{request.scheme}://{request.headers.get('host', 'localhost')}{prefix}"
