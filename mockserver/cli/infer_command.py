"""`mockserver infer`: print what `--stateful` adds to a document, as an OpenAPI Overlay.

It loads one document, and prints the overlay as YAML to standard output, to be saved, edited, and
served without `--stateful`; paths that are not recognised go to standard error, with the reason.
Exit codes: 0 a resource was recognised, 1 none was, 2 the document is invalid. No file is written.
`inference/` recognises, within the loader.
"""

import sys
from pathlib import Path

import click
import yaml

from mockserver.base.errors import MockserverError
from mockserver.cli.document_options import stop
from mockserver.server.sources import Sources


@click.command("infer", short_help="Print what --stateful adds to a document.")
@click.argument("document", type=click.Path(path_type=Path, dir_okay=False))
def command(document: Path) -> None:
    """Print what --stateful adds to DOCUMENT, as an OpenAPI Overlay.

    Save the overlay in the folder of DOCUMENT to edit it and to serve it without --stateful.

    Exit codes: 0 if a resource was recognised, 1 if none was, 2 if DOCUMENT is invalid.
    """
    try:
        (api,), _ = Sources([document], stateful=True).load()
    except MockserverError as error:
        stop(error)
    assert api.recognised is not None
    for left in api.recognised.left:
        click.echo(f"{left.source}: {left.message}", err=True)
    overlay = api.recognised.overlay()
    if not overlay["actions"]:
        click.echo("no resource was recognised; there is nothing to add", err=True)
        sys.exit(1)
    dumped = yaml.safe_dump(overlay, sort_keys=False, allow_unicode=True, width=100)
    click.echo(dumped, nl=False)
