import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockserver.cli import main

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


def test_check_says_that_the_bundled_documents_are_sound() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == 5


def test_check_reports_every_problem_of_every_document_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(WRONG)
    (tmp_path / "two.yaml").write_text("a: 1\na: 2\n")
    result = run("check", str(tmp_path))
    assert result.exit_code == 2
    for told in (
        f"{tmp_path}/one.yaml:5:27: /x-mock/settings/most/default: must be a whole number",
        f"{tmp_path}/one.yaml:12:13: /paths/~1a/get/x-mock/steps/0/require: 'setings' is not",
        "(did you mean 'settings'?)",
        f"{tmp_path}/one.yaml:13:20: /paths/~1a/get/x-mock/steps/1/find/in: there is no collection",
        f"{tmp_path}/two.yaml:2:1: /a: the key 'a' stands here again",
        "4 problems; nothing is served.",
    ):
        assert told in result.output


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
        ("nonsense", "is not api.setting=value"),
    ],
)
def test_settings_that_do_not_fit_are_refused(setting: str, told: str) -> None:
    result = run("serve", "--port", "0", "--set", setting)
    assert (result.exit_code, told in result.output) == (2, True)


def test_an_address_others_can_reach_needs_a_token_or_no_control() -> None:
    result = run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - that it is refused
    assert (result.exit_code, "--control-token" in result.output) == (2, True)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", "--port", port)
    assert (result.exit_code, "cannot listen on 127.0.0.1:" in result.output) == (1, True)


def test_a_missing_file_is_a_report(tmp_path: Path) -> None:
    result = run("check", str(tmp_path / "none.yaml"))
    assert (result.exit_code, "cannot be read" in result.output) == (2, True)


def test_routes_lists_the_operations_with_their_places() -> None:
    result = run("routes")
    line = next(line for line in result.output.splitlines() if "sendReviewInvitation" in line)
    assert line.startswith("POST    /partoo/v2/review_booster/send_invitation")
    assert "partoo.yaml:" in line


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

    assert result.exit_code == 0
    assert [line.partition(":")[2].partition(" /")[0] for line in lines[:3]] == [
        "15:26:",
        "14:23:",
        "21:40:",
    ]
    assert "there is no file 'none.json'" in lines[0]
    assert "the example 'bad' breaks its schema: id must be a whole number" in lines[1]
    assert "no value that conforms to the schema was found" in lines[2]
    assert lines[3] == ": one: 2 operations, 3 remarks"


def test_explain_makes_up_values_on_request(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(REMARKABLE)
    arguments = ("explain", "GET", "/a", "--document", str(tmp_path / "one.yaml"))

    assert '{"id":1}' in run(*arguments).output
    assert "a value sampled from the schema" in run(*arguments, "--dynamic").output
