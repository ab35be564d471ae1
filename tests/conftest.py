"""A world for scenario tests: the bundled APIs, a clock that stands still, a client."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, settings

from mockserver.base.time import Instant, parse_duration, parse_instant
from mockserver.control.api_views import message as message_view
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.engine_options import Options
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis

collect_ignore = ["acceptance"]  # run where mockserver is installed: `make acceptance`
if sys.platform == "win32":  # they send POSIX signals to a server, or run a POSIX shell
    collect_ignore += [
        "browser",
        "cli/test_proxy_command.py",
        "docs/test_contract_docs.py",
        "docs/test_docs_ci.py",
        "server/test_socket.py",
    ]
settings.register_profile(
    "mockserver",
    settings(),  # the profile that Hypothesis chose, which in CI is its own
    max_examples=50,  # each run tries others; a hundred take half a minute more
    deadline=None,  # a busy machine is slow, not wrong
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mockserver")
ROOT = Path(__file__).parents[1]
START = parse_instant("2026-03-10T12:00:00Z")


@dataclass
class Reply:
    """What came back, with its JSON body."""

    exchange: Exchange

    @property
    def status(self) -> int:
        return self.exchange.answer.status

    @property
    def text(self) -> str:
        return self.exchange.answer.body.decode()

    @property
    def json(self) -> Any:
        return orjson.loads(self.exchange.answer.body)

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.exchange.answer.headers if key.lower() == name]
        return ", ".join(found) if found else None


@dataclass
class World:
    """An engine whose system clock only moves when a test says so."""

    engine: Engine
    now: Instant = START
    prefix: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def at(self, prefix: str, **headers: str) -> "World":
        """Return the same world as seen by a client of one API."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return World(self.engine, self.now, prefix, named)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        given = {"host": "mock.test", **self.headers, **(headers or {})}
        content = body if isinstance(body, bytes) else b""
        if body is not None and not isinstance(body, bytes):
            content = orjson.dumps(body)
            given.setdefault("content-type", "application/json")
        path, _, query = (self.prefix + path).partition("?")
        kept = {name: value for name, value in given.items() if value}
        return Reply(self.engine.handle(Request(method, path, query, kept, content), self.now))

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, None, {k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        return self.send("POST", path, body, {k.replace("_", "-"): v for k, v in headers.items()})

    def sandbox(self, name: str = "default") -> Sandbox:
        return self.engine.sandboxes.get(name, self.now)

    def advance(self, duration: str, name: str = "default") -> None:
        sandbox = self.sandbox(name)
        writes = sandbox.transaction()
        clock = sandbox.clock.advanced(parse_duration(duration), self.now)
        sandbox.set_clock(writes, clock, self.now)
        sandbox.record("moveClock", self.now, writes)

    def set(self, api: str, **settings: object) -> None:
        writes = self.sandbox().transaction()
        self.sandbox().change_settings(writes, api, settings)
        self.sandbox().record("changeSettings", self.now, writes)

    def records(self, api: str, collection: str) -> list[dict[str, Any]]:
        return list(self.sandbox().store(api).collection(collection))

    def messages(self, api: str) -> list[dict[str, Any]]:
        now = self.sandbox().now(self.now)
        return [{**message_view(record, now)} for record in self.records(api, "messages")]


@pytest.fixture(scope="session")
def bundled() -> list[Api]:
    """The five APIs, compiled once: they never change."""
    return load_apis([ROOT / "specs"], BUILT_IN)


@pytest.fixture
def world(bundled: list[Api]) -> World:
    """A new world with the five APIs."""
    return World(Engine(bundled, Sandboxes({api.name: api for api in bundled})))


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., World]:
    """Serve a document that a test writes, under the name `shop`."""

    def serving(text: str, options: Options | None = None, seed: int = 0) -> World:
        (tmp_path / "shop.yaml").write_text(text)
        apis = load_apis([tmp_path / "shop.yaml"], BUILT_IN)
        sandboxes = Sandboxes({api.name: api for api in apis}, seed)
        return World(Engine(apis, sandboxes, options), prefix="/shop")

    return serving


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio alone: uvicorn's event loop."""
    return "asyncio"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the control API of the world, and of its APIs."""
    from tests.control_client import client_of  # noqa: PLC0415 - it needs this module

    async with client_of(world) as client:
        yield client
