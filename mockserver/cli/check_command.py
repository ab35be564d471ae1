"""`mockserver check`: everything that is wrong with documents and interactions."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.cli.document_options import documents_argument, stateful_option, strict_option
from mockserver.contract.check_reports import FORMATS
from mockserver.contract.checking import check
from mockserver.server.sources import Sources


@click.command("check", short_help="Report everything that is wrong with documents.")
@documents_argument
@strict_option
@stateful_option
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="What the report is written as.",
)
def command(documents: Sequence[Path], *, strict: bool, stateful: bool, form: str) -> None:
    """Read DOCUMENTS with their interactions and report everything that is wrong with them.

    Exits with 2 if they cannot be served or an interaction is wrong, or with --strict if anything
    is.
    """
    sources = Sources(documents, strict=strict, thorough=True, stateful=stateful)
    checked = check(lambda: sources.load()[0], strict=strict)
    checked.skipped = sources.skipped
    click.echo(FORMATS[form](checked), err=form == "text" and checked.is_refused)
    if checked.has_errors:
        sys.exit(2)
