import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver import create_app
from mockserver.base.errors import SettingsError, SpecError
from mockserver.cli import main
from mockserver.server.application import App
from mockserver.testing import Sandbox, Server
from mockserver.testing.inprocess import AsgiCall, perform
from mockserver.verbs.registry import BUILT_IN_VERBS, Verbs

HOLD = '''
from pydantic import Field

from mockserver.model.steps import Step
from mockserver.verbs.fields import Binding, Span, StrictFields, Value
from mockserver.verbs.verb import Verb, World


class HoldFields(StrictFields):
    """Hold the answer back, and bind for how long."""

    period: Span = Field(description="how long")
    because: Value = Field(None, description="why, for the trace")
    as_: Binding = Field(None, alias="as", description="name of what it binds")


def hold(world: World, step: Step, period: int, because: str) -> dict[str, int]:
    if period > 60_000_000:
        world.refuse(step, "nobody waits as long")
    world.delay = max(world.delay, period)
    world.note(step, "held back", because)
    return {"microseconds": period}


VERB = Verb(name="hold", fields=HoldFields, run=hold, details=("because",))
'''
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Slow", "version": "1"},
    "paths": {
        "/slow": {
            "get": {
                "operationId": "slow",
                "parameters": [{"name": "period", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "done"}},
                "x-mock": {
                    "steps": [
                        {
                            "hold": {
                                "period": "{{ query.period or 1000 }}",
                                "because": "of {{ path }}",
                                "as": "held",
                            },
                            "when": "{{ query.period != 1 }}",
                            "otherwise": "conflict",
                        },
                        {"respond": {"body": {"held": "{{ held.microseconds }}"}}},
                    ]
                },
            }
        }
    },
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a document, and a package of one module with the verb that it uses."""
    (tmp_path / "slow.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "slow_verbs.py").write_text(HOLD)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop("slow_verbs", None)


def test_a_verb_in_one_file_is_used_by_a_document(folder: Path) -> None:
    app = create_app(folder / "slow.json", plugins=["slow_verbs"])
    sandbox = Sandbox(app)
    status, headers, body = answer_of(app, "/slow/slow")

    assert (status, json.loads(body)) == (200, {"held": 1000})
    assert headers["mock-delay"] == "PT0.001S"
    trace = sandbox.requests.last.trace
    assert any(line.startswith("hold: held back (because of {})") for line in trace)


def test_its_refusal_is_the_one_that_the_step_names(folder: Path) -> None:
    app = create_app(folder / "slow.json", plugins=["slow_verbs"])

    assert answer_of(app, "/slow/slow?period=60000001")[0] == 409


def test_a_step_of_it_can_be_skipped(folder: Path) -> None:
    app = create_app(folder / "slow.json", plugins=["slow_verbs"])

    assert json.loads(answer_of(app, "/slow/slow?period=1")[2]) == {"held": None}


def test_without_the_plug_in_the_verb_is_not_known(folder: Path) -> None:
    with pytest.raises(SpecError, match="'hold' is not known here"):
        create_app(folder / "slow.json")


def test_the_command_line_takes_plug_ins(folder: Path) -> None:
    arguments = ["explain", "GET", "/slow/slow", "--document", str(folder / "slow.json")]

    done = CliRunner().invoke(main, [*arguments, "--plugin", "slow_verbs"])

    assert done.exit_code == 0
    assert "hold: held back" in done.output


INTERACTIONS = """\
api: slow
interactions:
- {name: slow, operation: slow, request: {method: GET, path: /slow}, answer: {status: 200}}
"""
HAR = {"request": {"method": "GET", "url": "https://a/slow"}, "response": {"status": 200}}


@pytest.mark.parametrize(
    "arguments",
    [
        "check slow.json",
        "routes slow.json",
        "diff slow.json slow.json",
        "export slow --document slow.json --interactions slow.yaml --to pact.json",
        "import slow.har --from har --api slow --document slow.json --to imported.yaml",
        "verify slow --document slow.json --interactions slow.yaml --against {url}",
    ],
)
def test_every_command_that_reads_documents_takes_plug_ins(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "slow.yaml").write_text(INTERACTIONS)
    (folder / "slow.har").write_text(json.dumps({"log": {"entries": [HAR]}}))
    with Server(folder / "slow.json", plugins=["slow_verbs"]) as server:
        words = arguments.format(url=server.url).split()
        done = CliRunner().invoke(main, [*words, "--plugin", "slow_verbs"])
        without = CliRunner().invoke(main, words)

    assert (done.exit_code, without.exit_code) == (0, 2), done.output
    assert "'hold' is not known here" in without.output


@pytest.mark.parametrize("command", ["check", "routes", "serve"])
def test_a_command_says_that_a_plug_in_cannot_be_imported(folder: Path, command: str) -> None:
    done = CliRunner().invoke(
        main, [command, str(folder / "slow.json"), "--plugin", "absent_verbs"]
    )

    assert done.exit_code == 2
    assert "the plug-in 'absent_verbs' cannot be imported" in done.stderr


def test_a_proxy_takes_plug_ins(folder: Path) -> None:
    arguments = ["proxy", "slow", "--document", str(folder / "slow.json")]
    arguments += ["--upstream", "http://127.0.0.1:1", "--plugin"]

    done = CliRunner().invoke(main, [*arguments, "slow_verbs"])
    absent = CliRunner().invoke(main, [*arguments, "absent_verbs"])

    assert (done.exit_code, "no connection" in done.output) == (2, True)
    assert (absent.exit_code, "the plug-in 'absent_verbs' cannot be" in absent.output) == (2, True)


def test_an_installed_package_announces_a_verb_by_entry_point(folder: Path) -> None:
    metadata = folder / "slow_verbs-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-verbs\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[mockserver.verbs]\nhold = slow_verbs:VERB\n")

    app = create_app(folder / "slow.json")

    assert answer_of(app, "/slow/slow")[0] == 200
    assert "hold" in Verbs().names()


def test_an_entry_point_that_cannot_be_imported_is_reported(folder: Path) -> None:
    metadata = folder / "broken_verbs-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-verbs\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[mockserver.verbs]\nhold = absent_verbs:VERB\n")

    with pytest.raises(SettingsError, match="'absent_verbs:VERB' of the verb 'hold' cannot be"):
        create_app(folder / "slow.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no VERB"),
        ("VERB = 5", "no VERB"),
        ("from mockserver.verbs.find import VERB", "there is a verb 'find' already"),
        ("import absent_module", "cannot be imported"),
        (HOLD.replace('name="hold"', 'name="hold back"'), "which is no name"),
        ("def broken(", r"'slow_verbs' cannot be imported: SyntaxError: .*line 1"),
        ("1 / 0", "'slow_verbs' cannot be imported: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "'slow_verbs' cannot be imported: SystemExit: 3"),
        ("raise ValueError", "'slow_verbs' cannot be imported: ValueError"),
        ("VERBS = 5", "'slow_verbs' has VERBS that are no list of verbs"),
        ("VERBS = 'hold'", "'slow_verbs' has VERBS that are no list of verbs"),
        ("VERBS = [5]", "no VERB"),
    ],
)
def test_a_plug_in_that_is_wrong_is_reported(folder: Path, text: str, message: str) -> None:
    (folder / "slow_verbs.py").write_text(text)

    with pytest.raises(SettingsError, match=message):
        Verbs(["slow_verbs"])


def test_every_built_in_verb_is_the_module_of_its_name() -> None:
    verbs = Verbs()

    for name in BUILT_IN_VERBS:
        verb = verbs.get(name)
        assert verb is not None
        assert verb.name == name


def answer_of(app: App, target: str) -> tuple[int, dict[str, str], bytes]:
    reply = perform(app, AsgiCall("GET", target.encode(), [(b"host", b"localhost")]))
    headers = {name.decode().lower(): value.decode() for name, value in reply.headers}
    return reply.status, headers, reply.body


@pytest.mark.parametrize("name", ["", " ", ".slow_verbs", "slow_verbs.", "slow verbs", "a/b.py"])
def test_a_plug_in_whose_name_is_no_module_is_a_usage_error(folder: Path, name: str) -> None:
    done = CliRunner().invoke(main, ["check", str(folder / "slow.json"), "--plugin", name])

    assert done.exit_code == 2
    assert f"the plug-in {name!r} cannot be imported: " in done.stderr


@pytest.mark.parametrize("text", ["def broken(", "1 / 0", "raise SystemExit(3)", "VERB = 5"])
def test_an_entry_point_that_is_wrong_is_reported_with_the_reason(folder: Path, text: str) -> None:
    (folder / "slow_verbs.py").write_text(text)
    metadata = folder / "slow_verbs-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-verbs\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[mockserver.verbs]\nhold = slow_verbs:VERB\n")

    done = CliRunner().invoke(main, ["check", str(folder / "slow.json")])

    assert done.exit_code == 2
    assert "the plug-in 'slow_verbs:VERB'" in done.stderr
    assert "Traceback" not in done.stderr
