"""Arrays whose items are separated by encoded commas, as many clients send them."""

from collections.abc import Callable

import pytest

from tests.conftest import World

ARRAYS = """openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /n/{ids}:
    post:
      parameters:
        - {name: ids, in: path, required: true, schema: &n {type: array, items: {type: integer}}}
        - {name: numbers, in: query, explode: false, schema: *n}
        - {name: flags, in: query, explode: false, schema: {type: array, items: {type: boolean}}}
        - name: sizes
          in: query
          explode: false
          schema: {type: array, items: {type: string, enum: [s, m, l]}}
        - name: keys
          in: query
          explode: false
          schema: {type: array, items: {type: string, format: date}}
        - {name: one, in: query, explode: false, schema: {type: [integer, array], items: {type: integer}}}
        - {name: names, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - name: odd
          in: query
          explode: false
          schema: {type: array, items: {type: string, enum: ['a,b', c]}}
        - {name: each, in: query, schema: *n}
        - {name: session, in: cookie, explode: false, schema: *n}
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {numbers: *n, names: {type: array, items: {type: string}}}}
            encoding: {numbers: {explode: false}, names: {explode: false}}
      responses: {'200': {description: ok}}
      x-mock:
        steps:
          - respond:
              body: {path: '{{ path }}', query: '{{ query }}', cookie: '{{ cookie }}', body: '{{ body }}'}
"""  # noqa: E501 - a line is a parameter


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("numbers=1%2C2", "numbers", [1, 2]),
        ("numbers=1%2c2,3", "numbers", [1, 2, 3]),
        ("flags=true%2Cfalse", "flags", [True, False]),
        ("sizes=s%2Cl", "sizes", ["s", "l"]),
        ("keys=2026-01-01%2C2026-01-02", "keys", ["2026-01-01", "2026-01-02"]),
        ("one=1%2C2", "one", [1, 2]),
        ("names=a%2Cb,c", "names", ["a,b", "c"]),
        ("odd=a%2Cb,c", "odd", ["a,b", "c"]),
    ],
)
def test_an_encoded_comma_separates_items_that_cannot_contain_one(
    serve: Callable[..., World], query: str, name: str, value: object
) -> None:
    reply = serve(ARRAYS).send("POST", f"/n/1?{query}")
    assert (reply.status, reply.json["query"][name]) == (200, value)


def test_paths_cookies_and_forms_have_encoded_commas_too(serve: Callable[..., World]) -> None:
    given = {"cookie": "session=1%2C2", "content-type": "application/x-www-form-urlencoded"}
    reply = serve(ARRAYS).send("POST", "/n/3%2C4", b"numbers=5%2C6&names=a%2Cb,c", given)
    assert reply.status == 200
    assert reply.json["path"] == {"ids": [3, 4]}
    assert reply.json["cookie"] == {"session": [1, 2]}
    assert reply.json["body"] == {"numbers": [5, 6], "names": ["a,b", "c"]}


def test_in_an_exploded_array_a_comma_stays_data(serve: Callable[..., World]) -> None:
    assert serve(ARRAYS).send("POST", "/n/1?each=1%2C2").status == 400
