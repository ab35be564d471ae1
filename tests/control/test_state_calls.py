from collections.abc import Callable
from typing import Any

import pytest

from mockserver import create_app
from mockserver.base.errors import SettingsError
from mockserver.control import snapshot_text
from tests.conftest import World
from tests.control.test_control_app import INVITE, KEY, PARTOO
from tests.control_client import Client, client_of

pytestmark = pytest.mark.anyio
CLOCK = {"now": "2026-03-10T12:00:00Z", "frozen": False}


async def test_a_snapshot_goes_on_in_another_sandbox(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    kept = (await client.get("/_mock/state")).json()
    reply = await client.put("/_mock/state", params={"sandbox": "other"}, json=kept)
    assert reply.status_code == 204
    again = [
        await client.post(PARTOO, json=INVITE, headers={**KEY, "mock-sandbox": name})
        for name in ("default", "other")
    ]
    assert again[0].content == again[1].content
    whys = [reply.headers.pop("mock-why") for reply in again]
    assert again[0].headers == again[1].headers
    assert whys[0] == whys[1].replace("?sandbox=other", "")
    assert again[0].json() != {}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"mockserver": 2}, "/mockserver"),
        ({"clock": None}, "/clock"),
        ({"clock": {"now": 5}}, "/clock/now"),
        ({"clock": {**CLOCK, "zone": "UTC"}}, "/clock/zone"),
        ({"seed": 1.5}, "/seed"),
        ({"ids": True}, "/ids"),
        ({"ids": -1}, "/ids"),
        ({"seed": 2**64}, "/seed"),
        ({"record": {}}, "/record"),
        ({"settings": {"partoo": {"none": 1}}}, "/settings/partoo/none"),
        ({"records": {"partoo": []}}, "/records/partoo"),
        ({"records": {"partoo": {"businesses": [1]}}}, "/records/partoo/businesses/0"),
        ({"records": {"partoo": {"businesses": [{}]}}}, "/records/partoo/businesses/0/id"),
    ],
    ids=str,
)
async def test_a_snapshot_that_is_wrong_is_refused_with_the_place(
    client: Client, change: dict[str, Any], pointer: str
) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    before = (await client.get("/_mock/state")).content
    reply = await client.put("/_mock/state", json={"mockserver": 1, "clock": CLOCK, **change})
    assert reply.status_code == 422
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]
    assert (await client.get("/_mock/state")).content == before


@pytest.mark.parametrize(
    ("collection", "record", "field"),
    [
        ("messages", {"id": "m"}, "api"),
        ("quotas", {"id": "q", "name": "a", "subject": "b", "state": [1]}, "state"),
        ("cooldowns", {"id": "c", "name": "a", "subject": "b", "state": ["x"]}, "state"),
        ("sequences", {"id": "s", "value": "one"}, "value"),
        ("oauth_codes", {"id": "c"}, "client_id"),
    ],
)
async def test_a_record_that_would_break_the_engine_is_refused(
    client: Client, collection: str, record: dict[str, Any], field: str
) -> None:
    path = f"/_mock/records/justanudge/{collection}"
    for reply in (
        await client.post(path, json=record),
        await client.put(f"{path}/{record['id']}", json=record),
    ):
        assert reply.status_code == 422
        assert reply.json()["errors"][0]["pointer"] == f"/{field}"
    assert (await client.get(path)).json()["total"] == 0


async def test_records_that_the_engine_wrote_can_be_put_back(client: Client) -> None:
    await client.post(PARTOO, json=INVITE, headers=KEY)
    for name in ("messages", "quotas", "cooldowns", "rate_limits"):
        path = f"/_mock/records/partoo/{name}"
        records = (await client.get(path)).json()["records"]
        assert records
        await client.delete(path)
        for record in records:
            assert (await client.post(path, json=record)).status_code == 201
    assert (await client.get("/_mock/messages")).json()["total"] == 1


async def test_whatever_a_record_holds_can_be_restored(client: Client, world: World) -> None:
    deep: Any = "a\0b"
    for _ in range(95):
        deep = [deep]
    store = world.sandbox().store("partoo")
    store.collection("businesses").insert({"id": "odd", "deep": deep})
    kept = await client.get("/_mock/state")
    await client.post("/_mock/reset")
    headers = {"content-type": "application/json"}
    reply = await client.put("/_mock/state", content=kept.content, headers=headers)
    assert reply.status_code == 204
    assert (await client.get("/_mock/state")).content == kept.content


async def test_a_record_that_few_can_read_is_still_shown(client: Client, world: World) -> None:
    store = world.sandbox().store("partoo")
    store.collection("businesses").insert({"id": "odd", "large": 2**70, "half": "\ud800"})
    reply = await client.get("/_mock/records/partoo/businesses/odd")
    assert reply.json() == {"id": "odd", "large": 2**70, "half": "\ud800"}


NESTS = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  collections: {nests: {}}
  records: {nests: [{id: n, value: 1}]}
paths:
  /nest:
    post:
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - find: {in: nests, where: {id: n}, as: found}
          - update: {in: nests, where: {id: n}, set: {value: {again: "{{ found.value }}"}}}
          - respond: {body: {}}
"""


@pytest.mark.parametrize("count", [120, 300, 480])
async def test_records_that_were_wrapped_again_and_again_are_restored(
    serve: Callable[..., World], count: int
) -> None:
    world = serve(NESTS)
    for _ in range(count):
        world.send("POST", "/nest")
    async with client_of(world) as client:
        kept = await client.get("/_mock/state")
        headers = {"content-type": "application/json"}
        reply = await client.put("/_mock/state", content=kept.content, headers=headers)
        assert reply.status_code == 204
        assert (await client.get("/_mock/state")).content == kept.content


@pytest.mark.parametrize("count", [510, 2_000])
async def test_a_state_that_is_nested_too_deeply_to_be_restored_is_not_written(
    serve: Callable[..., World], count: int
) -> None:
    world = serve(NESTS)
    for _ in range(count):
        world.send("POST", "/nest")
    async with client_of(world) as client:
        reply = await client.get("/_mock/state")
    assert reply.status_code == 409
    assert "at most 500 levels" in reply.json()["detail"]


async def test_a_state_that_is_too_large_to_be_restored_is_not_written(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_text, "LARGEST", 1_000)
    await client.post(PARTOO, json=INVITE, headers=KEY)
    reply = await client.get("/_mock/state")
    assert reply.status_code == 409
    assert "a snapshot has at most 1,000; remove records first" in reply.json()["detail"]


@pytest.mark.parametrize("key", [True, 1.5, 31.0, "", [1], {"a": 1}], ids=repr)
async def test_keys_that_steps_made_are_restored_and_those_of_clients_are_checked(
    client: Client, world: World, key: Any
) -> None:
    world.sandbox().store("partoo").collection("businesses").insert({"id": key})
    kept = (await client.get("/_mock/state")).json()
    assert (await client.put("/_mock/state", json=kept)).status_code == 204
    reply = await client.post("/_mock/records/partoo/businesses", json={"id": key})
    assert reply.status_code == 422


async def test_a_seed_that_no_snapshot_can_have_is_refused() -> None:
    with pytest.raises(SettingsError, match="at most 64 bits"):
        create_app(seed=2**63)
