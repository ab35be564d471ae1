"""Run what docs/how-to/containers.md describes, without the container."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.server.listening import bind
from tests.conftest import ROOT
from tests.docs.test_docs import agrees, blocks_of
from tests.docs.test_docs_ci import COMMAND, Command, run

PAGE = ROOT / "docs" / "how-to" / "containers.md"
TOKEN = "MOCKSERVER_CONTROL_TOKEN"
TRIES = 200


def block_of(language: str) -> str:
    (text,) = (block.text for block in blocks_of(PAGE) if block.language == language)
    return text


def console_commands(number: int) -> list[Command]:
    found = [block.text for block in blocks_of(PAGE) if block.language == "console"]
    return [Command(*parts) for parts in COMMAND.findall(found[number])]


@pytest.fixture
def port() -> str:
    with bind("127.0.0.1", 0) as free:
        return str(free.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one document."""
    (tmp_path / "specs").mkdir()
    text = "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths: {/a: {get: {responses: {}}}}"
    (tmp_path / "specs" / "shop.yaml").write_text(text)
    return tmp_path


@contextmanager
def running(
    words: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    job = subprocess.Popen(  # noqa: S603 - what our own page says
        [sys.executable, "-m", *words],
        cwd=folder,
        env={"PYTHONUNBUFFERED": "1", **environment},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield job
    finally:
        job.terminate()
        job.communicate(timeout=60)


def test_the_container_is_healthy_and_asks_for_its_token(folder: Path, port: str) -> None:
    services: dict[str, Any] = yaml.safe_load(block_of("yaml"))["services"]
    server, client = services["mockserver"]["environment"], services["tests"]["environment"]
    assert server[TOKEN] == client[TOKEN]
    words = json.loads(re.findall(r"^CMD (.*)$", block_of("dockerfile"), re.MULTILINE)[0])
    words = [word.replace("/specs", "specs") for word in words] + ["--port", port]
    _, _, *check = services["mockserver"]["healthcheck"]["test"]
    check = [sys.executable, *(word.replace("8000", port) for word in check)]
    with running(words, folder, server):
        tries = (
            subprocess.run(check, check=False, capture_output=True)  # noqa: S603 - the page's
            for _ in range(TRIES)
        )
        assert any(done.returncode == 0 for done in tries)
        for line, output in console_commands(0):
            done = run(line.replace(":8000", f":{port}"), folder)
            assert agrees(output, done.stdout), done


def test_the_application_speaks_tls(folder: Path, port: str) -> None:
    make, serve, call = console_commands(1)
    (folder / "app.py").write_text(block_of("python"))
    assert run(make.line, folder).returncode == 0
    words = serve.line.removesuffix(" &").replace("8443", port).split()
    with running(words, folder, {}) as job:
        assert job.stderr is not None
        assert any("Uvicorn running" in line for line in job.stderr)
        done = run(call.line.replace("8443", port), folder)
        assert agrees(call.output, done.stdout), done
