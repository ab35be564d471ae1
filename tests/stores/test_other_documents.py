"""A store whose sandboxes were made with other documents."""

from pathlib import Path

import pytest

from mockserver.base.time import Instant
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.retracing import retraced
from mockserver.engine.sandbox import Sandbox
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis
from mockserver.stores.committer import Committer
from mockserver.stores.memory_store import MemoryStore
from tests.conftest import START

pytestmark = pytest.mark.anyio
DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  collections: {things: {COLLECTION}}
paths:
  /things:
    post:
      x-mock:
        steps:
          - create: {in: things, as: thing, record: {id: "{{ uuid() }}", code: oneMORE}}
      responses: {"201": {description: ok}}
"""


def committer_of(
    folder: Path, store: MemoryStore, name: str, collection: str, more: str = ""
) -> Committer:
    path = folder / f"{name}.yaml"
    path.write_text(DOCUMENT.replace("COLLECTION", collection).replace("MORE", more))
    apis = load_apis([path], BUILT_IN)
    return Committer(Engine(apis, Sandboxes({api.name: api for api in apis})), store)


async def post(committer: Committer, name: str) -> int:
    request = Request("POST", f"/{name}/things", "", {"host": "mock.test"})
    return (await committer.handle(request, START)).answer.status


async def seen(committer: Committer) -> Sandbox:
    await committer.perform("default", START, lambda: None, only_reads=True)
    return committer.engine.sandboxes.by_name["default"]


async def test_records_of_an_api_that_is_gone_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryStore()
    assert await post(committer_of(tmp_path, store, "shop", ""), "shop") == 201
    other = committer_of(tmp_path, store, "garage", "")
    sandbox = await seen(other)
    assert "left out: shop.things" in caplog.text
    (exchange,) = sandbox.history
    (remark,) = retraced(other.engine, sandbox, exchange, Instant(START)).trace
    assert "not known" in str(remark)
    assert await post(other, "garage") == 201


async def test_records_that_still_fit_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryStore()
    await post(committer_of(tmp_path, store, "shop", ""), "shop")
    sandbox = await seen(committer_of(tmp_path, store, "shop", "indexed: [code]"))
    assert len(sandbox.store("shop").collection("things")) == 1
    assert not caplog.text


@pytest.mark.parametrize(
    ("collection", "more"), [("key: name", ', name: "{{ uuid() }}"'), ("unique: [code]", "")]
)
async def test_records_that_do_not_fit_are_left_out_with_their_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, collection: str, more: str
) -> None:
    store = MemoryStore()
    first = committer_of(tmp_path, store, "shop", "")
    await post(first, "shop")
    await post(first, "shop")
    sandbox = await seen(committer_of(tmp_path, store, "shop", collection, more))
    assert "left out: shop.things" in caplog.text
    assert len(sandbox.store("shop").collection("things")) == 0
