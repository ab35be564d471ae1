"""Measures inputs that once took very much time or memory: `make bench-growth`.

Each input gets a process of its own: what the answers take in CPU time, and by how much the
process grows. Nothing passes or fails by a figure.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from mockserver import create_app
from mockserver.server.application import App

JSON, FORM, XML = "application/json", "application/x-www-form-urlencoded", "application/xml"
SIZE = 1_000_000


class Input(NamedTuple):
    """A document, and the requests that are measured."""

    document: dict[str, Any]
    requests: list[tuple[str, bytes, str]]
    """Path, body and media type of each; without a body it is a GET."""


def document(paths: dict[str, Any], **schemas: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "growth", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def reference(name: str) -> dict[str, str]:
    """Return a reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def posting(schema: dict[str, Any], media_type: str = JSON) -> dict[str, Any]:
    """Return the paths of an API with one POST."""
    content = {media_type: {"schema": schema}}
    return {"/p": {"post": {"requestBody": {"content": content}, "responses": {"204": {}}}}}


def net(count: int = 150, members: int = 4) -> Input:
    """Return schemas that all reach each other, as an API's expandable objects do."""

    def member(number: int) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, reference(f"S{number % count}")]}

    def schema(number: int) -> dict[str, Any]:
        first = number * members + 1
        names = {f"m{offset}": member(first + offset) for offset in range(members)}
        nullable = {
            f"n{offset}": {"nullable": True, "anyOf": [reference(f"S{(first + offset) % count}")]}
            for offset in range(members)
        }
        return {"type": "object", "properties": {**names, **nullable}}

    def answering(number: int) -> dict[str, Any]:
        content = {JSON: {"schema": reference(f"S{number}")}}
        return {"get": {"responses": {"200": {"description": "ok", "content": content}}}}

    paths = {f"/s{number}": answering(number) for number in range(5)}
    schemas = {f"S{number}": schema(number) for number in range(count)}
    return Input(document(paths, **schemas), [(path, b"", "") for path in paths])


def doubling(count: int = 20) -> Input:
    """Return schemas that each apply the next one twice."""
    schemas: dict[str, Any] = {
        f"S{number}": {"allOf": [reference(f"S{number + 1}")] * 2} for number in range(count)
    }
    schemas[f"S{count}"] = {"type": "object", "properties": {"a": {"type": "string"}}}
    return Input(document(posting(reference("S0")), **schemas), [("/p", b'{"a":1}', JSON)])


def wrong_items() -> Input:
    """Return a list of objects that all lack a member."""
    schema = {"type": "array", "items": {"type": "object", "required": ["a"]}}
    body = b"[" + b",".join([b"{}"] * SIZE) + b"]"
    return Input(document(posting(schema)), [("/p", body, JSON)])


INPUTS: dict[str, Callable[[], Input]] = {
    "five answers of a net of 150 schemas": net,
    "20 schemas that double, a wrong value": doubling,
    "1,000,000 wrong items": wrong_items,
    "3,000,000 escapes in a form": lambda: Input(
        document(posting({"type": "object"}, FORM)), [("/p", b"a=" + b"%41" * 3 * SIZE, FORM)]
    ),
    "800,000 attributes in XML": lambda: Input(
        document(posting({"type": "object"}, XML)),
        [("/p", b"<r " + b" ".join(b'a%d="1"' % n for n in range(800_000)) + b"/>", XML)],
    ),
    "3,000,000 empty objects in JSON": lambda: Input(
        document(posting({})), [("/p", b"[" + b",".join([b"{}"] * 3 * SIZE) + b"]", JSON)]
    ),
}


def application(described: dict[str, Any]) -> App:
    """Return the application that serves a document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "growth.json")
        path.write_text(json.dumps(described))
        return create_app([path])


async def measure(given: Input) -> None:
    """Send the requests to the document's API in this process; print what each one took."""
    transport = httpx.ASGITransport(app=application(given.document))
    async with httpx.AsyncClient(transport=transport, base_url="http://growth.test") as client:
        for target, body, media_type in given.requests:
            before, started = memory(), time.process_time()
            headers = {"content-type": media_type} if body else {}
            method = "POST" if body else "GET"
            answer = await client.request(method, target, content=body, headers=headers)
            taken = (time.process_time() - started) * 1000
            print(f"  {answer.status_code}: {taken:,.0f} ms, {memory() - before:+,.0f} MB")


def memory() -> float:
    """Return the greatest size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure one input, or start a process for each."""
    if names := sys.argv[1:]:
        asyncio.run(measure(INPUTS[names[0]]()))
        return
    for name in INPUTS:
        print(name, flush=True)
        subprocess.run([sys.executable, __file__, name], check=False)


if __name__ == "__main__":
    main()
