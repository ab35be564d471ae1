"""An HTTP client whose requests an engine answers without a socket."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx

from mockserver.clock import system_now
from mockserver.contract.targets import open_client
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import BUILT_IN, Sandboxes
from mockserver.model import Api
from mockserver.server.app import App
from mockserver.server.control import control_app
from mockserver.spec.compiler import load_apis

ADDRESS = "http://127.0.0.1:8000"


class InProcess(httpx.BaseTransport):
    """Hands requests to an ASGI application."""

    def __init__(self, app: App) -> None:
        self._transport = httpx.ASGITransport(app)
        self._loop = asyncio.new_event_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        whole = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        answer = await self._transport.handle_async_request(whole)
        body = await answer.aread()
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body)
        )

    def close(self) -> None:
        self._loop.close()


def engine_of(apis: Sequence[Api]) -> Engine:
    return Engine(apis, Sandboxes({api.name: api for api in apis}))


def client_of(apis: Sequence[Api], *, control: bool = True) -> httpx.Client:
    """Make a client of a mockserver that serves some APIs."""
    engine = engine_of(apis)
    app = App(engine, control=(lambda: control_app(engine, system_now)) if control else None)
    return open_client(5, InProcess(app))


def load(path: Path) -> Api:
    (api,) = load_apis([path], BUILT_IN)
    return api
