import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from mockserver import Transport, create_app
from mockserver.testing import ControlCallError, Sandbox
from mockserver.testing.control_connection import ControlConnection
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


def test_a_failure_says_that_the_journal_cannot_tell(recorded: Recording) -> None:
    why = "cannot tell: 3 entries were dropped"
    verdict: Any = {"ok": False, "matched": [], "dropped": 3, "cannot_tell": why, "nearest": []}
    _, sandbox = recorded({("GET", "requests"): {"total": 0, "requests": []}, VERIFY: verdict})
    with pytest.raises(AssertionError, match=f"received 0\n  {why}"):
        sandbox.requests.assert_not_called(operation="order")


@pytest.mark.parametrize(
    "conditions",
    [
        {"operation": "sendReviewInvitations"},
        {"api": "parto"},
        {"method": "pots"},
        {"operation_id": "sendReviewInvitation"},
        {"path": "/partoo/v2/review_booster/send_invitatoin"},
    ],
    ids=str,
)
def test_an_unknown_name_is_refused_and_not_taken_for_no_call(conditions: Any) -> None:
    requests = Sandbox(create_app(), "typo").requests
    with pytest.raises(ControlCallError, match="did you mean"):
        requests.assert_not_called(**conditions)
    with pytest.raises(ControlCallError, match="did you mean"):
        requests.assert_called(**conditions)


def test_a_call_is_found_by_its_path_in_the_sandbox_and_in_any_case() -> None:
    app = create_app(journal=5)
    sandbox = Sandbox(app, "here")
    with httpx.Client(transport=Transport(app), base_url=sandbox.partoo.base_url) as client:
        client.post("/review_booster/send_invitation", headers=sandbox.partoo.headers)
    for path in ("/partoo/v2/review_booster/send_invitation", "/review_booster/send_invitation"):
        sandbox.requests.assert_called(path=path, method="post", times=1)
        with pytest.raises(AssertionError, match="received 1"):
            sandbox.requests.assert_not_called(path=path)


def test_a_sandbox_is_created_on_first_use_and_again_after_it_was_deleted() -> None:
    app = create_app()
    sandbox = Sandbox(app, "late")
    control = ControlConnection(app)
    assert control.call("GET", "sandboxes") == []
    assert (len(sandbox.messages), len(sandbox.requests), len(sandbox.faults)) == (0, 0, 0)
    assert [one["name"] for one in control.call("GET", "sandboxes")] == ["late"]
    sandbox.delete()
    assert not sandbox.clock.frozen
    sandbox.requests.assert_not_called()


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
