from collections.abc import Callable
from typing import Any

import orjson
import pytest

from mockserver.engine.snapshot import SnapshotError, restore, take
from tests.conftest import Reply, World

PARTOO = "/partoo/v2/review_booster/send_invitation"
NUDGE = "/justanudge/api/oauth/zapier"
CLIENT = {"client_id": "demo-nudge-client", "client_secret": "demo-nudge-secret"}


def invite(world: World, phone: str = "+33647385968") -> Reply:
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone}
    return world.post(PARTOO, body, x_apikey="demo-partoo-key")


def authorize(world: World) -> Reply:
    return world.get(
        f"{NUDGE}/authorize?client_id=demo-nudge-client&response_type=code"
        "&redirect_uri=https://client.example/callback&mock_decision=approve"
    )


def go_on(world: World) -> list[object]:
    """Send what depends on all that a sandbox remembers."""
    replies = [
        invite(world),
        invite(world, "+33647385969"),
        world.get("/cloutly/api/v1/businesses", x_api_key="demo-cloutly-key"),
        world.get("/walr/survey/projects"),
        authorize(world),
        world.get("/nowhere"),
    ]
    world.advance("P4D")
    replies.append(invite(world, "+33647385970"))
    return [(reply.status, reply.exchange.answer.headers, reply.text) for reply in replies]


def as_sent(world: World, name: str = "default") -> Any:
    return orjson.loads(orjson.dumps(take(world.sandbox(name), world.now)))


def lived(world: World) -> World:
    """Let a world remember something of every kind."""
    world.set("partoo", sms_quota=3, cooldown="P3D")
    invite(world)
    authorize(world)
    world.get("/cloutly/api/v1/businesses", x_api_key="demo-cloutly-key")
    world.advance("PT1H")
    return world


@pytest.mark.parametrize("frozen", [False, True])
def test_after_a_restore_the_same_requests_get_the_same_bytes(
    world: World, *, frozen: bool
) -> None:
    lived(world)
    if frozen:
        sandbox = world.sandbox()
        sandbox.set_clock(sandbox.transaction(), sandbox.clock.frozen(world.now), world.now)
    kept = as_sent(world)
    first = go_on(world)
    restore(world.sandbox(), kept, world.now)
    assert as_sent(world) == kept
    assert go_on(world) == first


def test_a_snapshot_can_be_restored_in_another_sandbox(world: World) -> None:
    kept = as_sent(lived(world))
    restore(world.sandbox("other"), kept, world.now)
    assert as_sent(world, "other") == kept


def test_a_snapshot_restored_later_goes_on_from_its_own_time(world: World) -> None:
    kept = as_sent(lived(world))
    world.now = type(world.now)(world.now + 86_400_000_000)
    restore(world.sandbox(), kept, world.now)
    assert as_sent(world)["clock"] == kept["clock"]


def test_another_seed_comes_back_with_its_snapshot_and_goes_with_a_reset(world: World) -> None:
    kept = {**as_sent(world), "seed": 7}
    restore(world.sandbox(), kept, world.now)
    seeded = invite(world).json
    restore(world.sandbox("other"), kept, world.now)
    assert (
        world.at("/~other")
        .post(
            PARTOO,
            {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"},
            x_apikey="demo-partoo-key",
        )
        .json
        == seeded
    )
    world.sandbox().reset(world.now)
    assert invite(world).json != seeded


def test_taking_a_snapshot_changes_nothing(world: World) -> None:
    assert as_sent(world)["records"] == {}
    assert as_sent(world) == as_sent(world)


def test_a_snapshot_without_settings_and_records_is_a_sandbox_at_its_start(world: World) -> None:
    start = as_sent(world)
    lived(world)
    restore(world.sandbox(), {**start, "settings": {}, "records": {}}, world.now)
    assert as_sent(world) == start


def _put(*path: str | int, value: object) -> Callable[[Any], None]:
    def change(snapshot: Any) -> None:
        for step in path[:-1]:
            snapshot = snapshot[step]
        snapshot[path[-1]] = value

    return change


def _twice(snapshot: Any) -> None:
    rows = snapshot["records"]["partoo"]["businesses"]
    rows.append(rows[0])


BROKEN: list[tuple[Callable[[Any], None], str]] = [
    (_put("mockserver", value=2), "/mockserver"),
    (_put("ids", value=-1), "/ids"),
    (_put("requests", value=2**60), "/requests"),
    (_put("clock", "now", value="10000-01-01T00:00:00Z"), "/clock/now"),
    (_put("clock", "now", value="now"), "/clock/now"),
    (_put("settings", "none", value={}), "/settings/none"),
    (_put("settings", "partoo", "none", value=1), "/settings/partoo/none"),
    (_put("settings", "partoo", "sms_quota", value=-1), "/settings/partoo/sms_quota"),
    (_put("records", "none", value={}), "/records/none"),
    (_put("records", "partoo", "no/ne", value=[]), "/records/partoo/no~1ne"),
    (_put("records", "partoo", "businesses", 1, value={}), "/records/partoo/businesses/1/id"),
    (
        _put("records", "partoo", "businesses", 1, "id", value=None),
        "/records/partoo/businesses/1/id",
    ),
    (_twice, "/records/partoo/businesses/5/id"),
    (
        _put("records", "partoo", "quotas", 0, "state", value=[1]),
        "/records/partoo/quotas/0/state",
    ),
    (
        _put("records", "partoo", "messages", 0, "outcome", value="lost"),
        "/records/partoo/messages/0/outcome",
    ),
    (
        _put("records", "partoo", "messages", 0, "send_at", value=-(10**18)),
        "/records/partoo/messages/0/send_at",
    ),
]


@pytest.mark.parametrize(
    ("change", "pointer"),
    BROKEN,
    ids=[f"{number} {pointer}" for number, (_, pointer) in enumerate(BROKEN)],
)
def test_a_snapshot_that_is_wrong_says_where_and_changes_nothing(
    world: World, change: Callable[[Any], None], pointer: str
) -> None:
    kept = as_sent(lived(world))
    broken = orjson.loads(orjson.dumps(kept))
    change(broken)
    with pytest.raises(SnapshotError) as caught:
        restore(world.sandbox(), broken, world.now)
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert as_sent(world) == kept


def test_every_problem_of_a_snapshot_is_told_at_once(world: World) -> None:
    broken = {**as_sent(world), "mockserver": 2, "settings": {"a": {}}, "records": {"b": {}}}
    with pytest.raises(SnapshotError, match="there are: cloutly") as caught:
        restore(world.sandbox(), broken, world.now)
    assert [problem.pointer for problem in caught.value.problems] == [
        "/mockserver",
        "/settings/a",
        "/records/b",
    ]


def test_a_field_that_must_be_unique_is_checked(serve: Callable[..., World]) -> None:
    world = serve(
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\n"
        "x-mock: {name: shop, collections: {users: {unique: [email]}}}\n"
        "paths: {/: {get: {responses: {'200': {description: ok}}}}}\n"
    )
    world.get("/")
    rows = [{"id": 1, "email": "a@example.com"}, {"id": 2, "email": "a@example.com"}]
    broken = {**as_sent(world), "records": {"shop": {"users": rows}}}
    with pytest.raises(SnapshotError, match="another record of users has the email"):
        restore(world.sandbox(), broken, world.now)
