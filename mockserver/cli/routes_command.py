"""`mockserver routes`: list the operations that would be served, and those that would not.

It loads the documents (the bundled ones by default) and prints a line for each operation, with its
place; callbacks and webhooks are listed as not served. With `--program` it prints the Python that
was made of the steps of an operation instead (a comment if it has none), or of each API's if
several have the name. Exit codes: 0, or 2 if the documents or the name of the operation are
invalid, or a plug-in is refused. No server is started.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.errors import MockserverError
from mockserver.base.problems import near
from mockserver.cli.document_options import (
    documents_argument,
    plugin_option,
    stateful_option,
    stop,
    strict_option,
)
from mockserver.engine.pipeline import Engine
from mockserver.language.programs import annotated_lines
from mockserver.server.sources import Sources, open_engine


@click.command("routes", short_help="List the operations that would be served.")
@documents_argument
@strict_option
@stateful_option
@plugin_option
@click.option(
    "--program",
    metavar="OPERATION",
    help="Print the Python that runs the steps of this operation, instead of the list.",
)
def command(
    documents: Sequence[Path],
    *,
    strict: bool,
    stateful: bool,
    plugins: Sequence[str],
    program: str | None,
) -> None:
    """List the operations that would be served, and those that would not.

    DOCUMENTS are files or folders; the default is the five bundled APIs. Callbacks and webhooks
    are not served, because clients do not call them.
    """
    try:
        engine = open_engine(Sources(documents, strict=strict, stateful=stateful, plugins=plugins))
    except MockserverError as error:
        stop(error)
    if program is None:
        _list(engine)
    else:
        _print_program(engine, program)


def _list(engine: Engine) -> None:
    for api in engine.apis.values():
        for operation in api.operations:
            path = next((server.path for server in operation.servers or api.servers), "")
            url = f"/{api.name}{path}{operation.path}"
            resource = f"  resource {operation.resource}" if operation.resource else ""
            place = f"{operation.id}  {operation.source}{resource}"
            click.echo(f"{operation.method:<7} {url}  {place}")
        for item in api.unserved:
            click.echo(f"{item.method:<7} {item.kind} {item.name}  not served  {item.source}")


def _print_program(engine: Engine, name: str) -> None:
    """Print the programs of all operations with a name; API/OPERATION names one of an API."""
    operations = [
        (f"{api.name}/{operation.id}", operation)
        for api in engine.apis.values()
        for operation in (*api.operations, *api.pages)
    ]
    found = [operation for whole, operation in operations if name in (whole, operation.id)]
    if not found:
        hint = near(name, [operation.id for _, operation in operations])
        hint = hint or "`mockserver routes` lists the operations"
        raise click.UsageError(f"there is no operation {name!r}; {hint}")
    for operation in found:
        if operation.program is None:
            click.echo(f"# {operation.id} has no steps: the document describes its answer")
        else:
            click.echo("\n".join(annotated_lines(operation.program)))
