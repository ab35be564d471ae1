"""`mockserver coverage`: report the contract coverage of a running mockserver.

It asks the control API (with the token in `MOCKSERVER_CONTROL_TOKEN`) for one sandbox or all,
prints a table with the parts that were never used, and writes HTML or JUnit XML if wanted. Exit
codes: 0, 1 if the coverage is below `--min`, 2 if the mockserver cannot be reached or rejects the
call, or a file cannot be written. It reads no documents; `contract/contract_coverage.py` reports.
"""

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


@click.command("coverage", short_help="Report how much of the contract requests exercised.")
@click.option(
    "--against",
    default="http://127.0.0.1:8000",
    show_default=True,
    metavar="URL",
    help="Address of the running mockserver.",
)
@click.option("--api", metavar="NAME", help="Report only this API.")
@click.option("--sandbox", metavar="NAME", help="Count only this sandbox. Default: all sandboxes.")
@click.option(
    "--min", "minimum", type=click.FloatRange(0, 100), help="Required coverage in percent."
)
@click.option("--of", "part", type=click.Choice(PARTS), help="Apply --min to these parts only.")
@click.option("--html", "html_file", type=_FILE, help="Write a report as a single HTML page.")
@click.option("--junit", "junit_file", type=_FILE, help="Write a report as JUnit XML.")
@contract_options.timeout_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    against: str,
    api: str | None,
    sandbox: str | None,
    minimum: float | None,
    part: str | None,
    html_file: Path | None,
    junit_file: Path | None,
    timeout: float,
) -> None:
    """Report how much of the contract was exercised since a mockserver was started.

    Counts the documented operations, responses, parameters and examples that were seen.

    Exit codes: 0 if the coverage is sufficient, 1 if it is below --min, 2 if the mockserver
    cannot be reached.
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
    if minimum is not None:
        _require(found, minimum, part)


def _require(found: Coverage, minimum: float, part: str | None) -> None:
    share = found.share([part] if part else PARTS)
    if share < minimum:
        name = part or "contract"
        click.echo(f"{share:.1f} % of the {name} is below the minimum, {minimum:g} %", err=True)
        sys.exit(_TOO_LITTLE)
