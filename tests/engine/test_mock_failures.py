import logging
from collections.abc import Callable

import pytest

from mockserver.engine import pipeline
from tests.conftest import World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  collections: {items: {key: id}}
  errors: {odd: {status: 400, body: "{{ body.n + 1 }}"}}
paths:
  /a:
    post:
      requestBody: {content: {application/json: {}}}
      responses: {}
      x-mock:
        steps:
          - create: {in: items, record: {id: "{{ uuid() }}"}}
          - require: "{{ body.ok != false }}"
            otherwise: odd
          - respond: {body: "{{ body.n + 1 }}"}
"""


@pytest.fixture
def shop(serve: Callable[[str], World]) -> World:
    return serve(DOCUMENT)


def test_an_expression_that_fails_is_the_documents_fault_and_says_where(
    shop: World, caplog: pytest.LogCaptureFixture
) -> None:
    reply = shop.post("/a", {"n": "text"})
    assert reply.status == 500
    assert reply.header("content-type") == "application/problem+json"
    assert reply.json["type"] == "urn:mockserver:failure"
    assert "'{{ body.n + 1 }}' of the document failed at" in reply.json["detail"]
    assert "shop.yaml:16:23" in reply.json["detail"]
    assert "a number was expected" in reply.json["detail"]
    assert (reply.json["request_id"], reply.header("mock-reason")) == ("r1", "mock_failure")
    assert "a number was expected" in caplog.text


def test_a_failure_undoes_what_was_done(shop: World) -> None:
    shop.post("/a", {"n": "text"})
    assert shop.records("shop", "items") == []
    assert shop.sandbox().ids.count == 0


def test_an_error_body_that_fails_is_a_failure_too(shop: World) -> None:
    assert shop.post("/a", {"ok": False}).json["type"] == "urn:mockserver:failure"


def test_a_bug_of_ours_is_a_500_without_a_traceback(
    shop: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(pipeline, "_operate", broken)
    with caplog.at_level(logging.ERROR):
        reply = shop.post("/a", {"n": 1})
    assert reply.status == 500
    assert "RuntimeError" in reply.json["detail"]
    assert "secret detail" not in reply.text
    assert "secret detail" in caplog.text
    assert shop.sandbox().history.get("r1") is not None
