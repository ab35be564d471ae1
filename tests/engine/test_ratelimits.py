from collections.abc import Callable

import pytest

from mockserver.model.exchange import Exchange
from mockserver.model.trace import RateLimited
from tests.conftest import World

DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  limits:
    - {name: few, limit: 2, window: PT1M, algorithm: ALGORITHM, headers: HEADERS, per: PER}
paths:
  /a:
    get: {responses: {'200': {description: ok}}}
  /b:
    get:
      responses: {'200': {description: ok}}
      x-mock: {limits: [{name: few, limit: 1, window: PT1M}, {name: other, limit: 9, window: P1D}]}
"""


@pytest.fixture
def shop(serve: Callable[[str], World]) -> Callable[..., World]:
    def make(algorithm: str, headers: str = "none", per: str = "null") -> World:
        text = DOCUMENT.replace("ALGORITHM", algorithm).replace("HEADERS", headers)
        return serve(text.replace("PER", per))

    return make


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "token_bucket"])
def test_after_retry_after_the_same_request_passes(
    shop: Callable[..., World], algorithm: str
) -> None:
    world = shop(algorithm)
    assert [world.get("/a").status for _ in range(3)] == [200, 200, 429]
    wait = world.get("/a").header("retry-after")
    world.advance(f"PT{int(wait or 0) - 1}S")
    assert world.get("/a").status == 429
    world.advance("PT1S")
    assert world.get("/a").status == 200


def test_x_ratelimit_headers_tell_what_is_left(shop: Callable[..., World]) -> None:
    world = shop("fixed_window", "x-ratelimit")
    told = [world.get("/a").header("x-ratelimit-remaining") for _ in range(3)]
    assert told == ["1", "0", "0"]
    assert world.get("/a").header("x-ratelimit-limit") == "2"
    assert world.get("/a").header("x-ratelimit-reset") == str(world.now // 1_000_000 + 60)


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "token_bucket"])
def test_ietf_headers_never_promise_less_than_retry_after(
    shop: Callable[..., World], algorithm: str
) -> None:
    world = shop(algorithm, "ietf")
    assert world.get("/a").header("ratelimit-policy") == '"few";q=2;w=60'
    world.get("/a")
    refused = world.get("/a")
    assert refused.header("ratelimit") == f'"few";r=0;t={refused.header("retry-after")}'


def test_subjects_are_counted_apart(shop: Callable[..., World]) -> None:
    world = shop("fixed_window", per="\"{{ header['x-who'] }}\"")
    statuses = [world.get("/a", x_who=who).status for who in ("a", "a", "b", "a", "b")]
    assert statuses == [200, 200, 200, 429, 200]


def test_an_operations_limit_replaces_the_documents_of_the_same_name(
    shop: Callable[..., World],
) -> None:
    world = shop("fixed_window")
    assert [world.get("/b").status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("credential", "shown"),
    [("12345678", "…"), ("123456789", "…6789"), ("a-longer-credential", "…tial")],
)
def test_a_trace_shows_at_most_the_end_of_a_credential(
    serve: Callable[[str], World], credential: str, shown: str
) -> None:
    text = DOCUMENT.replace("ALGORITHM", "fixed_window").replace("HEADERS", "none")
    text = text.replace("PER", "'{{ credential }}'")
    text += """\
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: x-key}}}
"""
    world = serve(text)
    world.send("GET", "/a", headers={"x-key": credential})
    (entry,) = (one for one in last(world).trace if isinstance(one, RateLimited))
    assert entry.subject == shown


def test_a_trace_shows_another_subject_as_it_is(serve: Callable[[str], World]) -> None:
    text = DOCUMENT.replace("ALGORITHM", "fixed_window").replace("HEADERS", "none")
    world = serve(text.replace("PER", "'{{ path }}-of-a-long-name'"))
    world.get("/a")
    (entry,) = (one for one in last(world).trace if isinstance(one, RateLimited))
    assert entry.subject.endswith("-of-a-long-name")


def last(world: World) -> Exchange:
    return list(world.engine.sandboxes.get("default").journal)[-1]
