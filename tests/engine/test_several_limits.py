"""Several limits and quotas on one operation, and requests that nobody is named for."""

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.model.trace import decisions
from tests.conftest import Reply, World

Serve = Callable[..., World]

LIMITS = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /a:
    get:
      responses: {'200': {description: ok}}
      x-mock: {limits: [LIMITS]}
"""
MINUTE = "{name: minute, limit: 1, window: PT1M}"
DAY = "{name: day, limit: DAYS, window: P1D}"
QUOTAS = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /a:
    get:
      responses: {'200': {description: ok}}
      x-mock:
        steps: [STEPS]
"""
SUBJECTS = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  collections: {keys: {key: key}}
  records: {keys: [{key: k1, team: red}, {key: k2}]}
  principals: {K: {in: keys}}
  limits: [{name: few, limit: 1, window: PT1M, headers: x-ratelimit, per: "PER"}]
components: {securitySchemes: {K: {type: apiKey, in: header, name: X-Key}}}
security: [{K: []}]
paths:
  /mine: {get: {responses: {'200': {description: ok}}}}
  /open: {get: {security: [], responses: {'200': {description: ok}}}}
  /both: {get: {security: [{K: []}, {}], responses: {'200': {description: ok}}}}
"""


def limited(serve: Serve, *limits: str, days: int = 1) -> World:
    text = ", ".join(limits).replace("DAYS", str(days))
    return serve(LIMITS.replace("LIMITS", text))


def headers_of(reply: Reply, name: str) -> list[str]:
    return [value for key, value in reply.exchange.answer.headers if key.lower() == name]


def used(world: World, collection: str = "rate_limits") -> dict[str, Any]:
    return {row["name"]: row["state"][-1] for row in world.records("shop", collection)}


def sentences(reply: Reply) -> list[str]:
    exchange = reply.exchange
    return [one.sentence() for one in decisions(exchange.operation, exchange.trace)]


@pytest.mark.parametrize("limits", [(MINUTE, DAY), (DAY, MINUTE)])
def test_retry_after_is_the_longest_wait_of_all_limits_that_refuse(
    serve: Serve, limits: tuple[str, ...]
) -> None:
    world = limited(serve, *limits)
    assert world.get("/a").status == 200
    refused = world.get("/a")
    assert (refused.status, refused.header("retry-after")) == (429, "86400")
    world.advance("PT86399S")
    assert world.get("/a").status == 429
    world.advance("PT1S")
    assert world.get("/a").status == 200


def test_retry_after_leaves_out_limits_that_do_not_refuse(serve: Serve) -> None:
    world = limited(serve, MINUTE, DAY, days=5)
    assert [world.get("/a").status for _ in range(2)] == [200, 429]
    assert world.get("/a").header("retry-after") == "60"


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "token_bucket"])
@pytest.mark.parametrize("first", [True, False])
def test_a_refused_request_takes_from_none_of_the_limits(
    serve: Serve, algorithm: str, *, first: bool
) -> None:
    wide = f"{{name: wide, limit: 3, window: P1D, algorithm: {algorithm}}}"
    world = limited(serve, *((wide, MINUTE) if first else (MINUTE, wide)))
    assert [world.get("/a").status for _ in range(10)] == [200] + 9 * [429]
    world.advance("PT1M")
    assert world.get("/a").status == 200
    world.advance("PT1M")
    assert world.get("/a").status == 200


def test_the_first_request_of_all_takes_nothing_if_another_limit_refuses_it(serve: Serve) -> None:
    world = limited(serve, DAY, "{name: none, limit: 0, window: PT1M}")
    assert world.get("/a").status == 429
    assert "day" not in used(world)


def test_the_error_is_that_of_the_limit_with_the_longest_wait(serve: Serve) -> None:
    world = limited(
        serve,
        "{name: minute, limit: 1, window: PT1M, otherwise: {error: rate_limited, message: minute}}",
        "{name: day, limit: 1, window: P1D, otherwise: {error: forbidden, message: day}}",
    )
    world.get("/a")
    refused = world.get("/a")
    assert (refused.status, refused.json["detail"]) == (403, "day")


def test_a_trace_names_every_limit_and_which_one_refuses(serve: Serve) -> None:
    world = limited(serve, DAY, MINUTE, days=5)
    world.get("/a")
    told = " / ".join(sentences(world.get("/a")))
    assert "rate limit day: 4 of 5 left" in told
    assert "rate limit minute: all 1 used until" in told


def test_there_is_one_set_of_x_ratelimit_headers_the_tightest(serve: Serve) -> None:
    world = limited(
        serve,
        "{name: wide, limit: 9, window: P1D, headers: x-ratelimit}",
        "{name: tight, limit: 2, window: PT1M, headers: x-ratelimit}",
        "{name: hidden, limit: 1000, window: PT1M}",
    )
    replies = [world.get("/a") for _ in range(3)]
    assert [headers_of(one, "x-ratelimit-limit") for one in replies] == [["2"]] * 3
    assert [headers_of(one, "x-ratelimit-remaining") for one in replies] == [["1"], ["0"], ["0"]]
    assert [len(headers_of(one, "x-ratelimit-reset")) for one in replies] == [1, 1, 1]


def test_of_two_limits_that_refuse_the_headers_tell_the_longer_wait(serve: Serve) -> None:
    world = limited(
        serve,
        "{name: minute, limit: 1, window: PT1M, headers: x-ratelimit}",
        "{name: day, limit: 1, window: P1D, headers: x-ratelimit}",
    )
    start = world.now // 1_000_000
    world.get("/a")
    assert headers_of(world.get("/a"), "x-ratelimit-reset") == [str(start + 86_400)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_retry_after_is_the_longest_wait_of_all_quotas_that_refuse(
    serve: Serve, order: tuple[int, int]
) -> None:
    steps = ["{take: {quota: minute, subject: a, limit: 1, period: PT1M}}",
             "{take: {quota: month, subject: a, limit: 1, calendar: month}}"]  # fmt: skip
    world = serve(QUOTAS.replace("STEPS", ", ".join(steps[i] for i in order)))
    assert world.get("/a").status == 200
    refused = world.get("/a")
    assert refused.header("retry-after") == str(21 * 86_400 + 12 * 3600)  # until 1 April
    assert used(world, "quotas") == {"minute": 1, "month": 1}


def test_a_quota_that_never_renews_promises_nothing(serve: Serve) -> None:
    steps = (
        "{take: {quota: minute, subject: a, limit: 1, period: PT1M}},"
        " {take: {quota: ever, subject: a, limit: 1}}"
    )
    world = serve(QUOTAS.replace("STEPS", steps))
    world.get("/a")
    refused = world.get("/a")
    assert (refused.status, refused.header("retry-after")) == (429, None)


def test_a_quota_under_a_condition_or_optional_adds_no_wait(serve: Serve) -> None:
    steps = (
        "{take: {quota: minute, subject: a, limit: 1, period: PT1M}},"
        " {take: {quota: soft, subject: a, limit: 0, period: P1D, optional: true}},"
        " {take: {quota: rare, subject: a, limit: 0, period: P1D}, when: '{{ false }}'}"
    )
    world = serve(QUOTAS.replace("STEPS", steps))
    world.get("/a")
    assert world.get("/a").header("retry-after") == "60"


def test_a_quota_sees_the_names_of_earlier_steps_when_another_refuses(serve: Serve) -> None:
    steps = (
        "{let: {who: ann}},"
        " {take: {quota: minute, subject: '{{ who }}', limit: 1, period: PT1M}},"
        " {take: {quota: day, subject: '{{ who }}', limit: 1, period: P1D, anchor: '{{ now }}'}}"
    )
    world = serve(QUOTAS.replace("STEPS", steps))
    world.get("/a")
    assert world.get("/a").header("retry-after") == "86400"


@pytest.mark.parametrize("per", ["{{ credential }}", "{{ principal.team }}"])
def test_a_limit_per_caller_does_not_apply_to_callers_without_credentials(
    serve: Serve, per: str
) -> None:
    world = serve(SUBJECTS.replace("PER", per))
    assert [world.get("/open").status for _ in range(3)] == [200, 200, 200]
    assert [world.get("/both").status for _ in range(3)] == [200, 200, 200]
    assert [world.get("/mine", x_key="k1").status for _ in range(2)] == [200, 429]
    assert [row["subject"] for row in world.records("shop", "rate_limits")] != ["None"]
    reply = world.get("/open")
    assert headers_of(reply, "x-ratelimit-limit") == []
    assert any("rate limit few does not apply" in one for one in sentences(reply))


def test_a_limit_does_not_apply_where_its_subject_is_null(serve: Serve) -> None:
    world = serve(SUBJECTS.replace("PER", "{{ principal.team }}"))
    assert [world.get("/mine", x_key="k2").status for _ in range(2)] == [200, 200]


def test_a_limit_that_names_callers_without_credentials_counts_them(serve: Serve) -> None:
    world = serve(SUBJECTS.replace("PER", "{{ credential or 'anonymous' }}"))
    assert [world.get("/open").status for _ in range(2)] == [200, 429]


def test_a_subject_is_written_as_json_writes_it(serve: Serve) -> None:
    world = serve(SUBJECTS.replace("PER", "{{ credential == null }}"))
    world.get("/open")
    assert [row["subject"] for row in world.records("shop", "rate_limits")] == ["true"]


@pytest.mark.parametrize("verb", ["take", "cooldown"])
def test_a_quota_or_cooldown_of_nobody_is_not_shared(serve: Serve, verb: str) -> None:
    step = (
        "{take: {quota: q, subject: '{{ header.nobody }}', limit: 1}}"
        if verb == "take"
        else "{cooldown: {name: c, subject: '{{ header.nobody }}', period: P1D}}"
    )
    world = serve(QUOTAS.replace("STEPS", step))
    replies = [world.get("/a") for _ in range(2)]
    assert [one.status for one in replies] == [200, 200]
    assert world.records("shop", "quotas") == world.records("shop", "cooldowns") == []
    assert [world.get("/a", nobody="x").status for _ in range(2)] == [200, 429]


def test_a_quota_of_nobody_has_its_whole_limit_left(serve: Serve) -> None:
    steps = (
        "{take: {quota: q, subject: '{{ null }}', limit: 5, as: left}},"
        " {respond: {body: '{{ left }}'}}"
    )
    found = serve(QUOTAS.replace("STEPS", steps)).get("/a").json
    assert (found["allowed"], found["left"], found["used"], found["limit"]) == (True, 5, 0, 5)
