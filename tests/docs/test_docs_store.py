"""Run every command of docs/how-to/keep-and-share.md, against servers that keep sandboxes."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.server.listening import bind
from tests.conftest import ROOT
from tests.docs.test_docs import agrees, blocks, split_head
from tests.docs.test_docs_ci import COMMAND, Command, run
from tests.stores.redis_server import RedisServer

PAGE = ROOT / "docs" / "how-to" / "keep-and-share.md"
REDIS_PORT = "6379"


def free_port() -> str:
    with bind("127.0.0.1", 0) as free:
        return str(free.getsockname()[1])


def commands_below(heading: str) -> list[Command]:
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    texts = [block.text for block in blocks(section) if block.language == "console"]
    return [Command(*parts) for text in texts for parts in COMMAND.findall(text)]


Job = subprocess.Popen[str] | RedisServer


class Terminal:
    """Runs the commands of a section; servers get free ports instead of the documented ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: dict[int, Job] = {}
        """What runs, by the number that a shell gives it."""
        self.redis: RedisServer | None = None
        self.ports = {"8000": free_port(), "8001": free_port()}

    def do(self, command: Command) -> None:
        line = self._real(command.line)
        if line.startswith("redis-server "):
            self._start_redis(shlex.split(line))
        elif line.startswith("mockserver serve "):
            self._serve(shlex.split(line))
        elif line.startswith("kill "):
            *signal, job = shlex.split(line)[1:]
            self._end(self.jobs.pop(int(job.removeprefix("%"))), is_hard=signal == ["-9"])
        else:
            done = run(line, self.folder)
            assert done.returncode == 0, done
            self._compare(command, done.stdout)

    def _compare(self, command: Command, found: str) -> None:
        options = [("-i", "")] if " -i " in command.line else []
        expected, parts = split_head(command.output, options), split_head(found, options)
        assert len(expected) == len(parts), found
        assert all(map(agrees, expected, parts)), f"{command}\n{found}"

    def _real(self, text: str) -> str:
        for written, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{port}")
            text = text.replace(f"--port {written}", f"--port {port}")
        return text

    def _start_redis(self, words: list[str]) -> None:
        """Start the server of the tests, which must have the options of the page."""
        assert words.pop() == "&"
        if self.redis is None:
            self.redis = RedisServer.started(self.folder)
            self.ports[REDIS_PORT] = str(self.redis.port)
        else:
            self.redis.again()
        given = self.redis.process.args
        assert isinstance(given, list)
        for name, value in zip(words[1::2], words[2::2], strict=True):
            assert name == "--maxmemory-policy" or (name in given and value in given), name
        self._add(self.redis)

    def _serve(self, words: list[str]) -> None:
        assert words.pop() == "&"
        port = [] if "--port" in words else ["--port", self.ports["8000"]]
        job = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", *words, *port],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._add(job)
        assert job.stdout is not None
        assert any(line.startswith("Control API") for line in job.stdout), "it does not start"

    def _add(self, job: Job) -> None:
        self.jobs[max(self.jobs, default=0) + 1] = job

    @staticmethod
    def _end(job: Job, *, is_hard: bool) -> None:
        process = job.process if isinstance(job, RedisServer) else job
        if is_hard:
            process.kill()
        else:
            process.terminate()
        process.communicate(timeout=20)

    def close(self) -> None:
        """End all that still runs."""
        for job in self.jobs.values():
            self._end(job, is_hard=isinstance(job, RedisServer))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


HEADINGS = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_walk_of_the_page_does_what_it_says(terminal: Terminal, heading: str) -> None:
    walk = commands_below(heading)
    assert len(walk) > 5
    for command in walk:
        terminal.do(command)


def test_every_block_of_the_page_is_of_commands_that_are_run() -> None:
    found = blocks(PAGE.read_text())
    assert {block.language for block in found} == {"console"}
    count = sum(len(COMMAND.findall(block.text)) for block in found)
    assert count == sum(len(commands_below(heading)) for heading in HEADINGS)
