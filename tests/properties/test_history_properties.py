"""A sandbox can go back to every entry, and the changes of its entries are its whole state."""

from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.base.time import Duration, Instant
from mockserver.control.control_app import CALLS
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.faults import check_fault
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api
from mockserver.model.fault import FaultDefinition
from mockserver.openapi.compiler import load_apis
from tests.conftest import ROOT, START, World
from tests.history import fold, state_of

PARTOO = "/partoo/v2/review_booster/send_invitation"
BUSINESS = "5409c35a97bbc544d8e26737"
MOVES = (
    "invite",
    "refused",
    "unknown",
    "cloutly",
    "advance",
    "place",
    "freeze",
    "run",
    "setting",
    "record",
    "remove",
    "fault",
    "hide",
    "wait",
)
ACTIONS = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 3)), max_size=14)


def act(world: World, action: str, number: int) -> None:  # noqa: C901, PLR0912, PLR0915 - one branch a move
    """Do one thing to the default sandbox."""
    sandbox = world.sandbox()
    writes = sandbox.transaction()
    clock = sandbox.clock
    if action in ("invite", "refused"):
        body: dict[str, Any] = {"business_id": BUSINESS, "target_phone": f"+33647385{number:03d}"}
        body |= {} if action == "invite" else {"business_id": "none"}
        world.post(PARTOO, body, x_apikey="demo-partoo-key")
    elif action == "unknown":
        world.get("/nowhere")
    elif action == "cloutly":
        world.get("/cloutly/api/v1/businesses", x_api_key="demo-cloutly-key")
    elif action == "advance":
        sandbox.set_clock(writes, clock.advanced(Duration(10**9), world.now), world.now)
    elif action == "place" and not sandbox.history.count:
        placed = Instant(START - number * 10**10)
        sandbox.set_clock(writes, clock.placed(placed, world.now), world.now)
    elif action == "freeze":
        sandbox.set_clock(writes, clock.frozen(world.now), world.now)
    elif action == "run":
        sandbox.set_clock(writes, clock.running(world.now), world.now)
    elif action == "setting":
        sandbox.change_settings(writes, "partoo", {"sms_quota": number})
    elif action == "record":
        record = {"id": f"b{number}", "name": "new"}
        writes.put(sandbox.store("partoo").collection("businesses"), record["id"], record)
    elif action == "remove":
        businesses = sandbox.store("partoo").collection("businesses")
        if len(businesses.rows) > 1:
            writes.remove(businesses, sorted(businesses.rows)[number % len(businesses.rows)])
    elif action == "fault":
        definition = FaultDefinition(api="partoo", status=503, times=1, after=number)
        sandbox.faults.add(writes, check_fault(definition, sandbox.apis))
    elif action == "hide":
        sandbox.hide_exchanges(writes)
    elif action == "wait":
        world.now = Instant(world.now + number * 10**6)
    if writes.log:
        sandbox.record(action, world.now, writes)


@cache
def bundled_apis() -> list[Api]:
    return load_apis([ROOT / "specs"], BUILT_IN)


def new_world() -> World:
    apis = bundled_apis()
    return World(Engine(apis, Sandboxes({api.name: api for api in apis})))


QUICK = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@QUICK
@given(actions=ACTIONS)
def test_the_changes_of_all_entries_are_the_state(actions: list[tuple[str, int]]) -> None:
    world = new_world()
    sandbox = world.sandbox()
    began = world.now
    for action, number in actions:
        act(world, action, number)
    assert state_of(fold(sandbox, began), world.now) == state_of(sandbox, world.now)


@QUICK
@given(before=ACTIONS, after=ACTIONS, again=ACTIONS)
def test_a_rewind_and_a_fork_are_the_sandbox_that_was_only_played_so_far(
    before: list[tuple[str, int]],
    after: list[tuple[str, int]],
    again: list[tuple[str, int]],
) -> None:
    world = new_world()
    sandbox = world.sandbox()
    for action, number in before:
        act(world, action, number)
    mark = sandbox.history.mark(sandbox.history.position)
    if mark.position == 0:
        sandbox.record("begin", world.now, sandbox.transaction())
        mark = sandbox.history.mark(1)
    world.now = mark.at if sandbox.clock.offset == 0 else world.now
    fork = world.engine.sandboxes.fork(sandbox, "played", None, world.now)
    fork.rewind(mark, world.now)
    played = state_of(fork, world.now)
    for action, number in after:
        act(world, action, number)
    late = world.engine.sandboxes.fork(sandbox, "late", mark, world.now)
    sandbox.rewind(mark, world.now)
    assert state_of(sandbox, world.now) == state_of(late, world.now) == played
    for action, number in again:
        act(world, action, number)
    assert state_of(late, world.now)["records"] == played["records"]


def test_every_call_that_changes_something_says_what() -> None:
    changing = {call.id for call in CALLS if call.method != "GET" and not call.reads}
    named = {call.id for call in CALLS if call.changes}
    assert changing - named == {"makeSandbox", "deleteSandbox"}
