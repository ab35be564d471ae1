"""The proxy as a process, in front of a server on loopback."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.contract.interaction_files import load_interactions
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.openapi.compiler import load_apis
from tests.conftest import ROOT
from tests.served import PATIENCE, Served

CANARY = "canary-7f3a9c51e0b2"


def test_a_client_is_watched_and_recorded_until_the_proxy_is_interrupted(tmp_path: Path) -> None:
    server = Served()
    record = tmp_path / "recorded.yaml"
    upstream = f"{server.url}/~recording/partoo/v2"
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "mockserver", "proxy", "partoo", "--port", "0"]  # noqa: RUF005
        + ["--upstream", upstream, "--record", str(record)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    greeting = process.stdout.readline()
    (url,) = re.findall(r"forwards (\S+) to", greeting)
    query = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": "+33698765432"}
    headers = {"x-APIKey": CANARY}
    httpx.get(
        f"{url}/review_booster/search-invitation", params=query, headers=headers, timeout=PATIENCE
    )
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=PATIENCE)
    arguments = ["verify", "partoo", "--against", server.url, "--interactions", str(record)]
    replayed = CliRunner().invoke(main, arguments, env={"PARTOO_X_APIKEY": CANARY})
    server.stop()
    assert process.returncode == 0, told
    assert "1 exchanges, 0 not as documented" in told
    assert "To replay them, set these environment variables: PARTOO_X_APIKEY" in told
    assert replayed.exit_code == 0, replayed.output
    assert CANARY not in told + record.read_text() + replayed.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("partoo", "--upstream", "http://127.0.0.1:1"), "no connection"),
        (("partoo", "--upstream", "file:///etc/passwd"), "write http://"),
        (("parto", "--upstream", "http://127.0.0.1:1"), "did you mean 'partoo'?"),
    ],
)
def test_a_proxy_that_cannot_start_says_why(arguments: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(main, ["proxy", *arguments])
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_proxy_that_is_killed_has_recorded_every_answered_request(tmp_path: Path) -> None:
    record = tmp_path / "recorded.yaml"
    record.write_text("before")
    server = Served()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "mockserver", "proxy", "partoo", "--port", "0"]  # noqa: RUF005
        + ["--upstream", f"{server.url}/~killed/partoo/v2", "--record", str(record)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    (url,) = re.findall(r"forwards (\S+) to", process.stdout.readline())
    for _ in range(3):
        httpx.get(f"{url}/review_booster/search-invitation", timeout=PATIENCE)
    process.kill()
    process.communicate(timeout=PATIENCE)
    server.stop()
    assert record.read_text() == "before"
    (left,) = tmp_path.glob("*.part")
    (api,) = (api for api in load_apis([ROOT / "specs"], BUILT_IN) if api.name == "partoo")
    assert len(load_interactions(api, [left])) == 3
