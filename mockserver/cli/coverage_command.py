"""`mockserver coverage`: how much of the contract was exercised, and whether that is enough."""

import os
import sys
from pathlib import Path

import click

from mockserver.base.errors import MockserverError
from mockserver.cli import contract_options
from mockserver.contract.contract_coverage import PARTS, Coverage, fetch, junit_report, text_report
from mockserver.contract.coverage_page import html_report
from mockserver.contract.targets import open_client

_FILE = click.Path(dir_okay=False, path_type=Path)
_TOO_LITTLE = 1


@click.command("coverage", short_help="Tell how much of the contract a mockserver saw.")
@click.option(
    "--against",
    default="http://127.0.0.1:8000",
    show_default=True,
    metavar="URL",
    help="Address of the mockserver.",
)
@click.option("--api", metavar="NAME", help="Only of this API.")
@click.option("--sandbox", metavar="NAME", help="Only in this sandbox; else in all of them.")
@click.option("--min", "least", type=click.FloatRange(0, 100), help="Percent that are needed.")
@click.option("--of", "part", type=click.Choice(PARTS), help="Count only these for --min.")
@click.option("--html", "html_file", type=_FILE, help="Write a page that needs nothing beside it.")
@click.option("--junit", "junit_file", type=_FILE, help="Write the shares as JUnit's properties.")
@contract_options.timeout_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    against: str,
    api: str | None,
    sandbox: str | None,
    least: float | None,
    part: str | None,
    html_file: Path | None,
    junit_file: Path | None,
    timeout: float,
) -> None:
    """Tell how much of the contract was exercised in a running mockserver.

    Ends with 0, with 1 if it was less than --min, with 2 if no mockserver tells.
    """
    try:
        with open_client(timeout) as client:
            token = os.environ.get(contract_options.CONTROL_TOKEN)
            found = fetch(client, against, api, sandbox, token)
    except MockserverError as error:
        contract_options.stop(str(error))
    click.echo("\n".join(text_report(found)))
    if html_file is not None:
        contract_options.write_report(html_file, html_report(found).encode())
    if junit_file is not None:
        contract_options.write_report(junit_file, junit_report(found))
    if least is not None:
        _judge(found, least, part)


def _judge(found: Coverage, least: float, part: str | None) -> None:
    share = found.share([part] if part else PARTS)
    if share < least:
        name = f" of the {part}" if part else ""
        click.echo(f"{share:.1f} %{name} is less than {least:g} %", err=True)
        sys.exit(_TOO_LITTLE)
