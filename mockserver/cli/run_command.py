"""`mockserver run`: serve documents while another command runs, and exit with its exit code.

`server/command_runner.py` runs the command, with the URL in `MOCKSERVER_URL`. If it fails, the last
requests that were refused or matched no operation are printed to standard error; `--save` writes an
HTTP Archive of the latest 10,000 requests, also then, with what `mockserver replay` needs to play
them again; secrets only with `--with-secrets`. Exit codes of its own: 2 if documents,
settings or arguments are invalid, or the archive cannot be written after a command that succeeded;
127 if the command cannot be run; 1 if the port is taken.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from mockserver.base.atomic_files import write_whole
from mockserver.base.errors import MockserverError
from mockserver.base.time import system_now
from mockserver.cli.document_options import (
    document_option,
    engine_options,
    history_memory_option,
    journal_option,
    plugin_option,
    record_memory_option,
    seed_option,
    set_option,
    stateful_option,
    stop,
    strict_option,
)
from mockserver.control.call_log import CallLog
from mockserver.engine.engine_options import Options
from mockserver.engine.pipeline import Engine
from mockserver.model.exchange import Exchange
from mockserver.server.factory import application
from mockserver.server.latest_exchanges import LatestExchanges
from mockserver.server.refusal_report import refusal_report
from mockserver.server.sources import Memory, Sources, open_engine, parse_settings

_MOST_EXCHANGES = 10_000
"""Number of the latest exchanges that are reported and saved."""
_UNSAVED = 2


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
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the requests and answers to this file at the end (HTTP Archive 1.2).",
)
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Save credentials and other secrets as they were sent; they are redacted otherwise.",
)
@seed_option
@journal_option
@history_memory_option
@record_memory_option
@set_option
@engine_options
@strict_option
@stateful_option
@plugin_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    command: Sequence[str],
    documents: Sequence[Path],
    port: int,
    save: Path | None,
    with_secrets: bool,  # noqa: FBT001 - click passes options by name
    seed: int,
    journal: int,
    *,
    history_memory: int,
    record_memory: int,
    settings: Sequence[str],
    options: Options,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
) -> None:
    """Serve documents while COMMAND runs, and exit with its exit code.

    COMMAND gets the address of the server in the environment variable MOCKSERVER_URL. If it
    fails, the requests that were refused or that matched no operation are printed.
    """
    if with_secrets and save is None:
        raise click.UsageError("--with-secrets is for --save; give both, or neither")
    try:
        sources = Sources(
            documents, parse_settings(settings), strict, stateful=stateful, plugins=plugins
        )
        engine = open_engine(sources, seed, options, journal, Memory(history_memory, record_memory))
    except MockserverError as error:
        stop(error)
    from mockserver.server.command_runner import run_with_server  # noqa: PLC0415 - uvicorn is slow to import

    seen = _Seen(engine)
    try:
        app = application(engine, calls=seen.calls if save else None)
        app.on_exchange = seen.add
        code = run_with_server(app, command, port)
    except OSError as error:
        name = command[0] if error.filename else f"port {port}"
        stop(OSError(f"cannot use {name}: {error.strerror}"), code=127 if error.filename else 1)
    if code:
        for line in refusal_report([exchange for _, exchange in seen.latest], seen.count):
            click.echo(line, err=True)
    is_saved = save is None or _save(save, engine, seen, plain=with_secrets, stateful=stateful)
    sys.exit(code if code or is_saved else _UNSAVED)


class _Seen:
    """The latest requests of all sandboxes, with their positions, and all calls."""

    def __init__(self, engine: Engine) -> None:
        self.calls = CallLog(engine.sandboxes, system_now)
        self.latest = LatestExchanges(_MOST_EXCHANGES, engine.sandboxes.budget.most)

    def add(self, exchange: Exchange) -> None:
        self.latest.add(exchange, self.calls.count(exchange))

    @property
    def count(self) -> int:
        return self.latest.count

    @property
    def dropped(self) -> int:
        return self.count - len(self.latest)


def _save(path: Path, engine: Engine, seen: _Seen, *, plain: bool, stateful: bool) -> bool:
    """Write an archive; return False after a message if that fails."""
    from mockserver.control.har import har  # noqa: PLC0415 - only needed with --save
    from mockserver.control.history_members import log_member  # noqa: PLC0415 - as above

    lacks = f"it lacks the {seen.dropped} earliest of {seen.count} requests" if seen.dropped else ""
    member = log_member(engine, seen.calls.calls, incomplete=lacks, plain=plain, stateful=stateful)
    try:
        write_whole(path, orjson.dumps(har(seen.latest, member)) + b"\n")
    except OSError as error:
        click.echo(f"{path} cannot be written: {error.strerror}", err=True)
        return False
    if lacks:
        click.echo(f"{path}: {lacks}", err=True)
    return True
