"""Whatever requests made of a sandbox comes back from the JSON text of its snapshot."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.openapi.compiler import load_apis
from mockserver.wire.media import json_bytes
from tests.conftest import World
from tests.control_client import client_of
from tests.properties.test_history_properties import ACTIONS, act, bundled_apis

SHOP = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  collections: {items: {indexed: [value]}, nests: {}}
  records: {nests: [{id: n, value: 1}]}
paths:
  /items:
    post:
      requestBody: {content: {application/json: {schema: {}}}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - create: {in: items, record: {id: "{{ body.id }}", value: "{{ body.value }}"}}
          - respond: {body: {}}
  /nest:
    post:
      requestBody: {content: {application/json: {schema: {}}}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - find: {in: nests, where: {id: n}, as: found}
          - update:
              in: nests
              where: {id: n}
              set: {value: {prev: "{{ found.value }}", body: "{{ body }}"}}
          - respond: {body: {}}
  /say:
    post:
      requestBody: {content: {application/json: {schema: {}}}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - send:
              channel: sms
              to: "{{ body.id }}"
              text: "{{ body.value }}"
              at: "{{ body.at }}"
              data: "{{ body }}"
          - respond: {body: {}}
  /query:
    get:
      parameters:
        - {name: text, in: query, schema: {type: string}}
        - {name: number, in: query, schema: {type: number}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - create:
              in: items
              record: {id: "{{ uuid() }}", value: "{{ query.text }}", other: "{{ query.number }}"}
          - respond: {body: {}}
"""
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**4_299]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8")),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
BODIES = st.fixed_dictionaries(
    {"id": SCALARS | VALUES, "value": VALUES, "at": st.integers(-(10**19), 10**19)}
)
QUERIES = st.binary(max_size=8).map(
    lambda given: "text=" + "".join(f"%{byte:02X}" for byte in given)
)
NUMBERS = st.sampled_from(["1e308", "-0.0", "1e999", "nan", "inf", "9" * 31, "0.1"])
REQUESTS = st.one_of(
    st.tuples(st.sampled_from(["/items", "/nest", "/say"]), BODIES),
    st.tuples(QUERIES.map("/query?{}".format), st.none()),
    st.tuples(NUMBERS.map("/query?number={}".format), st.none()),
)


@cache
def shop() -> list[Api]:
    with TemporaryDirectory() as folder:
        document = Path(folder) / "shop.yaml"
        document.write_text(SHOP)
        return load_apis([document], BUILT_IN)


def world_of(apis: list[Api]) -> World:
    return World(Engine(apis, Sandboxes({api.name: api for api in apis})))


async def restored(world: World) -> tuple[bytes, bytes]:
    """Return the text of the default sandbox, and that of another one that was restored from it."""
    headers = {"content-type": "application/json"}
    async with client_of(world) as client:
        kept = await client.get("/_mock/state")
        assert kept.status_code == 200, kept.text
        put = await client.put("/_mock/state?sandbox=b", content=kept.content, headers=headers)
        assert put.status_code == 204, put.text
        return kept.content, (await client.get("/_mock/state?sandbox=b")).content


@given(st.lists(REQUESTS, max_size=6))
@settings(max_examples=150)
def test_what_requests_wrote_comes_back(requests: list[tuple[str, Any]]) -> None:
    world = world_of(shop())
    for path, body in requests:
        method = "GET" if body is None else "POST"
        content = None if body is None else json_bytes(body)
        world.send(method, "/shop" + path, content, {"content-type": "application/json"})
    before, after = anyio.run(restored, world)
    assert after == before


@given(ACTIONS)
@settings(max_examples=50)
def test_what_requests_and_control_calls_made_of_the_bundled_apis_comes_back(
    actions: list[tuple[str, int]],
) -> None:
    world = world_of(bundled_apis())
    for action, number in actions:
        act(world, action, number)
    before, after = anyio.run(restored, world)
    assert after == before
