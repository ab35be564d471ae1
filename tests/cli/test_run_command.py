"""`mockserver run`: what it says of a command that fails, and the requests that it saves."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli import main

SHOP = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: /v1}]
paths:
  /items:
    get:
      operationId: listItems
      responses: {'200': {description: ok}}
    post:
      operationId: addItem
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [name]}}}
      responses: {'200': {description: ok}}
  /items/{id}/parts:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: listParts, responses: {'200': {description: ok}}}
"""
CALLS = """
import os, sys, urllib.error, urllib.request
for call in sys.argv[2:]:
    method, path, *body = call.split(" ")
    data = body[0].encode() if body else None
    headers = {"Content-Type": "application/json"} if body else {}
    url = os.environ["MOCKSERVER_URL"] + path
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError as error:
        error.close()
sys.exit(int(sys.argv[1]))
"""


def run(
    folder: Path, code: int, *calls: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command that sends requests, and ends with an exit code."""
    (folder / "shop.yaml").write_text(SHOP)
    command = [sys.executable, "-m", "mockserver", "run", "--document", str(folder / "shop.yaml")]
    command += [*options, "--", sys.executable, "-c", CALLS, str(code), *calls]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_command_that_fails_is_followed_by_what_was_refused_and_what_matched_nothing(
    tmp_path: Path,
) -> None:
    calls = ("GET /shop/v1/items", "POST /shop/v1/items {}", "GET /shop/v1/item?token=hush")
    done = run(tmp_path, 3, *calls, "PUT /shop/v1/items", "GET /shop/v1/items/5/part", "GET /x")
    assert done.returncode == 3
    first, *lines = done.stderr.splitlines()
    assert first == "mockserver: 5 of the 6 requests of the command were refused:"
    unknown = "404  not_found: the API has no such path"
    allowed = "405  method_not_allowed: PUT is not allowed here; GET, HEAD, OPTIONS, POST are"
    assert lines == [
        "  POST /shop/v1/items  400  invalid: name is required  [addItem]",
        f"  GET /shop/v1/item  {unknown}; did you mean GET /shop/v1/items?",
        f"  PUT /shop/v1/items  {allowed}; did you mean GET /shop/v1/items?",
        f"  GET /shop/v1/items/5/part  {unknown}; did you mean GET /shop/v1/items/{{id}}/parts?",
        f"  GET /x  {unknown}; it has, for example, GET /shop/v1/items",
    ]


def test_the_advice_for_a_request_in_a_sandbox_keeps_the_sandbox(tmp_path: Path) -> None:
    done = run(tmp_path, 1, "GET /~one/shop/v1/item")
    assert "GET /~one/shop/v1/item  404" in done.stderr
    assert "did you mean GET /~one/shop/v1/items?" in done.stderr


def test_of_many_refused_requests_the_last_are_printed(tmp_path: Path) -> None:
    done = run(tmp_path, 1, *(f"GET /none/{number}" for number in range(40)))
    lines = done.stderr.splitlines()
    assert lines[0] == "mockserver: 40 of the 40 requests of the command were refused; the last 30:"
    assert len(lines) == 31
    assert "/none/39 " in lines[-1]


@pytest.mark.parametrize(("code", "call"), [(0, "GET /none"), (1, "GET /shop/v1/items")])
def test_a_command_without_failure_or_without_refusals_is_followed_by_nothing(
    tmp_path: Path, code: int, call: str
) -> None:
    done = run(tmp_path, code, call)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize("code", [0, 1])
def test_the_requests_are_saved_as_an_archive_whether_the_command_fails_or_not(
    tmp_path: Path, code: int
) -> None:
    file = tmp_path / "journal.har"
    calls = ("GET /shop/v1/items?api_key=hush", "GET /~other/shop/v1/items")
    done = run(tmp_path, code, *calls, options=("--save", str(file)))
    assert done.returncode == code
    entries = json.loads(file.read_text())["log"]["entries"]
    paths = [one["request"]["url"].partition("/shop")[0][-7:] for one in entries]
    assert len(entries) == 2
    assert paths[1] == "/~other"
    assert "hush" not in file.read_text()


def test_an_archive_that_cannot_be_written_fails_a_command_that_does_not(tmp_path: Path) -> None:
    missing = str(tmp_path / "none" / "journal.har")
    done = run(tmp_path, 0, "GET /shop/v1/items", options=("--save", missing))
    assert done.returncode == 2
    assert f"{missing} cannot be written: No such file or directory" in done.stderr
    assert run(tmp_path, 7, options=("--save", missing)).returncode == 7


STATEFUL = """
import json, os, urllib.request

def call(method, path, body=None, **headers):
    data = json.dumps(body).encode() if body is not None else None
    given = {"Content-Type": "application/json", "x-apikey": "demo-partoo-key", **headers}
    url = os.environ["MOCKSERVER_URL"] + path
    request = urllib.request.Request(url, data, given, method=method)
    with urllib.request.urlopen(request) as reply:
        return reply.read()

BODY = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33647385968"}
INVITE = "/partoo/v2/review_booster/send_invitation"
call("GET", "/_mock/clock")
call("POST", INVITE, BODY)
call("POST", "/_mock/clock", {"advance": "P11D"})
call("POST", INVITE, BODY)
call("POST", "/_mock/requests/verify", {"match": {"api": "partoo"}})
state = call("GET", "/_mock/state")
call("POST", "/_mock/reset")
call("POST", INVITE, BODY)
call("PUT", "/_mock/state", json.loads(state))
call("POST", "/_mock/clock", {"advance": "P11D"})
call("POST", "/~other" + INVITE, BODY)
call("POST", INVITE, BODY)
call("DELETE", "/_mock/sandboxes/other")
call("POST", "/~other" + INVITE, BODY)
"""


def saved(folder: Path, *options: str) -> Path:
    """Save what a command does with resets, snapshots, and a sandbox that is made twice."""
    file = folder / "history.har"
    command = [sys.executable, "-m", "mockserver", "run", "--save", str(file), *options]
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, "--", sys.executable, "-c", STATEFUL],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return file


def test_what_a_command_did_in_several_runs_and_sandboxes_can_be_played_again(
    tmp_path: Path,
) -> None:
    file = saved(tmp_path, "--with-secrets", "--set", "partoo.sms_quota=5")
    done = CliRunner().invoke(main, ["replay", str(file)])
    assert done.output == "6 requests: 6 equal; 6 control calls: 6 equal\n"
    assert done.exit_code == 0


def test_a_snapshot_without_its_secrets_cannot_be_played(tmp_path: Path) -> None:
    file = saved(tmp_path)
    assert "demo-partoo-key" not in file.read_text()
    done = CliRunner().invoke(main, ["replay", str(file)])
    assert "skipped  PUT /_mock/state: the file leaves out a part of its body" in done.output


def test_secrets_are_saved_only_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "journal.har"
    call = "GET /shop/v1/items?api_key=hush"
    for options, found in (((), False), (("--with-secrets",), True)):
        run(tmp_path, 0, call, options=("--save", str(file), *options))
        assert ("hush" in file.read_text()) is found


def test_secrets_of_a_file_that_is_not_written_are_refused(tmp_path: Path) -> None:
    done = run(tmp_path, 0, options=("--with-secrets",))
    assert done.returncode == 2
    assert "--with-secrets is for --save; give both, or neither" in done.stderr
