"""Integers beyond 64 bits, and integers that are written as decimals, in each part of a request."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.refusal import Kind, Refusal
from mockserver.openapi.compiler import load_apis
from mockserver.wire.long_integers import read_json, write_json
from mockserver.wire.media import parse_json
from tests.conftest import World

BIG = 12345678901234567890123
LONG = [2**64, 2**64 - 1, 2**63, -(2**63), -(2**63) - 1, BIG, -BIG, 10**4_000]
ECHO = """\
openapi: {version}
info: {{title: Echo, version: '1'}}
paths:
  /b:
    post:
      requestBody:
        content:
          application/json: &media
            schema:
              type: object
              properties:
                i: {{type: integer}}
                deep: {{type: array, items: {{type: object, properties: {{n: {{type: integer}}}}}}}}
                one: {{type: integer, enum: [31]}}
                size: {{type: integer, format: int64}}
          multipart/form-data: *media
          application/x-www-form-urlencoded: *media
      responses: {{'200': {{description: ok}}}}
      x-mock: {{steps: [{{respond: {{status: 200, body: "{{{{ body }}}}"}}}}]}}
  /q/{{p}}:
    get:
      parameters:
        - {{name: p, in: path, required: true, schema: {{type: integer}}}}
        - {{name: i, in: query, schema: {{type: integer, enum: [31, 7]}}}}
        - {{name: t, in: query, schema: {{type: [integer, string]}}}}
        - {{name: c, in: query, content: {{application/json: {{schema: {{type: object}}}}}}}}
      responses: {{'200': {{description: ok}}}}
      x-mock:
        steps: [{{respond: {{status: 200, body: {{q: "{{{{ query }}}}", p: "{{{{ path }}}}"}}}}}}]
"""
THING = {
    "type": "object",
    "properties": {"id": {"type": "integer", "readOnly": True}, "wei": {"type": "integer"}},
}


def answering(schema: object) -> dict[str, object]:
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def document(paths: object, version: str = "3.1.0") -> str:
    return json.dumps({"openapi": version, "info": {"title": "B", "version": "1"}, "paths": paths})


def exact(text: str) -> Any:
    return json.loads(text)


@pytest.mark.parametrize("number", LONG)
def test_an_integer_of_a_json_text_is_read_and_written_exactly(number: int) -> None:
    for value in (number, [number], {"a": {"b": [number, "1" * 30, 0.5]}}):
        text = json.dumps(value).encode()
        assert read_json(text) == value
        assert type(read_json(text)) is type(value)
        assert write_json(value) == text.replace(b" ", b"")
        assert exact(write_json(value, is_indented=True).decode()) == value


@pytest.mark.parametrize(
    "text",
    [
        "0.12345678901234567890123",
        "1.2345678901234567890123e5",
        "12345678901234567890123.5",
        "1234567890123456789012e3",
        '"12345678901234567890123"',
        '"\\"12345678901234567890123"',
        '{"12345678901234567890123": -12345678901234567890.0}',
    ],
)
def test_numbers_that_are_not_integers_and_texts_are_read_as_before(text: str) -> None:
    assert read_json(text.encode()) == orjson.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "[12345678901234567890123,]",
        "012345678901234567890123",
        "[12345678901234567890123, NaN]",
        '[12345678901234567890123, "\\ud800"]',
        "12345678901234567890123 4",
        "12345678901234567890123" + "[" * 200,
    ],
)
def test_what_is_not_json_is_refused_next_to_a_long_integer(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_json(text)
    assert refused.value.kind is Kind.MALFORMED


def test_an_integer_of_too_many_digits_is_refused_with_the_limit() -> None:
    with pytest.raises(Refusal, match="4,300 digits"):
        parse_json("9" * 4_301)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("number", LONG[:-1])
def test_a_body_keeps_its_integers(serve: Callable[..., World], version: str, number: int) -> None:
    echo = serve(ECHO.format(version=version))
    value = {"i": number, "deep": [{"n": number}]}
    text = json.dumps(value)

    assert exact(echo.post("/b", text.encode(), content_type="application/json").text) == value
    form = f"i={number}".encode()
    sent = echo.post("/b", form, content_type="application/x-www-form-urlencoded")
    assert exact(sent.text) == {"i": number}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_json_part_of_a_multipart_body_keeps_its_integers(
    serve: Callable[..., World], version: str
) -> None:
    part = f'[{{"n": {BIG}}}]'
    body = (
        f"--x\r\nContent-Disposition: form-data; name=i\r\n\r\n{BIG}\r\n"
        "--x\r\nContent-Disposition: form-data; name=deep\r\n"
        f"Content-Type: application/json\r\n\r\n{part}\r\n--x--\r\n"
    )
    kind = "multipart/form-data; boundary=x"

    sent = serve(ECHO.format(version=version)).post("/b", body.encode(), content_type=kind)

    assert exact(sent.text) == {"i": BIG, "deep": [{"n": BIG}]}


def test_an_integer_with_a_range_is_refused_beyond_it(serve: Callable[..., World]) -> None:
    for version in ("3.0.3", "3.1.0"):
        sent = serve(ECHO.format(version=version)).post(
            "/b", f'{{"size":{2**63}}}'.encode(), content_type="application/json"
        )
        assert sent.status == 400


def test_records_keep_their_integers(tmp_path: Path) -> None:
    key = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    sent = {"content": {"application/json": {"schema": THING}}}
    paths = {
        "/things": {
            "get": {"responses": answering({"type": "array", "items": THING})},
            "post": {"requestBody": sent, "responses": answering(THING)},
        },
        "/things/{id}": {"get": {"parameters": [key], "responses": answering(THING)}},
    }
    (tmp_path / "shop.yaml").write_text(document(paths))
    apis = load_apis([tmp_path / "shop.yaml"], BUILT_IN, stateful=True)
    things = World(Engine(apis, Sandboxes({api.name: api for api in apis}, 0)), prefix="/shop")

    text = f'{{"wei": {BIG}}}'.encode()
    made = exact(things.post("/things", text, content_type="application/json").text)

    assert made["wei"] == BIG
    assert exact(things.get("/things").text)[-1]["wei"] == BIG
    assert exact(things.get(f"/things/{made['id']}.0").text)["wei"] == BIG


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("keywords", [{"minimum": 2**64}, {"enum": [2**64]}, {"example": 2**64}])
def test_a_sample_keeps_its_integers(
    serve: Callable[..., World], version: str, keywords: dict[str, object]
) -> None:
    number = {"type": "integer", **keywords}
    schema = {"type": "object", "properties": {"n": number}}
    big = serve(document({"/s": {"get": {"responses": answering(schema)}}}, version))

    assert exact(big.get("/s").text) == {"n": 2**64}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "value", [{"i": 31.0}, {"one": 31.0}, {"size": -7.0}, {"deep": [{"n": 0.0}]}]
)
def test_a_number_without_a_fraction_is_an_integer_in_a_body(
    serve: Callable[..., World], version: str, value: object
) -> None:
    sent = serve(ECHO.format(version=version)).post("/b", value)

    assert sent.status == 200
    assert sent.json == value


@pytest.mark.parametrize("value", [{"i": 31.5}, {"one": 30.0}, {"i": 31.0, "size": "x"}])
def test_other_numbers_are_no_integers(serve: Callable[..., World], value: object) -> None:
    sent = serve(ECHO.format(version="3.0.3")).post("/b", value)

    assert sent.status == 400
    assert len(sent.json["violations"]) == 1


def test_a_number_without_a_fraction_is_an_integer_in_path_query_and_forms(
    serve: Callable[..., World],
) -> None:
    echo = serve(ECHO.format(version="3.1.0"))

    found = echo.get("/q/31.0?i=7.00").json
    assert (found["p"]["p"], found["q"]["i"]) == (31, 7)
    assert echo.get("/q/-31.0").json["p"] == {"p": -31}
    assert echo.get("/q/31.5").status == 400
    assert echo.get("/q/1?i=8.0").status == 400
    assert echo.get("/q/1?t=31.0").json["q"]["t"] == "31.0"
    form = "application/x-www-form-urlencoded"
    assert echo.post("/b", b"i=31.0&one=31.0", content_type=form).json == {"i": 31, "one": 31}
