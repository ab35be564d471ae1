"""`mockserver import`: exchanges of other tools as interactions."""

from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.json import JsonValue
from mockserver.cli import contract_options
from mockserver.contract.exchange_imports import (
    ImportFileError,
    Left,
    read_har,
    read_json_file,
    read_postman,
)
from mockserver.contract.interaction_writing import interaction_file
from mockserver.contract.masking import Masking
from mockserver.contract.pact import read_pact
from mockserver.contract.recording import Recorder, public_text

_FORMS = {"har": read_har, "postman": read_postman}


@click.command("import", short_help="Make interactions of a pact, archive or collection.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--api", required=True, metavar="NAME", help="The API that the exchanges are of.")
@click.option(
    "--from", "form", required=True, type=click.Choice(("pact", *_FORMS)), help="What FILE is."
)
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the interactions are written.",
)
@contract_options.keep_option
@contract_options.document_option
def command(
    file: Path, api: str, form: str, target: Path, keep: Sequence[str], documents: Sequence[Path]
) -> None:
    """Turn FILE into interactions: a pact, an HTTP Archive, or a Postman collection.

    What an archive or a collection holds is masked as a recording is.
    """
    found = contract_options.find_api(api, documents)
    try:
        value = read_json_file(file.read_bytes())
        content, count, told = _read(
            form, value, Recorder(found, Masking(public_text(found), keep)), file.name
        )
    except OSError as error:
        contract_options.stop(f"{file} cannot be read: {error.strerror}")
    except ImportFileError as error:
        contract_options.stop(f"{file}: {error}")
    for line in told:
        click.echo(line, err=True)
    if not count:
        contract_options.stop(f"nothing in {file} is of {api!r}; nothing is written")
    contract_options.write_report(target, content)
    click.echo(f"{count} interactions written to {target}")


def _read(
    form: str, value: dict[str, JsonValue], recorder: Recorder, name: str
) -> tuple[bytes, int, list[str]]:
    """Return the file to write, the number of its interactions, and what to tell."""
    api, left = recorder.api, Left()
    head = f"Imported from a file of {form}."
    if form == "pact":
        interactions, elsewhere = read_pact(value, api)
        content = interaction_file(api.name, interactions, head, shared=False)
        return content, len(interactions), _told(Left(elsewhere), name)
    for seen in _FORMS[form](value, api, left):
        left.elsewhere += not recorder.record(seen)
    told = _told(left, name)
    if recorder.variables:
        names = ", ".join(sorted(set(recorder.variables.values())))
        told.append(f"A replay needs these variables in its environment: {names}")
    return recorder.dump(head), len(recorder.interactions), told


def _told(left: Left, name: str) -> list[str]:
    told = []
    if left.elsewhere:
        told.append(f"{left.elsewhere} of {name} lead to no operation of the API")
    if left.unanswered:
        told.append(f"{left.unanswered} of {name} have no answer")
    return told
