"""`mockserver replay`: play a saved history again, and say which answers differ, and why.

It reads a history that `mockserver run --save` or `GET /_mock/requests?format=har` wrote, loads the
documents, plays all requests and control calls without a server, prints what differs, and writes it
as JUnit XML if wanted. Exit codes: 1 if an answer differs; else 2 if no request could be played;
else 0; also 2 if the file, a document or an argument is invalid or the report cannot be written.
`replay/playing.py` plays; options of the server that saved the history are in the file.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mockserver.base.errors import MockserverError
from mockserver.base.json import JsonValue
from mockserver.cli import contract_options
from mockserver.cli.document_options import (
    documents_argument,
    plugin_option,
    set_option,
    stateful_option,
    stop,
    strict_option,
)
from mockserver.engine.engine_options import Options
from mockserver.server.sources import Sources, open_engine, parse_settings

if TYPE_CHECKING:
    from mockserver.replay.playing import ReplayOutcome
    from mockserver.replay.saved_history import SavedHistory


@click.command("replay", short_help="Play a saved history, and say which answers differ now.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@documents_argument
@set_option
@strict_option
@stateful_option
@plugin_option
@click.option(
    "--junit",
    "junit_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report as JUnit XML.",
)
def command(  # noqa: PLR0913 - one parameter for each option
    file: Path,
    documents: Sequence[Path],
    settings: Sequence[str],
    *,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
    junit_file: Path | None,
) -> None:
    """Play the history in FILE, and compare the answers of DOCUMENTS with the saved ones.

    FILE is written by mockserver run --save, or GET /_mock/requests?format=har. DOCUMENTS are
    documents or folders of documents. Default: the five bundled APIs. For each answer that differs,
    the first decision that differs is printed with its place in the documents.

    Exit codes: 0 if all answers are equal, 1 if an answer differs, 2 if no request could be played.
    """
    from mockserver.replay.playing import Player, adopt  # noqa: PLC0415 - costs start time
    from mockserver.replay.saved_history import HistoryFileError, read_history  # noqa: PLC0415 - as above

    try:
        history = read_history(file.read_bytes())
        saved = history.details.options
        inferred = stateful or saved.get("stateful") is True
        sources = Sources(
            documents, parse_settings(settings), strict, stateful=inferred, plugins=plugins
        )
        engine = open_engine(sources, options=_options(saved))
    except HistoryFileError as error:
        stop(HistoryFileError(f"{file}: {error}"))
    except MockserverError as error:
        stop(error)
    except OSError as error:
        stop(OSError(f"{file} cannot be read: {error.strerror}"))
    for note in adopt(engine, history):
        click.echo(note, err=True)
    if history.details.incomplete:
        click.echo(
            f"{file} does not have the whole history: {history.details.incomplete}", err=True
        )
    outcomes = list(Player(engine, history).play())
    _report(file, history, outcomes, junit_file)


def _options(saved: Mapping[str, JsonValue]) -> Options:
    """Return the options of the server that saved a history; HistoryFileError if they are wrong."""
    from mockserver.replay.saved_history import HistoryFileError  # noqa: PLC0415 - costs start time

    known: Any = {name: saved[name] for name in _OPTIONS if saved.get(name) is not None}
    try:
        return Options(**known)
    except (ValueError, TypeError) as error:
        raise HistoryFileError(f"log._mockserver.options: {error}") from None


_OPTIONS = ("dynamic", "echo", "errors", "strict_requests", "like")


def _report(
    file: Path,
    history: "SavedHistory",
    outcomes: Sequence["ReplayOutcome"],
    junit_file: Path | None,
) -> None:
    from mockserver.replay import replay_reports  # noqa: PLC0415 - costs start time

    redact = replay_reports.credentials_of(history)
    for line in replay_reports.text_report(outcomes, redact):
        click.echo(line)
    click.echo(replay_reports.totals(outcomes))
    code = replay_reports.exit_code(outcomes)
    if code == _UNPLAYED:
        click.echo("no request could be played, so nothing was compared", err=True)
    if junit_file is not None:
        contract_options.write_report(
            junit_file, replay_reports.junit_report(str(file), outcomes, redact)
        )
    sys.exit(code)


_UNPLAYED = 2
