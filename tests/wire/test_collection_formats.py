"""Arrays in one text, as Swagger 2.0 separates them."""

from collections.abc import Callable

import pytest

from tests.conftest import World

SHOP = """\
swagger: '2.0'
info: {title: Lists, version: '1'}
x-mock: {}
paths:
  /q:
    get:
      parameters:
        - {name: c, in: query, type: array, items: {type: array, collectionFormat: pipes, items: {type: integer}}}
        - {name: n, in: query, type: array, collectionFormat: pipes, items: &row {type: array, items: {type: integer}}}
        - {name: m, in: query, type: array, collectionFormat: multi, items: *row}
        - {name: t, in: query, type: array, collectionFormat: tsv, items: {type: integer}}
        - {name: s, in: query, type: array, collectionFormat: ssv, items: *row}
        - name: d
          in: query
          type: array
          items: {type: array, collectionFormat: pipes, items: {type: array, collectionFormat: ssv, items: {type: integer}}}
        - {name: X-Rows, in: header, type: array, collectionFormat: pipes, items: *row}
        - {name: X-Tabs, in: header, type: array, collectionFormat: tsv, items: {type: boolean}}
      responses: {200: {description: ok}}
      x-mock: {steps: [{respond: {status: 200, body: {q: "{{ query }}", h: "{{ header }}"}}}]}
  /p/{rows}:
    get:
      parameters: [{name: rows, in: path, required: true, type: array, collectionFormat: ssv, items: *row}]
      responses: {200: {description: ok}}
      x-mock: {steps: [{respond: {status: 200, body: "{{ path.rows }}"}}]}
  /f:
    post: &post
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      parameters:
        - {name: n, in: formData, type: array, collectionFormat: pipes, items: *row}
        - {name: t, in: formData, type: array, collectionFormat: tsv, items: {type: integer}}
        - {name: c, in: formData, type: array, items: {type: integer}}
        - {name: m, in: formData, type: array, collectionFormat: multi, items: *row}
      responses: {200: {description: ok}}
      x-mock: {steps: [{respond: {status: 200, body: "{{ body }}"}}]}
"""  # noqa: E501 - one parameter a line
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("c=1|2,3|4", "c", [[1, 2], [3, 4]]),
        ("c=1%7C2,3%7C4", "c", [[1, 2], [3, 4]]),
        ("n=1,2|3", "n", [[1, 2], [3]]),
        ("m=1,2&m=3", "m", [[1, 2], [3]]),
        ("t=1%092", "t", [1, 2]),
        ("t=7", "t", [7]),
        ("s=1,2%203", "s", [[1, 2], [3]]),
        ("d=1%202|3,4", "d", [[[1, 2], [3]], [[4]]]),
    ],
)
def test_an_array_in_a_query_is_separated_at_each_depth(
    serve: Callable[..., World], query: str, name: str, expected: object
) -> None:
    sent = serve(SHOP).get(f"/q?{query}")

    assert sent.status == 200
    assert sent.json["q"][name] == expected


@pytest.mark.parametrize("query", ["c=1|x", "n=1,2|a", "t=1,2", "t=a%091"])
def test_the_items_of_a_separated_array_are_validated(
    serve: Callable[..., World], query: str
) -> None:
    assert serve(SHOP).get(f"/q?{query}").status == 400


def test_an_array_in_a_header_or_a_path_is_separated_at_each_depth(
    serve: Callable[..., World],
) -> None:
    shop = serve(SHOP)

    headers = shop.get("/q", x_rows="1,2|3", x_tabs="true\tfalse").json["h"]

    assert headers["x-rows"] == [[1, 2], [3]]
    assert headers["x-tabs"] == [True, False]
    assert shop.get("/p/1,2%203").json == [[1, 2], [3]]
    assert shop.get("/p/1,x").status == 400


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("n", "1,2|3", [[1, 2], [3]]),
        ("t", "1\t2", [1, 2]),
        ("t", "7", [7]),
        ("c", "1,2", [1, 2]),
        ("m", "1,2", [[1, 2]]),
    ],
)
def test_an_array_in_a_form_is_separated_at_each_depth(
    serve: Callable[..., World], name: str, text: str, expected: object
) -> None:
    shop = serve(SHOP)
    encoded = text.replace("\t", "%09").encode()
    part = f"--x\r\nContent-Disposition: form-data; name={name}\r\n\r\n{text}\r\n--x--\r\n".encode()

    plain = shop.post("/f", name.encode() + b"=" + encoded, content_type=FORM)
    parts = shop.post("/f", part, content_type="multipart/form-data; boundary=x")

    assert plain.json == {name: expected}
    assert parts.json == {name: expected}


def test_an_unknown_collection_format_is_reported(serve: Callable[..., World]) -> None:
    shop = serve(
        SHOP.replace(
            "collectionFormat: tsv, items: {type: boolean}", "collectionFormat: tabs, items: {}"
        )
    )

    (problem,) = shop.engine.apis["shop"].problems
    assert "'tabs' is not supported in the header" in problem.message
