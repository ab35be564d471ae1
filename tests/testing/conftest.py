"""A sandbox reached both ways, and a control API that only writes down what it is asked."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from mockserver.base.asgi import AsgiScope, Receive, Send
from mockserver.server.application import App
from mockserver.server.factory import create_app
from mockserver.testing import Sandbox, Server
from mockserver.testing.httpx_transport import Transport

NUMBERS = itertools.count(1)
BUSINESS = "5409c35a97bbc544d8e26737"
PHONE = "+33647385968"
SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: https://shop.example/v1}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters: [{name: size, in: query, schema: {type: integer}}]
      responses:
        '200': {description: Orders, content: {application/json: {example: [1, 2]}}}
        '503': {description: Closed, content: {application/json: {example: {error: closed}}}}
"""
THINGS = """\
openapi: 3.1.0
info: {title: Things, version: '1'}
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {$ref: '#/components/responses/One'}}}
    delete: {responses: {'204': {description: gone}}}
  /flags:
    get:
      parameters: [{name: on, in: query, schema: {type: boolean}}]
      responses: {'200': {description: ok}}
  /broken:
    get:
      responses:
        '200':
          description: an example that is no text
          content: {application/json: {example: 1, schema: {type: string}}}
components:
  responses:
    One:
      description: one
      content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
  schemas:
    Thing:
      type: object
      required: [id]
      properties: {id: {type: integer, example: 7}, name: {type: string}}
"""
"""Is served otherwise with each of `stateful`, `dynamic`, `strict_requests` and `errors`."""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def app() -> App:
    return create_app()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A document that is loaded at once."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return path


@dataclass
class World:
    """A sandbox, and an HTTP client that reaches its APIs."""

    sandbox: Sandbox
    client: httpx.Client

    def invite(self, phone: str = PHONE) -> httpx.Response:
        api = self.sandbox.partoo
        return self.client.post(
            f"{api.base_url}/review_booster/send_invitation",
            headers=api.headers,
            json={"business_id": BUSINESS, "target_phone": phone},
        )


@pytest.fixture(params=["socket", "in-process"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    name = f"box-{next(NUMBERS)}"
    if request.param == "socket":
        sandbox = request.getfixturevalue("server").sandbox(name)
        client = httpx.Client(timeout=60)
    else:
        application = request.getfixturevalue("app")
        sandbox = Sandbox(application, name)
        client = httpx.Client(transport=Transport(application))
    with client:
        yield World(sandbox, client)
    sandbox.delete()


@dataclass
class Recorder:
    """An application that answers control calls as it is told, and remembers them."""

    answers: Mapping[tuple[str, str], Any]
    calls: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()
        }
        path = scope["path"].removeprefix("/_mock/")
        self.calls.append((scope["method"], path, query, json.loads(body) if body else None))
        answer = json.dumps(self.answers.get((scope["method"], path))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
def recorded() -> Callable[[Mapping[tuple[str, str], Any]], tuple[Recorder, Sandbox]]:
    def recording(answers: Mapping[tuple[str, str], Any]) -> tuple[Recorder, Sandbox]:
        recorder = Recorder(
            {("GET", "apis"): [{"name": "shop", "base_url": "http://h/shop/v1"}], **answers}
        )
        return recorder, Sandbox(recorder, "s")

    return recording
