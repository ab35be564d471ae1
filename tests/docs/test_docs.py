"""Run every code block of the README and of the pages in docs/."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

import click
import httpx
import pytest
import yaml
from click.testing import CliRunner

from mockserver.base.time import system_now
from mockserver.cli import main
from mockserver.control.api_views import Message, base_url
from mockserver.control.api_views import test_values as listed_values
from mockserver.control.control_app import CALLS, control_app
from mockserver.control.exchange_views import ExchangeDetails, RequestView
from mockserver.control.fault_calls import FaultBody
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.preferences import Preferences
from mockserver.engine.sandboxes import Sandboxes
from mockserver.language.functions import documentation
from mockserver.model.api import Api
from mockserver.model.refusal import STATUS_OF_KIND
from mockserver.model.trace import Decision
from mockserver.openapi.compiler import load_apis
from mockserver.openapi.x_mock import DocumentBehaviour, OperationBehaviour
from mockserver.server.application import App
from mockserver.server.greeting import greeting
from mockserver.verbs.registry import BUILT_IN_VERBS, Verbs
from mockserver.verbs.verb import Verb
from tests.conftest import ROOT

README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference.md"
GLOSSARY = ROOT / "docs" / "glossary.md"
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
KINDS = frozenset(("console", "yaml", "json", "python", "text"))
FENCE = re.compile(r"\s*(?:>\s*)*(`{3,}|~{3,})(.*)")
COMMAND = re.compile(r"((?:[^\n]*\\\n)*[^\n]*)\n?(.*)", re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
ANYTHING = "…"
CURL_SWITCHES = frozenset(("-s", "-i", "-G"))
CURL_OPTIONS = frozenset(("-X", "-H", "-d", "--json", "--data-urlencode", "-o", "-w"))

pytestmark = pytest.mark.anyio
RUN_ELSEWHERE = (
    "ci.md",
    "containers.md",
    "contract-tests.md",
    "keep-and-share.md",
    "problems.md",
)
"""Pages whose blocks are run by test_docs_*.py, test_contract_docs.py and test_problem_codes.py."""
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
page_run_here = pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in RUN_ELSEWHERE],
    ids=lambda page: str(page.relative_to(ROOT)),
)


@dataclass
class Block:
    """A code block of a page."""

    language: str
    text: str


@dataclass
class Command:
    """A command of a console block, and its expected output."""

    words: list[str]
    output: str


def blocks(page: str) -> list[Block]:
    """Return all code blocks, including those that only some Markdown parsers recognise."""
    found: list[Block] = []
    closing = ""
    for line in page.splitlines(keepends=True):
        if closing and line.strip() == closing:
            closing = ""
        elif closing:
            found[-1].text += line
        elif fence := FENCE.match(line):
            closing = fence[1]
            found.append(Block(fence[2].strip(), ""))
    assert not closing, f"{found[-1]} is not closed"
    return found


def blocks_of(page: Path) -> list[Block]:
    return blocks(page.read_text())


def commands(block: str) -> Iterator[Command]:
    assert block.startswith("$ "), f"a console block begins with a command: {block}"
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        fits_all = COMMAND.fullmatch(part)
        assert fits_all is not None
        yield Command(shlex.split(fits_all[1].replace("\\\n", " ")), fits_all[2])


def curl_options(words: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return the address and the options of curl's command line, in order."""
    urls: list[str] = []
    options: list[tuple[str, str]] = []
    rest = iter(words[1:])
    for word in rest:
        if word in CURL_SWITCHES or word in CURL_OPTIONS:
            options.append((word, next(rest) if word in CURL_OPTIONS else ""))
        else:
            assert word.startswith(ADDRESS), f"curl's {word} is not understood"
            urls.append(word)
    (url,) = urls
    return url, options


def curl_request(url: str, options: list[tuple[str, str]]) -> httpx.Request:
    """Return the request that curl would send."""
    given = dict(options)
    headers = httpx.Headers([_header(value) for name, value in options if name == "-H"])
    body = "&".join(_data(*option) for option in options if option[0] in _DATA)
    if body and "-G" in given:
        url, body = f"{url}{'&' if '?' in url else '?'}{body}", ""
    if "--json" in given:
        headers.setdefault("content-type", "application/json")
        headers.setdefault("accept", "application/json")
    elif body:
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
    method = given.get("-X") or ("POST" if body else "GET")
    return httpx.Request(method, url, headers=headers, content=body or None)


_DATA = frozenset(("-d", "--json", "--data-urlencode"))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def _data(option: str, value: str) -> str:
    if option != "--data-urlencode":
        return value
    name, _, content = value.partition("=")
    return f"{name}={quote(content, safe='')}"


def curl_prints(options: list[tuple[str, str]], reply: httpx.Response) -> str:
    """Return what curl would print for a response."""
    given = dict(options)
    lines = [f"{name.decode()}: {value.decode()}" for name, value in reply.headers.raw]
    head = [f"HTTP/1.1 {reply.status_code} {reply.reason_phrase}", *lines, "", ""]
    body = "" if "-o" in given else reply.text
    tail = given.get("-w", "").replace("%{http_code}", str(reply.status_code))
    return ("\n".join(head) if "-i" in given else "") + body + tail.replace("\\n", "\n")


def fits(expected: Any, found: Any) -> bool:
    """Return True if two JSON values are equal; `…` matches any value, or any part of a text."""
    if expected == ANYTHING:
        return True
    if type(expected) is not type(found):
        return False
    if isinstance(expected, dict):
        return list(expected) == list(found) and all(fits(expected[k], found[k]) for k in expected)
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(fits, expected, found))
    if isinstance(expected, str):
        return re.fullmatch(pattern(expected), found, re.DOTALL) is not None
    return bool(expected == found)


def pattern(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split(ANYTHING))


def agrees(expected: str, found: str) -> bool:
    """Return True if an output is as expected; compare as JSON if both are JSON, else as text."""
    try:
        return fits(json.loads(expected), json.loads(found))
    except json.JSONDecodeError:
        return re.fullmatch(pattern(expected.strip()), found.strip(), re.DOTALL) is not None


def split_head(text: str, options: list[tuple[str, str]]) -> list[str]:
    """Split an output into the headers that `-i` prints, and the body."""
    return text.strip().split("\n\n", 1) if ("-i", "") in options else [text]


async def run_curl(client: httpx.AsyncClient, command: Command) -> None:
    url, options = curl_options(command.words)
    found = curl_prints(options, await client.send(curl_request(url, options)))
    expected_parts, parts = split_head(command.output, options), split_head(found, options)
    assert len(expected_parts) == len(parts), found
    assert all(map(agrees, expected_parts, parts)), f"{shlex.join(command.words)}\n{found}"


def run_mockserver(command: Command) -> None:
    assert "serve" not in command.words, "a page cannot wait for a server to end"
    found = CliRunner().invoke(main, command.words[1:]).output
    assert agrees(command.output, found), f"{shlex.join(command.words)}\n{found}"


def run_make(command: Command) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(command.words[1:]) <= set(targets)


def save_document(block: Block, folder: Path) -> None:
    """Save a document of a page under its own name, for the commands that follow it."""
    document = yaml.safe_load(block.text)
    if isinstance(document, dict) and "openapi" in document:
        path = folder / f"{document['x-mock']['name']}.yaml"
        path.write_text(block.text)
        assert load_apis([path], BUILT_IN)
    elif isinstance(document, dict) and "overlay" in document:
        name = Path(document["extends"]).with_suffix(".overlay.yaml")
        (folder / name).write_text(block.text)
        assert load_apis([folder / name], BUILT_IN)


def engine_of(apis: list[Api]) -> Engine:
    return Engine(apis, Sandboxes({api.name: api for api in apis}))


async def run_block(client: httpx.AsyncClient, block: str) -> None:
    for command in commands(block):
        if command.words[0] == "curl":
            await run_curl(client, command)
        elif command.words[0] == "mockserver":
            run_mockserver(command)
        else:
            assert command.words[0] == "make", f"{command.words} cannot be run"
            run_make(command)


@page_run_here
async def test_the_blocks_of_a_page_do_what_it_says(
    page: Path, bundled: list[Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = engine_of(bundled)
    transport = httpx.ASGITransport(App(engine, control=lambda: control_app(engine, system_now)))
    async with httpx.AsyncClient(transport=transport) as client:
        for block in blocks_of(page):
            assert block.language in KINDS, f"nothing runs {block}"
            if block.language == "console":
                await run_block(client, block.text)
            elif block.language == "yaml":
                save_document(block, tmp_path)
            elif block.language == "json":
                json.loads(block.text)
            elif block.language == "python":
                compile(block.text, str(page), "exec")


@every_page
def test_no_command_has_bare_characters_that_a_shell_expands(page: Path) -> None:
    for block in blocks_of(page):
        lines = re.findall(r"^\$ ((?:[^\n]*\\\n)*[^\n]*)", block.text, re.MULTILINE)
        for line in lines if block.language == "console" else ():
            bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", line)
            assert not re.search(r"[?*\[\]{}]", bare), f"zsh refuses it without quotes: {line}"


@every_page
def test_links_have_existing_targets(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
        path = page.parent / target if target else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), anchor


def test_the_architecture_names_only_existing_modules() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = re.findall(r"`((?!specs|fixtures|tests|docs)[a-z]+/(?:[\w/.]+)?)`", text)
    assert len(named) > 10
    for name in named:
        path = ROOT / "mockserver" / name
        assert path.exists() or path.with_suffix(".py").exists(), name


def test_the_glossary_is_in_order_and_leads_to_where_each_term_is_described() -> None:
    _, *entries = GLOSSARY.read_text().split("\n## ")
    terms = [entry.partition("\n")[0].strip("`").lower() for entry in entries]
    assert len(terms) > 25
    assert terms == sorted(terms)
    for entry in entries:
        assert re.search(r"See\s\[[^\]]+\]\([^)]+\)\.\s*$", entry), entry


def test_the_readme_and_the_reference_lead_to_the_glossary() -> None:
    assert "(docs/glossary.md)" in README.read_text()
    assert "(glossary.md)" in REFERENCE.read_text()


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        ('{"a": "…", "b": [1, "x…z"]}', '{"a":{"c":1},"b":[1,"xyz"]}', True),
        ('{"a": "…"}', '{"a":1,"b":2}', False),
        ('{"a": 1}', '{"a":true}', False),
        ('{"a": "x…z"}', '{"a":"xy"}', False),
        ("first\n…\nlast\n", "first\nsecond\nthird\nlast\n", True),
        ("first\nlast\n", "first\nsecond\nlast\n", False),
        ("", '{"a":1}', False),
    ],
)
def test_an_output_passes_only_if_it_agrees_with_the_page(
    expected: str, found: str, same: bool
) -> None:
    assert agrees(expected, found) is same


@pytest.mark.parametrize(
    ("line", "method", "url", "body"),
    [
        ("curl -s U/a", "GET", "U/a", b""),
        ("curl -X DELETE U/a", "DELETE", "U/a", b""),
        ("curl U/a -d a=1 -d b=2", "POST", "U/a", b"a=1&b=2"),
        ("curl U/a --data-urlencode 'to=+44 7'", "POST", "U/a", b"to=%2B44%207"),
        ("curl -G U/a?b=1 --data-urlencode to=+44", "GET", "U/a?b=1&to=%2B44", b""),
        ("curl U/a \\\n  --json '{\"a\": 1}'", "POST", "U/a", b'{"a": 1}'),
    ],
)
def test_curls_options_are_read_as_curl_does(line: str, method: str, url: str, body: bytes) -> None:
    (command,) = commands(f"$ {line.replace('U', ADDRESS)}\n")
    request = curl_request(*curl_options(command.words))
    assert (request.method, str(request.url)) == (method, url.replace("U", ADDRESS))
    assert request.content == body


@pytest.mark.parametrize("fence", ["```sh", "  ```console", "~~~", "```console title", "> ```sh"])
def test_every_form_of_a_code_block_is_found(fence: str) -> None:
    closing = fence[: fence.rindex(fence.strip("> ")[0]) + 1]
    (block,) = blocks(f"Text\n{fence}\n$ rm -r /\n{closing.lstrip('> ')}\n")
    assert block.text == "$ rm -r /\n"


def test_the_readme_shows_what_the_terminal_does(bundled: list[Api]) -> None:
    text = greeting(engine_of(bundled), ADDRESS, system_now(), control=True)
    assert Block("text", f"{text}\n") in blocks_of(README)


def test_the_readme_lists_every_api_with_its_address_and_page(bundled: list[Api]) -> None:
    readme = README.read_text()
    for api in bundled:
        row = rf"\| `{base_url(api, ADDRESS)}` \|.*\(docs/apis/{api.name}\.md\) \|"
        assert re.search(row, readme), api.name


def test_the_page_of_an_api_lists_its_test_values_and_no_other_errors(bundled: list[Api]) -> None:
    for api in bundled:
        page = (ROOT / "docs" / "apis" / f"{api.name}.md").read_text()
        for entry in listed_values(api):
            assert f"`{entry['value']}` |" in page, entry
        kinds = re.findall(r"^\| `(\w+)` \| \d+ \|", page, re.MULTILINE)
        assert sorted(kinds) == sorted(api.errors), api.name


def test_the_reference_lists_every_part_of_a_fault() -> None:
    section = REFERENCE.read_text().partition("## Faults")[2].partition("## Control API")[0]
    for name in FaultBody.model_fields:
        assert re.search(rf"^\|.*`{name}`.*\|.*\|$", section, re.MULTILINE), name


def section_of_the_reference(heading: str) -> str:
    return REFERENCE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_reference_lists_every_preference() -> None:
    section = section_of_the_reference("Preferences")
    names = {item.name for item in fields(Preferences)} - {"invalid"}
    assert set(re.findall(r"^\| `(\w+)=", section, re.MULTILINE)) == names


def test_the_reference_lists_every_field_of_the_journal_and_of_messages() -> None:
    journal, messages = (section_of_the_reference(name) for name in ("The journal", "Messages"))
    documented = {*re.findall(r"`(\w+)`", journal)}
    kinds = {kind.__name__ for kind in get_args(Decision)}
    assert {*ExchangeDetails.__annotations__, *RequestView.__annotations__, *kinds} <= documented
    assert {name for verb in built_in_verbs() for name in verb.details} <= documented
    assert {*Message.__annotations__} <= {*re.findall(r"`(\w+)`", messages)}


def test_the_reference_lists_every_function_and_error_kind() -> None:
    reference = REFERENCE.read_text()
    for signature, description in documentation():
        assert f"| `{signature}` | {description} |" in reference
    for kind, status in STATUS_OF_KIND.items():
        assert f"| `{kind}` | {status} |" in reference


def test_the_reference_lists_every_key_of_a_document_and_of_an_operation() -> None:
    reference = REFERENCE.read_text()
    for name in DocumentBehaviour.model_fields:
        assert f"| `{name}` |" in reference
    on_an_operation = reference.partition("On an operation:")[2].partition("\n\n")[0]
    for name in OperationBehaviour.model_fields:
        assert f"`{name}`" in on_an_operation


def built_in_verbs() -> list[Verb]:
    verbs = Verbs()
    return [verb for verb in map(verbs.get, BUILT_IN_VERBS) if verb is not None]


def test_the_reference_lists_every_verb_and_its_keys() -> None:
    reference = REFERENCE.read_text()
    for verb in built_in_verbs():
        section = reference.partition(f"**`{verb.name}`** — ")[2].partition("\n**")[0]
        assert section or f"`{verb.name}:`" in reference
        keys = {key: info for key, info in verb.fields.model_fields.items() if key != "root"}
        assert not keys or section.startswith(f"{verb.fields.__doc__}\n")
        for name, key in keys.items():
            assert key.description, (verb, name)
            needed = " (needed)" if key.is_required() else ""
            assert f"| `{key.alias or name}`{needed} | {key.description} |" in section


def test_the_reference_lists_every_command_and_option() -> None:
    reference = REFERENCE.read_text()
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert f"`mockserver {command.name}" in reference
        for parameter in command.params:
            for option in parameter.opts:
                assert f"`{option}`" in reference or not option.startswith("--")


def test_the_reference_lists_every_call_of_the_control_api() -> None:
    reference = REFERENCE.read_text()
    for call in CALLS:
        path = call.template.removeprefix("/")
        row = re.search(rf"^\| .*(?<![-\w]){re.escape(path)}`.*\|$", reference, re.MULTILINE)
        assert row is not None, path
        assert f"`{call.method}" in row[0], (call.method, path)
