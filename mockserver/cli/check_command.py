"""`mockserver check`: validate documents and their interactions, and report all problems.

It loads the documents (the bundled ones by default), without a server, and prints the report in one
of the formats of `contract/check_reports.py`; a text that nothing can be served goes to standard
error. Exit codes: 0, also with warnings; 2 if there is an error, with `--strict` also for any
warning. No file is written.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.errors import SettingsError
from mockserver.cli.document_options import (
    documents_argument,
    plugin_option,
    stateful_option,
    stop,
    strict_option,
)
from mockserver.contract.check_reports import FORMATS
from mockserver.contract.checking import check
from mockserver.server.sources import Sources


@click.command("check", short_help="Validate documents and their interactions.")
@documents_argument
@strict_option
@stateful_option
@plugin_option
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="Format of the report.",
)
def command(
    documents: Sequence[Path], *, strict: bool, stateful: bool, plugins: Sequence[str], form: str
) -> None:
    """Validate DOCUMENTS and their interactions, and report all problems.

    DOCUMENTS are files or folders; the default is the five bundled APIs.

    Exit codes: 0 if the documents can be served and all interactions are valid, else 2. With
    --strict, any problem gives 2.
    """
    sources = Sources(documents, strict=strict, thorough=True, stateful=stateful, plugins=plugins)
    try:
        checked = check(lambda: sources.load()[0], strict=strict)
    except SettingsError as error:
        stop(error)
    checked.skipped = sources.skipped
    click.echo(FORMATS[form](checked), err=form == "text" and checked.is_refused)
    if checked.has_errors:
        sys.exit(2)
