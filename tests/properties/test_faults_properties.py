import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.errors import FaultError
from mockserver.engine.faults import check_fault
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.api import Api, Operation
from mockserver.model.fault import Fault, FaultDefinition
from mockserver.model.messages import Request
from mockserver.model.trace import FaultInjected
from tests.conftest import START, World

unhurried = settings(deadline=None)
NAMES = st.none() | st.sampled_from(["partoo", "cloutly", "sendReviewInvite", "getMe", "x"])
WHOLE = st.none() | st.integers(-1, 5) | st.integers(200, 600)
DEFINITIONS = st.fixed_dictionaries(
    {},
    optional={
        "api": NAMES,
        "operation": NAMES,
        "method": st.sampled_from(["GET", "POST", "*", "HEAD", "post"]),
        "path": st.text("/*apiv2reviews", max_size=12),
        "times": WHOLE,
        "after": st.integers(-1, 3),
        "probability": st.floats() | st.integers(0, 1),
        "error": st.sampled_from(["invalid", "rate_limited", "cooldown", "invalid_grant", "x"]),
        "retry_after": WHOLE,
        "status": WHOLE,
        "example": st.sampled_from(["flat", "none"]),
        "delay": st.sampled_from(["PT1S", "PT0S", "P1D", "x"]),
        "truncate": WHOLE,
        "disconnect": st.sampled_from(["before", "after", "x"]),
    },
)
REQUESTS = [
    ("POST", "/partoo/v2/review_booster/send_invitation"),
    ("GET", "/cloutly/api/v1/businesses"),
    ("HEAD", "/cloutly/api/v1/reviews"),
    ("POST", "/justanudge/api/oauth/zapier/token"),
    ("GET", "/nowhere"),
]


def served(bundled: list[Api]) -> World:
    return World(Engine(bundled, Sandboxes({api.name: api for api in bundled})))


@unhurried
@given(parts=DEFINITIONS)
def test_a_definition_is_refused_or_served(bundled: list[Api], parts: dict[str, Any]) -> None:
    world = served(bundled)
    try:
        fault = check_fault(FaultDefinition(**parts), world.engine.apis)
    except FaultError:
        return
    world.sandbox().faults.add(world.sandbox().transaction(), fault)
    for method, path in REQUESTS:
        exchange = world.send(method, path).exchange
        assert exchange.reason not in ("mock_failure", "full")
        assert (exchange.fault is not None) == (exchange.reason == "fault")


def operation_at(bundled: list[Api], path: str) -> tuple[Api, Operation]:
    """Return an operation of an API called `a`, at any path."""
    api = replace(bundled[0], name="a", servers=())
    return api, replace(api.operations[0], id="o", path=path)


@given(pattern=st.text("/*ab", max_size=12), path=st.text("/ab", max_size=12))
def test_a_star_stands_for_any_characters(bundled: list[Api], pattern: str, path: str) -> None:
    fault = Fault(FaultDefinition(path=pattern), frozenset((("a", "o"),)))
    expected = ".*".join(map(re.escape, pattern.split("*")))
    found = any(re.fullmatch(expected, text) for text in (path, f"/a{path}"))
    assert fault.fits(*operation_at(bundled, path), "GET", ()) is found


@given(
    after=st.integers(0, 5),
    times=st.none() | st.integers(1, 5),
    share=st.floats(0, 1),
    seed=st.integers(),
)
def test_hits_are_counted(
    bundled: list[Api], after: int, times: int | None, share: float, seed: int
) -> None:
    definition = FaultDefinition(after=after, times=times, probability=share, status=500)
    sandbox = World(Engine(bundled, Sandboxes({api.name: api for api in bundled}, seed))).sandbox()
    faults, writes = sandbox.faults, sandbox.transaction()
    added = faults.add(writes, Fault(definition, frozenset((("a", "o"),))))
    target = operation_at(bundled, "/")
    hits = [faults.hit(writes, *target, "GET", ()) is not None for _ in range(20)]
    installed = faults.get(added.id)
    assert installed is not None
    assert not any(hits[:after])
    assert sum(hits) == installed.hits <= (20 if times is None else times)
    if share == 1:
        assert installed.hits == min(20 - after, times or 20)
    if share == 0:
        assert installed.hits == 0


def test_every_error_of_every_operation_can_be_forced(bundled: list[Api]) -> None:
    for api in bundled:
        world = served([api])
        prefix = f"/{api.name}{api.servers[0].path}"
        for operation in api.operations:
            path = re.sub(r"\{\w+\}", "x", operation.path)
            for kind, error in operation.errors.items():
                definition = FaultDefinition(operation=operation.id, error=kind, times=1)
                world.sandbox().faults.add(
                    world.sandbox().transaction(), check_fault(definition, world.engine.apis)
                )
                exchange = world.send(operation.method, prefix + path).exchange
                assert exchange.answer.status == error.status, (operation.id, kind)
                assert exchange.reason == "fault"
                world.sandbox().faults.clear(world.sandbox().transaction())


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_requests_meet_the_same_faults(bundled: list[Api], seed: int) -> None:
    def told() -> list[object]:
        apis = {api.name: api for api in bundled}
        engine = Engine(bundled, Sandboxes(apis, seed))
        for share in (0.2, 0.5):
            fault = check_fault(FaultDefinition(probability=share, delay="PT1S"), apis)
            sandbox = engine.sandboxes.get("default", START)
            sandbox.faults.add(sandbox.transaction(), fault)
        requests = [Request("GET", REQUESTS[1][1], "", {"host": "a"}, b"") for _ in range(30)]
        traces = [engine.handle(request, START).trace for request in requests]
        return [entry for trace in traces for entry in trace if isinstance(entry, FaultInjected)]

    assert told() == told() != []
