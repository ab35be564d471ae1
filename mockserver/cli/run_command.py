"""`mockserver run`: serve documents while another command runs."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.errors import MockserverError
from mockserver.cli.document_options import (
    document_option,
    dynamic_option,
    errors_option,
    plugin_option,
    seed_option,
    set_option,
    stateful_option,
    stop,
    strict_option,
    strict_requests_option,
)
from mockserver.engine.engine_options import Options
from mockserver.server.factory import application
from mockserver.server.sources import Sources, open_engine, parse_settings


@click.command(
    "run",
    context_settings={"allow_interspersed_args": False},
    short_help="Serve while another command runs, such as a test suite.",
)
@click.argument("command", nargs=-1, required=True)
@document_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on. Default: a free port.",
)
@seed_option
@set_option
@dynamic_option
@errors_option
@strict_requests_option
@strict_option
@stateful_option
@plugin_option
def command(  # noqa: PLR0913 - one parameter for each option
    command: Sequence[str],
    documents: Sequence[Path],
    port: int,
    seed: int,
    settings: Sequence[str],
    *,
    dynamic: bool,
    errors: bool,
    strict_requests: bool,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
) -> None:
    """Serve documents while COMMAND runs, and exit with its exit code.

    COMMAND gets the address of the server in the environment variable MOCKSERVER_URL.
    """
    try:
        sources = Sources(
            documents, parse_settings(settings), strict, stateful=stateful, plugins=plugins
        )
        engine = open_engine(
            sources, seed, Options(dynamic=dynamic, errors=errors, strict_requests=strict_requests)
        )
    except MockserverError as error:
        stop(error)
    from mockserver.server.command_runner import run_with_server  # noqa: PLC0415 - uvicorn is slow to import

    try:
        code = run_with_server(application(engine), command, port)
    except OSError as error:
        name = command[0] if error.filename else f"port {port}"
        stop(OSError(f"cannot use {name}: {error.strerror}"), code=127 if error.filename else 1)
    sys.exit(code)
