"""A body is accepted if another validator says that it conforms, and refused if not."""

import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.messages import Request
from mockserver.model.refusal import Refusal
from mockserver.openapi.compiler import load_apis
from mockserver.wire.media import MediaContent, reader_of
from tests.conftest import START

NAMES = st.sampled_from(["a", "b", "c/d", "~"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([0.5, -1.25])
    | st.sampled_from(["", "a", "ab", "abc", "é"])
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=8,
)
SMALL = st.integers(0, 3)
TYPES = ["string", "integer", "number", "boolean", "array", "object"]
SCALAR_RULES: dict[str, st.SearchStrategy[Any]] = {
    "minimum": st.integers(-3, 3),
    "maximum": st.integers(-3, 3),
    "minLength": SMALL,
    "maxLength": SMALL,
    "pattern": st.sampled_from(["^a", "b$", "^[ab]*$"]),
    "enum": st.lists(SCALARS, min_size=1, max_size=3, unique_by=orjson.dumps),
    "minItems": SMALL,
    "maxItems": SMALL,
    "uniqueItems": st.booleans(),
    "minProperties": SMALL,
    "maxProperties": SMALL,
    "required": st.lists(NAMES, min_size=1, max_size=2, unique=True),
}
MODERN_RULES: dict[str, st.SearchStrategy[Any]] = {
    **SCALAR_RULES,
    "type": st.sampled_from([*TYPES, "null"])
    | st.lists(st.sampled_from([*TYPES, "null"]), min_size=1, max_size=3, unique=True),
    "const": SCALARS,
    "exclusiveMinimum": st.integers(-3, 3),
    "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, unique=True), max_size=2),
}
COMBINED = frozenset(("allOf", "anyOf", "oneOf"))
OLD_RULES: dict[str, st.SearchStrategy[Any]] = {
    **SCALAR_RULES,
    "type": st.sampled_from(TYPES),
    "nullable": st.booleans(),
}


def schemas(rules: dict[str, st.SearchStrategy[Any]], modern: bool) -> st.SearchStrategy[Any]:
    def combined(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        members = {
            "items": below,
            "properties": st.dictionaries(NAMES, below, max_size=3),
            "additionalProperties": below | st.booleans(),
            "allOf": st.lists(below, min_size=1, max_size=2),
            "anyOf": st.lists(below, min_size=1, max_size=2),
            "oneOf": st.lists(below, min_size=1, max_size=2),
            "not": below,
        }
        if modern:
            members |= {"if": below, "then": below, "else": below, "contains": below}
            members |= {"prefixItems": st.lists(below, min_size=1, max_size=2)}
            members |= {"propertyNames": below, "unevaluatedProperties": below | st.booleans()}
        return st.fixed_dictionaries({}, optional={**members, **rules}).map(_few)

    return st.recursive(st.fixed_dictionaries({}, optional=rules).map(_few), combined, max_leaves=6)


def _few(schema: dict[str, Any]) -> dict[str, Any]:
    """Keep the first rules: a schema of all of them is conformed to by nothing."""
    return dict(list(schema.items())[-4:])


def in_draft_4(schema: Any) -> Any:
    """Say an OpenAPI 3.0 schema as JSON Schema, another way than the package does."""
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: in_draft_4(below) for name, below in value.items()}
        elif key in ("allOf", "anyOf", "oneOf"):
            found[key] = [in_draft_4(below) for below in value]
        else:
            found[key] = in_draft_4(value) if isinstance(value, dict) else value
    is_nullable = found.pop("nullable", False)
    if is_nullable and not COMBINED.isdisjoint(found):
        return {"anyOf": [found, {"type": "null"}]}
    if is_nullable and "type" in found:
        kind, enum = found.pop("type"), found.pop("enum", None)
        found = {"allOf": [found, {"anyOf": [{"type": kind}, {"type": "null"}]}]}
        if enum is not None:
            found["enum"] = enum
    return found


def accepts(version: str, schema: Any, value: Any) -> bool:
    media = {"application/json": {"schema": schema}}
    operation = {
        "requestBody": {"required": True, "content": media},
        "responses": {"204": {"description": "accepted"}},
    }
    document = {
        "openapi": version,
        "info": {"title": "One schema", "version": "1"},
        "paths": {"/": {"post": operation}},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.json"
        path.write_bytes(orjson.dumps(document))
        apis = load_apis([path], BUILT_IN)
    engine = Engine(apis, Sandboxes({api.name: api for api in apis}))
    headers = {"host": "mock.test", "content-type": "application/json"}
    request = Request("POST", "/one/", "", headers, orjson.dumps(value))
    answer = engine.handle(request, START).answer
    assert answer.status in (204, 400), answer.body
    return answer.status == 204


GENTLE = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@GENTLE
@given(schema=schemas(MODERN_RULES, modern=True), value=VALUES)
def test_a_body_is_accepted_if_it_conforms_to_draft_2020_12(schema: Any, value: Any) -> None:
    conforms = jsonschema.Draft202012Validator(schema).is_valid(value)

    assert accepts("3.1.0", schema, value) == conforms


@GENTLE
@given(schema=schemas(OLD_RULES, modern=False), value=VALUES)
def test_a_body_is_accepted_if_it_conforms_to_openapi_3_0(schema: Any, value: Any) -> None:
    conforms = jsonschema.Draft4Validator(in_draft_4(schema)).is_valid(value)

    assert accepts("3.0.3", schema, value) == conforms


MEDIA_TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "application/xml",
    "text/plain",
    "application/octet-stream",
    "application/x-ndjson",
    "application/json-seq",
]
PIECES = st.sampled_from(
    [
        b"--b", b"\r\n", b"--", b"Content-Disposition: form-data; name=a", b'"', b"<a", b"</a>",
        b">", b"<!DOCTYPE", b"&", b"=", b"[", b"]", b"%", b"%FF", b"{", b"}", b"\x1e", b"\n", b"1",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(
    kind=st.sampled_from(MEDIA_TYPES),
    body=st.binary(max_size=100) | st.lists(PIECES, max_size=20).map(b"".join),
    charset=st.sampled_from(["", "; charset=utf-8", "; charset=utf-16", '; charset="']),
)
def test_any_bytes_give_a_value_or_a_refusal(kind: str, body: bytes, charset: str) -> None:
    outcome = outcome_of(kind.partition(";")[0], body, kind + charset)

    assert outcome in ("body", "malformed", "unsupported_media_type")


def outcome_of(name: str, body: bytes, content_type: str) -> str:
    try:
        _, violations = reader_of(name, MediaContent())(body, content_type)
    except Refusal as refusal:
        return str(refusal.kind)
    return next((violation.where for violation in violations), "body")
