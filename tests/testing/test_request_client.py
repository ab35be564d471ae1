import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mockserver.testing import Sandbox
from tests.testing.conftest import Recorder

Recording = Callable[[Mapping[tuple[str, str], Any]], tuple[Recorder, Sandbox]]
VERIFY = ("POST", "requests/verify")
LISTED = {
    "total": 1,
    "requests": [
        {
            "id": "r1",
            "at": "2030-01-31T12:00:00Z",
            "api": "shop",
            "operation": "order",
            "method": "POST",
            "path": "/shop/v1/orders",
            "status": 400,
            "reason": "invalid",
        }
    ],
}
NEAR = {
    "id": "r1",
    "differences": [
        {"where": "body", "pointer": "/to", "expected": "+33", "found": "+44"},
        {"where": "status", "pointer": "", "expected": 200, "found": "x" * 1_000},
    ],
}


def test_a_matcher_is_sent_as_the_control_api_reads_it(recorded: Recording) -> None:
    recorder, sandbox = recorded({("GET", "requests"): LISTED, VERIFY: {"ok": True}})
    sandbox.requests.assert_called(operation="order", json={"to": "+33"}, times=2)
    sandbox.requests.assert_called(path="/shop/*")
    sandbox.requests.assert_not_called(reason="cooldown")
    assert [call[2:] for call in recorder.calls if call[:2] == VERIFY] == [
        ({"sandbox": "s"}, {"match": {"operation": "order", "body": {"to": "+33"}}, "count": 2}),
        ({"sandbox": "s"}, {"match": {"path": "/shop/*"}, "at_least": 1}),
        ({"sandbox": "s"}, {"match": {"reason": "cooldown"}, "count": 0}),
    ]


def test_a_failure_shows_what_came_nearest_and_why_it_does_not_match(recorded: Recording) -> None:
    verdict = {"ok": False, "matched": [], "nearest": [NEAR]}
    _, sandbox = recorded({("GET", "requests"): LISTED, VERIFY: verdict})
    with pytest.raises(AssertionError) as raised:
        sandbox.requests.assert_called(operation="order", json={"to": "+33"})
    assert str(raised.value).splitlines()[:4] == [
        "expected at least 1 of operation='order', json={'to': '+33'}; received 0",
        "most similar:",
        "  r1 POST /shop/v1/orders → 400 (invalid)",
        "    body /to: expected '+33', found '+44'",
    ]
    assert re.search(r"status: expected 200, found 'x{100,200}…$", str(raised.value))


def test_a_failure_without_any_request_says_so(recorded: Recording) -> None:
    verdict: Any = {"ok": False, "matched": [], "nearest": []}
    _, sandbox = recorded({("GET", "requests"): {"total": 0, "requests": []}, VERIFY: verdict})
    told = "expected 2 of any request; received 0\nno other request"
    with pytest.raises(AssertionError, match=told):
        sandbox.requests.assert_called(times=2)


def test_a_failure_shows_what_should_not_have_come(recorded: Recording) -> None:
    verdict = {"ok": False, "matched": ["r1", "r9"], "nearest": []}
    _, sandbox = recorded({("GET", "requests"): LISTED, VERIFY: verdict})
    with pytest.raises(AssertionError) as raised:
        sandbox.requests.assert_not_called(method="POST")
    assert str(raised.value).splitlines() == [
        "expected 0 of method='POST'; received 2",
        "  r1 POST /shop/v1/orders → 400 (invalid)",
        "  r9",
    ]


def test_requests_are_a_sequence(recorded: Recording) -> None:
    _, sandbox = recorded({("GET", "requests"): LISTED})
    requests = sandbox.requests
    assert [item.id for item in requests] == [item.id for item in requests[:1]] == ["r1"]
    assert repr(requests) == "<1 requests>\nr1 POST /shop/v1/orders → 400 (invalid)"


def test_without_requests_there_is_no_last_one(recorded: Recording) -> None:
    _, sandbox = recorded({("GET", "requests"): {"total": 0, "requests": []}})
    with pytest.raises(LookupError, match="had no request"):
        _ = sandbox.requests.last
