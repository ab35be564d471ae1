"""`mockserver explain`: answer a single request without a server, and print the reasons.

It loads the documents, makes the request of the arguments, and prints each decision with its place
in a document, each change of the sandbox in a line that begins with `*`, then status, headers and
body of the answer. `--at` sets the time. Nothing is redacted, delayed or kept. Exit codes: 0
whatever the answer is, 2 if documents, settings or arguments are invalid, or a plug-in is refused.
The engine answers as it does for a server.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from mockserver.base.errors import MockserverError
from mockserver.base.time import parse_clock_time, system_now
from mockserver.cli.document_options import (
    document_option,
    engine_options,
    plugin_option,
    seed_option,
    set_option,
    stateful_option,
    stop,
    strict_option,
)
from mockserver.engine.engine_options import Options
from mockserver.engine.pipeline import Engine
from mockserver.model.exchange import Exchange
from mockserver.model.messages import Request
from mockserver.model.trace import decisions
from mockserver.server.sources import Sources, open_engine, parse_settings


@click.command("explain", short_help="Explain the answer to a request, without a server.")
@click.argument("method")
@click.argument("url")
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME: VALUE",
    help="Header of the request.",
)
@click.option("-d", "--data", help="Body of the request, as JSON; @FILE reads it from a file.")
@document_option
@engine_options
@click.option("--at", help="Time of the request, such as 2026-01-31T09:00:00Z. Default: now.")
@seed_option
@set_option
@strict_option
@stateful_option
@plugin_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    method: str,
    url: str,
    headers: Sequence[str],
    data: str | None,
    documents: Sequence[Path],
    at: str | None,
    seed: int,
    settings: Sequence[str],
    *,
    options: Options,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
) -> None:
    """Handle a single request without a server, and print the answer with its reasons.

    METHOD and URL are those of the request; the URL is one that `mockserver serve` would serve,
    or only its path.
    """
    try:
        sources = Sources(
            documents, parse_settings(settings), strict, stateful=stateful, plugins=plugins
        )
        engine = open_engine(sources, seed, options)
        now = system_now() if at is None else parse_clock_time(at)
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
    for line in _changes(engine, exchange):
        click.echo(f"* {line}")
    click.echo("")
    click.echo(f"{exchange.answer.status}")
    for name, value in exchange.answer.headers:
        click.echo(f"{name}: {value}")
    click.echo("")
    click.echo(exchange.answer.body.decode("utf-8", "replace"))


def _changes(engine: Engine, exchange: Exchange) -> list[str]:
    """Return what the request changed, in plain words."""
    if not exchange.writes:
        return []
    from mockserver.control.change_facts import facts_of  # noqa: PLC0415 - costs start time
    from mockserver.control.change_lines import change_line  # noqa: PLC0415 - costs start time

    facts = facts_of(engine.sandboxes.by_name[exchange.sandbox], exchange)
    return [change_line(change, facts) for change in exchange.changes]


def _request(method: str, url: str, headers: Sequence[str], data: str | None) -> Request:
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
