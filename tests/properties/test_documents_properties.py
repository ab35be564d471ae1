"""Whatever stands in a file, loading it gives APIs or a report, and what is served answers."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.errors import SpecError
from mockserver.base.time import parse_instant
from mockserver.documents.document import load_document
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.model.messages import Request
from mockserver.openapi.compiler import Loader

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted((ROOT / "specs").glob("[!p]*.yaml")),
    *sorted((ROOT / "tests" / "sample_documents").glob("*/*.yaml")),
]
NOW = parse_instant("2026-03-10T12:00:00Z")
SEVERAL = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

WORDS = st.sampled_from(
    [
        *("openapi", "swagger", "paths", "$ref", "schema", "type", "properties", "items", "in"),
        *("name", "required", "get", "post", "parameters", "responses", "200", "content", "allOf"),
        *("application/json", "components", "schemas", "security", "servers", "url", "variables"),
        *("object", "array", "string", "3.0.0", "3.1.0", "3.2.0", "2.0", "#/paths", "/a/{b}", ""),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=4)
    ),
    max_leaves=25,
)
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1e300,
    "",
    "x",
    "#/nothing",
    "#",
    "a.yaml#/b",
    [],
    [None],
    {},
]
ODD += [{"a": {}}, {"$ref": "#"}, {"$ref": 5}, [[]], [{}], "(", "{{ x }}", "\0", "é" * 300]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every collection of a document with each of its keys."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        keys: Any = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            if isinstance(value[key], dict | list):
                waiting.append(value[key])


def bare(value: Any) -> Any:
    """Return a document without its behaviour, which is read strictly."""
    if isinstance(value, dict):
        return {key: bare(member) for key, member in value.items() if key != "x-mock"}
    return [bare(item) for item in value] if isinstance(value, list) else value


def mutated(document: Any, chance: random.Random) -> Any:
    """Change some places of a document: other values, lost, renamed and moved members."""
    value = json.loads(json.dumps(document))
    for _ in range(chance.randint(1, 6)):
        found = list(places(value))
        if not found:
            return value
        around, key = chance.choice(found)
        other, there = chance.choice(found)
        kind = chance.randrange(4)
        if kind == 0:
            around[key] = deepcopy(chance.choice(ODD))
        elif kind == 1:
            del around[key]
        elif kind == 2 and isinstance(around, dict):
            around[str(chance.choice(ODD))] = around.pop(key)
        else:
            around[key] = json.loads(json.dumps(other[there]))
    return value


def loaded(path: Path) -> list[Api]:
    """Load a file thoroughly; a report is as good as an API."""
    try:
        return Loader(BUILT_IN, thorough=True).load([path])
    except SpecError:
        return []


def ask_everything(apis: list[Api]) -> None:
    """Send one request to every operation: whatever is answered is no fault of the mock's."""
    engine = Engine(apis, Sandboxes({api.name: api for api in apis}))
    for api in apis:
        assert all(str(problem) for problem in api.problems)
        for operation in api.operations:
            path = operation.path.replace("{", "").replace("}", "")
            request = Request(operation.method, f"/{api.name}{path}", "a=1", {"host": "a"}, b"{}")
            assert engine.handle(request, NOW).reason != "mock_failure", operation.id


@SEVERAL
@given(value=VALUES)
def test_any_json_is_a_document_or_a_report(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(value))
    ask_everything(loaded(path))


@SEVERAL
@given(
    version=st.sampled_from(
        ["openapi: 3.0.0", "openapi: 3.1.0", "openapi: 3.2.0", "swagger: '2.0'"]
    ),
    paths=st.dictionaries(WORDS | st.just("/a"), st.dictionaries(WORDS, VALUES, max_size=4)),
    components=VALUES,
)
def test_any_paths_and_components_are_a_document_or_a_report(
    tmp_path: Path, version: str, paths: Any, components: Any
) -> None:
    path = tmp_path / "any.yaml"
    rest = {"paths": paths, "components": components, "definitions": components}
    path.write_text(f"{version}\n{yaml.safe_dump(rest)}")
    ask_everything(loaded(path))


@SEVERAL
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_document_or_a_report(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(content)
    loaded(path)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
@settings(SEVERAL, max_examples=8)
@given(seed=st.integers(0, 2**32))
def test_a_mutated_document_is_a_document_or_a_report(
    tmp_path: Path, document: Path, seed: int
) -> None:
    original = load_document(document).value
    value = mutated(bare(original) if seed % 4 else original, random.Random(seed))  # noqa: S311 - no secret
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(value))
    apis = loaded(path)
    if seed % 4:
        ask_everything(apis)
