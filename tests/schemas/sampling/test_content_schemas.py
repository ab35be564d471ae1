"""Samples of texts that contain JSON, and of schemas of 3.0 with keywords of 3.1."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver.base.json import JsonValue
from mockserver.documents.references import References
from mockserver.schemas.sampling.sampler import sample
from mockserver.schemas.validators import Schemas
from tests.compiled_schemas import sampled
from tests.conftest import World
from tests.schemas.test_dialects import place_of

COUNT = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
TEXT = {"type": "string", "contentMediaType": "application/json", "contentSchema": COUNT}
SEEDS = (None, 1, 2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["application/json", "application/vnd.a+json; charset=utf-8"])
def test_a_text_of_json_is_made_from_its_own_schema(seed: int | None, kind: str) -> None:
    made = sampled({**TEXT, "contentMediaType": kind}, seed)

    assert made.is_valid
    assert list(json.loads(made.value)) == ["n"]
    assert isinstance(json.loads(made.value)["n"], int)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_of_json_is_encoded_as_its_schema_says(seed: int | None) -> None:
    made = sampled({**TEXT, "contentEncoding": "base64"}, seed)

    assert list(json.loads(base64.b64decode(made.value, validate=True))) == ["n"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_text_of_json_may_refer_to_itself_and_hold_further_texts(seed: int | None) -> None:
    inner = {"properties": {"next": {"$ref": "#/$defs/text"}, "p": TEXT}, "required": ["p"]}
    text = {**TEXT, "contentSchema": {"type": "object", **inner}}
    made = sampled({"$ref": "#/$defs/text", "$defs": {"text": text}}, seed)

    assert made.is_valid
    assert list(json.loads(json.loads(made.value)["p"])) == ["n"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({**TEXT, "example": "{}"}, "{}"),
        ({**TEXT, "contentMediaType": "text/plain"}, "string"),
        ({"type": "string", "contentSchema": COUNT}, "string"),
        ({"type": "string", "contentMediaType": "application/json"}, "{}"),
    ],
)
def test_other_texts_are_made_as_before(schema: dict[str, Any], expected: str) -> None:
    assert sampled(schema).value == expected


def test_the_data_of_server_sent_events_is_made_from_its_own_schema(
    serve: Callable[..., World],
) -> None:
    event = {"type": "object", "required": ["data"], "properties": {"data": TEXT}}
    content = {"text/event-stream": {"itemSchema": event}}
    paths = {"/s": {"get": {"responses": {"200": {"description": "x", "content": content}}}}}
    head = {"openapi": "3.2.0", "info": {"title": "t", "version": "1"}}

    shop = serve(json.dumps({**head, "paths": paths}))

    assert shop.get("/s").text.startswith('data: {"n":1}\n')


def made_of_3_0(schema: JsonValue) -> JsonValue:
    validator = Schemas(References(Path("/nowhere")), "3.0", []).validator(
        place_of(schema), "response"
    )
    return sample(validator).value


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "examples": ["Work", "Rest"]}, "Work"),
        ({"type": "number", "const": 0}, 0),
        ({"type": "string", "const": "a"}, "a"),
        ({"const": {"a": [1]}}, {"a": [1]}),
        ({"type": "string", "examples": {"a": 1}}, "string"),
        ({"type": "string", "examples": [5]}, "5"),
        ({"type": "string", "const": 5}, "string"),
        ({"type": "integer", "const": True}, 1),
        ({"type": "string", "example": "one", "examples": ["two"]}, "one"),
        ({"properties": {"a": {"const": "b"}, "c": {"examples": [2]}}}, {"a": "b", "c": 2}),
    ],
)
def test_examples_and_const_of_3_0_are_used_for_samples(
    schema: JsonValue, expected: JsonValue
) -> None:
    assert made_of_3_0(schema) == expected


def test_const_of_3_0_is_not_validated() -> None:
    for direction in ("request", "response"):
        schemas = Schemas(References(Path("/nowhere")), "3.0", [])
        validator = schemas.validator(place_of({"type": "string", "const": "a"}), direction)
        assert validator.is_valid("b")
