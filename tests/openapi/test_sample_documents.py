"""Small documents, one feature each, served over a socket: what each expects stands in it.

A file of `documents/<group>/` is an OpenAPI document, mounted under its file's name, whose
`x-exchanges` list requests and the answers to them. A group is served by one process; each
exchange, with those that it says come `then`, has a sandbox of its own.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.served import Served

FOLDER = Path(__file__).parents[1] / "sample_documents"
OPTIONS: dict[str, list[str]] = {
    "dynamic": ["--dynamic"],
    "errors": ["--errors"],
    "input": [],
    "plain": [],
    "requests": [],
    "stateful": ["--stateful"],
}
"""What each group is served with."""
TRUST = httpx.create_ssl_context()
"""Made once: each client would make its own, which takes longer than most exchanges."""


def exchanges() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*/*.yaml")):
        for index, exchange in enumerate(yaml.safe_load(path.read_text())["x-exchanges"]):
            name = exchange.get("name", index)
            group = path.parent.name
            yield pytest.param(group, path.stem, exchange, id=f"{group}/{path.stem}: {name}")


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Served]]:
    """Serve every group."""
    served = {
        group: Served(str(FOLDER / group), *options, "--no-control")
        for group, options in OPTIONS.items()
    }
    yield served
    for server in served.values():
        assert server.stop() == 0


def test_every_group_is_served() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(OPTIONS)


@pytest.mark.parametrize(("group", "name", "exchange"), list(exchanges()))
def test_a_document_is_served_as_it_says(
    servers: dict[str, Served], group: str, name: str, exchange: dict[str, Any]
) -> None:
    sandbox = re.sub(r"[^A-Za-z0-9]+", "-", f"x-{name}-{exchange.get('name', '')}")[:60]
    headers = {"mock-sandbox": f"{sandbox}x"}
    address = f"{servers[group].url}/{name}"
    with httpx.Client(base_url=address, headers=headers, verify=TRUST) as client:
        for step in (exchange, *exchange.get("then", ())):
            request = step["request"]
            reply = client.request(
                request.get("method", "GET"),
                request["path"],
                headers=request.get("headers"),
                json=request.get("json"),
                content=b64decode(request["base64"])
                if "base64" in request
                else request.get("body"),
            )
            check(reply, step["answer"])


def check(reply: httpx.Response, expected: dict[str, Any]) -> None:
    assert reply.status_code == expected["status"], reply.text
    for header, value in expected.get("headers", {}).items():
        found = reply.headers.get(header)
        assert found == value or (value and re.fullmatch(value, found or "")), (header, found)
    if "json" in expected:
        assert reply.json() == expected["json"]
    if "includes" in expected:
        assert expected["includes"].items() <= reply.json().items(), reply.text
    for member, pattern in expected.get("matches", {}).items():
        assert re.fullmatch(pattern, str(reply.json().get(member))), reply.text
    if "body" in expected:
        content = expected["body"]
        assert (reply.content if isinstance(content, bytes) else reply.text) == content
