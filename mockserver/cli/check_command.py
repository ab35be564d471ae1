"""`mockserver check`: validate documents and their interactions, and report all problems.

It loads the documents (the bundled ones by default), without a server, and prints the report in one
of the formats of `contract/check_reports.py`; a text that nothing can be served goes to standard
error. Exit codes: 0, also with notes only; 1 if parts of a document are left out or read
differently (0 with `--lenient`); 2 if a document or an interaction has an error, with `--strict`
also for warnings and some notes, or if arguments are invalid or a plug-in is refused. `--explain`
only prints the meaning of a code, or a list of all codes. No file is written.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.errors import SettingsError
from mockserver.base.problem_codes import problem_codes
from mockserver.base.problems import near
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


def _explain(context: click.Context, _option: click.Parameter, code: str | None) -> None:
    """Print the explanation of a code, or a list of all codes, and exit."""
    if code is None:
        return
    codes = problem_codes()
    if code.lower() == "list":
        for one in codes.values():
            click.echo(f"{one.code}  {one.severity:<7}  {one.title}")
    elif (found := codes.get(code.upper())) is not None:
        click.echo(found.as_text())
    else:
        similar = near(code[:100].upper(), codes)
        advice = f"{similar} " if similar else ""
        message = (
            f"there is no code {code[:100]!r}; {advice}`check --explain list` prints all codes"
        )
        raise click.UsageError(message)
    context.exit()


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
@click.option(
    "--lenient", is_flag=True, help="Exit with 0 if parts are left out; only errors give 2."
)
@click.option(
    "--explain",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Explain the code of a problem, such as MS104, or `list` all codes, and exit.",
)
def command(
    documents: Sequence[Path],
    *,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
    form: str,
    lenient: bool,
) -> None:
    """Validate DOCUMENTS and their interactions, and report all problems.

    DOCUMENTS are files or folders; the default is the five bundled APIs.

    Exit codes: 0 if everything is served, 1 if parts of a document are left out or read
    differently (0 with --lenient), 2 if a document cannot be served or an interaction cannot be
    replayed. With --strict, any problem gives 2.
    """
    sources = Sources(documents, strict=strict, thorough=True, stateful=stateful, plugins=plugins)
    try:
        checked = check(lambda: sources.load()[0], strict=strict)
    except SettingsError as error:
        stop(error)
    checked.skipped, checked.lenient = sources.skipped, lenient
    click.echo(FORMATS[form](checked), err=form == "text" and checked.is_refused)
    sys.exit(checked.exit_code())
