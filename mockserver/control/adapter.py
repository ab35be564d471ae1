"""Route requests to the calls of the control API, read and check them, and send the results (ASGI).

`control_app.py` makes a `Control` from the declared calls and a clock. For each request it finds
the call by path and method (404, 405; GET also answers HEAD), reads query and body (`reading.py`,
at most 10 MiB, for a snapshot 256), calls its handler, tells event streams what changed, and
answers JSON, other content, no body (204) or an event stream. A `ControlError` becomes a problem
(RFC 9457); any other exception is logged and answered 500, unless the client has gone. It controls
no access: the `Guard` in front of it does.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.base.asgi import CONTROL_PREFIX, ClientGoneError, read_body
from mockserver.base.errors import SandboxFullError
from mockserver.base.http import scheme_of
from mockserver.base.problems import near
from mockserver.base.time import Instant
from mockserver.control import api_views
from mockserver.control.declarations import (
    Call,
    ControlContext,
    ControlRequest,
    Created,
    RawContent,
)
from mockserver.control.event_calls import EventStream
from mockserver.control.problem_responses import (
    ControlError,
    content_response,
    empty_response,
    json_response,
    problem_response,
)
from mockserver.control.reading import read_json_body, read_query
from mockserver.control.snapshot_text import LARGEST
from mockserver.engine.fixtures import FixtureError
from mockserver.engine.mock_failures import FAILURE
from mockserver.engine.sandboxes import SANDBOX_NAME
from mockserver.model.control_entry import SentCall
from mockserver.stores.history_store import StoreError, UnusableStoreError

if TYPE_CHECKING:
    from mockserver.stores.committer import Committer

_MAX_BODY = 10 * 1024 * 1024
"""Bytes of a body, unless it is a snapshot."""
RETRY_AFTER = 1
"""Seconds after which a call that the store could not take may be made again."""
_ALL_SANDBOXES = "/sandboxes"
_LOG = logging.getLogger("mockserver")


class Control:
    """The control API of one engine, as an ASGI application."""

    def __init__(
        self,
        context: ControlContext,
        clock: Callable[[], Instant],
        committer: "Committer | None" = None,
    ) -> None:
        self._context = context
        self._committer = committer
        self._clock = clock
        paths: dict[str, dict[str, Call]] = {}
        for call in context.calls:
            paths.setdefault(call.path, {})[call.method] = call
        self._paths = sorted(paths, key=_literal_first)
        routes = [Route(CONTROL_PREFIX + path, _Path(self, paths[path])) for path in self._paths]
        self._router = Router(routes, redirect_slashes=False, default=self._unknown)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        await self._router(scope, receive, send)

    async def answer(self, call: Call, scope: Scope, receive: Receive) -> ASGIApp:
        """Call the handler of a call; every error becomes a problem (RFC 9457)."""
        try:
            request = await self._read(call, scope, receive)
            result = await self._result(call, request)
            if call.changes and self._context.listeners:
                self._publish(request, call.changes)
            return _response(result, call)
        except ClientGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - every error must be answered
            return _failed(call, error)

    async def _result(self, call: Call, request: ControlRequest[Any, Any]) -> Any:  # noqa: ANN401 - any result
        """Make a call; with a store, on the sandbox as it is now, and written to the store."""
        committer = self._committer
        if committer is None:
            return _perform(call, request)
        if call.path == _ALL_SANDBOXES:
            briefs = await committer.briefs()
            return [api_views.brief_summary(brief, request.system) for brief in briefs]
        source: str = getattr(request.query, "source", None) or ""
        if SANDBOX_NAME.fullmatch(source):  # the call forks it as it is now
            await committer.perform(source, request.system, lambda: None, only_reads=True)
        is_about_name = call.path == f"{_ALL_SANDBOXES}/{{name}}"
        name = request.path["name"] if is_about_name else request.sandbox_name()
        if not SANDBOX_NAME.fullmatch(name):
            return _perform(call, request)  # which refuses it
        result = await committer.perform(
            name,
            request.system,
            lambda: _perform(call, replace(request)),
            only_reads=call.method == "GET",
        )
        if isinstance(result, EventStream):
            committer.watch()
        return result

    async def _read(self, call: Call, scope: Scope, receive: Receive) -> ControlRequest[Any, Any]:
        headers = Headers(scope=scope)
        query = read_query(call.query, scope["query_string"])
        body, content = None, b""
        if call.body is not None:
            limit = LARGEST if call.reads_snapshot else _MAX_BODY
            found = await read_body(receive, limit)
            if found is None:
                raise ControlError(413, f"the body is larger than {limit:,} bytes")
            content = found
            if content or not call.body_optional:
                body = read_json_body(call.body, content, is_snapshot=call.reads_snapshot)
        origin = f"{scheme_of(headers, scope['scheme'])}://{headers.get('host', 'localhost')}"
        path: Mapping[str, str] = scope["path_params"]
        context, now, may_create = self._context, self._clock(), call.may_create
        query_string = scope["query_string"].decode("latin-1")
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        target = raw.decode("latin-1").partition("?")[0] + (query_string and f"?{query_string}")
        sent = SentCall(scope["method"], target, content)
        request = ControlRequest(context, now, origin, headers, path, query, body, sent, may_create)
        request.sandbox_name()  # fails if the name is invalid, also where the call needs no sandbox
        return request

    def _publish(self, request: ControlRequest[Any, Any], what: str) -> None:
        if what == "clock":
            self._context.listeners.clock_moved(request.sandbox(), request.system)
        else:
            self._context.listeners.state_changed(request.sandbox(), what)

    async def _unknown(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(CONTROL_PREFIX)[:200]
        advice = near(path, self._paths) or f"see {CONTROL_PREFIX}/docs"
        response = problem_response(404, f"there is no call {path!r}; {advice}")
        await response(scope, receive, send)


def _perform(call: Call, request: ControlRequest[Any, Any]) -> Any:  # noqa: ANN401 - any result
    """Call the handler, and add what it changed to the history; undo it if the handler fails."""
    writes = request.writes
    try:
        result = call.handler(request)
    except BaseException:
        if writes.log:
            writes.roll_back()
            request.sandbox().refresh()
        raise
    if writes.log:
        detail = "/".join(request.path.values())
        request.sandbox().record(call.id, request.system, writes, detail, request.sent)
    return result


def _failed(call: Call, error: Exception) -> ASGIApp:
    """Return the problem for an error of a call; one that is ours is logged."""
    if isinstance(error, ControlError):
        return problem_response(error.status, error.detail, error.errors)
    if isinstance(error, FixtureError):
        return problem_response(422, _fixture_detail(error))
    if isinstance(error, SandboxFullError):
        return problem_response(503, str(error))
    if isinstance(error, StoreError | UnusableStoreError):
        headers = {"Retry-After": str(RETRY_AFTER)}
        detail = f"the store of the mock cannot be used: {error}"
        return problem_response(503, detail, headers=headers)
    _LOG.error("the control call %s failed", call.id, exc_info=error)
    detail = f"the control API failed: {type(error).__name__}"
    return problem_response(500, detail, kind=FAILURE)


class _Path:
    """ASGI application for the calls of one path, by method."""

    def __init__(self, control: Control, calls: Mapping[str, Call]) -> None:
        self._control = control
        self._calls = dict(calls)
        if "GET" in self._calls:
            self._calls["HEAD"] = self._calls["GET"]
        self._allowed = ", ".join(sorted(self._calls))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        call = self._calls.get(method)
        response: ASGIApp
        if call is None:
            detail = f"the method {method[:20]} is not allowed here; use {self._allowed}"
            response = problem_response(405, detail, headers={"Allow": self._allowed})
        else:
            response = await self._control.answer(call, scope, receive)
        await response(scope, receive, _without_body(send) if method == "HEAD" else send)


def _fixture_detail(error: FixtureError) -> str:
    """Return what is wrong with records that the settings of the sandbox decide."""
    return (
        f"the records of {error.fixture.collection} cannot be made: {error}; "
        "change the settings that they use, or reset the sandbox"
    )


def _without_body(send: Send) -> Send:
    async def sending(message: Any) -> None:  # noqa: ANN401 - an ASGI message
        if message["type"] == "http.response.body":
            message = {"type": message["type"], "body": b""}
        await send(message)

    return sending


def _literal_first(path: str) -> list[tuple[bool, str]]:
    """Return a sort key by which `/requests/verify` comes before `/requests/{id}`."""
    return [("{" in segment, segment) for segment in path.split("/")]


def _response(result: Any, call: Call) -> ASGIApp:  # noqa: ANN401 - any result of a handler
    if result is None:
        return empty_response(204)
    if isinstance(result, Created):
        return json_response(result.value, 201)
    if isinstance(result, EventStream):
        return result
    if isinstance(result, RawContent):
        return content_response(result.content, result.media_type, 200, dict(result.headers))
    return json_response(result, call.statuses[0])
