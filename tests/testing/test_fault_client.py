from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from mockserver.testing import Fault, Sandbox
from tests.testing.conftest import Recorder

Recording = Callable[[Mapping[tuple[str, str], Any]], tuple[Recorder, Sandbox]]
FAULT = {"id": "f1", "hits": 0, "remaining": 1}


def test_the_next_request_to_an_api_fails(recorded: Recording) -> None:
    recorder, sandbox = recorded({("POST", "faults"): FAULT})
    fault = sandbox.shop.fail_next(status=503, operation="order", delay=timedelta(seconds=2))
    assert fault == Fault("f1", hits=0, remaining=1)
    sent = {"api": "shop", "times": 1, "status": 503, "operation": "order", "delay": "PT2S"}
    assert recorder.calls[-1] == ("POST", "faults", {"sandbox": "s"}, sent)


def test_a_fault_hits_as_often_as_is_said(recorded: Recording) -> None:
    recorder, sandbox = recorded({("POST", "faults"): FAULT})
    sandbox.shop.fail_next(error="rate_limited", times=3)
    sandbox.faults.add(disconnect="after")
    assert [call[3] for call in recorder.calls if call[0] == "POST"] == [
        {"api": "shop", "times": 3, "error": "rate_limited"},
        {"disconnect": "after"},
    ]


def test_faults_are_listed_and_removed(recorded: Recording) -> None:
    recorder, sandbox = recorded({("GET", "faults"): {"total": 1, "faults": [FAULT]}})
    (fault,) = sandbox.faults
    sandbox.faults.remove(fault)
    sandbox.faults.remove("f2")
    sandbox.faults.clear()
    assert len(sandbox.faults) == 1
    deleted = [path for method, path, _, _ in recorder.calls if method == "DELETE"]
    assert deleted == ["faults/f1", "faults/f2", "faults"]


def test_a_snapshot_goes_out_and_in_as_it_is(recorded: Recording) -> None:
    snapshot = {"mockserver": 1, "records": {}}
    recorder, sandbox = recorded({("GET", "state"): snapshot})
    sandbox.restore(sandbox.snapshot())
    assert recorder.calls[-1] == ("PUT", "state", {"sandbox": "s"}, snapshot)
