"""`mockserver import`: convert exchanges of other tools to a file of interactions.

It reads a pact, an HTTP Archive or a Postman collection. Secrets and personal data of the latter
two are masked as in a recording; those of a pact are not. It prints how many exchanges it skipped,
and which environment variables a replay needs. Exit codes: 0; 2 if the documents are invalid, there
is no such API, or the file cannot be read, has another format, or has no exchange of the API: then
nothing is written; also 2 if the output cannot be written.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.json import JsonValue
from mockserver.cli import contract_options
from mockserver.cli.document_options import plugin_option
from mockserver.contract.exchange_imports import (
    ImportFileError,
    SkippedExchanges,
    read_har,
    read_json_file,
    read_postman,
)
from mockserver.contract.interaction_writing import interaction_file
from mockserver.contract.masking import Masking
from mockserver.contract.pact import read_pact
from mockserver.contract.recording import Recorder, public_text

_READERS = {"har": read_har, "postman": read_postman}


@click.command("import", short_help="Convert files of Pact, HAR or Postman to interactions.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--api", required=True, metavar="NAME", help="Name of the API.")
@click.option(
    "--from",
    "format_name",
    required=True,
    type=click.Choice(("pact", *_READERS)),
    help="Format of FILE.",
)
@click.option(
    "--to",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Interaction file to write.",
)
@contract_options.keep_option
@contract_options.document_option
@plugin_option
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    file: Path,
    api: str,
    format_name: str,
    output: Path,
    keep: Sequence[str],
    documents: Sequence[Path],
    plugins: Sequence[str],
) -> None:
    """Convert FILE to interactions of an API.

    FILE is a pact, an HTTP Archive (HAR) or a Postman collection 2.1. Secrets and personal data
    of an archive or a collection are masked, as in a recording of `mockserver proxy`.
    """
    found = contract_options.find_api(api, documents, plugins)
    try:
        value = read_json_file(file.read_bytes())
        content, count, notes = _read(
            format_name, value, Recorder(found, Masking(public_text(found), keep)), file.name
        )
    except OSError as error:
        contract_options.stop(f"{file} cannot be read: {error.strerror}")
    except ImportFileError as error:
        contract_options.stop(f"{file}: {error}")
    for line in notes:
        click.echo(line, err=True)
    if not count:
        contract_options.stop(f"{file} has no exchange of {api!r}; no file was written")
    contract_options.write_report(output, content)
    click.echo(f"{count} interactions written to {output}")


def _read(
    format_name: str, value: dict[str, JsonValue], recorder: Recorder, name: str
) -> tuple[bytes, int, list[str]]:
    """Return the content of the interaction file, the number of interactions, and notes."""
    api, skipped = recorder.api, SkippedExchanges()
    head = f"Imported from a file of {format_name}."
    if format_name == "pact":
        interactions, other_operations = read_pact(value, api)
        content = interaction_file(api.name, interactions, head, shared=False)
        return content, len(interactions), _notes(SkippedExchanges(other_operations), name)
    for seen in _READERS[format_name](value, api, skipped):
        skipped.other_operations += not recorder.record(seen)
    notes = _notes(skipped, name)
    if recorder.variables:
        names = ", ".join(sorted(set(recorder.variables.values())))
        notes.append(f"To replay them, set these environment variables: {names}")
    return recorder.dump(head), len(recorder.interactions), notes


def _notes(skipped: SkippedExchanges, name: str) -> list[str]:
    notes = []
    if skipped.other_operations:
        number = skipped.other_operations
        notes.append(f"skipped {number} of {name}: no operation of the API matches")
    if skipped.unanswered:
        notes.append(f"skipped {skipped.unanswered} of {name}: there is no answer")
    return notes
