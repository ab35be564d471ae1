"""Requests and what Prism 5.14.2 answered to them, recorded; `--like prism` answers the same.

The wording of problems is not compared: their `type`, and the places and keywords of their
violations are.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.engine_options import Options
from tests.conftest import Reply, World

FOLDER = Path(__file__).parent / "prism"
ANSWERS = json.loads((FOLDER / "answers.json").read_text())


@pytest.fixture
def shop(serve: Callable[..., World]) -> World:
    return serve((FOLDER / "shop.yaml").read_text(), Options(like="prism"))


def send(world: World, method: str, path: str, headers: dict[str, str], body: str = "") -> Reply:
    given = {name.lower(): value for name, value in headers.items()}
    return world.send(method, path, body.encode(), given)


def _validation(reply: Reply) -> list[Any]:
    return sorted([item["location"], item["code"]] for item in reply.json["validation"])


@pytest.mark.parametrize(
    "row", ANSWERS, ids=[f"{n}-{' '.join(row['request'][:2])}" for n, row in enumerate(ANSWERS)]
)
def test_the_answer_is_that_of_prism(shop: World, row: dict[str, Any]) -> None:
    reply = send(shop, *row["request"])
    assert reply.status == row["status"]
    if "type" in row:
        assert (reply.header("content-type") or "").partition(";")[0] == row["type"]
    if "json" in row:
        assert reply.json == row["json"]
    if "text" in row:
        assert reply.text == row["text"]
    if "problem" in row:
        assert reply.json["type"] == f"https://stoplight.io/prism/errors#{row['problem']}"
    if "validation" in row:
        assert _validation(reply) == row["validation"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/pets?__code=404&__example=nope", {}, "", 404),  # a 500 there
        ("POST", "/pets", {}, '{"id": 1, "name": "A"}', 415),  # read as text there, so 422
        ("POST", "/pets", {"Content-Type": "application/json"}, "{", 400),  # 400 there as well
    ],
)
def test_what_differs_on_purpose(
    shop: World, method: str, path: str, headers: dict[str, str], body: str, status: int
) -> None:
    assert send(shop, method, path, headers, body).status == status


def test_every_answer_has_cors_headers_unless_they_are_off(serve: Callable[..., World]) -> None:
    document = (FOLDER / "shop.yaml").read_text()
    shop = serve(document, Options(like="prism"))
    origin, expose = "access-control-allow-origin", "access-control-expose-headers"
    assert [shop.get("/pets").header(name) for name in (origin, expose)] == ["*", "*"]
    assert shop.get("/pets", origin="http://a.test").header(origin) == "http://a.test"
    closed = serve(document, Options(like="prism", cors=False))
    assert closed.get("/pets").header(origin) is None
    preflight = {"origin": "http://a.test", "access-control-request-method": "GET"}
    assert closed.send("OPTIONS", "/pets", None, preflight).status == 405


def test_a_deprecated_operation_says_so(shop: World) -> None:
    assert shop.get("/old").header("deprecation") == "true"
    assert shop.get("/pets").header("deprecation") is None


def test_documented_headers_without_example_are_sampled(shop: World) -> None:
    reply = shop.get("/headers", x_need="3")
    assert (reply.header("x-limit"), reply.header("x-none")) == ("5", "string")


XML_FIRST = """\
openapi: 3.0.3
info: {title: Notes, version: '1'}
paths:
  /notes:
    get:
      responses:
        '200':
          description: ok
          content:
            application/xml: {example: <note/>}
            application/json: {example: a note}
"""


@pytest.mark.parametrize(
    ("like", "headers", "expected"),
    [
        (None, {}, "<note/>"),
        ("prism", {}, '"a note"'),
        ("prism", {"accept": "*/*"}, "<note/>"),
        ("prism", {"accept": "application/xml"}, "<note/>"),
    ],
)
def test_json_is_sent_to_clients_that_do_not_say_what_they_accept(
    serve: Callable[..., World], like: Any, headers: dict[str, str], expected: str
) -> None:
    assert send(serve(XML_FIRST, Options(like=like)), "GET", "/notes", headers).text == expected


@pytest.mark.parametrize("query", ["__dynamic=true", "__dynamic=true&__seed=5"])
def test_the_query_asks_for_new_values(shop: World, query: str) -> None:
    made = shop.get(f"/pets?{query}")
    assert made.status == 200
    assert made.json != [{"id": 1, "name": "Tom"}]
    assert (shop.get(f"/pets?{query}").json == made.json) == ("seed" in query)


def test_a_request_does_not_come_back_unless_echo_is_given(serve: Callable[..., World]) -> None:
    document = (FOLDER / "shop.yaml").read_text()
    given = [serve(document, Options(like="prism", echo=echo)) for echo in (None, "samples")]
    assert [world.get("/pets/5").json["id"] == 5 for world in given] == [False, True]


def test_without_the_mode_nothing_of_it_applies(serve: Callable[..., World]) -> None:
    shop = serve((FOLDER / "shop.yaml").read_text())
    assert shop.get("/pets?__code=404").status == 200
    assert shop.get("/pets?limit=99").status == 400
    assert "validation" not in shop.get("/pets?limit=99").json
    assert shop.send("HEAD", "/pets").status == 200
    assert shop.send("OPTIONS", "/pets").status == 204
    assert shop.get("/pets", prefer="code=404").status == 404
    assert shop.get("/pets").header("access-control-allow-origin") is None
    assert shop.post("/nobody", {"a": 1}).status == 200


def test_a_preference_does_not_skip_steps_of_a_request_that_is_invalid(shop: World) -> None:
    reply = shop.get("/pets?limit=99", prefer="code=200")
    assert reply.status == 422
    assert reply.exchange.reason == "invalid"


def test_an_unknown_server_is_refused() -> None:
    with pytest.raises(ValueError, match="known are: prism"):
        Options(like="wiremock")  # type: ignore[arg-type]
