"""The control API under `/_mock`: see and change sandboxes over HTTP."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from mockserver import __version__
from mockserver.clock import Instant, parse_duration, parse_instant
from mockserver.engine.pipeline import Engine
from mockserver.engine.records import Collection, ConflictError
from mockserver.engine.sandbox import DEFAULT_SANDBOX, Sandbox
from mockserver.errors import ClockError, FaultError, SandboxFullError, SettingsError
from mockserver.exchange import JsonValue
from mockserver.model import Api
from mockserver.server import faults, views
from mockserver.server.guard import Guard
from mockserver.server.problems import ControlError, json_response, problem_response

_LARGEST_BODY = 10 * 1024 * 1024
_MOST_SHOWN = 1_000
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)

Model = TypeVar("Model", bound=BaseModel)


class ClockChange(BaseModel):
    """How a sandbox's clock moves: exactly one of the three."""

    model_config = ConfigDict(extra="forbid", strict=True)

    advance: str | None = None
    set: str | None = None
    frozen: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> "ClockChange":
        if sum(value is not None for value in (self.advance, self.set, self.frozen)) != 1:
            raise ValueError("give exactly one of advance, set and frozen")
        return self


class Control:
    """The calls of the control API on one engine."""

    def __init__(self, engine: Engine, clock: Callable[[], Instant]) -> None:
        self._engine = engine
        self._clock = clock

    def routes(self) -> list[Route]:
        """List the calls below `/_mock`."""
        return [
            Route("/health", self._on_health),
            Route("/apis", self._on_apis),
            Route("/apis/{api}", self._on_api),
            Route("/sandboxes", self._on_sandboxes),
            Route("/sandboxes/{name}", self._on_sandbox, methods=["GET", "PUT", "DELETE"]),
            Route("/reset", self._on_reset, methods=["POST"]),
            Route("/clock", self._on_clock, methods=["GET", "POST"]),
            Route("/settings/{api}", self._on_settings, methods=["GET", "PATCH"]),
            Route(
                "/records/{api}/{collection}", self._on_records, methods=["GET", "POST", "DELETE"]
            ),
            Route(
                "/records/{api}/{collection}/{key:path}",
                self._on_record,
                methods=["GET", "PUT", "DELETE"],
            ),
            Route("/messages", self._on_messages),
            Route("/messages/{id}", self._on_message),
            Route("/requests", self._on_requests, methods=["GET", "DELETE"]),
            Route("/requests/{id}", self._on_exchange),
            Route("/faults", self._on_faults, methods=["GET", "POST", "DELETE"]),
            Route("/faults/{id}", self._on_fault, methods=["GET", "DELETE"]),
        ]

    def _sandbox(self, request: Request) -> Sandbox:
        query = request.query_params.get("sandbox")
        name = query or request.headers.get("mock-sandbox") or DEFAULT_SANDBOX
        return self._named_sandbox(name)

    def _named_sandbox(self, name: str) -> Sandbox:
        try:
            return self._engine.sandboxes.get(name)
        except ValueError as error:
            raise ControlError(400, str(error)) from None
        except SandboxFullError as error:
            raise ControlError(503, str(error)) from None

    def _api(self, request: Request) -> Api:
        name = request.path_params["api"]
        if name not in self._engine.apis:
            known = ", ".join(self._engine.apis)
            raise ControlError(404, f"there is no API {name!r}; there are: {known}")
        return self._engine.apis[name]

    def _collection(self, request: Request) -> Collection:
        api, sandbox = self._api(request), self._sandbox(request)
        store = sandbox.store(api.name, sandbox.clock.now(self._clock()))
        name = request.path_params["collection"]
        if name not in store:
            known = ", ".join(collection.spec.name for collection in store)
            raise ControlError(404, f"{api.name} has no collection {name!r}; it has: {known}")
        return store.collection(name)

    async def _on_health(self, _request: Request) -> Response:
        return json_response(
            {
                "status": "ok",
                "version": __version__,
                "apis": list(self._engine.apis),
                "sandboxes": len(self._engine.sandboxes.names()),
            }
        )

    async def _on_apis(self, request: Request) -> Response:
        origin = _origin(request)
        return json_response([views.api_summary(api, origin) for api in self._engine.apis.values()])

    async def _on_api(self, request: Request) -> Response:
        api, sandbox = self._api(request), self._sandbox(request)
        now = sandbox.clock.now(self._clock())
        details = views.api_details(api, _origin(request), sandbox, now)
        return json_response({**details, "settings": views.setting_details(api, sandbox)})

    async def _on_sandboxes(self, _request: Request) -> Response:
        system, all_of_them = self._clock(), self._engine.sandboxes
        return json_response(
            [views.sandbox_summary(all_of_them.get(name), system) for name in all_of_them.names()]
        )

    async def _on_sandbox(self, request: Request) -> Response:
        name = request.path_params["name"]
        if request.method == "DELETE":
            if not self._engine.sandboxes.delete(name):
                raise ControlError(404, f"there is no sandbox {name!r}")
            return Response(status_code=204)
        exists = name in self._engine.sandboxes.names()
        if request.method == "GET" and not exists:
            raise ControlError(404, f"there is no sandbox {name!r}")
        sandbox = self._named_sandbox(name)
        status = 200 if exists else 201
        return json_response(views.sandbox_summary(sandbox, self._clock()), status)

    async def _on_reset(self, request: Request) -> Response:
        self._sandbox(request).reset()
        return Response(status_code=204)

    async def _on_clock(self, request: Request) -> Response:
        sandbox = self._sandbox(request)
        if request.method == "POST":
            change = await _read(request, ClockChange)
            try:
                _move(sandbox, change, self._clock())
            except (ClockError, ValueError) as error:
                raise ControlError(422, str(error)) from None
        return json_response(views.clock(sandbox, self._clock()))

    async def _on_settings(self, request: Request) -> Response:
        api, sandbox = self._api(request), self._sandbox(request)
        if request.method == "PATCH":
            changes = await _json(request)
            if not isinstance(changes, dict):
                raise ControlError(422, "send an object of settings and their new values")
            try:
                sandbox.change_settings(api.name, changes)
            except SettingsError as error:
                raise ControlError(422, str(error)) from None
        return json_response(views.settings(api, sandbox))

    async def _on_records(self, request: Request) -> Response:
        collection = self._collection(request)
        if request.method == "POST":
            record = await _record(request)
            if record.get(collection.spec.key) is None:
                raise ControlError(422, f"a record needs its key, {collection.spec.key!r}")
            return json_response(_stored(collection, record), 201)
        if request.method == "DELETE":
            for key in list(collection.rows):
                collection.remove(key)
            return Response(status_code=204)
        limit, offset = _page(request)
        rows = list(collection)
        return json_response({"total": len(rows), "records": rows[offset : offset + limit]})

    async def _on_record(self, request: Request) -> Response:
        collection, key = self._collection(request), request.path_params["key"]
        if request.method == "PUT":
            record = await _record(request)
            record.setdefault(collection.spec.key, key)
            return json_response(_stored(collection, record, key))
        if (found := collection.get(key)) is None:
            raise ControlError(404, f"{collection.spec.name} has no record {key!r}")
        if request.method == "DELETE":
            collection.remove(key)
            return Response(status_code=204)
        return json_response(found)

    async def _on_messages(self, request: Request) -> Response:
        wanted = {name: request.query_params.get(name) for name in ("api", "channel", "to")}
        shown = [
            message
            for message in self._messages(self._sandbox(request))
            if all(value in (None, message[name]) for name, value in wanted.items())
            and request.query_params.get("status") in (None, message["status"])
        ]
        limit, offset = _page(request)
        return json_response({"total": len(shown), "messages": shown[offset : offset + limit]})

    async def _on_message(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        for message in self._messages(self._sandbox(request)):
            if message["id"] == wanted:
                return json_response(message)
        raise ControlError(404, f"there is no message {wanted!r} in this sandbox")

    def _messages(self, sandbox: Sandbox) -> Iterable[Mapping[str, JsonValue]]:
        now = sandbox.clock.now(self._clock())
        records = [
            record
            for name in self._engine.apis
            for record in sandbox.store(name, now).collection("messages")
        ]
        records.sort(key=lambda record: record["created_at"])
        return [views.message(record, now) for record in records]

    async def _on_requests(self, request: Request) -> Response:
        journal = self._sandbox(request).journal
        if request.method == "DELETE":
            journal.clear()
            return Response(status_code=204)
        query = request.query_params
        wanted = {name: query.get(name) for name in ("api", "operation", "status", "reason")}
        shown = [
            summary
            for summary in map(views.exchange_summary, journal)
            if all(value in (None, str(summary[name])) for name, value in wanted.items())
            and summary["at"] >= query.get("since", "")
        ]
        limit, offset = _page(request)
        dropped = journal.count - len(journal)
        page = shown[offset : offset + limit]
        return json_response({"total": len(shown), "dropped": dropped, "requests": page})

    async def _on_exchange(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        exchange = self._sandbox(request).journal.get(wanted)
        if exchange is None:
            raise ControlError(404, f"the journal of this sandbox has no request {wanted!r}")
        return json_response(views.exchange_details(exchange))

    async def _on_faults(self, request: Request) -> Response:
        installed = self._sandbox(request).faults
        if request.method == "POST":
            try:
                fault = faults.to_fault(
                    await _read(request, faults.FaultDefinition), self._engine.apis
                )
                return json_response(faults.view(installed.add(fault)), 201)
            except FaultError as error:
                told = [{"field": "", "message": problem} for problem in error.problems]
                raise ControlError(422, str(error), told) from None
            except SandboxFullError as error:
                raise ControlError(503, str(error)) from None
        if request.method == "DELETE":
            installed.clear()
            return Response(status_code=204)
        return json_response([faults.view(item) for item in installed])

    async def _on_fault(self, request: Request) -> Response:
        wanted, installed = request.path_params["id"], self._sandbox(request).faults
        if (found := installed.get(wanted)) is None:
            raise ControlError(404, f"there is no fault {wanted!r} in this sandbox")
        if request.method == "DELETE":
            installed.remove(wanted)
            return Response(status_code=204)
        return json_response(faults.view(found))


def _move(sandbox: Sandbox, change: ClockChange, system: Instant) -> None:
    if change.advance is not None:
        sandbox.clock.advance(parse_duration(change.advance), system)
    elif change.set is not None:
        instant = parse_instant(change.set)
        if sandbox.journal.count:
            sandbox.clock.set(instant, system)
        else:
            sandbox.clock.place(instant, system)
    elif change.frozen:
        sandbox.clock.freeze(system)
    else:
        sandbox.clock.thaw(system)


def _stored(
    collection: Collection, record: dict[str, JsonValue], key: str | None = None
) -> JsonValue:
    try:
        if key is not None and key in collection.rows:
            collection.replace(key, record)
        else:
            collection.insert(record)
    except ConflictError as conflict:
        message = f"{conflict.collection} already has one whose {conflict.field} is this"
        raise ControlError(409, message) from None
    except SandboxFullError as error:
        raise ControlError(503, str(error)) from None
    return record


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"


def _page(request: Request) -> tuple[int, int]:
    """Read `limit` (1,000 at most) and `offset`."""
    limit = request.query_params.get("limit", str(_MOST_SHOWN))
    offset = request.query_params.get("offset", "0")
    if not _WHOLE.fullmatch(limit) or not _WHOLE.fullmatch(offset):
        raise ControlError(422, "limit and offset are whole numbers, not below 0")
    return min(int(limit), _MOST_SHOWN), int(offset)


async def _json(request: Request) -> JsonValue:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            raise ControlError(413, f"more than {_LARGEST_BODY:,} bytes")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ControlError(400, f"the body is not JSON: {error}") from None


async def _record(request: Request) -> dict[str, JsonValue]:
    record = await _json(request)
    if not isinstance(record, dict):
        raise ControlError(422, "a record is a JSON object")
    return record


async def _read(request: Request, model: type[Model]) -> Model:
    try:
        return model.model_validate(await _json(request))
    except ValidationError as error:
        errors = [
            {"field": ".".join(map(str, detail["loc"])), "message": detail["msg"]}
            for detail in error.errors()
        ]
        told = "; ".join(f"{item['field']} {item['message']}".strip() for item in errors)
        raise ControlError(422, told, errors) from None


async def _control_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError)
    return problem_response(error.status, error.detail, error.errors)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = problem_response(error.status_code, error.detail)
    response.headers.update(error.headers or {})
    return response


async def _failure(_request: Request, error: Exception) -> Response:
    return problem_response(500, f"the control API failed: {type(error).__name__}")


def control_app(engine: Engine, clock: Callable[[], Instant], token: str | None = None) -> ASGIApp:
    """Make the control API of an engine; a token is asked for if one is given."""
    routes = Control(engine, clock).routes()
    handlers = {ControlError: _control_error, HTTPException: _http_error, Exception: _failure}
    app = Starlette(routes=[Mount("/_mock", routes=routes)], exception_handlers=handlers)
    return Guard(app, token)
