from collections.abc import Callable

import pytest

from mockserver.base.time import Instant
from mockserver.engine.allowances import Allowances
from mockserver.engine.sandbox import Sandbox
from mockserver.model.api import Api
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
    return list(world.engine.sandboxes.get("default", world.now).history)[-1]


ALGORITHMS = ["fixed_window", "sliding_window", "token_bucket"]


@pytest.mark.parametrize("after", ALGORITHMS)
@pytest.mark.parametrize("before", ALGORITHMS)
@pytest.mark.parametrize("hits", [1, 2])
def test_another_algorithm_after_a_reload_counts_from_nothing(
    shop: Callable[..., World], before: str, after: str, hits: int
) -> None:
    world, reloaded = shop(before), shop(after)
    for _ in range(hits):
        world.get("/a")
    world.engine.replace(list(reloaded.engine.apis.values()), {})

    statuses = [world.get("/a").status for _ in range(3)]

    expected = [200, 200, 429] if before != after else [200] * (2 - hits) + [429] * (hits + 1)
    assert statuses == expected
    assert len(list(Allowances(*_allowances(world)).rate_limits())) == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "state", [None, 5, "text", {}, [], [1], ["a"], ["a", "b"], [1, 2, 0], [1, 2, 3, 4], [None] * 3]
)
def test_a_written_state_of_another_form_counts_as_none(
    shop: Callable[..., World], algorithm: str, state: object
) -> None:
    world = shop(algorithm)
    counters = world.sandbox().store("shop").collection("rate_limits")
    counters.insert({"id": "few:", "name": "few", "subject": "", "state": state})
    list(Allowances(*_allowances(world)).rate_limits())

    assert [world.get("/a").status for _ in range(3)] == [200, 200, 429]


def test_a_written_counter_without_a_state_counts_as_none(shop: Callable[..., World]) -> None:
    world = shop("fixed_window")
    world.sandbox().store("shop").collection("rate_limits").insert({"id": "few:"})

    assert [world.get("/a").status for _ in range(3)] == [200, 200, 429]


def _allowances(world: World) -> tuple[Api, Sandbox, Instant]:
    return world.engine.apis["shop"], world.sandbox(), world.now
