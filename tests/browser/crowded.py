"""Serves the bundled APIs with a journal that already holds as many requests as it is told to."""

import sys

import click

from mockserver.clock import system_now
from mockserver.engine.pipeline import Engine
from mockserver.engine.sandbox import BUILT_IN, Bounds, Sandboxes
from mockserver.exchange import Request
from mockserver.server import serving
from mockserver.server.app import App
from mockserver.server.control import control_app
from mockserver.server.opening import bundled_specs, greeting
from mockserver.spec.compiler import load_apis

PATHS = ("/cloutly/api/v1/reviews", "/partoo/v2/nowhere", "/walr/\u202e<b>bold</b>", "/nowhere")


def serve(count: int) -> None:
    apis = load_apis([bundled_specs()], BUILT_IN)
    by_name = {api.name: api for api in apis}
    engine = Engine(apis, Sandboxes(by_name, bounds=Bounds(exchanges=count)))
    key = {"host": "127.0.0.1", "x-api-key": "demo-cloutly-key"}
    for number in range(count):
        path = f"{PATHS[number % len(PATHS)]}/{number}" if number % 3 else PATHS[0]
        engine.handle(Request("GET", path, "", key), system_now())
    listener = serving.bind("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = App(engine, control=lambda: control_app(engine, system_now))
    text = greeting(engine, origin, system_now(), control=True)
    serving.run(app, listener, lambda: click.echo(text))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
