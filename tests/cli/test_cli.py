import json
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from mockserver.base.problem_codes import problem_codes
from mockserver.cli import main
from mockserver.server.greeting import greeting
from mockserver.server.sources import Sources, open_engine
from tests.conftest import START

WRONG = """\
openapi: 3.1.0
info: {title: Wrong, version: '1'}
x-mock:
  settings:
    most: {type: integer, default: lots}
paths:
  /a:
    get:
      responses: {}
      x-mock:
        steps:
          - require: "{{ setings.most }}"
          - find: {in: nothing, as: x}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mockserver", "run", *arguments]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False, timeout=60
    )


CALL = """
import os, urllib.request
with urllib.request.urlopen(os.environ["MOCKSERVER_URL"] + "{}") as reply:
    print(reply.read())
"""


def test_run_tells_a_command_where_the_server_is() -> None:
    code = CALL.format("/_mock/settings/partoo")
    done = run_command("--set", "partoo.sms_quota=7", "--", sys.executable, "-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"sms_quota":7' in done.stdout


@pytest.mark.parametrize(
    ("code", "status"),
    [("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $PPID; exec sleep 20", 143)],
)
def test_run_ends_as_its_command_does(code: str, status: int) -> None:
    assert run_command("--", "sh", "-c", code).returncode == status


def test_options_behind_the_command_are_its_own() -> None:
    assert run_command("sh", "-c", "exit 4").returncode == 4


def test_run_says_that_there_is_no_such_command() -> None:
    done = run_command("--", "no-such-command")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr == "cannot use no-such-command: No such file or directory\n"


def test_run_serves_nothing_when_something_is_wrong() -> None:
    assert run("run", "--set", "partoo.sms=1", "true").exit_code == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("run", "--port", str(port), "true")
    assert (result.exit_code, result.stderr) == (
        1,
        f"cannot use port {port}: Address already in use\n",
    )


def test_check_says_that_the_bundled_documents_are_sound() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == 5


def test_check_reports_every_problem_of_every_document_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(WRONG)
    (tmp_path / "two.yaml").write_text("openapi: 1\ninfo: [\n")
    result = run("check", str(tmp_path))
    assert result.exit_code == 2
    for told in (
        f"{tmp_path}/one.yaml:5:27: /x-mock/settings/most/default: must be a whole number",
        f"{tmp_path}/one.yaml:12:13: /paths/~1a/get/x-mock/steps/0/require: 'setings' is not",
        "(did you mean 'settings'?)",
        f"{tmp_path}/one.yaml:13:20: /paths/~1a/get/x-mock/steps/1/find/in: there is no collection",
        f"{tmp_path}/two.yaml:3:1: (document): this is not YAML",
        "4 problems; nothing is served.",
    ):
        assert told in result.output


def test_check_counts_operations(tmp_path: Path) -> None:
    one = (
        "openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths:\n  /a:\n    get: {responses: {}}\n"
    )
    (tmp_path / "one.yaml").write_text(one)
    (tmp_path / "two.yaml").write_text(one + "    put: {responses: {}}\n")
    counts = [line.split(": ")[2] for line in run("check", str(tmp_path)).output.splitlines()]
    assert counts == ["1 operation, no problems", "2 operations, no problems"]


def test_serve_serves_nothing_when_a_document_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(WRONG)
    result = run("serve", "--port", "0", str(tmp_path / "one.yaml"))
    assert result.exit_code == 2
    assert "nothing is served" in result.output


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("partoo.sms_quota=-1", "partoo.sms_quota: must be at least 0"),
        ("partoo.sms_quota=many", "must be a whole number"),
        ("partoo.none=1", "partoo has no setting 'none'"),
        ("none.x=1", "there is no API 'none'"),
        ("nonsense", "is not of the form api.setting=value"),
    ],
)
def test_settings_that_do_not_fit_are_refused(setting: str, told: str) -> None:
    result = run("serve", "--port", "0", "--set", setting)
    assert (result.exit_code, told in result.output) == (2, True)


def test_an_address_others_can_reach_needs_a_token_or_no_control() -> None:
    result = run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - that it is refused
    assert (result.exit_code, "--control-token" in result.output) == (2, True)


@pytest.mark.parametrize("token", ["", " ", "\t"])
def test_an_empty_control_token_is_refused(token: str) -> None:
    result = run("serve", "--port", "0", "--control-token", token)
    assert (result.exit_code, "is empty" in result.output) == (2, True)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", "--port", port)
    assert (result.exit_code, "cannot listen on 127.0.0.1:" in result.output) == (1, True)


def test_a_missing_file_is_a_report(tmp_path: Path) -> None:
    result = run("check", str(tmp_path / "none.yaml"))
    assert (result.exit_code, "cannot be read" in result.output) == (2, True)


def test_an_address_is_said_to_be_no_file() -> None:
    result = run("serve", "https://shop.example/openapi.json")
    assert result.exit_code == 2
    assert "nothing is fetched; save it with curl -O, then name the file" in result.output


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("verfy", "there is no command 'verfy'; did you mean 'verify'?"),
        ("mokc", "there is no command 'mokc'; there are: check, coverage, "),
        ("shop.yaml", "there is no command 'shop.yaml'; to serve it: mockserver serve shop.yaml"),
        ("./specs", "there is no command './specs'; to serve it: mockserver serve ./specs"),
    ],
)
def test_a_command_that_is_none_is_refused_with_what_may_be_meant(name: str, told: str) -> None:
    result = run(name)
    assert (result.exit_code, told in result.output) == (2, True)


def test_the_list_of_commands_has_whole_sentences() -> None:
    lines = run("--help").output.partition("Commands:")[2].strip().splitlines()
    assert len(lines) == len(main.list_commands(click.Context(main)))
    assert "..." not in "".join(lines)


def test_every_option_says_what_it_does() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or parameter.help, (name, parameter)


def test_routes_lists_the_operations_with_their_places() -> None:
    result = run("routes")
    line = next(line for line in result.output.splitlines() if "sendReviewInvitation" in line)
    assert line.startswith("POST    /partoo/v2/review_booster/send_invitation")
    assert "partoo.yaml:" in line


@pytest.mark.parametrize("code", ["ZZZ", "", "MS1O4"])
def test_an_unknown_code_is_refused_with_the_way_to_find_all_codes(code: str) -> None:
    result = run("check", "--explain", code)
    assert result.exit_code == 2
    assert f"there is no code {code!r}; " in result.output
    assert "`check --explain list` prints all codes" in " ".join(result.output.split())
    assert ("did you mean 'MS" in result.output) is (code == "MS1O4")


def test_all_codes_are_listed() -> None:
    result = run("check", "--explain", "list")
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert "MS104  warning  A document has no operations" in lines
    assert len(lines) == len(problem_codes())


def test_explain_prints_why_and_the_answer() -> None:
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
    result = run(
        "explain",
        "POST",
        "http://127.0.0.1:8000/partoo/v2/review_booster/send_invitation",
        "-H",
        "x-APIKey: demo-partoo-key",
        "-d",
        json.dumps(body),
        "--at",
        "2026-01-31T09:00:00Z",
        "--set",
        "partoo.sms_quota=0",
    )
    assert result.exit_code == 0
    assert (
        "- refused as quota_exhausted: only 0 of 0 sms left; passes at 2026-02-01" in result.output
    )
    assert '{"errors":{"authorization":"Operation not allowed"}}' in result.output


def test_explain_prints_what_the_request_changes() -> None:
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
    path = "/partoo/v2/review_booster/send_invitation"
    given = ("-H", "x-APIKey: demo-partoo-key", "-d", json.dumps(body))
    result = run("explain", "POST", path, *given, "--at", "2026-01-31T09:00:00Z")
    lines = result.output.splitlines()
    assert "* quota sms of demo-org 500 → 499" in lines
    assert "* cooldown sms of +33647385968 until 10 Feb 2026 09:00" in lines
    assert lines.index("* +1 SMS to +33647385968") < lines.index("200")


@pytest.mark.parametrize("arguments", [["-H", "nonsense"], ["--at", "noon"], ["-d", "@/none"]])
def test_explain_refuses_what_it_cannot_read(arguments: list[str]) -> None:
    assert run("explain", "GET", "/", *arguments).exit_code == 2


REMARKABLE = """\
openapi: 3.1.0
info: {title: Remarkable, version: '1'}
paths:
  /a:
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {type: object, required: [id], properties: {id: {type: integer}}}
              examples:
                good: {value: {id: 1}}
                bad: {value: {id: one}}
                absent: {externalValue: none.json}
  /b:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {type: string, minLength: 2, maxLength: 1}}}
"""


def test_check_reports_what_documented_answers_break(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(REMARKABLE)
    result = run("check", str(tmp_path))
    lines = [line.removeprefix(f"{tmp_path}/one.yaml") for line in result.output.splitlines()]

    assert result.exit_code == 1
    assert [line.partition(":")[2].partition(" /")[0] for line in lines[:3]] == [
        "14:31: warning:",
        "15:26: warning:",
        "21:40: warning:",
    ]
    assert "the example 'bad' does not conform: must be a whole number, not text" in lines[0]
    assert "there is no file 'none.json'" in lines[1]
    assert "no value that conforms to the schema was found" in lines[2]
    assert lines[3] == ": one: 2 operations, 3 problems, left out"


def test_check_is_as_strict_with_schemas_that_no_value_fits(tmp_path: Path) -> None:
    head, _, rest = REMARKABLE.partition("  /a:")
    (tmp_path / "one.yaml").write_text(head + "  /b:" + rest.partition("  /b:")[2])
    results = [run("check", str(tmp_path)), run("check", "--strict", str(tmp_path))]

    assert [result.exit_code for result in results] == [1, 2]
    assert all("no value that conforms" in result.output for result in results)


def test_explain_makes_up_values_on_request(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(REMARKABLE)
    arguments = ("explain", "GET", "/a", "--document", str(tmp_path / "one.yaml"))

    assert '{"id":1}' in run(*arguments).output
    assert "a value sampled from the schema" in run(*arguments, "--dynamic").output


def test_explain_answers_as_the_server_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(REMARKABLE)
    arguments = ("explain", "GET", "/a?__code=418", "--document", str(tmp_path / "one.yaml"))

    assert "\n200\n" in run(*arguments).output
    assert "\n404\n" in run(*arguments, "--like", "prism").output
    assert "wiremock" in run(*arguments, "--like", "wiremock").output


THINGS = """\
openapi: 3.1.0
info: {title: Things, version: '1'}
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {responses: {'200': {$ref: '#/components/responses/One'}}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
      responses: {'201': {$ref: '#/components/responses/One'}}
  /others/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    delete: {responses: {'204': {description: gone}}}
components:
  responses:
    One:
      description: one
      content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
  schemas:
    Thing: {type: object, properties: {id: {type: integer, example: 7}, name: {type: string}}}
"""
LEFT = "/others/{id} is not a resource: no JSON schema describes its items"


@pytest.fixture
def things(tmp_path: Path) -> str:
    (tmp_path / "things.yaml").write_text(THINGS)
    return str(tmp_path / "things.yaml")


def test_check_tells_what_is_kept_and_what_is_not(things: str) -> None:
    lines = run("check", "--stateful", things).output.splitlines()
    assert lines[1:] == [
        "  things keeps things (/things/{id})",
        f"  {things}:10:3: note: {LEFT} [MS513]",
    ]
    assert len(run("check", things).output.splitlines()) == 1


def test_routes_show_the_resource_of_an_operation(things: str) -> None:
    lines = run("routes", "--stateful", things).output.splitlines()
    assert [line.partition("  resource ")[2] for line in lines] == ["things", "things", ""]


def test_explain_keeps_resources_where_it_is_asked_to(things: str) -> None:
    asked = ("explain", "GET", "/things/7", "--document", things)
    assert ", resource things " in run(*asked, "--stateful").output
    assert '{"id":7}' in run(*asked, "--stateful").output
    assert ", resource things " not in run(*asked).output


def test_run_keeps_resources_where_it_is_asked_to(things: str) -> None:
    done = run_command(
        "--document", things, "--stateful", sys.executable, "-c", CALL.format("/things/7")
    )
    assert done.stdout == "b'{\"id\":7}'\n", done.stderr


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("/things/{id}:", "  things keeps things (/things/{id})"),
        ("/{id}:", "  things keeps nothing: no resource was recognised in its paths"),
    ],
)
def test_the_greeting_says_what_is_kept(tmp_path: Path, shown: str, told: str) -> None:
    (tmp_path / "things.yaml").write_text(THINGS.replace("/things/{id}:", shown))
    engine = open_engine(Sources([tmp_path / "things.yaml"], stateful=True))
    greeted = greeting(engine, "http://127.0.0.1:8000", START, control=True)
    assert told in greeted.splitlines()


def test_the_greeting_names_no_more_than_ten_resources(tmp_path: Path) -> None:
    head, _, rest = THINGS.partition("  /things/{id}:\n")
    item, others, end = rest.partition("  /others/{id}:\n")
    many = "".join(f"  /kind{number}/{{id}}:\n{item}" for number in range(12))
    (tmp_path / "many.yaml").write_text(head + many + others + end)
    engine = open_engine(Sources([tmp_path / "many.yaml"], stateful=True))
    greeted = greeting(engine, "http://127.0.0.1:8000", START, control=True)
    assert "kind9 (/kind9/{id}), 2 more (mockserver routes --stateful)\n" in greeted


def test_infer_prints_an_overlay_that_can_be_served(things: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["infer", things])
    (tmp_path / "things.overlay.yaml").write_text(result.stdout)
    assert LEFT in result.stderr
    overlay = str(tmp_path / "things.overlay.yaml")
    assert '{"id":7}' in run("explain", "GET", "/things/7", "--document", overlay).output


def test_infer_says_when_there_is_nothing_to_add(tmp_path: Path) -> None:
    (tmp_path / "none.yaml").write_text(THINGS.replace("properties: {id:", "properties: {x:"))
    result = run("infer", str(tmp_path / "none.yaml"))
    assert (result.exit_code, "no resource was recognised" in result.output) == (1, True)


def test_infer_tells_what_is_wrong_with_a_document(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)
    result = run("infer", str(tmp_path / "wrong.yaml"))
    assert (result.exit_code, "3 problems" in result.output) == (2, True)


FLAWED = """\
openapi: 3.1.0
info: {title: Flawed, version: '1'}
paths:
  /a:
    get:
      responses: {'200': {$ref: '#/none'}}
      callbacks: {done: {'{$request.query.url}': {post: {responses: {}}}}}
"""


@pytest.fixture
def flawed(tmp_path: Path) -> Path:
    """Write a folder with a document that has a flaw, and a file that is none."""
    (tmp_path / "shop.yaml").write_text(FLAWED)
    (tmp_path / "part.yaml").write_text("Pet: {}\n")
    return tmp_path


def test_check_reports_what_is_left_out(flawed: Path) -> None:
    result = run("check", str(flawed))
    place = f"{flawed}/shop.yaml:6:27: warning: /paths/~1a/get/responses/200/$ref"
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{place}: there is nothing at '/none' (did you mean 'info'?) [MS201]",
        f"{flawed}/shop.yaml: shop: 1 operation, 1 problem, left out",
        f"{flawed}/part.yaml: not a document: it has none of the keys openapi, swagger and overlay",
    ]


@pytest.mark.parametrize(
    "command",
    [["check"], ["routes"], ["serve", "--port", "0"], ["explain", "GET", "/a", "--document"]],
)
def test_strict_stops_at_what_would_be_left_out(flawed: Path, command: list[str]) -> None:
    result = run(*command, str(flawed), "--strict")
    assert (result.exit_code, "1 problem; nothing is served." in result.output) == (2, True)


def test_routes_lists_what_nobody_can_call(flawed: Path) -> None:
    lines = run("routes", str(flawed)).output.splitlines()
    assert lines[1].startswith("POST    callback done {$request.query.url}  not served")


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ("orders: [{id: a}, {id: a}]", "another record of orders has the id 'a'"),
        ("orders: [{n: 1}]", "a record of orders needs its key, 'id'"),
        ("orders: [{id: '{{ 1 / 0 }}'}]", "division by zero"),
        ("orders: [{id: a}]\norders: []", "duplicate key"),
    ],
)
def test_a_fixture_of_which_no_records_can_be_made_is_reported(
    tmp_path: Path, records: str, told: str
) -> None:
    text = FLAWED + "x-mock: {collections: {orders: {}}, fixtures: [records.yaml]}\n"
    (tmp_path / "shop.yaml").write_text(text)
    (tmp_path / "records.yaml").write_text(records)
    result = run("serve", "--port", "0", str(tmp_path / "shop.yaml"))
    assert (result.exit_code, f"{tmp_path}/records.yaml:" in result.output) == (2, True)
    assert told in result.output
