"""Measure the inputs that cost most processor time for their size: bodies, documents, overlays.

All requests of a process wait for each other, so that none may take long. Run it with
`python benchmarks/costly_inputs.py`; it prints the seconds and the status or problem of each input.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mockserver.base.errors import SpecError
from mockserver.base.time import Instant
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis

FORM = "application/x-www-form-urlencoded"
OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}}
MEDIA = {
    "application/json": {"schema": {"type": "array", "items": OBJECT}},
    FORM: {"schema": OBJECT},
    "application/xml": {"schema": OBJECT},
}
INFO = {"title": "Shop", "version": "1"}
ANSWERS = {"200": {"description": "ok"}}


def bodies() -> Iterator[tuple[str, str, bytes]]:
    """Yield the name, the media type and the bytes of bodies of about ten megabytes."""
    yield "form with 3,000,000 escapes in a row", FORM, b"a=" + b"%41" * 3_000_000
    yield "form with 2,000,000 separate escapes", FORM, b"a=" + b"%41-" * 2_000_000
    attributes = " ".join(f'a{number}=""' for number in range(800_000))
    yield "XML with 800,000 attributes", "application/xml", f"<a {attributes}/>".encode()
    yield "XML with 1,000,000 elements", "application/xml", b"<a>" + b"<b/>" * 1_000_000 + b"</a>"
    yield "JSON with 3,400,000 objects", "application/json", b"[" + b"{}," * 3_399_999 + b"{}]"
    yield "JSON with 450,000 objects", "application/json", b"[" + b"{}," * 449_999 + b"{}]"


def documents() -> Iterator[tuple[str, str, str | None]]:
    """Yield the name and the text of documents, and the target of an overlay."""
    empty: dict[str, object] = {f"/p{number}": {} for number in range(300_000)}
    yield "document with 300,000 paths", _document(empty), None
    served: dict[str, object] = {
        f"/p{number}": {"get": {"responses": ANSWERS}} for number in range(40_000)
    }
    yield "document with 40,000 operations", _document(served), None
    few: dict[str, object] = {
        f"/p{number}": {"get": {"responses": ANSWERS}} for number in range(10_000)
    }
    yield "overlay with nested searches", _document(few), "$..[?(@..*..*)]"


def _document(paths: dict[str, object]) -> str:
    return json.dumps({"openapi": "3.1.0", "info": INFO, "paths": paths})


def main() -> None:
    """Measure every input, and print a line for each."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "shop.json")
        operation = {"requestBody": {"content": MEDIA}, "responses": ANSWERS}
        file.write_text(_document({"/a": {"post": operation}}))
        apis = load_apis([file], BUILT_IN)
        engine = Engine(apis, Sandboxes({api.name: api for api in apis}, 0))
        for name, media_type, body in bodies():
            headers = {"host": "mock.test", "content-type": media_type}
            request = Request("POST", "/a", "", headers, body)
            _print(name, lambda: str(engine.handle(request, Instant(0)).answer.status))  # noqa: B023 - called at once
        for name, text, target in documents():
            file.write_text(text)
            _print(name, lambda: _load(file, target))  # noqa: B023 - called at once


def _load(file: Path, target: str | None) -> str:
    paths = [file]
    if target is not None:
        overlay = {"overlay": "1.0.0", "info": INFO, "extends": file.name}
        actions = [{"target": target, "update": {}}]
        paths.append(file.with_name("shop.overlay.json"))
        paths[1].write_text(json.dumps({**overlay, "actions": actions}))
    try:
        return f"{len(load_apis(paths, BUILT_IN)[0].operations):,} operations"
    except SpecError as error:
        return str(error).partition("/shop.")[2]


def _print(name: str, work: Callable[[], str]) -> None:
    start = time.process_time()
    outcome = work()
    print(f"{time.process_time() - start:6.2f} s  {name}: {outcome}")


if __name__ == "__main__":
    main()
