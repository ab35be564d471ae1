"""Which requests of a run count as refused."""

from typing import Any

import pytest

from mockserver.engine.faults import check_fault
from mockserver.model.fault import FaultDefinition
from mockserver.server.refusal_report import refusal_report
from tests.conftest import Reply, World

LIST = "/cloutly/api/v1/businesses"
KEY = {"x_api_key": "demo-cloutly-key"}


def _report(*replies: Reply) -> list[str]:
    exchanges = [reply.exchange for reply in replies]
    return refusal_report(exchanges, len(exchanges))


def _with_fault(world: World, **fields: Any) -> Reply:
    fault = check_fault(FaultDefinition(**fields), world.engine.apis)
    world.sandbox().faults.add(world.sandbox().transaction(), fault)
    return world.get(LIST, **KEY)


@pytest.mark.parametrize("code", [200, 401])
def test_a_preferred_answer_is_not_refused(world: World, code: int) -> None:
    reply = world.get(LIST, **KEY, prefer=f"code={code}")

    assert (reply.status, reply.header("mock-reason")) == (code, "preferred")
    assert _report(reply) == []


def test_a_request_that_is_only_delayed_is_not_refused(world: World) -> None:
    assert _report(_with_fault(world, delay="PT0.01S")) == []


@pytest.mark.parametrize(
    "fault", [{"error": "rate_limited"}, {"disconnect": "before"}, {"disconnect": "after"}]
)
def test_a_request_that_a_fault_fails_is_refused(world: World, fault: dict[str, Any]) -> None:
    assert len(_report(_with_fault(world, **fault))) == 2


def test_a_delayed_refusal_is_refused(world: World) -> None:
    _with_fault(world, delay="PT0.01S")

    assert len(_report(world.get(LIST))) == 2


@pytest.mark.parametrize("path", [LIST, "/nothing"])
def test_refused_and_unmatched_requests_have_a_line(world: World, path: str) -> None:
    assert len(_report(world.get(path))) == 2


def test_without_refused_requests_there_is_no_report(world: World) -> None:
    assert _report(world.get(LIST, **KEY)) == []


def test_a_request_without_an_operation_has_the_advice_of_its_answer(world: World) -> None:
    reply = world.at("").get("/cloutly/api/v1/busineses")
    why = reply.header("mock-why") or ""

    line = _report(reply)[1]

    assert line.endswith("; did you mean GET /cloutly/api/v1/businesses?")
    assert line.rpartition("; ")[2] in why


def test_a_request_that_no_sandbox_takes_has_that_reason(world: World) -> None:
    assert "invalid_sandbox: " in _report(world.at("").get("/~a%20b" + LIST))[1]
