from collections.abc import Callable, Iterable

import pytest

from mockserver.base.time import DAY, Instant, parse_instant
from mockserver.engine import snapshot
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Bounds
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from tests.conftest import Reply, World

PARTOO = "/partoo/v2/review_booster/send_invitation"
INVITE = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
NUDGE = "/justanudge/api/zapier/send-review-request"
CLOUTLY = "/cloutly/api/v1/send-review-invite"
MARKET = (
    "/cloutly-marketplace/api/v2/businesses/44271176-7053-4534-ad6f-b38d132d341e/send-review-invite"
)
WALR = "/walr/survey/projects/demo-project/surveys/demo-survey/send-quick-sample"


def invite(world: World, prefix: str = "", **headers: str) -> int:
    given = {"x_apikey": "demo-partoo-key", **headers}
    return world.post(prefix + PARTOO, INVITE, **given).status


def test_sandboxes_by_path_prefix_do_not_see_each_other(world: World) -> None:
    assert [invite(world), invite(world, "/~one"), invite(world, "/~two")] == [200, 200, 200]
    assert [invite(world), invite(world, "/~one"), invite(world, "/~two")] == [400, 400, 400]


def test_sandboxes_by_header_do_not_see_each_other(world: World) -> None:
    assert invite(world, mock_sandbox="one") == 200
    assert invite(world, mock_sandbox="two") == 200
    assert invite(world, mock_sandbox="one") == 400


def test_a_credential_can_name_its_sandbox(world: World) -> None:
    assert invite(world, x_apikey="demo-partoo-key~ci-42") == 200
    assert invite(world) == 200
    assert invite(world, mock_sandbox="ci-42") == 400


def test_a_bearer_token_can_name_its_sandbox(world: World) -> None:
    world.post(NUDGE, {"email": "a@example.com"}, authorization="Bearer demo-nudge-token~ci-7")
    assert world.sandbox("ci-7").history.count == 1
    assert world.sandbox().history.count == 0


def test_a_path_prefix_shows_in_links(world: World) -> None:
    world.post(f"/~one{PARTOO}", INVITE, x_apikey="demo-partoo-key", host="127.0.0.1:8000")
    [message] = world.sandbox("one").store("partoo").collection("messages")
    assert message["link"].startswith("http://127.0.0.1:8000/~one/partoo/r/")


def test_clocks_and_settings_are_a_sandboxs_own(world: World) -> None:
    world.sandbox("one").change_settings(
        world.sandbox("one").transaction(), "partoo", {"sms_quota": 0}
    )
    world.advance("P1D", "one")
    assert (invite(world, "/~one"), invite(world)) == (403, 200)


def test_reset_makes_a_sandbox_as_it_was(world: World) -> None:
    first = world.post(PARTOO, INVITE, x_apikey="demo-partoo-key").exchange.answer
    world.advance("P3D")
    world.sandbox().reset(world.now)
    assert world.post(PARTOO, INVITE, x_apikey="demo-partoo-key").exchange.answer == first


def run_of(world: World) -> Iterable[Reply]:
    yield world.get("/cloutly/api/v1/reviews", x_api_key="demo-cloutly-key")
    yield world.post(PARTOO, INVITE, x_apikey="demo-partoo-key")
    yield world.post(PARTOO, INVITE, x_apikey="demo-partoo-key")
    yield world.post(NUDGE, {"email": "a@example.com"}, authorization="Bearer demo-nudge-token")
    body = {
        "firstName": "Ann",
        "email": "a@example.com",
        "businessId": "44271176-7053-4534-ad6f-b38d132d341e",
    }
    yield world.post(CLOUTLY, body, x_api_key="demo-cloutly-key")
    body_2 = {"firstName": "Ann", "channel": {"email": "a@example.com"}}
    yield world.post(MARKET, body_2, x_api_key="demo-marketplace-key")
    recipients = [{"variables": {"email": "a@example.com"}}]
    invites = {"campaignId": "demo-email-campaign", "recipients": recipients}
    yield world.post(WALR, invites, authorization="Bearer demo-walr-token")


@pytest.fixture
def seeded(bundled: list[Api]) -> Callable[[int], World]:
    def make(seed: int) -> World:
        return World(Engine(bundled, Sandboxes({api.name: api for api in bundled}, seed)))

    return make


def test_the_same_seed_gives_the_same_bytes(seeded: Callable[[int], World]) -> None:
    runs = [[reply.exchange.answer for reply in run_of(seeded(7))] for _ in range(2)]
    assert runs[0] == runs[1]
    assert [answer.status for answer in runs[0]] == [200, 200, 400, 201, 200, 200, 202]


def test_another_seed_gives_other_ids(seeded: Callable[[int], World]) -> None:
    one, two = ([reply.text for reply in run_of(seeded(seed))] for seed in (1, 2))
    assert one[1] != two[1]


def test_a_refused_request_uses_up_no_id(world: World) -> None:
    partoo = world.at("", x_apikey="demo-partoo-key")
    partoo.set("partoo", sms_quota=0)
    partoo.post(PARTOO, INVITE)
    partoo.set("partoo", sms_quota=1)
    late = partoo.post(PARTOO, INVITE).json
    world.sandbox().reset(world.now)
    assert partoo.post(PARTOO, INVITE).json == late


@pytest.mark.parametrize("name", ["", ".hidden", "a" * 65, "a/b", "ä"])
def test_a_name_that_is_none_is_refused(world: World, name: str) -> None:
    reply = world.get("/~" + name + "/cloutly/api/v1/businesses")
    assert reply.status in (400, 404)


def test_there_are_only_so_many_sandboxes(bundled: list[Api]) -> None:
    apis = {api.name: api for api in bundled}
    world = World(Engine(bundled, Sandboxes(apis, bounds=Bounds(sandboxes=2))))
    statuses = [invite(world, f"/~s{n}") for n in range(3)]
    assert statuses == [200, 200, 503]


def test_there_is_always_room_for_the_default_sandbox(bundled: list[Api]) -> None:
    apis = {api.name: api for api in bundled}
    world = World(Engine(bundled, Sandboxes(apis, bounds=Bounds(sandboxes=1))))
    assert [invite(world, "/~one"), invite(world), invite(world, "/~two")] == [200, 200, 503]


def test_a_full_collection_refuses_and_forgets_nothing(bundled: list[Api]) -> None:
    apis = {api.name: api for api in bundled}
    world = World(Engine(bundled, Sandboxes(apis, bounds=Bounds(records=30))))
    partoo = world.at("", x_apikey="demo-partoo-key")
    statuses = [
        partoo.post(PARTOO, {**INVITE, "target_phone": f"+336473859{n:02d}"}).status
        for n in range(31)
    ]
    assert statuses == [200] * 30 + [503]
    assert len(partoo.messages("partoo")) == 30


def test_the_journal_keeps_the_latest_and_counts_the_rest(bundled: list[Api]) -> None:
    apis = {api.name: api for api in bundled}
    world = World(Engine(bundled, Sandboxes(apis, bounds=Bounds(exchanges=2))))
    for _ in range(3):
        world.get("/nowhere")
    journal = world.sandbox().history
    assert ([entry.id for entry in journal], journal.count) == (["r2", "r3"], 3)


def test_the_journal_forgets_the_oldest_when_bodies_are_large(
    world: World,
) -> None:
    world.engine.sandboxes.budget.most = 9_000
    for _ in range(5):
        world.send("POST", "/nowhere", b"x" * 800)
    kept = [entry.id for entry in world.sandbox().history]
    assert (kept[-1], len(kept) < 3) == ("r5", True)


DATED = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  collections: {orders: {}, items: {}}
  records:
    orders: [{id: o1, created: "{{ iso(now) }}", ends: "{{ iso(now + days(30)) }}"}]
paths:
  /orders/o1:
    get:
      responses: {"200": {description: the order}}
      x-mock:
        steps:
          - find: {in: orders, where: {id: o1}, as: order}
          - respond: {body: "{{ order }}"}
"""


def test_fixtures_are_dated_by_the_beginning_of_the_sandbox(serve: Callable[..., World]) -> None:
    shop = serve(DATED)
    shop.advance("P40D")
    order = shop.get("/orders/o1").json
    assert (order["created"], order["ends"]) == ("2026-03-10T12:00:00Z", "2026-04-09T12:00:00Z")


def test_fixtures_are_dated_by_the_beginning_when_time_passes_before_they_are_used(
    serve: Callable[..., World],
) -> None:
    shop = serve(DATED)
    shop.get("/elsewhere")
    shop.now = Instant(shop.now + DAY)
    assert shop.get("/orders/o1").json["created"] == "2026-03-10T12:00:00Z"


def test_a_reset_is_a_new_beginning(serve: Callable[..., World]) -> None:
    shop = serve(DATED)
    shop.get("/orders/o1")
    shop.now = Instant(shop.now + DAY)
    shop.sandbox().reset(shop.now)
    assert shop.get("/orders/o1").json["created"] == "2026-03-11T12:00:00Z"


def test_fixtures_of_a_sandbox_whose_clock_was_placed_first_are_dated_by_that_time(
    serve: Callable[..., World],
) -> None:
    shop = serve(DATED)
    sandbox, placed = shop.sandbox(), parse_instant("2030-01-31T09:00:00Z")
    sandbox.set_clock(sandbox.transaction(), sandbox.clock.placed(placed, shop.now), shop.now)
    shop.advance("P40D")
    assert shop.get("/orders/o1").json["created"] == "2030-01-31T09:00:00Z"


def test_fixtures_after_a_restored_snapshot_are_dated_by_the_beginning(
    serve: Callable[..., World],
) -> None:
    shop = serve(DATED)
    shop.advance("P40D")
    taken = snapshot.take(shop.sandbox(), shop.now)
    shop.now = Instant(shop.now + DAY)
    snapshot.restore(shop.sandbox("other"), taken, shop.now)
    other = {"mock-sandbox": "other"}
    assert shop.send("GET", "/orders/o1", headers=other).json["created"] == "2026-03-10T12:00:00Z"
