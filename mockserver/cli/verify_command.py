"""`mockserver verify`: replay the interactions of an API against a running service.

It loads API and interactions, takes variables and the control token from the environment, prints a
report, and writes it as JSON or JUnit XML if wanted. Exit codes: 1 if an answer has drifted; else
2 if a request failed or none was sent; else 0; also 2 if an argument or a document is invalid or a
report cannot be written. Known secrets (headers, used variables, the token) are removed from
messages and reports. `contract/verification.py` sends and compares, and sends no requests that may
change data to a real service, unless `--allow-writes` is given.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from mockserver.base.errors import MockserverError
from mockserver.cli import contract_options
from mockserver.cli.document_options import plugin_option
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.targets import UnreachableError, open_client, open_target
from mockserver.contract.variables import Variables
from mockserver.contract.verification import Verification, unreachable_run
from mockserver.contract.verification_outcomes import Outcome, VerificationRun
from mockserver.contract.verification_reports import json_report, junit_report, text_report
from mockserver.wire.long_integers import write_json

_REPORT = click.Path(dir_okay=False, path_type=Path)


@click.command("verify", short_help="Replay interactions against a running service.")
@click.argument("api")
@click.option("--against", required=True, metavar="URL", help="Base URL of the service.")
@contract_options.document_option
@plugin_option
@contract_options.interactions_option
@contract_options.header_option
@click.option("--only", metavar="TAG", help="Replay only interactions with this tag.")
@click.option(
    "--allow-writes",
    is_flag=True,
    help="Send requests that may change data to a real service too. A mockserver always gets them.",
)
@contract_options.timeout_option
@click.option("--json", "json_file", type=_REPORT, help="Write a report as JSON.")
@click.option("--junit", "junit_file", type=_REPORT, help="Write a report as JUnit XML.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    api: str,
    against: str,
    documents: Sequence[Path],
    plugins: Sequence[str],
    paths: Sequence[Path],
    headers: Sequence[str],
    only: str | None,
    allow_writes: bool,  # noqa: FBT001 - click passes options by name
    timeout: float,
    json_file: Path | None,
    junit_file: Path | None,
) -> None:
    """Replay the interactions of API against a service, and compare the answers.

    API is the name of an API, such as partoo. The service is a mockserver or the real service.
    Answers are compared with the interactions and with the document.

    Exit codes: 0 if all answers agree, 1 if an answer drifted, 2 if a request could not be sent
    or got no answer, or if all interactions were skipped.
    """
    found = contract_options.find_api(api, documents, plugins)
    interactions = contract_options.find_interactions(found, paths)
    contract_options.check_tag(only, interactions)
    redact = Redactor([os.environ.get(contract_options.CONTROL_TOKEN, "")])
    given = contract_options.read_headers(headers, redact)
    variables = Variables(os.environ)
    on_outcome = _progress(sum(only in (None, *one.interaction.tags) for one in interactions))
    try:
        with open_client(timeout) as client:
            target = open_target(
                client, found, against, os.environ.get(contract_options.CONTROL_TOKEN)
            )
            check = Verification(target, interactions, variables, given, allow_writes, on_outcome)
            run = check.run(only)
    except UnreachableError as error:
        run = unreachable_run(found, against, interactions, str(error), only)
    except MockserverError as error:
        contract_options.stop(redact(str(error)))
    redact.add(*variables.used)
    _report(run, redact, json_file, junit_file)
    sys.exit(run.exit_code)


def _progress(number: int) -> Callable[[Outcome], None]:
    """Return a function that shows the progress if standard error is a terminal."""
    done = 0

    def show(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        line = f"{done}/{number} {outcome.placed.name}"[:_WIDTH]
        click.echo(f"\r\x1b[K{line if done < number else ''}", err=True, nl=False)

    return show if sys.stderr.isatty() else lambda _outcome: None


_WIDTH = 78


def _report(
    run: VerificationRun, redact: Redactor, json_file: Path | None, junit_file: Path | None
) -> None:
    click.echo("\n".join(text_report(run, redact)))
    if json_file is not None:
        content = write_json(json_report(run, redact), is_indented=True) + b"\n"
        contract_options.write_report(json_file, content)
    if junit_file is not None:
        contract_options.write_report(junit_file, junit_report([run], redact))
