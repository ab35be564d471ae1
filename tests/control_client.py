"""A client of the control API, in-process."""

import httpx

from mockserver.control.control_app import control_app
from mockserver.server.application import App
from tests.conftest import World

Client = httpx.AsyncClient


def client_of(world: World, token: str | None = None, app: App | None = None) -> Client:
    app = app or App(
        world.engine,
        control=lambda: control_app(world.engine, lambda: world.now, token),
        clock=lambda: world.now,
    )
    transport = httpx.ASGITransport(app=app)
    return Client(transport=transport, base_url="http://127.0.0.1:8000")
