"""What a request costs in the engine, by the size of the document and of the store."""

import gc
import statistics
import tempfile
import time
from pathlib import Path

from mockserver.base.time import Instant
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis

_NOW = Instant(1_767_225_600_000_000)
_ROUNDS, _REQUESTS = 7, 3_000
_BODY = b'{"name":"a","size":3}'
_HEAD = """\
openapi: 3.1.0
info: {title: Generated, version: '1'}
x-mock:
  name: generated
  collections: {items: {key: id}}
paths:
"""
_OPERATION = """\
  /r@/{id}/things:
    post:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, size: {type: integer}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - find: {in: items, where: {id: "{{ path.id }}"}, as: item_found, optional: true}
          - respond: {body: {name: "{{ body.name }}", found: "{{ item_found.name }}"}}
"""


_STATIC = """\
openapi: 3.1.0
info: {title: Generated, version: '1'}
x-mock: {name: generated}
paths:
  /thing:
    get:
      responses:
        '200':
          description: found
          content:
            application/json:
              schema:
                type: object
                properties: {id: {type: integer}, name: {type: string}, tags: {type: array}}
"""


def loaded(text: str) -> Engine:
    """Make an engine that serves one document."""
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "generated.yaml"
        document.write_text(text)
        apis = load_apis([document], BUILT_IN)
    return Engine(apis, Sandboxes({api.name: api for api in apis}))


def engine_of(operations: int, records: int) -> Engine:
    """Make an engine with so many operations, and so many records in its collection."""
    paths = "".join(_OPERATION.replace("@", str(number)) for number in range(operations))
    engine = loaded(_HEAD + paths)
    store = engine.sandboxes.get("default", _NOW).store("generated")
    collection = store.collection("items")
    for number in range(records):
        collection.insert({"id": f"k{number}", "name": f"thing {number}"})
    return engine


def microseconds(engine: Engine, operations: int) -> float:
    """Return what a request to an operation in the middle costs: the median of rounds."""
    headers = {"host": "127.0.0.1", "content-type": "application/json"}
    path = f"/generated/r{operations // 2}/k7/things"
    return _median(engine, Request("POST", path, "", headers, _BODY))


def _median(engine: Engine, request: Request) -> float:
    gc.collect()
    gc.freeze()
    rounds = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        statuses = {engine.handle(request, _NOW).answer.status for _ in range(_REQUESTS)}
        rounds.append((time.perf_counter() - start) / _REQUESTS * 1e6)
        if statuses != {200}:
            raise SystemExit(f"the generated document answered {statuses}")
    return statistics.median(rounds)


def measured() -> dict[str, float]:
    """Measure few and many operations, and an empty and a full store."""
    return {
        "10 operations": microseconds(engine_of(10, 100), 10),
        "1,000 operations": microseconds(engine_of(1_000, 100), 1_000),
        "empty store": microseconds(engine_of(10, 0), 10),
        "1,000,000 records": microseconds(engine_of(10, 1_000_000), 10),
        "documented answer": _median(
            loaded(_STATIC),
            Request("GET", "/generated/thing", "", {"host": "127.0.0.1", "accept": "*/*"}),
        ),
    }
