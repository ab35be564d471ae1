"""The command line."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import click

from mockserver import __version__
from mockserver.cli.commands import Commands
from mockserver.cli.options import (
    document_option,
    documents_argument,
    dynamic_option,
    errors_option,
    seed_option,
    set_option,
    stateful_option,
    stop,
    strict_option,
)
from mockserver.clock import parse_instant, system_now
from mockserver.engine.journal import Exchange
from mockserver.engine.options import Options
from mockserver.engine.pipeline import Engine
from mockserver.engine.trace import decisions
from mockserver.errors import MockserverError
from mockserver.exchange import Request
from mockserver.hosts import is_loopback
from mockserver.model import Api
from mockserver.server.app import DEFAULT_BODY_LIMIT
from mockserver.server.opening import Sources, application, greeting, open_engine, parse_settings
from mockserver.spec.files import Files


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mockserver")
def main() -> None:
    """Emulate web APIs from their OpenAPI documents, with state, limits and messages."""


@main.command(short_help="Serve documents, or the five bundled APIs.")
@documents_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on; 0 takes a free one and prints it.",
)
@seed_option
@set_option
@click.option("--no-control", is_flag=True, help="Serve neither control API nor dashboard.")
@click.option(
    "--control-token",
    envvar="MOCKSERVER_CONTROL_TOKEN",
    show_envvar=True,
    help="Token that the control API asks for.",
)
@click.option("--no-mock-headers", is_flag=True, help="Send no Mock-Request-Id or Mock-Reason.")
@click.option("--no-cors", is_flag=True, help="Don't let pages of other sites call the APIs.")
@click.option(
    "--canned", is_flag=True, help="Let Prefer: example=NAME ask for an interaction's answer."
)
@dynamic_option
@errors_option
@click.option(
    "--max-body",
    type=click.IntRange(1),
    default=DEFAULT_BODY_LIMIT,
    show_default=True,
    help="Most bytes of a request's body.",
)
@strict_option
@stateful_option
@click.option("--reload", is_flag=True, help="Load documents anew when they change.")
@click.option("--log", is_flag=True, help="Print a line for every request, on standard error.")
def serve(  # noqa: PLR0913 - one parameter for each option
    documents: Sequence[Path],
    host: str,
    port: int,
    seed: int,
    settings: Sequence[str],
    *,
    no_control: bool,
    control_token: str | None,
    no_mock_headers: bool,
    no_cors: bool,
    canned: bool,
    dynamic: bool,
    errors: bool,
    max_body: int,
    strict: bool,
    stateful: bool,
    reload: bool,
    log: bool,
) -> None:
    """Serve DOCUMENTS (files or folders), or the five APIs that come with mockserver."""
    if control_token == "":
        raise click.UsageError("--control-token is empty: give a token, or leave it out")
    if not is_loopback(host) and not no_control and not control_token:
        message = "an address others can reach needs --control-token or --no-control"
        raise click.UsageError(message)
    try:
        options = Options(not no_mock_headers, not no_cors, dynamic, errors)
        sources = Sources(documents, parse_settings(settings), strict, stateful=stateful)
        sources.prepare = _canned() if canned else None
        engine = open_engine(sources, seed, options)
    except MockserverError as error:
        stop(error)
    from mockserver.server import serving  # noqa: PLC0415 - the server's imports cost start time

    try:
        listener = serving.bind(host, port)
    except OSError as error:
        stop(OSError(f"cannot listen on {host}:{port}: {error.strerror}"), code=1)
    origin = serving.origin(listener, host)

    app = application(engine, control=not no_control, token=control_token, body_limit=max_body)
    app.tell = _log() if log else None
    text = greeting(engine, origin, system_now(), control=not no_control)
    serving.run(app, listener, lambda: _greet(text), _look(engine, sources) if reload else None)


def _greet(text: str) -> None:
    with suppress(OSError):  # an output that is closed or full costs the words, not the server
        click.echo(text)


def _log() -> Callable[[Exchange], None]:
    from mockserver.server.request_log import line  # noqa: PLC0415 - only --log needs it

    def tell(exchange: Exchange) -> None:
        with suppress(OSError):
            click.echo(line(exchange), err=True)

    return tell


def _canned() -> Callable[[Api, Files], Api]:
    from mockserver.contract.canned import with_canned_answers  # noqa: PLC0415 - costs start time

    return with_canned_answers


def _look(engine: Engine, sources: Sources) -> Callable[[], Awaitable[None]]:
    """Make the function that looks for changed documents, and tells of them on stderr."""
    from mockserver.server.reloading import Reloader  # noqa: PLC0415 - only --reload needs it

    return Reloader(engine, sources, lambda text: click.echo(text, err=True)).look


@main.command(
    context_settings={"allow_interspersed_args": False},
    short_help="Serve while a command runs, such as a test suite.",
)
@click.argument("command", nargs=-1, required=True)
@document_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; else any that is free.",
)
@seed_option
@set_option
@dynamic_option
@errors_option
@strict_option
@stateful_option
def run(  # noqa: PLR0913 - one parameter for each option
    command: Sequence[str],
    documents: Sequence[Path],
    port: int,
    seed: int,
    settings: Sequence[str],
    *,
    dynamic: bool,
    errors: bool,
    strict: bool,
    stateful: bool,
) -> None:
    """Serve while COMMAND runs, which finds the address in MOCKSERVER_URL.

    Ends with the exit code of COMMAND.
    """
    try:
        sources = Sources(documents, parse_settings(settings), strict, stateful=stateful)
        engine = open_engine(sources, seed, Options(dynamic=dynamic, errors=errors))
    except MockserverError as error:
        stop(error)
    from mockserver.server.beside import run_beside  # noqa: PLC0415 - the server's imports

    try:
        code = run_beside(application(engine), command, port)
    except OSError as error:
        name = command[0] if error.filename else f"port {port}"
        stop(OSError(f"cannot use {name}: {error.strerror}"), code=127 if error.filename else 1)
    sys.exit(code)


@main.command(short_help="List the operations that would be served.")
@documents_argument
@strict_option
@stateful_option
def routes(documents: Sequence[Path], *, strict: bool, stateful: bool) -> None:
    """List the operations that would be served, and what else a document describes."""
    try:
        engine = open_engine(Sources(documents, strict=strict, stateful=stateful))
    except MockserverError as error:
        stop(error)
    for api in engine.apis.values():
        for operation in api.operations:
            path = next((server.path for server in operation.servers or api.servers), "")
            url = f"/{api.name}{path}{operation.path}"
            resource = f"  resource {operation.resource}" if operation.resource else ""
            told = f"{operation.method:<7} {url}  {operation.id}  {operation.source}{resource}"
            click.echo(told)
        for item in api.unserved:
            click.echo(f"{item.method:<7} {item.kind} {item.name}  not served  {item.source}")


@main.command(short_help="Print why a request gets its answer, without a server.")
@click.argument("method")
@click.argument("url")
@click.option(
    "-H", "--header", "headers", multiple=True, metavar="NAME: VALUE", help="Of the request."
)
@click.option("-d", "--data", help="Body; @FILE reads a file.")
@document_option
@dynamic_option
@errors_option
@click.option("--at", help="Instant of the request, such as 2026-01-31T09:00:00Z.")
@seed_option
@set_option
@strict_option
@stateful_option
def explain(  # noqa: PLR0913, PLR0917 - one parameter for each option
    method: str,
    url: str,
    headers: Sequence[str],
    data: str | None,
    documents: Sequence[Path],
    at: str | None,
    seed: int,
    settings: Sequence[str],
    *,
    dynamic: bool,
    errors: bool,
    strict: bool,
    stateful: bool,
) -> None:
    """Send one request through the engine, without a socket, and print why it got its answer."""
    try:
        sources = Sources(documents, parse_settings(settings), strict, stateful=stateful)
        engine = open_engine(sources, seed, Options(dynamic=dynamic, errors=errors))
        now = system_now() if at is None else parse_instant(at)
        request = _request(method, url, headers, data)
    except MockserverError as error:
        stop(error)
    except (ValueError, OSError) as error:
        raise click.UsageError(str(error)) from None
    exchange = engine.handle(request, now)
    for decision in decisions(exchange.operation, exchange.trace, exchange.request):
        source = decision.source()
        place = f"    [{source}]" if source else ""
        click.echo(f"- {decision.sentence()}{place}")
    click.echo("")
    click.echo(f"{exchange.answer.status}")
    for name, value in exchange.answer.headers:
        click.echo(f"{name}: {value}")
    click.echo("")
    click.echo(exchange.answer.body.decode("utf-8", "replace"))


def _request(method: str, url: str, headers: Sequence[str], data: str | None) -> Request:
    from urllib.parse import urlsplit  # noqa: PLC0415 - only this command needs it

    parts = urlsplit(url)
    given = {"host": parts.netloc or "127.0.0.1:8000"}
    if data is not None:
        given["content-type"] = "application/json"
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise ValueError(f"{header!r} is not a header; write NAME: VALUE")
        given[name.strip().lower()] = value.strip()
    body = Path(data[1:]).read_bytes() if data and data.startswith("@") else (data or "").encode()
    return Request(method.upper(), parts.path or "/", parts.query, given, body)
