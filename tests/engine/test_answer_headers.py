"""A header that the document describes and that the mock sends as well is sent once."""

from collections.abc import Callable

import pytest

from mockserver.base.errors import SpecError
from mockserver.engine.engine_options import Options
from tests.conftest import World

DOCUMENT = """\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /cors:
    get:
      responses:
        '200':
          description: ok
          headers:
            access-control-allow-origin: {schema: {type: string}, example: '*'}
            Access-Control-Allow-Credentials: {schema: {type: string}, example: 'false'}
            Access-Control-Expose-Headers: {schema: {type: string}, example: 'X-A, X-Total-Count'}
            X-Total-Count: {schema: {type: integer}, example: 3}
            Vary: {schema: {type: string}, example: Accept-Language}
          content: {application/json: {example: 1}}
    options:
      responses:
        '200':
          description: ok
          headers:
            Access-Control-Allow-Origin: {schema: {type: string}, example: 'https://docs.example'}
            Access-Control-Allow-Methods: {schema: {type: string}, example: 'PATCH'}
            Access-Control-Allow-Headers: {schema: {type: string}, example: 'X-A'}
            Access-Control-Max-Age: {schema: {type: integer}, example: 1}
  /coded:
    get:
      responses:
        '200':
          description: ok
          headers:
            Content-Encoding: {schema: {type: string}, example: gzip}
            Date: {schema: {type: string}, example: 'Mon, 01 Jan 2024 00:00:00 GMT'}
            Trailer: {schema: {type: string}, example: Expires}
            Keep-Alive: {schema: {type: string}, example: timeout=5}
            Mock-Request-Id: {schema: {type: string}, example: r99}
            X-Kept: {schema: {type: string}, example: 'yes'}
          content: {application/json: {example: {a: 1}}}
  /nothing: {get: {security: [{b: []}], responses: {'401': {$ref: '#/components/responses/Bare'}}}}
  /full:
    get:
      security: [{b: []}]
      responses:
        '401':
          description: x
          headers:
            www-authenticate: {schema: {type: string}, example: 'Bearer realm="doc"'}
            X-E: {schema: {type: string}, example: e}
          content: {application/json: {example: {e: 1}}}
  /described: {get: {security: [{b: []}], responses: {'401': {description: x}}}}
  /invalid:
    get:
      parameters: [{name: q, in: query, required: true, schema: {type: integer}}]
      responses:
        '400': {description: x, headers: {X-E: {schema: {type: string}, example: e}}}
  /limited:
    get:
      x-mock: {limits: [{name: few, limit: 1, window: PT1H, headers: x-ratelimit}]}
      responses:
        '200':
          description: ok
          headers: {X-RateLimit-Remaining: {schema: {type: integer}, example: 77}}
        '429':
          description: slow down
          headers:
            Retry-After: {schema: {type: integer}, example: 30}
            X-RateLimit-Limit: {schema: {type: integer}, example: 77}
          content: {application/json: {example: {slow: true}}}
  /example:
    get:
      x-mock: {steps: [{respond: {example: one, headers: {x-left: 5}}}]}
      responses:
        '200':
          description: ok
          headers: {X-Left: {schema: {type: integer}, example: 1}}
          content: {application/json: {examples: {one: {value: 1}}}}
components:
  securitySchemes: {b: {type: http, scheme: bearer}}
  responses:
    Bare:
      description: x
      headers:
        WWW-Authenticate: {schema: {type: string}, example: 'Bearer realm="doc"'}
        X-E: {schema: {type: string}, example: e}
"""
PAGE = {"origin": "https://app.example"}


@pytest.fixture
def shop(serve: Callable[..., World]) -> World:
    return serve(DOCUMENT)


def values(world: World, path: str, method: str = "GET", **headers: str) -> dict[str, list[str]]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    found: dict[str, list[str]] = {}
    for name, value in world.send(method, path, None, given).exchange.answer.headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def test_a_page_of_another_origin_gets_one_value_of_each_cors_header(shop: World) -> None:
    found = values(shop, "/cors", **PAGE)
    assert found["access-control-allow-origin"] == ["https://app.example"]
    assert found["access-control-allow-credentials"] == ["true"]
    assert {"Accept-Language", "Origin"} <= set(found["vary"])


def test_documented_cors_headers_are_sent_where_the_mock_sends_none(
    shop: World, serve: Callable[..., World]
) -> None:
    assert values(shop, "/cors")["access-control-allow-origin"] == ["*"]
    closed = serve(DOCUMENT, Options(cors=False))
    assert values(closed, "/cors", **PAGE)["access-control-allow-origin"] == ["*"]


def test_a_preflight_of_a_documented_options_has_one_value_of_each_header(shop: World) -> None:
    asked = {"access-control-request-method": "GET", "access-control-request-headers": "x-key"}
    found = values(shop, "/cors", "OPTIONS", **PAGE, **asked)
    ours = {name: value for name, value in found.items() if name.startswith("access-control-")}
    assert ours == {
        "access-control-allow-origin": ["https://app.example"],
        "access-control-allow-credentials": ["true"],
        "access-control-allow-methods": ["GET"],
        "access-control-allow-headers": ["x-key"],
        "access-control-max-age": ["600"],
    }


def test_a_preflight_that_asks_for_no_header_allows_none(shop: World) -> None:
    found = values(shop, "/coded", "OPTIONS", **PAGE, **{"access-control-request-method": "GET"})
    assert found["access-control-allow-methods"] == ["GET"]
    assert "access-control-allow-headers" not in found, "with credentials, * is a name"


def test_a_page_may_read_each_header_of_the_answer_by_its_name(shop: World) -> None:
    (exposed,) = values(shop, "/cors", **PAGE)["access-control-expose-headers"]
    names = exposed.split(", ")
    assert {"X-Total-Count", "X-A", "Mock-Request-Id", "Date"} <= set(names)
    assert "*" not in names, "with credentials, it is the name of a header"
    assert len(names) == len({name.lower() for name in names})
    assert not [name for name in names if name.lower().startswith("access-control-")]


def test_what_describes_the_connection_or_another_body_is_not_taken_from_an_example(
    shop: World,
) -> None:
    found = values(shop, "/coded")
    assert found["x-kept"] == ["yes"]
    assert found["mock-request-id"] == ["r1"]
    assert not {"content-encoding", "date", "trailer", "keep-alive"} & found.keys()


@pytest.mark.parametrize("path", ["/nothing", "/full"])
def test_a_documented_challenge_is_the_only_one(shop: World, path: str) -> None:
    found = values(shop, path)
    assert (found["www-authenticate"], found["x-e"]) == (['Bearer realm="doc"'], ["e"])


@pytest.mark.parametrize(("path", "status"), [("/nothing", 401), ("/invalid", 400)])
def test_a_refusal_that_is_documented_with_headers_only_has_no_body(
    shop: World, path: str, status: int
) -> None:
    reply = shop.get(path)
    assert (reply.status, reply.text, reply.header("x-e")) == (status, "", "e")
    assert reply.header("content-type") is None


def test_a_refusal_of_which_only_a_description_is_documented_explains_itself(shop: World) -> None:
    reply = shop.get("/described")
    assert reply.header("content-type") == "application/problem+json"
    assert reply.header("www-authenticate") == 'Bearer realm="shop"'


def test_rate_limit_headers_show_the_limit_and_not_the_example(shop: World) -> None:
    assert values(shop, "/limited")["x-ratelimit-remaining"] == ["0"]
    refused = values(shop, "/limited")
    assert refused["x-ratelimit-limit"] == ["1"]
    assert refused["retry-after"] == ["3600"]


def test_a_header_of_a_step_replaces_the_one_of_its_example(shop: World) -> None:
    assert values(shop, "/example")["x-left"] == ["5"]


OPTIONS_DOCUMENT = """\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /a: {get: {responses: {'200': {description: ok}}}}
  /b:
    get: {responses: {'200': {description: ok}}}
    options: {responses: {'204': {description: ok}}}
"""


def test_options_is_a_method_like_others_without_cors(serve: Callable[..., World]) -> None:
    closed = serve(OPTIONS_DOCUMENT, Options(cors=False))
    refused = closed.send("OPTIONS", "/a")
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD")
    assert closed.send("POST", "/a").header("allow") == "GET, HEAD"
    assert closed.send("OPTIONS", "/b").status == 204
    assert closed.send("POST", "/b").header("allow") == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "name",
    ["Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "Content-Encoding", "a b"],
)
@pytest.mark.parametrize(
    "block",
    [
        "steps: [{respond: {headers: {NAME: '1'}}}]",
        "errors: {invalid: {status: 400, headers: {NAME: '1'}}}",
    ],
    ids=["respond", "errors"],
)
def test_a_header_that_only_the_server_may_write_is_refused_in_x_mock(
    serve: Callable[..., World], block: str, name: str
) -> None:
    behaviour = "x-mock: {" + block.replace("NAME", name) + "}, responses"
    with pytest.raises(SpecError, match=f"{name!r}"):
        serve(OPTIONS_DOCUMENT.replace("responses", behaviour, 1))


def test_an_error_kind_has_a_challenge_of_its_own(serve: Callable[..., World]) -> None:
    own = "x-mock: {errors: {unauthenticated: {status: 401, headers: {www-authenticate: Key}}}}, "
    shop = serve(DOCUMENT.replace("/described: {get: {", "/described: {get: {" + own))
    assert values(shop, "/described")["www-authenticate"] == ["Key"]
