"""`mockserver serve`: serve documents, or the five bundled APIs, until the process is stopped.

It loads the documents, binds the address, and prints the addresses of the APIs. Without a token it
refuses to serve the control API on an address that other machines can reach. Refused requests are
printed to standard error (`--log`: all, `--quiet`: none); `--reload` loads changed documents again,
`--canned` adds the answers of interactions. Exit codes: 0 after a signal, 1 if the address is
taken, 2 if documents, settings or options are invalid. `server/serving.py` runs the server.
"""

import asyncio
import atexit
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from mockserver.base.errors import MockserverError
from mockserver.base.hosts import is_loopback
from mockserver.base.time import system_now
from mockserver.cli.document_options import (
    Printed,
    Sharing,
    documents_argument,
    engine_options,
    history_memory_option,
    journal_option,
    output_options,
    plugin_option,
    record_memory_option,
    seed_option,
    set_option,
    stateful_option,
    stop,
    store_options,
    strict_option,
)
from mockserver.documents.document_files import Files
from mockserver.engine.engine_options import Options
from mockserver.engine.pipeline import Engine
from mockserver.model.api import Api
from mockserver.model.exchange import Exchange
from mockserver.server.application import DEFAULT_BODY_LIMIT, App
from mockserver.server.factory import application
from mockserver.server.greeting import greeting
from mockserver.server.listening import bind, origin
from mockserver.server.reloading import Reloader
from mockserver.server.sources import Memory, Sources, open_engine, parse_settings


@click.command("serve", short_help="Serve documents, or the five bundled APIs.")
@documents_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; with 0, a free port is chosen and printed.",
)
@seed_option
@journal_option
@history_memory_option
@record_memory_option
@store_options
@set_option
@click.option("--no-control", is_flag=True, help="Do not serve the control API and the dashboard.")
@click.option(
    "--control-token",
    envvar="MOCKSERVER_CONTROL_TOKEN",
    show_envvar=True,
    help="Token that requests to the control API must send.",
)
@click.option(
    "--no-mock-headers",
    is_flag=True,
    help="Do not send Mock-Request-Id, Mock-Reason and Mock-Why.",
)
@click.option(
    "--no-cors", is_flag=True, help="Do not allow web pages of other origins to call the APIs."
)
@click.option(
    "--canned",
    is_flag=True,
    help="Let clients request the answer of an interaction with Prefer: example=NAME.",
)
@engine_options
@click.option(
    "--max-body",
    type=click.IntRange(1),
    default=DEFAULT_BODY_LIMIT,
    show_default=True,
    help="Maximum size of a request's body, in bytes.",
)
@strict_option
@stateful_option
@plugin_option
@click.option("--reload", is_flag=True, help="Reload documents when their files change.")
@output_options
def command(  # noqa: PLR0913 - one parameter for each option
    documents: Sequence[Path],
    *,
    host: str,
    port: int,
    seed: int,
    journal: int,
    sharing: Sharing,
    settings: Sequence[str],
    history_memory: int,
    record_memory: int,
    no_control: bool,
    control_token: str | None,
    no_mock_headers: bool,
    no_cors: bool,
    canned: bool,
    options: Options,
    max_body: int,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
    reload: bool,
    printed: Printed,
) -> None:
    """Serve DOCUMENTS, or the five bundled APIs.

    DOCUMENTS are OpenAPI documents, or folders of them. The addresses of the APIs, the control
    API and the dashboard are printed at the start.
    """
    _check_access(host, control_token, control=not no_control)
    _check_reload(sharing, reload=reload)
    try:
        options = replace(options, announce=not no_mock_headers, control=not no_control)
        options = replace(options, cors=not no_cors)
        given = parse_settings(settings)
        sources = Sources(documents, given, strict, stateful=stateful, plugins=plugins)
        sources.prepare = _canned() if canned else None
        engine = open_engine(sources, seed, options, journal, Memory(history_memory, record_memory))
    except MockserverError as error:
        stop(error)
    listener = _bound(host, port)
    shown, store = not no_control, sharing.store
    app = application(engine, control=shown, token=control_token, body_limit=max_body, store=store)
    app.on_exchange = _logger(printed)
    text = greeting(engine, origin(listener, host), system_now(), control=not no_control)
    _run(app, listener, sharing.workers, text, _reloader(engine, sources) if reload else None)


def _bound(host: str, port: int) -> socket.socket:
    try:
        return bind(host, port)
    except OSError as error:
        stop(OSError(f"cannot listen on {host}:{port}: {error.strerror}"), code=1)


def _run(
    app: App,
    listener: socket.socket,
    workers: int,
    text: str,
    check_files: Callable[[], Awaitable[None]] | None,
) -> None:
    """Serve until a signal ends it; print the text when it accepts connections."""
    if workers > 1:
        from mockserver.server.workers import run_workers  # noqa: PLC0415 - few need it

        sys.exit(run_workers(app, listener, workers, lambda: _greet(text)))
    from mockserver.server import serving  # noqa: PLC0415 - uvicorn is slow to import

    serving.run(app, listener, lambda: _greet(text), check_files)


def _check_access(host: str, token: str | None, *, control: bool) -> None:
    if token is not None and not token.strip():
        raise click.UsageError("--control-token is empty; pass a token, or leave out the option")
    if not is_loopback(host) and control and not token:
        message = f"other machines can reach {host}; add --control-token or --no-control"
        raise click.UsageError(message)


def _check_reload(sharing: Sharing, *, reload: bool) -> None:
    if sharing.workers > 1 and reload:
        raise click.UsageError("--reload works with one worker only")


def _greet(text: str) -> None:
    with suppress(OSError):  # a closed or full standard output must not stop the server
        click.echo(text)


def _logger(printed: Printed) -> Callable[[Exchange], None] | None:
    """Return the function that prints lines about requests to standard error; None for none."""
    if printed == "none":
        return None
    if printed == "refused":
        from mockserver.server.refusal_log import RefusalLog  # noqa: PLC0415 - as below

        refusals = RefusalLog(_print_line, _in_a_second)
        atexit.register(refusals.flush)
        return refusals.add
    from mockserver.server.request_log import log_line  # noqa: PLC0415 - only a server needs it

    return lambda exchange: _print_line(log_line(exchange))


def _print_line(line: str) -> None:
    with suppress(OSError):  # a closed or full standard error must not stop the server
        click.echo(line, err=True)


def _in_a_second(call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(1, call)


def _canned() -> Callable[[Api, Files], Api]:
    from mockserver.contract.canned_answers import with_canned_answers  # noqa: PLC0415 - slow to import

    return with_canned_answers


def _reloader(engine: Engine, sources: Sources) -> Callable[[], Awaitable[None]]:
    """Return the function that reloads changed documents, and reports that to standard error."""
    return Reloader(engine, sources, lambda text: click.echo(text, err=True)).check
