from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.preferences import NO_PREFERENCES, preferences_of
from mockserver.model.messages import Request
from mockserver.model.trace import decisions
from tests.conftest import World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /a:
    get: &a
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {type: object, required: [size], properties: {size: {type: integer}}}
              examples:
                small: {value: {size: 1}}
                two words: {value: {size: 2}}
        '404':
          description: gone
          content: {application/json: {examples: {small: {value: {gone: true}}}}}
    put: *a
  /fixed: {get: {responses: {'200': {description: ok, content: {application/json: {example: 1}}}}}}
  /made:
    get:
      responses: {'200': {description: ok}}
      x-mock: {steps: [{respond: {body: {made: true}}}]}
"""


@pytest.fixture
def shop(serve: Callable[..., World]) -> World:
    return serve(DOCUMENT)


def read(header: str) -> dict[str, object]:
    found = preferences_of(Request("GET", "/", headers={"prefer": header}))
    names = ("code", "example", "dynamic", "seed")
    given = {name: getattr(found, name) for name in names} | {"wait": found.wait // 1_000_000}
    return {name: value for name, value in given.items() if value not in (None, False, 0)}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("code=404", {"code": 404}),
        ("CODE=404", {"code": 404}),
        ("  code = 404  ,seed=7", {"code": 404, "seed": 7}),
        ('code="404"', {"code": 404}),
        ('example="a, b; c=d"', {"example": "a, b; c=d"}),
        (r'example="say \"hi\" \\"', {"example": r'say "hi" \ '.strip()}),
        ("example=Large", {"example": "Large"}),
        ("code=404, code=500", {"code": 404}),
        ("code=9999, code=500", {}),
        ("code, code=500", {}),
        ('code=""', {}),
        ("respond-async, code=404", {"code": 404}),
        ("foo; code=404", {}),
        ("code=404; wait=5", {"code": 404}),
        ('foo="x, code=1"; bar="y", wait=3', {"wait": 3}),
        ("wait=100", {"wait": 60}),
        ("return=minimal, , wait=1,", {"wait": 1}),
        ("=5, code=404", {"code": 404}),
        ("code=404 500, seed=1", {"seed": 1}),
        ('example="never closed, code=404', {}),
        ("dynamic=true", {"dynamic": True}),
        ("dynamic=false", {}),
        ("code=٤٠٤", {}),
    ],
)
def test_a_header_is_read_as_rfc_7240_says(header: str, expected: dict[str, object]) -> None:
    assert read(header) == expected


def test_without_a_header_there_are_no_preferences() -> None:
    assert preferences_of(Request("GET", "/")) is NO_PREFERENCES


@given(st.text(alphabet='aA=;,"\\ \t!é5', max_size=60))
def test_any_header_is_read(header: str) -> None:
    assert read(f"{header}").keys() <= {"code", "example", "dynamic", "seed", "wait"}


@given(st.text(alphabet='aA=;," \\', min_size=1, max_size=20))
def test_any_value_can_be_quoted(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert read(f'example="{quoted}", code=404') == {"example": value, "code": 404}


@pytest.mark.parametrize(
    ("path", "prefer", "applied"),
    [
        ("/a", "code=404", "code=404"),
        ("/a", "code=418", "code=418"),
        ("/a", "example=small", "example=small"),
        ("/a", 'example="two words"', 'example="two words"'),
        ("/a", "example=none", None),
        ("/a", "code=404, example=small", "code=404, example=small"),
        ("/a", 'code=404, example="two words"', "code=404"),
        ("/a", "dynamic=true", "dynamic=true"),
        ("/a", "dynamic=true, seed=5", "dynamic=true, seed=5"),
        ("/a", "seed=5", None),
        ("/fixed", "dynamic=true", None),
        ("/made", "dynamic=true, seed=5, wait=1", "wait=1"),
        ("/made", "respond-async", None),
    ],
)
def test_only_what_was_honoured_is_said_to_be(
    shop: World, path: str, prefer: str, applied: str | None
) -> None:
    assert shop.get(path, prefer=prefer).header("preference-applied") == applied


@pytest.mark.parametrize(
    ("path", "prefer", "told"),
    [
        ("/a", "code=418", "Prefer asks for it; the document says nothing about status 418"),
        (
            "/a",
            "example=none",
            "Prefer asks for it; example 'small'; there is no example 'none' for status 200",
        ),
        (
            "/a",
            'code=404, example="two words"',
            "Prefer asks for it; example 'small'; there is no example 'two words' for status 404",
        ),
        ("/made", "code=99, wait=x", "its steps say so; code=99 is invalid; wait=x is invalid"),
        ("/a", "dynamic=maybe", "; dynamic=maybe is invalid"),
        ("/a", "dynamic=1, seed=-1", "; dynamic=1 is invalid; seed=-1 is invalid"),
        ("/a", 'dynamic="not so"', "; dynamic=not so is invalid"),
        ("/a", "dynamic", "; dynamic without a value is invalid"),
        ("/a", "code=, example=", "; code without a value is invalid; example without a value"),
    ],
)
def test_the_trace_says_what_could_not_be_given(
    shop: World, path: str, prefer: str, told: str
) -> None:
    exchange = shop.get(path, prefer=prefer).exchange
    assert told in decisions(exchange.operation, exchange.trace)[-1].sentence()


@pytest.mark.parametrize(
    ("prefer", "status", "text"),
    [("code=418", 418, ""), ("example=none", 200, '{"size":1}'), ("code=999", 200, '{"size":1}')],
)
def test_what_is_not_documented_is_answered_all_the_same(
    shop: World, prefer: str, status: int, text: str
) -> None:
    reply = shop.get("/a", prefer=prefer)
    assert (reply.status, reply.text) == (status, text)


@pytest.mark.parametrize(
    ("method", "path", "prefer", "vary"),
    [
        ("GET", "/a", "", "Prefer"),
        ("GET", "/a", "code=404", "Prefer"),
        ("HEAD", "/a", "", "Prefer"),
        ("PUT", "/a", "code=404", "Prefer"),
        ("PUT", "/a", "", None),
        ("GET", "/nowhere", "code=404", None),
        ("DELETE", "/a", "code=404", None),
    ],
)
def test_caches_are_told_what_another_preference_would_change(
    shop: World, method: str, path: str, prefer: str, vary: str | None
) -> None:
    assert shop.send(method, path, None, {"prefer": prefer}).header("vary") == vary


def test_a_refusal_that_a_preference_could_have_averted_varies_too(world: World) -> None:
    reply = world.get("/cloutly/api/v1/businesses")
    assert (reply.status, reply.header("vary")) == (401, "Prefer")
