"""What the terminal shows of refused requests."""

from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from click.testing import CliRunner

from mockserver.cli.serve_command import command
from mockserver.server.refusal_log import MOST_LINES, RefusalLog
from tests.conftest import World
from tests.served import LOUD, Served

LIST = "/cloutly/api/v1/businesses"
KEY = {"x_api_key": "demo-cloutly-key"}


class Terminal:
    """A terminal whose second ends when a test says so."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.waiting: list[Callable[[], None]] = []
        self.log = RefusalLog(self.lines.append, self.waiting.append)

    def end_second(self) -> None:
        waiting, self.waiting[:] = list(self.waiting), []
        for call in waiting:
            call()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def test_a_refusal_is_one_line_with_its_cause_and_cure(world: World, terminal: Terminal) -> None:
    terminal.log.add(world.get(LIST).exchange)

    [line] = terminal.lines
    assert line.startswith(f"2026-03-10T12:00:00Z 401 GET {LIST}  unauthenticated: no credential")
    assert line.endswith("; send x-api-key: demo-cloutly-key")


def test_an_unmatched_request_is_shown(world: World, terminal: Terminal) -> None:
    terminal.log.add(world.get("/api/v1/businesses").exchange)

    assert (
        f"no_such_api: no API is served at /api/v1/businesses; did you mean GET {LIST}?"
        in (terminal.lines[0])
    )


def test_accepted_and_preferred_requests_are_not_shown(world: World, terminal: Terminal) -> None:
    terminal.log.add(world.get(LIST, **KEY).exchange)
    terminal.log.add(world.get(LIST, **KEY, prefer="code=200").exchange)

    assert terminal.lines == []


def test_a_flood_is_counted(world: World, terminal: Terminal) -> None:
    refused = world.get(LIST).exchange
    for _ in range(5_000):
        terminal.log.add(refused)
    assert len(terminal.lines) == MOST_LINES

    terminal.end_second()

    assert terminal.lines[-1] == "... and 4,980 more refused in this second (--log prints all)"


def test_lines_come_back_after_a_flood(world: World, terminal: Terminal) -> None:
    refused = world.get(LIST).exchange
    for _ in range(MOST_LINES + 1):
        terminal.log.add(refused)
    terminal.end_second()
    terminal.lines.clear()

    terminal.log.add(refused)

    assert len(terminal.lines) == 1


def test_few_refusals_are_not_summed_up(world: World, terminal: Terminal) -> None:
    terminal.log.add(world.get(LIST).exchange)
    terminal.end_second()

    assert len(terminal.lines) == 1


@pytest.mark.parametrize(
    ("option", "shown"),
    [((), ["401 GET"]), (("--quiet",), []), (("--log",), ["200 GET", "401 GET"])],
)
def test_options_choose_what_is_printed(option: tuple[str, ...], shown: list[str]) -> None:
    with closing(Served(*option, program=LOUD)) as served:
        httpx.get(served.url + LIST, headers={"x-api-key": "demo-cloutly-key"})
        httpx.get(served.url + LIST)

    lines = served.errors.splitlines()
    assert [" ".join(line.split()[1:3]) for line in lines] == shown


def test_tls_on_the_plain_port_is_explained() -> None:
    with closing(Served(program=LOUD)) as served:
        answer = served.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "use http:// instead of https:// in the URL" in served.errors


def test_all_and_nothing_exclude_each_other() -> None:
    result = CliRunner().invoke(command, ["--log", "--quiet"])

    assert result.exit_code == 2
    assert "--log and --quiet exclude each other" in result.output
