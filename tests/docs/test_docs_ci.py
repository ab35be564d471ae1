"""Save the files and run the commands of docs/how-to/ci.md, and run the tests of how-to.md."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from mockserver.server.listening import bind
from tests.conftest import ROOT
from tests.docs.test_docs import agrees, blocks_of

PAGE = ROOT / "docs" / "how-to" / "ci.md"
HOW_TO = ROOT / "docs" / "how-to.md"
BLOCK = re.compile(r"([^\n]+(?:\n[^\n]+)*)\n\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./]+\.(?:py|sh|mjs|java|yaml))`")
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
PORT = "8123"
NEEDS = {
    "node": "Node",
    "java": "Java",
    "curl": "curl",
    "openssl": "OpenSSL",
    "sh": "a POSIX shell",
}


class Command(NamedTuple):
    """A command of the page, and its expected output."""

    line: str
    output: str


def saved() -> dict[str, tuple[str, str]]:
    """Return language and text of each file, by the name in the paragraph before it."""
    return {
        FILE.findall(before)[-1]: (language, text)
        for before, language, text in BLOCK.findall(PAGE.read_text())
        if language != "console"
    }


def commands() -> Iterator[Command]:
    for block in blocks_of(PAGE):
        if block.language == "console":
            yield from (Command(*found) for found in COMMAND.findall(block.text))


def steps() -> list[str]:
    """Return the commands of the job on the page."""
    workflow = yaml.safe_load(saved()[".github/workflows/tests.yaml"][1])
    (job,) = workflow["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files of the page."""
    for name, (_, text) in saved().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the page in a shell, with this environment's programs first."""
    for program, name in NEEDS.items():
        if re.search(rf"\b{program}\b", line) and shutil.which(program) is None:
            pytest.skip(f"{name} is not installed")
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(  # noqa: S603 - commands of our own page
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={**os.environ, "PATH": programs, "PYTEST_ADDOPTS": "-p no:cacheprovider"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_block_is_a_file_or_a_command_of_the_page() -> None:
    files = [block for block in blocks_of(PAGE) if block.language != "console"]
    assert sorted(text for _, text in saved().values()) == sorted(block.text for block in files)
    assert {Path(name).suffix for name in saved()} == {".py", ".sh", ".mjs", ".java", ".yaml"}


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: command.line)
def test_the_commands_do_what_the_page_says(command: Command, project: Path) -> None:
    script = project / "serve.sh"
    with bind("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    script.write_text(script.read_text().replace(PORT, port))
    done = run(command.line, project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert agrees(command.output, done.stdout), done.stdout


def test_the_steps_of_the_job_are_done(project: Path) -> None:
    first, *others = steps()
    assert first.startswith("pip install wheels/"), "it is done by `make acceptance`"
    for line in others:
        done = run(line, project)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "report.xml").exists()


def test_the_tests_in_the_how_to_pass(tmp_path: Path) -> None:
    tests = [block.text for block in blocks_of(HOW_TO) if block.language == "python"]
    for number, text in enumerate(tests):
        (tmp_path / f"test_{number}.py").write_text(text)
    done = run("pytest -q", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{sum(text.count('def test_') for text in tests)} passed" in done.stdout


BROKEN = {
    "invitations.sh": ("mockserver run -- sh invitations.sh", "expect 400", "expect 401"),
    "invitations.test.mjs": (
        "mockserver run -- node --test invitations.test.mjs",
        "invite(), 400",
        "invite(), 401",
    ),
    "Invitations.java": (
        "mockserver run -- java Invitations.java",
        "expectInvitation(400)",
        "expectInvitation(401)",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_failure_ends_the_command_and_leaves_the_journal(name: str, project: Path) -> None:
    line, old, new = BROKEN[name]
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))
    assert run(line, project).returncode == 1
    (journal,) = project.glob("journal-*.json")
    assert '"reason":"cooldown"' in journal.read_text()
