"""Arguments and options of commands that read documents, and what is told when they cannot be."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from mockserver.base.errors import MockserverError, SpecError

documents_argument = click.argument("documents", nargs=-1, type=click.Path(path_type=Path))
document_option = click.option(
    "--document",
    "documents",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Document or folder to serve; else the five bundled APIs.",
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of all ids."
)
stateful_option = click.option(
    "--stateful", is_flag=True, help="Keep what is created, changed and deleted, without x-mock."
)
strict_option = click.option(
    "--strict", is_flag=True, help="Stop at everything that is wrong, instead of leaving it out."
)
dynamic_option = click.option(
    "--dynamic", is_flag=True, help="Make up new values for every answer."
)
errors_option = click.option(
    "--errors", is_flag=True, help="Answer 500 where an answer breaks its own schema."
)
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="API.SETTING=VALUE",
    help="Change a setting, as in --set partoo.sms_quota=1.",
)


def stop(error: MockserverError | OSError, code: int = 2) -> NoReturn:
    """Tell why nothing is served, and end."""
    click.echo(str(error), err=True)
    if isinstance(error, SpecError):
        count = len(error.problems)
        click.echo(f"{count} problem{'' if count == 1 else 's'}; nothing is served.", err=True)
    sys.exit(code)
