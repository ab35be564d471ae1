"""Run every command of the page about contract tests, against a server and a proxy."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from click.testing import CliRunner, Result

from mockserver.cli import main
from tests.conftest import ROOT
from tests.docs.test_docs import (
    Command,
    agrees,
    blocks_of,
    commands,
    curl_options,
    curl_prints,
    curl_request,
    save_document,
)

PAGE = ROOT / "docs" / "how-to" / "contract-tests.md"
WRITTEN_PORTS = {"serve": "8000", "proxy": "8080"}


class Shell:
    """Runs the commands of the page; servers get a free port instead of the documented one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[subprocess.Popen[str]] = []
        self.first_lines: list[str] = []
        self.ports: dict[str, str] = {}
        self.done: list[str] = []
        """Commands that ended with exit code 0, or still run."""
        self.last: Result | None = None

    def run(self, command: Command) -> None:
        words = [self._real(word) for word in command.words]
        if words[0] == "curl":
            found = self._curl(command, words)
        elif words[0] == "kill":
            found = self._kill(int(words[1].removeprefix("%")) - 1)
        elif words[-1] == "&":
            self._start(words)
            self.done.append(" ".join(command.words))
            return
        else:
            found = self._mockserver(words)
            if self.last is not None and self.last.exit_code == 0:
                self.done.append(" ".join(command.words))
        assert agrees(command.output, self._written(found)), f"{command}\n{found}"

    def _curl(self, command: Command, words: list[str]) -> str:
        plain = [word.replace("127.0.0.1:8080", "127.0.0.1:8000") for word in command.words]
        _, options = curl_options(plain)
        (real,) = (word for word in words if word.startswith("http://"))
        request = curl_request(real, options)
        with httpx.Client(timeout=60) as client:
            return curl_prints(options, client.send(request))

    def _kill(self, number: int) -> str:
        self.jobs[number].send_signal(signal.SIGTERM)
        output, _ = self.jobs[number].communicate(timeout=20)
        return self.first_lines[number] + output

    def _start(self, words: list[str]) -> None:
        kind = words[1]
        arguments = [word for word in words[1:-1] if word not in (">", "serve.log")]
        job = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "mockserver", *arguments, "--port", "0"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert job.stdout is not None
        lines = [job.stdout.readline()]
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", lines[-1])):
            lines.append(job.stdout.readline())
            assert lines[-1], lines
        while kind == "serve" and not lines[-1].startswith("Control API"):
            lines.append(job.stdout.readline())
        self.ports[WRITTEN_PORTS[kind]] = found[1]
        self.jobs.append(job)
        self.first_lines.append("".join(lines))

    def _mockserver(self, words: list[str]) -> str:
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        rest = [word for word in words if not re.match(r"[A-Z_]+=", word)]
        assert rest[0] == "mockserver", f"{words} cannot be run"
        ran = self.last = CliRunner().invoke(main, rest[1:], env=given)
        return ran.output

    def _real(self, word: str) -> str:
        for written, port in self.ports.items():
            word = word.replace(f"127.0.0.1:{written}", f"127.0.0.1:{port}")
        return word

    def _written(self, text: str) -> str:
        for written, port in self.ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{written}")
        return text


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    shell = Shell(tmp_path)
    yield shell
    for job in shell.jobs:
        if job.poll() is None:
            job.kill()
        job.communicate()


def test_every_command_of_the_page_does_what_it_says(shell: Shell) -> None:
    page_steps: list[str] = []
    for block in blocks_of(PAGE):
        if block.language == "console":
            for command in commands(block.text):
                shell.run(command)
        elif block.language == "yaml":
            save_document(block, shell.folder)
            jobs = (yaml.safe_load(block.text) or {}).get("jobs", {})
            steps = [step for job in jobs.values() for step in job["steps"]]
            page_steps += [step["run"] for step in steps if "run" in step]
    own = [step for step in page_steps if step.startswith("mockserver ")]
    assert len(own) == 4
    assert set(own) <= set(shell.done)
    for file in ("verify.xml", "verify.json", "coverage.html", "coverage.xml", "recorded.yaml"):
        assert (shell.folder / file).stat().st_size > 0
