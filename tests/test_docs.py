"""Runs every code block of the README and of the pages in docs/."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.clock import system_now
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import BUILT_IN, Sandboxes
from mockserver.exchange import STATUS_OF_KIND
from mockserver.model import Api
from mockserver.server.app import App
from mockserver.server.control import control_app
from mockserver.spec.behaviour import VERBS, Step
from mockserver.spec.compiler import load_apis
from mockserver.spec.functions import documentation
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
ANYTHING = "…"

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Command:
    """A command of a console block, and what it prints."""

    words: list[str]
    output: str


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text()) if name == language]


def commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(shlex.split(line), output)


def request_of(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """Read the parts of curl's command line that the pages use."""
    method, url, headers, data = "", "", {}, []
    rest = iter(words[1:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "--json":
            data.append(next(rest))
            headers["content-type"] = "application/json"
        elif word == "-d":
            data.append(next(rest))
            headers.setdefault("content-type", "application/x-www-form-urlencoded")
        elif word in ("-o", "-w"):
            next(rest)
        elif word != "-s":
            assert word.startswith(ADDRESS), f"curl's {word} is not understood"
            url = word
    return method or ("POST" if data else "GET"), url, headers, "&".join(data) or None


def fits(expected: Any, found: Any) -> bool:
    """Compare JSON values; `…` stands for anything, and in a text for any part of it."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return list(expected) == list(found) and all(fits(expected[k], found[k]) for k in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(fits, expected, found))
    if expected == ANYTHING:
        return True
    if isinstance(expected, str) and ANYTHING in expected and isinstance(found, str):
        return re.fullmatch(pattern(expected), found, re.DOTALL) is not None
    return bool(expected == found)


def pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split(ANYTHING))


async def run_curl(client: httpx.AsyncClient, command: Command) -> None:
    method, url, headers, body = request_of(command.words)
    reply = await client.request(method, url, headers=headers, content=body)
    if "-w" in command.words:
        assert command.output.strip() == str(reply.status_code), reply.text
        return
    assert fits(json.loads(command.output), reply.json()), (command.words, reply.text)


def run_mockserver(command: Command) -> None:
    result = CliRunner().invoke(main, command.words[1:])
    assert re.fullmatch(pattern(command.output.strip()), result.output.strip(), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_commands_print_what_the_page_says(page: Path, bundled: list[Api]) -> None:
    engine = Engine(bundled, Sandboxes({api.name: api for api in bundled}))
    app = App(engine, control=lambda: control_app(engine, system_now))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=ADDRESS
    ) as client:
        for block in blocks(page, "console"):
            for command in commands(block):
                if command.words[0] == "curl":
                    await run_curl(client, command)
                elif command.words[0] == "mockserver":
                    run_mockserver(command)
                else:
                    assert command.words[0] == "make"
                    assert set(command.words[1:]) <= set(targets)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documents_on_a_page_can_be_served(page: Path, tmp_path: Path) -> None:
    for index, block in enumerate(blocks(page, "yaml")):
        if "openapi" in yaml.safe_load(block):
            path = tmp_path / f"d{index}.yaml"
            path.write_text(block)
            assert load_apis([path], BUILT_IN)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_of_a_kind_that_is_run(page: Path) -> None:
    names = {name for name, _ in BLOCK.findall(page.read_text())}
    assert names <= {"console", "yaml", "text"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target


def test_the_reference_lists_every_function_and_error_kind() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text()
    for signature, told in documentation():
        assert f"| `{signature}` | {told} |" in reference
    for kind, status in STATUS_OF_KIND.items():
        assert f"| `{kind}` | {status} |" in reference


def test_the_reference_lists_every_verb_and_its_keys() -> None:
    reference = (ROOT / "docs" / "reference.md").read_text()
    for attribute, verb in VERBS.items():
        model = Step.model_fields[attribute].annotation
        assert f"`{verb}" in reference
        for arm in getattr(model, "__args__", ()):
            for name, key in getattr(arm, "model_fields", {}).items():
                assert f"| `{key.alias or name}`" in reference
