from collections.abc import Callable

import pytest

from mockserver.model.messages import Request
from mockserver.server.application import App
from mockserver.server.request_log import log_line
from tests.conftest import START, World

KEY = {"host": "a", "x-api-key": "demo-cloutly-key"}
LIST = "/cloutly/api/v1/businesses"


@pytest.fixture
def told(world: World) -> Callable[..., str]:
    def tell(method: str, path: str, query: str = "", headers: dict[str, str] = KEY) -> str:
        lines: list[str] = []
        app = App(world.engine, clock=lambda: START)
        app.on_exchange = lambda exchange: lines.append(log_line(exchange))
        app.answer(Request(method, path, query, headers, b""))
        [found] = lines
        return found

    return tell


def test_a_line_says_what_was_asked_and_why_it_was_answered_so(told: Callable[..., str]) -> None:
    expected = f"200 GET {LIST}?page=1  its steps say so"

    assert told("GET", LIST, "page=1").partition(" ")[2] == expected


def test_a_refusal_is_told_with_its_kind(told: Callable[..., str]) -> None:
    found = told("GET", LIST, headers={"host": "a"})

    assert f"401 GET {LIST}  unauthenticated: " in found


def test_what_leads_nowhere_is_told(told: Callable[..., str]) -> None:
    found = told("GET", "/none")

    assert "404 GET /none  no_such_api: no API is served at /none; there are: /cloutly" in found


def test_another_sandbox_is_named(told: Callable[..., str]) -> None:
    assert " [ci] " in told("GET", f"/~ci{LIST}")


def test_secrets_and_what_a_terminal_would_obey_are_left_out(told: Callable[..., str]) -> None:
    found = told("GET", "/none\x9b31m", "token=hush")

    assert "hush" not in found
    assert found.isprintable()


def test_a_line_is_bounded(told: Callable[..., str]) -> None:
    assert len(told("GET", "/" + "a" * 10_000)) < 700
