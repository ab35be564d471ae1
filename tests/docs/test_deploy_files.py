"""Run the commands in the files of deploy/, without containers, and compare them with the page."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
import yaml

from mockserver.cli import main
from tests.conftest import ROOT
from tests.docs.test_docs_containers import TOKEN, TRIES, block_of
from tests.docs.test_docs_store import free_port

DEPLOY = ROOT / "deploy"
SECRETS = {TOKEN: "for-tests-only", "STORE_PASSWORD": "s3cret", "REDISCLI_AUTH": "s3cret"}
PROGRAMS = {"valkey-server": "redis-server", "valkey-cli": "redis-cli"}


@dataclass
class Deployed:
    """What one of the files starts."""

    servers: list[list[str]]
    store: list[str]
    store_check: list[str]
    """A command that succeeds when the store can be used."""


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return services


def manifests() -> dict[tuple[str, str], Any]:
    found = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def container(kind: str, name: str) -> dict[str, Any]:
    (only,) = manifests()[kind, name]["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def in_compose() -> Deployed:
    services = compose()
    store = services["valkey"]
    _, check = store["healthcheck"]["test"]
    servers = [services[name]["command"] for name in ("first", "second")]
    return Deployed(servers, store["command"], ["sh", "-c", check])


def in_kubernetes() -> Deployed:
    server, store = (
        container("Deployment", "mockserver"),
        container("StatefulSet", "mockserver-store"),
    )
    count = manifests()["Deployment", "mockserver"]["spec"]["replicas"]
    words = [*server["command"], *server["args"]]
    check = store["readinessProbe"]["exec"]["command"]
    return Deployed([words] * count, [*store["command"], *store["args"]], check)


every_file = pytest.mark.parametrize("deployed", [in_compose(), in_kubernetes()], ids=["c", "k"])


def filled(word: str) -> str:
    """Return a word with its secrets, as Kubernetes fills them in."""
    return re.sub(r"\$\((\w+)\)", lambda found: SECRETS[found[1]], word)


def installed(program: str) -> str:
    path = shutil.which(program) or shutil.which(PROGRAMS[program])
    if path is None:
        pytest.skip(f"no {program} is installed (Debian: apt install redis-server)")
    return path


@contextmanager
def started(words: list[str], folder: Path) -> Iterator[None]:
    job = subprocess.Popen(  # noqa: S603 - what our own files say
        words,
        cwd=folder,
        env={**os.environ, TOKEN: SECRETS[TOKEN]},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        job.terminate()
        job.wait(timeout=20)


def passes(check: list[str]) -> bool:
    environment = {**os.environ, **SECRETS}
    tries = (
        subprocess.run(check, check=False, capture_output=True, env=environment)  # noqa: S603 - our own
        for _ in range(TRIES)
    )
    return any(done.returncode == 0 for done in tries)


@contextmanager
def store_of(deployed: Deployed, folder: Path) -> Iterator[str]:
    """Start the store on a free port; return the port."""
    port, program, client = free_port(), installed("valkey-server"), installed("valkey-cli")
    (folder / "store").mkdir()
    words = [filled(word).replace("/data", ".") for word in deployed.store[1:]]
    where = ["--port", port, "--bind", "127.0.0.1", "--dir", "."]
    *shell, line = deployed.store_check
    with started([program, *words, *where], folder / "store"):
        assert passes([*shell, line.replace("valkey-cli", f"{client} -p {port}")])
        yield port


def healthcheck() -> list[str]:
    """Return the check of a server, which is also that of the page."""
    on_the_page = yaml.safe_load(block_of("yaml"))["services"]["mockserver"]["healthcheck"]
    assert compose()["first"]["healthcheck"] == on_the_page
    words: list[str] = on_the_page["test"]
    return words[1:]


@every_file
def test_servers_of_a_file_share_their_sandboxes(deployed: Deployed, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    with ExitStack() as stack:
        store = stack.enter_context(store_of(deployed, tmp_path))
        ports = [free_port() for _ in deployed.servers]
        for words, port in zip(deployed.servers, ports, strict=True):
            here = [filled(word).replace("/specs", "specs") for word in words]
            here = [re.sub(r"[\w-]+:6379", f"127.0.0.1:{store}", word) for word in here]
            job = [sys.executable, "-m", *here, "--port", port]
            stack.enter_context(started(job, tmp_path))
        for port in ports:
            check = [word.replace("8000", port) for word in healthcheck()]
            assert passes([sys.executable, *check[1:]])
        first, second = (f"http://127.0.0.1:{port}" for port in ports)
        assert httpx.get(f"{first}/_mock/clock").status_code == 401
        allowed = {"Authorization": f"Bearer {SECRETS[TOKEN]}"}
        httpx.post(f"{first}/_mock/clock", json={"set": "2030-01-31T09:00:00Z"}, headers=allowed)
        now = httpx.get(f"{second}/_mock/clock", headers=allowed).json()["now"]
        assert now.startswith("2030-01-31T09:00")


@every_file
def test_the_command_line_accepts_the_arguments_of_a_file(
    deployed: Deployed, tmp_path: Path
) -> None:
    for words in deployed.servers:
        program, name, *arguments = words
        assert program == "mockserver"
        command = main.get_command(click.Context(main), name)
        assert command is not None
        here = [str(tmp_path) if word == "/specs" else word for word in arguments]
        found = command.make_context(name, here).params
        assert found["store"].startswith("redis://")
        assert found["host"] == "0.0.0.0"  # noqa: S104 - in a container


@every_file
def test_the_store_of_a_file_keeps_what_was_answered(deployed: Deployed) -> None:
    given = dict(zip(deployed.store[1::2], deployed.store[2::2], strict=True))
    assert given["--appendonly"] == "yes"
    assert given["--appendfsync"] == "always"
    assert given["--maxmemory-policy"] == "noeviction"


@every_file
def test_the_commands_begin_and_end_like_that_of_the_image(deployed: Deployed) -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert text == block_of("dockerfile")
    *start, documents = json.loads(re.findall(r"^CMD (.*)$", text, re.MULTILINE)[0])
    for words in deployed.servers:
        assert words[: len(start)] == start
        assert words[-1] == documents


def test_containers_of_kubernetes_have_no_root_and_cannot_write_their_files() -> None:
    for kind, name in (("Deployment", "mockserver"), ("StatefulSet", "mockserver-store")):
        pod = manifests()[kind, name]["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert container(kind, name)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    token, _ = container("Deployment", "mockserver")["env"]
    assert token["name"] == TOKEN
    assert "secretKeyRef" in token["valueFrom"]


def test_services_of_kubernetes_select_containers_that_exist() -> None:
    found = manifests()
    for kind, name in (("Deployment", "mockserver"), ("StatefulSet", "mockserver-store")):
        labels = found[kind, name]["spec"]["template"]["metadata"]["labels"]
        assert found[kind, name]["spec"]["selector"]["matchLabels"] == labels
        assert found["Service", name]["spec"]["selector"] == labels
    args = " ".join(container("Deployment", "mockserver")["args"])
    assert "@mockserver-store:6379/" in args
