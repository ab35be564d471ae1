from collections.abc import Callable
from typing import Any

import pytest

from mockserver.engine.engine_options import Echo, Options
from mockserver.model.trace import Answered
from tests.conftest import Reply, World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /charges/{charge}:
    parameters: [{name: charge, in: path, required: true, schema: {type: string}}]
    get: {responses: {'200': {$ref: '#/components/responses/charge'}}}
    post:
      parameters: [{name: note, in: query, schema: {type: string}}]
      requestBody:
        content:
          application/json: {schema: {type: object}}
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {size: {type: integer}}}
      responses: {'200': {$ref: '#/components/responses/charge'}}
  /charges/{charge_id}/capture:
    parameters: [{name: charge_id, in: path, required: true, schema: {type: string}}]
    post: {responses: {'200': {$ref: '#/components/responses/charge'}}}
  /charges/{id}/refunds:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {responses: {'200': {description: ok}}}
  /charges/{charge}/refunds/{refund}:
    parameters:
      - {name: charge, in: path, required: true, schema: {type: string}}
      - {name: refund, in: path, required: true, schema: {type: integer}}
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties: {id: {type: integer}, charge: {type: string}, other: {type: string}}
  /charges:
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  url: {type: string}
                  data: {type: array, items: {type: object, properties: {id: {type: string}}}}
  /written/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {type: object, properties: {id: {type: string}}}
              example: {id: ch_example}
components:
  responses:
    charge:
      description: ok
      content:
        application/json:
          schema:
            type: object
            properties:
              id: {type: string}
              object: {type: string, enum: [charge]}
              size: {type: integer, maximum: 9}
              note: {type: string}
              refunds: {$ref: '#/components/schemas/list'}
              unknown: {$ref: '#/components/schemas/list'}
              site: {type: object, properties: {url: {type: string}}}
              address: {type: object, properties: {city: {type: string}}}
  schemas:
    list:
      type: object
      required: [data, url]
      properties:
        data: {type: array, items: {type: object, properties: {id: {type: string}}}}
        url: {type: string}
"""


@pytest.fixture
def shop(serve: Callable[[str], World]) -> World:
    return serve(DOCUMENT)


def members(reply: Reply, *names: str) -> list[Any]:
    assert reply.status == 200, reply.text
    return [reply.json[name] for name in names]


def test_the_last_key_of_the_path_is_the_id_of_a_sampled_answer(shop: World) -> None:
    assert members(shop.get("/charges/ch_9"), "id", "object") == ["ch_9", "charge"]


def test_the_key_of_an_action_is_the_id_where_the_answer_is_of_that_kind(shop: World) -> None:
    assert members(shop.post("/charges/ch_9/capture"), "id") == ["ch_9"]


def test_other_parameters_of_the_path_keep_their_names_and_types(shop: World) -> None:
    reply = shop.get("/charges/ch_9/refunds/7")

    assert members(reply, "id", "charge", "other") == [7, "ch_9", "string"]


def test_members_of_the_body_come_back(shop: World) -> None:
    reply = shop.post("/charges/ch_9", body={"size": 5, "address": {"city": "Bern"}, "more": 1})

    assert members(reply, "size", "address") == [5, {"city": "Bern"}]
    assert "more" not in reply.json


def test_fields_of_a_form_come_back_with_their_types(shop: World) -> None:
    reply = shop.post("/charges/c", b"size=5", content_type="application/x-www-form-urlencoded")

    assert members(reply, "size") == [5]


def test_the_path_comes_before_the_body_and_the_body_before_the_query(shop: World) -> None:
    body = {"id": "body", "note": "body"}
    reply = shop.post("/charges/ch_9?note=query", body=body)

    assert members(reply, "id", "note") == ["ch_9", "body"]
    assert members(shop.post("/charges/ch_9?note=query", body={}), "note") == ["query"]


@pytest.mark.parametrize("wrong", [10, "five", None, [5]], ids=repr)
def test_a_value_that_the_schema_does_not_allow_is_left_out(shop: World, wrong: object) -> None:
    reply = shop.post("/charges/ch_9", body={"size": wrong, "note": "kept"})

    assert members(reply, "size", "note") == [1, "kept"]


def test_a_list_has_the_path_of_its_request(shop: World) -> None:
    assert members(shop.get("/charges"), "url") == ["/charges"]


def test_a_list_inside_has_the_path_of_its_operation(shop: World) -> None:
    reply = shop.get("/charges/ch_9")

    urls = [reply.json[name]["url"] for name in ("refunds", "unknown", "site")]
    assert urls == ["/charges/ch_9/refunds", "string", "string"]
    assert len(reply.json["refunds"]["data"]) == 1
    capture = shop.post("/charges/ch_9/capture").json
    assert capture["refunds"]["url"] == "/charges/ch_9/refunds"


def test_the_trace_names_the_members_of_the_request(shop: World) -> None:
    reply = shop.post("/charges/ch_9", body={"note": "a"})

    said = [item.because for item in reply.exchange.trace if isinstance(item, Answered)]
    assert said == ["a value sampled from the schema, with id, note, refunds of the request"]


def test_the_same_request_gets_the_same_answer(shop: World) -> None:
    first, second = shop.get("/charges/a"), shop.get("/charges/b")

    refunds = {**second.json["refunds"], "url": "/charges/a/refunds"}
    assert first.json == {**second.json, "id": "a", "refunds": refunds}
    assert shop.get("/charges/a").json == first.json


@pytest.mark.parametrize(
    ("echo", "sampled", "written"),
    [("samples", "x", "ch_example"), ("all", "x", "x"), ("none", "string", "ch_example")],
)
def test_the_option_chooses_which_answers_get_values_of_the_request(
    serve: Callable[..., World], echo: Echo, sampled: str, written: str
) -> None:
    shop = serve(DOCUMENT, options=Options(echo=echo))

    assert shop.get("/charges/x").json["id"] == sampled
    assert shop.get("/written/x").json["id"] == written


def test_a_generated_value_gets_values_of_the_request_too(shop: World) -> None:
    assert members(shop.get("/charges/ch_9", prefer="dynamic=true"), "id") == ["ch_9"]
