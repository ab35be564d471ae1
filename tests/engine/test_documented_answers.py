from collections.abc import Callable

import pytest

from mockserver.engine.engine_options import Options
from mockserver.model.trace import Answered, BrokenSchema, decisions
from tests.conftest import World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /a:
    get:
      parameters: [{name: n, in: query, schema: {type: integer}}]
      responses:
        '404': {description: gone, content: {application/json: {example: {gone: true}}}}
        '201':
          description: made
          headers: {X-Left: {schema: {type: integer, example: 3}}}
          content:
            application/json:
              schema: {type: object, required: [size], properties: {size: {type: integer}}}
              examples:
                small: {value: {size: 1}}
                large: {value: {size: 9}}
            text/plain: {example: hello}
        '422': {description: wrong, content: {application/json: {example: {wrong: true}}}}
  /sampled:
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                required: [id, size]
                properties:
                  id: {type: string, format: uuid}
                  size: {type: integer, minimum: 5, maximum: 6}
  /empty:
    get: {responses: {'204': {description: nothing}}}
  /silent:
    get: {responses: {}}
"""


@pytest.fixture
def shop(serve: Callable[[str], World]) -> World:
    return serve(DOCUMENT)


def test_the_lowest_success_and_its_first_example_are_answered(shop: World) -> None:
    reply = shop.get("/a")
    assert (reply.status, reply.json, reply.header("x-left")) == (201, {"size": 1}, "3")


@pytest.mark.parametrize(
    ("accept", "status", "body"),
    [
        ("application/json", 201, '{"size":1}'),
        ("text/plain", 201, "hello"),
        ("text/*;q=0.5, application/json;q=0.4", 201, "hello"),
        ("*/*", 201, '{"size":1}'),
        ("text/html, */*;q=0.1", 201, '{"size":1}'),
        ("image/png", 406, None),
        ("application/json;q=0, text/plain;q=0", 406, None),
    ],
)
def test_the_client_chooses_the_media_type(
    shop: World, accept: str, status: int, body: str | None
) -> None:
    reply = shop.get("/a", accept=accept)
    assert reply.status == status
    assert body is None or reply.text == body


def test_without_an_example_a_value_is_sampled_from_the_schema(shop: World) -> None:
    first, again = shop.get("/sampled").json, shop.get("/sampled").json
    assert first == again
    assert (len(first["id"]), first["size"] in (5, 6)) == (36, True)


def test_an_answer_without_content_has_no_body(shop: World) -> None:
    assert (shop.get("/empty").status, shop.get("/empty").text) == (204, "")
    assert (shop.get("/silent").status, shop.get("/silent").text) == (200, "")


@pytest.mark.parametrize(
    ("prefer", "status", "body", "applied"),
    [
        ("code=404", 404, {"gone": True}, "code=404"),
        ("example=large", 201, {"size": 9}, "example=large"),
        ("code=404, wait=2", 404, {"gone": True}, "code=404, wait=2"),
        ('example="small"', 201, {"size": 1}, "example=small"),
        ("respond-async", 201, {"size": 1}, None),
        ("code=9999", 201, {"size": 1}, None),
    ],
)
def test_a_preference_steers_one_answer(
    shop: World, prefer: str, status: int, body: object, applied: str | None
) -> None:
    reply = shop.get("/a", prefer=prefer)
    assert (reply.status, reply.json, reply.header("preference-applied")) == (status, body, applied)


def test_a_wait_delays_the_answer(shop: World) -> None:
    assert shop.get("/a", prefer="wait=2").exchange.answer.delay == 2_000_000


def test_a_seed_changes_what_is_sampled(shop: World) -> None:
    ids = {shop.get("/sampled", prefer=f"seed={seed}").json["id"] for seed in range(3)}
    assert len(ids) == 3


def test_dynamic_samples_although_there_is_an_example(shop: World) -> None:
    sizes = {shop.get("/a", prefer=f"dynamic=true, seed={n}").json["size"] for n in range(5)}
    assert len(sizes) > 1


def test_a_bad_request_gets_the_documented_422(shop: World) -> None:
    reply = shop.get("/a?n=x")
    assert (reply.status, reply.json) == (422, {"wrong": True})


def test_where_nothing_is_documented_a_problem_tells_all(shop: World) -> None:
    reply = shop.post("/a")
    assert reply.status == 405
    assert reply.header("content-type") == "application/problem+json"
    assert reply.json["title"] == "Method Not Allowed"


def test_a_dynamic_server_gives_every_request_other_values(
    serve: Callable[..., World],
) -> None:
    shop = serve(DOCUMENT, Options(dynamic=True))
    again = serve(DOCUMENT, Options(dynamic=True))
    ids = [shop.get("/sampled").json["id"] for _ in range(5)]

    assert len(set(ids)) == 5
    assert [again.get("/sampled").json["id"] for _ in range(5)] == ids


def test_the_seed_of_the_server_changes_dynamic_values(serve: Callable[..., World]) -> None:
    ids = {
        serve(DOCUMENT, Options(dynamic=True), seed=seed).get("/sampled").json["id"]
        for seed in range(3)
    }

    assert len(ids) == 3


BROKEN = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /example:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {required: [a]}, example: {b: 1}}}
  /impossible:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {type: integer, minimum: 2, maximum: 1}}}
  /written:
    get:
      responses:
        '200':
          description: ok
          content:
            application/json: {schema: {type: string}, example: a}
            application/xml: {schema: {type: object}, example: <a/>}
  /steps:
    post:
      responses:
        '201':
          description: ok
          content: {application/json: {schema: {required: [a]}}}
      x-mock:
        steps: [{respond: {status: 201, body: {b: 1}}}]
"""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/example", "the answer breaks its own schema: a is required"),
        ("/impossible", "the answer breaks its own schema: answer must be at least 2"),
    ],
)
def test_the_trace_says_what_an_answer_breaks(
    serve: Callable[..., World], path: str, told: str
) -> None:
    reply = serve(BROKEN).get(path)
    sentences = [
        item.sentence() for item in decisions(reply.exchange.operation, reply.exchange.trace)
    ]

    assert reply.status == 200
    assert told in sentences[-2]  # the last one says what is answered


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
def test_what_is_written_as_text_breaks_nothing(serve: Callable[..., World], accept: str) -> None:
    shop = serve(BROKEN, Options(errors=True))

    assert shop.get("/written", accept=accept).status == 200


def test_an_answer_that_is_refused_keeps_nothing_and_names_the_violations(
    serve: Callable[..., World],
) -> None:
    shop = serve(BROKEN, Options(errors=True))
    reply = shop.post("/steps")

    assert (reply.status, reply.exchange.reason) == (500, "broken_answer")
    assert reply.json["violations"][0]["keyword"] == "required"


def test_an_answer_is_written_once(shop: World) -> None:
    first = shop.get("/sampled").exchange.answer
    again = shop.get("/sampled", accept="application/json").exchange.answer

    assert first.body is again.body
    assert first.headers is not again.headers


def test_what_is_kept_is_bounded(shop: World) -> None:
    reply = shop.get("/sampled")
    for number in range(1_000):
        shop.get("/sampled", accept=f"text/x{number}, */*")

    assert reply.exchange.operation is not None
    assert len(reply.exchange.operation.rendered) < 300


def test_an_example_that_is_not_there_is_told(shop: World) -> None:
    reply = shop.get("/a", prefer="example=huge")
    sentences = [
        item.sentence() for item in decisions(reply.exchange.operation, reply.exchange.trace)
    ]

    assert reply.json == {"size": 1}
    assert "there is no example 'huge'" in sentences[-1]


def test_a_line_break_in_a_header_becomes_a_space(serve: Callable[..., World]) -> None:
    text = DOCUMENT.replace("example: 3}}", 'example: "a\\r\\nb"}}')

    assert serve(text).get("/a").header("x-left") == "a b"


INNER = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses:
        '200':
          description: ok
          headers: {X-Zip: {schema: {type: string, example: 12345}}}
          content:
            application/json:
              schema:
                type: object
                properties:
                  id: {type: string}
                  zip: {type: string, example: 12345}
                  price: {type: number, example: '9.99'}
  /text: {get: {responses: {'200': {description: ok, content: {application/json:
    {schema: {type: string, example: 5}}}}}}}
"""


def test_examples_inside_a_schema_are_used_as_written(serve: Callable[[str], World]) -> None:
    reply = serve(INNER).get("/a/7")

    assert reply.json == {"id": "7", "zip": "12345", "price": "9.99"}
    assert reply.header("x-zip") == "12345"
    assert [found.because for found in reply.exchange.trace if isinstance(found, Answered)] == [
        (
            "a value sampled from the schema, with examples that do not conform: /price,"
            " with id of the request"
        )
    ]
    [broken] = [found for found in reply.exchange.trace if isinstance(found, BrokenSchema)]
    assert [item.pointer for item in broken.violations] == ["/price"]


def test_an_example_that_does_not_conform_is_refused_with_errors(
    serve: Callable[..., World],
) -> None:
    assert serve(INNER, options=Options(errors=True)).get("/a/7").status == 500


def test_a_varied_value_uses_no_examples(serve: Callable[[str], World]) -> None:
    reply = serve(INNER).get("/a/7", prefer="dynamic=true")
    assert isinstance(reply.json["price"], float | int)


def test_the_example_of_a_whole_text_is_used_as_its_text(serve: Callable[[str], World]) -> None:
    assert serve(INNER).get("/text").json == "5"
