"""Requests that are not quite right, and are accepted unless requests are checked strictly."""

from collections.abc import Callable

import pytest

from mockserver.engine.engine_options import Options
from mockserver.model.trace import Remarked, decisions
from tests.conftest import Reply, World

FLAGS = """openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /f/{on}:
    post:
      parameters:
        - {name: on, in: path, required: true, schema: &b {type: boolean}}
        - {name: flag, in: query, schema: *b}
        - {name: maybe, in: query, schema: {type: [boolean, 'null']}}
        - {name: many, in: query, explode: false, schema: {type: array, items: *b}}
        - {name: deep, in: query, style: deepObject, schema: {type: object, properties: {a: *b}}}
        - {name: text, in: query, schema: {type: [boolean, string]}}
        - {name: json, in: query, content: {application/json: {schema: *b}}}
        - {name: only, in: query, schema: {type: boolean, enum: [true]}}
        - {name: X-Flag, in: header, schema: *b}
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: &form
              type: object
              properties:
                flag: *b
                flags: {type: array, items: *b}
                deep: {type: object, properties: {a: *b}}
                size: {type: integer, default: 3}
          multipart/form-data: {schema: *form}
          application/json: {schema: *form}
      responses: {'200': {description: ok}}
      x-mock:
        steps:
          - respond: {body: {path: '{{ path }}', query: '{{ query }}', body: '{{ body }}'}}
"""
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


def remarks(reply: Reply) -> list[str]:
    found = decisions(None, reply.exchange.trace)
    return [one.remark for one in found if isinstance(one, Remarked)]


def sent(world: World, target: str, body: bytes = b"", content_type: str = FORM) -> Reply:
    return world.send("POST", target, body, {"content-type": content_type})


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("flag=True", "flag", True),
        ("flag=False", "flag", False),
        ("maybe=True", "maybe", True),
        ("many=True,false", "many", [True, False]),
        ("deep[a]=False", "deep", {"a": False}),
    ],
)
def test_a_boolean_as_python_writes_it_is_accepted_with_a_remark(
    serve: Callable[..., World], query: str, name: str, value: object
) -> None:
    reply = sent(serve(FLAGS), f"/f/true?{query}")
    assert reply.status == 200
    assert reply.json["query"][name] == value
    (remark,) = remarks(reply)
    assert name in remark
    assert "--strict-requests" in remark


def test_paths_and_headers_have_booleans_as_python_writes_them_too(
    serve: Callable[..., World],
) -> None:
    reply = serve(FLAGS).send("POST", "/f/False", b"", {"x-flag": "True"})
    assert (reply.status, reply.json["path"], len(remarks(reply))) == (200, {"on": False}, 2)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"flag=True", {"flag": True, "size": 3}),
        (b"flags=True&flags=false", {"flags": [True, False], "size": 3}),
        (b"flags[]=True", {"flags": [True], "size": 3}),
        (b"deep[a]=False", {"deep": {"a": False}, "size": 3}),
    ],
)
def test_a_form_has_booleans_as_python_writes_them(
    serve: Callable[..., World], body: bytes, value: object
) -> None:
    reply = sent(serve(FLAGS), "/f/true", body)
    assert (reply.status, reply.json["body"], len(remarks(reply))) == (200, value, 1)
    name, _, text = body.partition(b"&")[0].partition(b"=")
    part = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, text)
    reply = sent(serve(FLAGS), "/f/true", part + b"--b--\r\n", MULTIPART)
    assert (reply.status, len(remarks(reply))) == (200, 1)


@pytest.mark.parametrize(
    ("target", "body", "content_type"),
    [
        ("/f/true?flag=TRUE", b"", FORM),
        ("/f/true?flag=yes", b"", FORM),
        ("/f/true?json=True", b"", FORM),
        ("/f/true?only=False", b"", FORM),
        ("/f/true?flag=True&maybe=x", b"", FORM),
        ("/f/true", b"flag=True&size=x", FORM),
        ("/f/true", b'{"flag": "True"}', "application/json"),
    ],
)
def test_other_spellings_and_other_formats_stay_violations(
    serve: Callable[..., World], target: str, body: bytes, content_type: str
) -> None:
    reply = sent(serve(FLAGS), target, body, content_type)
    assert (reply.status, len(reply.json["violations"])) == (400, 1)


def test_where_text_is_valid_it_stays_text_without_a_remark(serve: Callable[..., World]) -> None:
    reply = sent(serve(FLAGS), "/f/true?text=True")
    assert (reply.status, reply.json["query"]["text"], remarks(reply)) == (200, "True", [])


@pytest.mark.parametrize(
    ("target", "body", "where", "pointer"),
    [
        ("/f/True", b"", "path", "/on"),
        ("/f/true?flag=True", b"", "query", "/flag"),
        ("/f/true?many=True", b"", "query", "/many/0"),
        ("/f/true", b"flag=False", "body", "/flag"),
    ],
)
def test_strict_requests_refuse_what_is_tolerated(
    serve: Callable[..., World], target: str, body: bytes, where: str, pointer: str
) -> None:
    reply = sent(serve(FLAGS, Options(strict_requests=True)), target, body)
    assert reply.status == 400
    (violation,) = reply.json["violations"]
    assert (violation["where"], violation["pointer"]) == (where, pointer)
    assert "must be written" in violation["message"]
