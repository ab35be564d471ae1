from collections.abc import Callable

import pytest

from mockserver.base.time import MINUTE, parse_instant
from mockserver.engine.allowances import Allowances
from mockserver.engine.limits import ALGORITHMS, current_allowance
from tests.conftest import START, World

INVITE = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
KEY = {"x_apikey": "demo-partoo-key"}
DOCUMENT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
x-mock:
  limits: [{name: hits, limit: 3, window: PT1M, algorithm: ALGORITHM}]
paths:
  /orders:
    post:
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {'200': {description: ok}}
      x-mock:
        steps:
          - take: {quota: orders, subject: "{{ body.who }}", limit: "{{ body.most }}"}
          - cooldown: {name: rest, subject: "{{ body.who }}", period: "{{ days(body.days) }}"}
"""


@pytest.fixture
def partoo(world: World) -> World:
    return world.at("/partoo/v2/review_booster", **KEY)


def of(world: World, api: str = "partoo") -> Allowances:
    sandbox = world.sandbox()
    return Allowances(world.engine.apis[api], sandbox, sandbox.clock.now(world.now))


def test_a_quota_is_told_before_anything_is_taken(world: World) -> None:
    found = [(quota.subject, quota.used, quota.left) for quota in of(world).quotas()]
    assert found == [("demo-org", 0, 500), ("other-org", 0, 500)]


def test_a_quota_is_what_the_next_request_would_meet(world: World, partoo: World) -> None:
    partoo.post("/send_invitation", INVITE)
    world.set("partoo", sms_quota=1)
    first = next(of(world).quotas())
    assert (first.limit, first.used, first.left) == (1, 1, 0)
    assert first.renews == parse_instant("2026-04-01T00:00:00Z")
    world.advance("P31D")
    assert next(of(world).quotas()).left == 1


def test_a_principal_with_a_limit_of_its_own_has_that_one(world: World) -> None:
    found = {quota.subject: quota.limit for quota in of(world, "cloutly-marketplace").quotas()}
    assert (found["demo-market"], found["last-sms-market"]) == (1000, 1000)
    quotas = of(world, "cloutly-marketplace").quotas()
    sms = {quota.subject: quota.limit for quota in quotas if quota.name == "sms"}
    assert (sms["demo-market"], sms["last-sms-market"]) == (100, 1)


def test_a_cooldown_ends_as_the_settings_now_say(world: World, partoo: World) -> None:
    partoo.post("/send_invitation", INVITE)
    (rest,) = of(world).cooldowns()
    told = (rest.name, rest.subject, rest.since, rest.until)
    assert told == ("sms", "+33647385968", START, parse_instant("2026-03-20T12:00:00Z"))
    world.set("partoo", cooldown="P1D")
    assert next(of(world).cooldowns()).until == parse_instant("2026-03-11T12:00:00Z")
    world.advance("P1D")
    assert list(of(world).cooldowns()) == []


def test_looking_at_a_rate_limit_takes_nothing_from_it(world: World, partoo: World) -> None:
    partoo.get("/invitation_status")
    first = list(of(world).rate_limits())
    assert list(of(world).rate_limits()) == first
    assert (first[0].name, first[0].subject, first[0].left) == ("requests", "demo-org", 299)


def test_a_limit_that_only_a_request_tells_is_not_guessed(serve: Callable[[str], World]) -> None:
    world = serve(DOCUMENT.replace("ALGORITHM", "fixed_window"))
    world.post("/orders", {"who": "ann", "most": 5, "days": 3})
    (quota,) = of(world, "shop").quotas()
    assert (quota.subject, quota.used, quota.limit, quota.left) == ("ann", 1, None, None)
    assert list(of(world, "shop").cooldowns()) == []


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_what_stands_is_what_hits_left(serve: Callable[[str], World], algorithm: str) -> None:
    world = serve(DOCUMENT.replace("ALGORITHM", algorithm))
    for left in (2, 1, 0, 0):
        world.post("/orders", {"who": "ann", "most": 9, "days": 0})
        (rate,) = of(world, "shop").rate_limits()
        assert rate.left == left
        assert START < rate.resets_at <= START + MINUTE


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_a_limit_that_was_never_hit_is_whole_now(algorithm: str) -> None:
    found = current_allowance(algorithm, 3, MINUTE, None, START)
    assert (found.allowed, found.remaining, found.resets_at) == (True, 3, START)
