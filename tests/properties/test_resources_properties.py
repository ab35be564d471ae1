"""Whatever a document says, nothing that is inferred breaks it; whatever is sent is answered."""

import copy
import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.errors import SpecError
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.documented_answers import response_for
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api, Operation
from mockserver.openapi.compiler import load_apis
from mockserver.schemas.compilation import compile_schema
from tests.conftest import ROOT, Reply, World

DOCUMENTS = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted((ROOT / "tests" / "sample_documents" / "stateful").glob("*.yaml"))
}
KEYS = ["1", "2", "10", "11", "ann", "5f0c1c1e-0000-4000-8000-000000000001", "x", "-1", "9" * 30]
NAMES = ["id", "name", "title", "sku", "quantity", "done", "tags", "photoUrls", "username", "data"]
VALUES = st.sampled_from([1, 2, -1, 0.5, True, None, "", "a", [], ["a"], {}, {"id": 1}, 10**20])
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5) | st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
            "path": st.sampled_from(["", "/title", "/tags/-", "/tags/0", "/nothing", "/a/b"]),
        },
        optional={"value": VALUES, "from": st.sampled_from(["", "/title", "/tags"])},
    ),
    max_size=3,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "object", "#/x", "{{"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "id", "items", "allOf", "$ref", "example"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
MANY = settings(deadline=None, max_examples=25)


def compiled(value: object, name: str = "shop", *, stateful: bool = True) -> Api:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.json"
        path.write_text(json.dumps(value))
        (api,) = load_apis([path], BUILT_IN, stateful=stateful)
        return api


APIS = {name: compiled(document, name) for name, document in DOCUMENTS.items()}


def world_of(api: Api) -> World:
    return World(Engine([api], Sandboxes({api.name: api})))


def drawn(operations: Sequence[Operation], data: st.DataObject) -> list[Operation]:
    by_id = {operation.id: operation for operation in operations}
    return [by_id[one] for one in data.draw(st.lists(st.sampled_from(sorted(by_id)), max_size=6))]


def send(world: World, api: Api, operation: Operation, data: st.DataObject) -> Reply:
    path = re.sub(
        r"\{[^}]+\}", lambda _: quote(data.draw(st.sampled_from(KEYS)), safe=""), operation.path
    )
    query = data.draw(st.dictionaries(st.sampled_from(["limit", "page", "sort", "x"]), VALUES))
    body = data.draw(BODIES)
    is_list = isinstance(body, list)
    kind = "application/json-patch+json" if is_list else "application/json"
    content = b"" if operation.method in ("GET", "DELETE") else json.dumps(body).encode()
    prefix = f"/{api.name}{api.servers[0].path if api.servers else ''}"
    url = f"{prefix}{path}?{urlencode(query)}"
    return world.send(operation.method, url, content, {"content-type": kind if content else ""})


@pytest.mark.parametrize("name", sorted(APIS))
@MANY
@given(data=st.data())
def test_whatever_is_sent_to_a_resource_is_answered(name: str, data: st.DataObject) -> None:
    api = APIS[name]
    world = world_of(api)
    for operation in drawn(api.operations, data):
        reply = send(world, api, operation, data)
        assert reply.status < 500, reply.text


@pytest.mark.parametrize("name", sorted(APIS))
@MANY
@given(data=st.data())
def test_answers_conform_to_the_document(name: str, data: st.DataObject) -> None:
    api = APIS[name]
    world = world_of(api)
    known = [one for one in api.operations if one.method != "PATCH" and one.resource]
    for operation in drawn(known or api.operations, data):
        reply = send(world, api, operation, data)
        response = response_for(operation, reply.status)
        if reply.status >= 300 or response is None or not response.media or not operation.resource:
            continue
        own = response.media[0].schema
        assert own is not None
        schema = own.schema()
        draft = "2020-12" if "$defs" in schema else "4"
        assert list(compile_schema(schema, draft).iter_errors(reply.json)) == [], reply.text


@MANY
@given(name=st.sampled_from(sorted(DOCUMENTS)), data=st.data())
def test_what_is_inferred_never_makes_a_document_unusable(name: str, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENTS[name])
    del document["x-exchanges"]
    for _ in range(data.draw(st.integers(1, 3))):
        mutate(document, data)
    try:
        plain = compiled(document, stateful=False)
    except SpecError:
        return  # unusable anyway
    assert len(compiled(document).operations) == len(plain.operations)


def mutate(value: Any, data: st.DataObject) -> None:
    """Replace something in a document by anything."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(value[key], dict | list) or data.draw(st.integers(0, 5)) == 0:
            value[key] = data.draw(JSON)
            return
        value = value[key]
