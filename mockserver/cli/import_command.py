"""`mockserver import`: exchanges of other tools as interactions."""

from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.json import JsonValue
from mockserver.cli import contract_options
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


@click.command("import", short_help="Make interactions of a pact, archive or collection.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--api", required=True, metavar="NAME", help="The API that the exchanges are of.")
@click.option(
    "--from",
    "format_name",
    required=True,
    type=click.Choice(("pact", *_READERS)),
    help="What FILE is.",
)
@click.option(
    "--to",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the interactions are written.",
)
@contract_options.keep_option
@contract_options.document_option
def command(
    file: Path,
    api: str,
    format_name: str,
    output: Path,
    keep: Sequence[str],
    documents: Sequence[Path],
) -> None:
    """Turn FILE into interactions: a pact, an HTTP Archive, or a Postman collection.

    What an archive or a collection holds is masked as a recording is.
    """
    found = contract_options.find_api(api, documents)
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
        contract_options.stop(f"nothing in {file} is of {api!r}; nothing is written")
    contract_options.write_report(output, content)
    click.echo(f"{count} interactions written to {output}")


def _read(
    format_name: str, value: dict[str, JsonValue], recorder: Recorder, name: str
) -> tuple[bytes, int, list[str]]:
    """Return the file to write, the number of its interactions, and what to tell."""
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
        notes.append(f"A replay needs these variables in its environment: {names}")
    return recorder.dump(head), len(recorder.interactions), notes


def _notes(skipped: SkippedExchanges, name: str) -> list[str]:
    notes = []
    if skipped.other_operations:
        notes.append(f"{skipped.other_operations} of {name} lead to no operation of the API")
    if skipped.unanswered:
        notes.append(f"{skipped.unanswered} of {name} have no answer")
    return notes
