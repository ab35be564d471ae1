"""Serves the bundled APIs with a journal that already holds as many requests as it is told to."""

import sys

import click

from mockserver.base.time import system_now
from mockserver.control.control_app import control_app
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import Bounds
from mockserver.engine.sandboxes import Sandboxes
from mockserver.model.messages import Request
from mockserver.openapi.compiler import load_apis
from mockserver.server import serving
from mockserver.server.application import App
from mockserver.server.greeting import greeting
from mockserver.server.listening import bind
from mockserver.server.sources import bundled_specs

PATHS = ("/cloutly/api/v1/reviews", "/partoo/v2/nowhere", "/walr/\u202e<b>bold</b>", "/nowhere")


def serve(count: int) -> None:
    apis = load_apis([bundled_specs()], BUILT_IN)
    by_name = {api.name: api for api in apis}
    engine = Engine(apis, Sandboxes(by_name, bounds=Bounds(exchanges=count)))
    key = {"host": "127.0.0.1", "x-api-key": "demo-cloutly-key"}
    for number in range(count):
        path = f"{PATHS[number % len(PATHS)]}/{number}" if number % 3 else PATHS[0]
        engine.handle(Request("GET", path, "", key), system_now())
    listener = bind("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = App(engine, control=lambda: control_app(engine, system_now))
    text = greeting(engine, origin, system_now(), control=True)
    serving.run(app, listener, lambda: click.echo(text))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
