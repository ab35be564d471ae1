"""A proxy in front of a sandbox, both without a socket."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from mockserver.base.time import system_now
from mockserver.contract.addresses import Addresses
from mockserver.contract.conformance import Contract
from mockserver.contract.masking import Masking
from mockserver.contract.proxy import ProxiedExchange, Proxy
from mockserver.contract.recording import Recorder, public_text
from mockserver.control.control_app import control_app
from mockserver.engine.pipeline import Engine
from mockserver.model.api import Api
from mockserver.server.application import App
from tests.contract.inprocess import ADDRESS, InProcess


def addresses_of(api: Api, url: str) -> Addresses:
    parts = urlsplit(url)
    return Addresses(api, f"{parts.scheme}://{parts.netloc}", parts.path)


class Proxied:
    """A recording proxy, a client of it, and the exchanges that it reported."""

    def __init__(self, api: Api, upstream: httpx.AsyncBaseTransport, base: str) -> None:
        self.exchanges: list[ProxiedExchange] = []
        self.recorder = Recorder(api, Masking(public_text(api)))
        client = httpx.AsyncClient(transport=upstream, timeout=5)
        self.proxy = Proxy(
            Contract(api), addresses_of(api, base), client, self.exchanges.append, self.recorder
        )
        self.client = httpx.Client(transport=InProcess(self.proxy), base_url="http://proxy")

    @property
    def lines(self) -> str:
        return "\n".join(line for passed in self.exchanges for line in passed.lines())


def sandbox(engine: Engine) -> httpx.ASGITransport:
    return httpx.ASGITransport(App(engine, control=lambda: control_app(engine, system_now)))


def base_url(api: Api, name: str) -> str:
    return f"{ADDRESS}/~{name}/{api.name}{api.servers[0].path}"


def answering(answer: httpx.Response | Exception) -> httpx.MockTransport:
    """An upstream that always answers the same."""

    def answer_it(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.MockTransport(answer_it)


def send_raw(proxy: Proxy, path: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> int:
    """Send a path as it is, which a client would tidy up; return the status."""
    sent: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
    }
    asyncio.run(proxy(scope, receive, send))
    return sent[0]
