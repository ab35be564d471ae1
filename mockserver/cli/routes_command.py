"""`mockserver routes`: list the operations that would be served."""

from collections.abc import Sequence
from pathlib import Path

import click

from mockserver.base.errors import MockserverError
from mockserver.cli.document_options import documents_argument, stateful_option, stop, strict_option
from mockserver.server.sources import Sources, open_engine


@click.command("routes", short_help="List the operations that would be served.")
@documents_argument
@strict_option
@stateful_option
def command(documents: Sequence[Path], *, strict: bool, stateful: bool) -> None:
    """List the operations that would be served, and those that would not.

    DOCUMENTS are files or folders; the default is the five bundled APIs. Callbacks and webhooks
    are not served, because clients do not call them.
    """
    try:
        engine = open_engine(Sources(documents, strict=strict, stateful=stateful))
    except MockserverError as error:
        stop(error)
    for api in engine.apis.values():
        for operation in api.operations:
            path = next((server.path for server in operation.servers or api.servers), "")
            url = f"/{api.name}{path}{operation.path}"
            resource = f"  resource {operation.resource}" if operation.resource else ""
            place = f"{operation.id}  {operation.source}{resource}"
            click.echo(f"{operation.method:<7} {url}  {place}")
        for item in api.unserved:
            click.echo(f"{item.method:<7} {item.kind} {item.name}  not served  {item.source}")
