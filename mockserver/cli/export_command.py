"""`mockserver export`: write the interactions of an API as a pact.

It loads the API and its interactions (with `--only` those with a tag), and writes one file, whole
or not at all. Interactions and expectations that a pact cannot express are left out and named on
standard error. Exit codes: 0, also if some are left out; 2 if documents or interactions are
invalid, there is no such API or tag, there are no interactions, or the file cannot be written.
`contract/pact.py` converts; nothing is masked.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.cli import contract_options
from mockserver.cli.document_options import plugin_option
from mockserver.contract.pact import VERSIONS, omitted_expectations, write_pact


@click.command("export", short_help="Write the interactions of an API as a pact.")
@click.argument("api")
@click.option(
    "--to",
    "file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Pact file to write.",
)
@click.option("--consumer", default="consumer", show_default=True, help="Name of the consumer.")
@click.option(
    "--pact",
    "version",
    type=click.Choice(VERSIONS),
    default="4",
    show_default=True,
    help="Version of the Pact specification.",
)
@click.option("--only", metavar="TAG", help="Export only interactions with this tag.")
@contract_options.document_option
@plugin_option
@contract_options.interactions_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    api: str,
    file: Path,
    consumer: str,
    version: str,
    only: str | None,
    documents: Sequence[Path],
    plugins: Sequence[str],
    paths: Sequence[Path],
) -> None:
    """Write the interactions of API as a pact, the contract file of the tool Pact.

    API is the name of an API, such as partoo. Interactions that refer to an earlier answer, or to
    a variable without a default, cannot be expressed in a pact and are left out. So are patterns
    of headers and texts of bodies of the expected answers. All of them are named.
    """
    found = contract_options.find_api(api, documents, plugins)
    interactions = contract_options.find_interactions(found, paths)
    contract_options.check_tag(only, interactions)
    chosen = [one for one in interactions if only is None or only in one.interaction.tags]
    content, left = write_pact(found, chosen, consumer, version)
    contract_options.write_report(file, content)
    click.echo(f"{len(chosen) - len(left)} interactions written to {file}")
    for name in left:
        click.echo(f"left out, because a pact cannot express its request: {name}", err=True)
    for placed in chosen:
        if placed.name not in left and (omitted := omitted_expectations(placed.interaction.answer)):
            reason = f"because a pact cannot express it: {', '.join(omitted)}"
            click.echo(f"left out of {placed.name}, {reason}", err=True)
