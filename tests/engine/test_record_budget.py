"""The budget of all records: what they need, when it is given back, and what is refused."""

from collections.abc import Callable

import pytest

from mockserver.base.errors import SandboxFullError
from mockserver.engine.memory_estimates import value_size
from mockserver.engine.pipeline import Engine
from mockserver.engine.record_budget import RecordBudget
from mockserver.engine.records import Collection, Transaction
from mockserver.engine.sandbox import Bounds
from mockserver.engine.sandboxes import Sandboxes
from mockserver.engine.snapshot import SnapshotError, restore, take
from mockserver.model.api import Api, CollectionSpec
from tests.conftest import World

SPEC = CollectionSpec("items", indexed=("colour",))
SHOP = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
x-mock:
  collections: {items: {}}
paths:
  /items:
    post:
      requestBody: {content: {application/json: {schema: {}}}}
      responses: {'200': {description: done}}
      x-mock:
        steps:
          - create: {in: items, record: {id: "{{ uuid() }}", text: "{{ body.text }}"}}
          - respond: {body: {}}
"""


def made(budget: RecordBudget, *, is_large: bool = False) -> tuple[Collection, Transaction]:
    collection = Collection(SPEC, budget=budget)
    return collection, Transaction(lambda _: collection, is_large=is_large)


def total(world: World) -> int:
    sandboxes = world.engine.sandboxes.by_name.values()
    stores = [store for sandbox in sandboxes for store in sandbox.stores.values()]
    return sum(collection.size for store in stores for collection in store)


def test_every_way_to_write_is_counted_and_taken_back() -> None:
    budget = RecordBudget()
    collection, writes = made(budget)
    writes.insert(collection, {"id": "a", "colour": "red"})
    one = budget.used
    assert one == collection.size > 0
    writes.replace(collection, "a", {"id": "a", "colour": "red", "more": 1})
    assert budget.used > one
    writes.put(collection, "b", {"id": "b"})
    writes.remove(collection, "a")
    writes.roll_back()
    assert (budget.used, collection.size) == (0, 0)


def test_what_a_large_body_stored_is_measured_until_it_is_removed() -> None:
    budget = RecordBudget()
    collection, writes = made(budget, is_large=True)
    record = {"id": "a", "texts": ["x" * 10_000, "y" * 10_000]}
    writes.insert(collection, record)
    large = budget.used
    assert large >= value_size(record)
    later = Transaction(lambda _: collection)
    later.replace(collection, "a", {**record, "colour": "red"})
    assert budget.used > large
    later.remove(collection, "a")
    assert budget.used == 0
    later.roll_back()
    assert budget.used == large


def test_a_collection_that_nothing_refers_to_gives_its_bytes_back() -> None:
    budget = RecordBudget()
    collection, writes = made(budget)
    writes.insert(collection, {"id": "a"})
    fork = collection.fork()
    assert budget.used == collection.size + fork.size == 2 * collection.size
    del fork
    assert budget.used == collection.size
    del collection, writes
    assert budget.used == 0


def test_a_full_budget_refuses_new_records_and_nothing_else() -> None:
    budget = RecordBudget(most=1)
    collection, writes = made(budget)
    writes.insert(collection, {"id": "a"})
    for add in (writes.insert, lambda one, record: writes.put(one, record["id"], record)):
        with pytest.raises(SandboxFullError, match="--record-memory"):
            add(collection, {"id": "b"})
    writes.replace(collection, "a", {"id": "a", "colour": "red"})
    writes.put(collection, "a", {"id": "a"})
    writes.remove(collection, "a")
    writes.insert(collection, {"id": "b"})


def test_a_request_that_finds_the_budget_used_up_is_refused_as_full(
    serve: Callable[..., World],
) -> None:
    world = serve(SHOP)
    world.engine.sandboxes.record_budget.most = 100_000
    headers = {"content-type": "application/json"}
    body = b'{"text":"' + b"x" * 40_000 + b'"}'
    statuses = [world.send("POST", "/items", body, headers).status for _ in range(5)]
    assert statuses == [200, 200, 503, 503, 503]
    assert len(world.records("shop", "items")) == 2
    assert world.engine.sandboxes.record_budget.used == total(world)


def test_resets_rewinds_forks_and_deletions_give_back_what_they_remove(world: World) -> None:
    sandboxes = world.engine.sandboxes
    for number in range(5):
        body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": f"+3364738000{number}"}
        headers = {"x_apikey": "demo-partoo-key"}
        world.post("/partoo/v2/review_booster/send_invitation", body, **headers)
    used = sandboxes.record_budget.used
    assert used == total(world) > 0
    sandboxes.fork(world.sandbox(), "b", None, world.now)
    assert sandboxes.record_budget.used == total(world) == 2 * used
    world.sandbox().rewind(world.sandbox().history.mark(1), world.now)
    assert sandboxes.record_budget.used == total(world) < 2 * used
    sandboxes.delete("b")
    restore(world.sandbox(), take(world.sandbox(), world.now), world.now)
    assert sandboxes.record_budget.used == total(world)
    world.engine.replace(world.engine.apis.values(), {})
    assert sandboxes.record_budget.used == total(world)
    world.sandbox().reset(world.now)
    assert sandboxes.record_budget.used == total(world) == 0


def test_a_fork_for_which_there_is_no_room_is_refused(world: World) -> None:
    world.get("/cloutly/api/v1/businesses")
    sandboxes = world.engine.sandboxes
    used = sandboxes.record_budget.used
    sandboxes.record_budget.most = used
    with pytest.raises(SandboxFullError):
        sandboxes.fork(world.sandbox(), "b", None, world.now)
    assert (sandboxes.record_budget.used, "b" in sandboxes) == (used, False)


def test_a_snapshot_for_which_there_is_no_room_changes_nothing(world: World) -> None:
    world.get("/cloutly/api/v1/businesses")
    kept = take(world.sandbox(), world.now)
    budget = world.engine.sandboxes.record_budget
    used, budget.most = budget.used, 1
    with pytest.raises(SnapshotError, match="--record-memory"):
        restore(world.sandbox(), kept, world.now)
    assert budget.used == used


def test_first_records_for_which_there_is_no_room_are_refused(bundled: list[Api]) -> None:
    apis = {api.name: api for api in bundled}
    world = World(Engine(bundled, Sandboxes(apis, bounds=Bounds(record_bytes=1))))
    headers = {"x_api_key": "demo-cloutly-key"}
    assert world.get("/cloutly/api/v1/businesses", **headers).status == 503
    assert world.engine.sandboxes.record_budget.used == 0
