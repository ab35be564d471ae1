"""One request is followed from the socket to its answer: the table of ARCHITECTURE.md is true."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_FILES = 20
LOAD_TIME = ("documents", "openapi", "inference", "cli")
"""Rooms that no request enters."""
PROGRAM = r"""
import http.client, json, os, sys, threading

from mockserver.server.background_server import BackgroundServer
from mockserver.server.factory import create_app

seen, watching = [], []

def watch(frame, event, argument):
    file = frame.f_code.co_filename
    if watching and event == "call" and "/mockserver/" in file and file not in seen:
        seen.append(file)

threading.setprofile(watch)
server = BackgroundServer(create_app())

def invite(phone):
    body = {"business_id": "5409c35a97bbc544d8e26737", "target_phone": phone,
            "target_name": "John Doe", "template_id": 31}
    headers = {"content-type": "application/json", "x-apikey": "demo-partoo-key"}
    connection = http.client.HTTPConnection(server.url.partition("//")[2])
    path = "/partoo/v2/review_booster/send_invitation"
    connection.request("POST", path, json.dumps(body), headers)
    assert connection.getresponse().status == 200
    connection.close()

try:
    invite("+33647385968")  # what is made at the first request is there then
    watching.append(True)
    invite("+33647385969")
    print(json.dumps([file.rpartition("/mockserver/")[2] for file in seen]))
    sys.stdout.flush()
finally:
    os._exit(0)  # the server's thread is not waited for
"""


def walked() -> list[str]:
    """Return the files that an invitation of Partoo's API crosses, in order."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=60,
    )
    files: list[str] = json.loads(done.stdout)
    return files


def test_the_table_of_the_architecture_lists_the_files_that_a_request_crosses() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text.partition("## One request")[2].partition("\n## ")[0]
    listed = re.findall(r"`([a-z_]+/[a-z_]+\.py)`", table)
    crossed = walked()

    assert sorted(listed) == sorted(crossed)
    assert len(crossed) <= MOST_FILES
    assert not [file for file in crossed if file.startswith(LOAD_TIME)]
