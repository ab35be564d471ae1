from collections.abc import Callable
from typing import Any

import pytest

from mockserver.model.trace import Remarked, decisions
from tests.conftest import Reply, World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /things/{id}:
    post:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: tags, in: query, schema: {type: array, items: {type: integer}}}
        - {name: flag, in: query, schema: {type: boolean, default: true}}
        - {name: X-Size, in: header, schema: {type: integer, maximum: 9}}
        - {name: session, in: cookie, schema: {type: string, minLength: 3}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, size: {type: integer}}
          application/x-www-form-urlencoded:
            schema:
              type: object
              required: [name]
              properties:
                name: {type: string}
                size: {type: integer}
                tag: {type: array, items: {type: string}}
      responses: {'200': {description: ok}}
      x-mock:
        steps:
          - respond:
              body: {id: "{{ path.id }}", tags: "{{ query.tags }}", flag: "{{ query.flag }}",
                     size: "{{ header['x-size'] }}", session: "{{ cookie.session }}",
                     body: "{{ body }}"}
  /free:
    post:
      requestBody: {content: {application/json: {}}}
      responses: {'200': {description: ok}}
      x-mock: {steps: [{respond: {body: "{{ body }}"}}]}
"""


@pytest.fixture
def shop(serve: Callable[[str], World]) -> World:
    return serve(DOCUMENT)


def fields(reply: Reply) -> Any:
    assert reply.status == 400
    return sorted((item["where"], item["field"]) for item in reply.json["violations"])


def test_values_have_their_types(shop: World) -> None:
    reply = shop.send(
        "POST",
        "/things/7?tags=1&tags=2&flag=false",
        {"name": "a"},
        {"x-size": "3", "cookie": "session=abc"},
    )
    assert reply.json == {
        "id": 7,
        "tags": [1, 2],
        "flag": False,
        "size": 3,
        "session": "abc",
        "body": {"name": "a"},
    }


def test_what_is_left_out_has_its_default_or_null(shop: World) -> None:
    reply = shop.post("/things/7", {"name": "a"}).json
    assert (reply["flag"], reply["tags"], reply["session"]) == (True, None, None)


def test_all_violations_of_all_parts_come_at_once(shop: World) -> None:
    reply = shop.send(
        "POST",
        "/things/x?tags=1&tags=b&flag=perhaps",
        {"size": "big"},
        {"x-size": "10", "cookie": "session=a"},
    )
    assert fields(reply) == [
        ("body", "name"),
        ("body", "size"),
        ("cookie", "session"),
        ("header", "x-size"),
        ("path", "id"),
        ("query", "flag"),
        ("query", "tags.1"),
    ]


def test_a_parameter_that_is_given_twice_or_not_utf8_is_a_violation(shop: World) -> None:
    assert fields(shop.post("/things/7?flag=true&flag=false", {"name": "a"})) == [("query", "flag")]
    assert fields(shop.post("/things/%ff", {"name": "a"})) == [("path", "id")]


def test_a_form_is_read_by_its_schema(shop: World) -> None:
    form = b"name=Caf%C3%A9+au+lait&size=3&tag=a&tag=b"
    reply = shop.post("/things/7", form, content_type="application/x-www-form-urlencoded")
    assert reply.json["body"] == {"name": "Café au lait", "size": 3, "tag": ["a", "b"]}


@pytest.mark.parametrize("form", [b"size=3", b"name=a&size=b", b"name=%ff", b"name=a&name=b"])
def test_a_wrong_form_is_invalid(shop: World, form: bytes) -> None:
    reply = shop.post("/things/7", form, content_type="application/x-www-form-urlencoded")
    assert reply.status == 400


def test_a_required_body_that_is_missing_is_a_violation(shop: World) -> None:
    assert fields(shop.post("/things/7")) == [("body", "body")]


def test_another_media_type_is_a_415_that_names_those_that_are_read(shop: World) -> None:
    reply = shop.post("/things/7", b"<a/>", content_type="application/xml")
    assert reply.status == 415
    assert reply.header("accept") == "application/json, application/x-www-form-urlencoded"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_recognised(shop: World, content_type: str) -> None:
    assert shop.post("/things/7", b'{"name":"a"}', content_type=content_type).status == 200


def test_a_body_without_media_type_is_a_415(shop: World) -> None:
    reply = shop.post("/things/7", b'{"name":"a"}', content_type="")

    assert (reply.status, reply.header("accept-post")) == (415, reply.header("accept"))
    assert reply.json["detail"].startswith("the body has no Content-Type; send application/json")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"name": "\xff"}',
        b"[" * 101 + b"]" * 101,
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
    ids=["cut off", "single quotes", "NaN", "not UTF-8", "101 deep", "bomb", "object bomb"],
)
def test_what_is_not_json_is_malformed(shop: World, body: bytes) -> None:
    reply = shop.post("/free", body, content_type="application/json")
    assert (reply.status, reply.header("mock-reason")) == (400, "malformed")


def test_a_hundred_levels_and_many_brackets_are_fine(shop: World) -> None:
    deep = b"[" * 100 + b"]" * 100
    wide = b"[" + b",".join([b"[]"] * 1000) + b"]"
    text = b'{"a": "' + b"[{" * 500 + b'"}'
    for body in (deep, wide, text):
        assert shop.post("/free", body, content_type="application/json").status == 200


USES = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /things:
    get:
      deprecated: true
      security: [{key: []}]
      parameters:
        - {name: old, in: query, deprecated: true, schema: {type: integer}}
        - {name: X-Old, in: header, deprecated: true, schema: {type: string}}
        - {name: old, in: cookie, deprecated: true, schema: {type: string}}
        - {name: filter, in: query, style: deepObject, schema: {type: object}}
      responses: {'204': {description: found}}
  /plain:
    get:
      responses: {'204': {description: found}}
components: {securitySchemes: {key: {type: apiKey, in: query, name: token}}}
"""


def remarks(reply: Reply) -> list[str]:
    exchange = reply.exchange
    told = decisions(exchange.operation, exchange.trace, exchange.request)
    return [item.sentence() for item in told if isinstance(item, Remarked)]


def test_what_is_deprecated_or_undeclared_is_remarked_on(serve: Callable[[str], World]) -> None:
    shop = serve(USES)
    headers = {"x-old": "a", "cookie": "old=b; new=c"}

    reply = shop.send("GET", "/things?token=t&old=1&filter[a]=1&utm_source=x", None, headers)

    assert reply.status == 204
    assert remarks(reply) == [
        "GET /things is deprecated",
        "query parameter old is deprecated",
        "header parameter x-old is deprecated",
        "cookie parameter old is deprecated",
        "query parameter utm_source is not declared; it is accepted",
    ]


def test_only_what_is_used_is_remarked_on(serve: Callable[[str], World]) -> None:
    shop = serve(USES)

    assert remarks(shop.get("/things?token=t")) == ["GET /things is deprecated"]
    assert remarks(shop.get("/plain")) == []
    assert remarks(shop.get("/plain?a=1")) == ["the query is not declared; it is accepted"]


def test_remarks_are_bounded(serve: Callable[[str], World]) -> None:
    reply = serve(USES).get("/things?token=t&" + "&".join(f"n{number}=1" for number in range(99)))

    assert len(remarks(reply)) == 21


def test_violations_are_bounded(serve: Callable[[str], World]) -> None:
    members = ", ".join(f"m{number}: {{type: integer}}" for number in range(200))
    names = "\n".join(
        f"        - {{name: q{number}, in: query, required: true, schema: {{type: integer}}}}"
        for number in range(90)
    )
    shop = serve(
        f"""\
openapi: 3.1.0
info: {{title: Shop, version: '1'}}
paths:
  /things:
    post:
      parameters:
{names}
      requestBody: {{content: {{application/json: {{schema: {{properties: {{{members}}}}}}}}}}}
      responses: {{'204': {{description: done}}}}
"""
    )

    reply = shop.post("/things", {f"m{number}": "x" for number in range(200)})

    assert len(reply.json["violations"]) == 100
    assert reply.json["detail"] == "q0 is required (and 139 more)"


QUERYSTRING = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /form:
    get:
      parameters:
        - name: all
          in: querystring
          content:
            application/x-www-form-urlencoded:
              schema:
                type: object
                required: [a]
                properties: {a: {type: integer}, b: {type: array}}
      responses: {'200': {description: read}}
      x-mock: {steps: [{respond: {body: "{{ query.all }}"}}]}
  /json:
    get:
      parameters:
        - {name: all, in: querystring, content: {application/json: {schema: {type: object}}}}
      responses: {'200': {description: read}}
      x-mock: {steps: [{respond: {body: "{{ query.all }}"}}]}
  /text:
    get:
      parameters:
        - name: all
          in: querystring
          required: true
          content: {text/plain: {schema: {type: string}}}
      responses: {'200': {description: read}}
      x-mock: {steps: [{respond: {body: {all: "{{ query.all }}"}}}]}
"""


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("/form?a=1&b=x&b=y", {"a": 1, "b": ["x", "y"]}),
        ("/json?%7B%22a%22:%20%22b%26c%22%7D", {"a": "b&c"}),
        ("/text?a=b%26c", {"all": "a=b&c"}),
    ],
)
def test_all_of_a_query_can_be_one_value(
    serve: Callable[[str], World], target: str, value: object
) -> None:
    reply = serve(QUERYSTRING).get(target)

    assert (reply.json, remarks(reply)) == (value, [])


@pytest.mark.parametrize(
    ("target", "field"),
    [("/form?a=x", "all.a"), ("/form?b=1", "all.a"), ("/json?x", "all"), ("/text", "all")],
)
def test_all_of_a_query_is_validated(
    serve: Callable[[str], World], target: str, field: str
) -> None:
    assert fields(serve(QUERYSTRING).get(target)) == [("query", field)]


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", "text/*"])
def test_a_body_that_is_not_compared_with_its_schema_may_be_no_object(
    serve: Callable[[str], World], media_type: str
) -> None:
    world = serve(f"""\
openapi: 3.1.0
info: {{title: Notes, version: '1'}}
paths:
  /notes:
    post:
      requestBody: {{content: {{{media_type}: {{schema: {{type: object}}}}}}}}
      responses: {{'200': {{description: read}}}}
      x-mock: {{steps: [{{respond: {{body: {{name: "{{{{ body.name }}}}"}}}}}}]}}
""")
    given = media_type.replace("*", "html")

    reply = world.post("/notes", b"a note", content_type=given)

    assert (reply.status, reply.json) == (200, {"name": None})
