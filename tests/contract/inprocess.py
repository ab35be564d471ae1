"""An HTTP client whose requests an engine answers without a socket."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from mockserver.base.time import system_now
from mockserver.contract.targets import open_client
from mockserver.control.control_app import control_app
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.openapi.compiler import load_apis
from mockserver.server.application import App

ADDRESS = "http://127.0.0.1:8000"


Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class InProcess(httpx.BaseTransport):
    """Hands requests to an ASGI application."""

    def __init__(self, app: Asgi) -> None:
        self._transport = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        whole = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        answer = await self._transport.handle_async_request(whole)
        body = await answer.aread()
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body)
        )


Settings = Mapping[str, Mapping[str, object]]


def engine_of(apis: Sequence[Api], overrides: Settings | None = None) -> Engine:
    return Engine(apis, Sandboxes({api.name: api for api in apis}, 0, overrides or {}))


def client_of(apis: Sequence[Api], overrides: Settings | None = None) -> httpx.Client:
    """Make a client of a mockserver that serves some APIs."""
    engine = engine_of(apis, overrides)
    return open_client(5, InProcess(App(engine, control=lambda: control_app(engine, system_now))))


def load(path: Path) -> Api:
    (api,) = load_apis([path], BUILT_IN)
    return api
