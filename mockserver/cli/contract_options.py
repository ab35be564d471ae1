"""What the commands about contracts have in common: options, and finding an API."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from mockserver.base.errors import MockserverError, SpecError
from mockserver.base.problems import near
from mockserver.contract.interaction_files import interaction_folders, load_interactions
from mockserver.contract.interactions import PlacedInteraction, tags_of
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.variables import Variables
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.model.api import Api
from mockserver.openapi.compiler import load_apis
from mockserver.server.sources import bundled_specs

CONTROL_TOKEN = "MOCKSERVER_CONTROL_TOKEN"  # noqa: S105 - the name of a variable, no secret
UNUSABLE = 2
"""The exit code for what could not be tried."""

document_option = click.option(
    "--document",
    "documents",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Document or folder with the API; else those that come with mockserver.",
)
interactions_option = click.option(
    "--interactions",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File or folder of interactions; else fixtures/API/interactions by the document.",
)
header_option = click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME: VALUE",
    help="Sent with every request; ${NAME} is taken from the environment.",
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(0.001, 3600),
    default=10.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)


keep_option = click.option(
    "--keep", multiple=True, metavar="NAME", help="Record what stands under this name as it is."
)


def stop(message: str, code: int = UNUSABLE) -> NoReturn:
    """Tell why nothing goes on, and end."""
    click.echo(message, err=True)
    sys.exit(code)


def stop_for(error: MockserverError) -> NoReturn:
    """Tell an error, and end."""
    click.echo(str(error), err=True)
    if isinstance(error, SpecError):
        count = len(error.problems)
        click.echo(f"{count} problem{'' if count == 1 else 's'}.", err=True)
    sys.exit(UNUSABLE)


def find_api(name: str, documents: Sequence[Path]) -> Api:
    """Load documents and return the API of a name, or end with a message."""
    try:
        apis = {api.name: api for api in load_apis(documents or [bundled_specs()], BUILT_IN)}
    except SpecError as error:
        stop_for(error)
    if name not in apis:
        hint = near(name, apis) or f"there are: {', '.join(apis)}"
        stop(f"there is no API {name!r}; {hint}")
    return apis[name]


def find_interactions(api: Api, paths: Sequence[Path]) -> list[PlacedInteraction]:
    """Load an API's interactions, or end with a message."""
    try:
        found = load_interactions(api, paths)
    except SpecError as error:
        stop_for(error)
    if not found:
        where = ", ".join(map(str, paths or interaction_folders(api)))
        told = f"in {where}" if where else f"in fixtures/{api.name}/interactions by its document"
        stop(f"there are no interactions of {api.name!r} {told}; name them with --interactions")
    return found


def check_tag(only: str | None, interactions: Sequence[PlacedInteraction]) -> None:
    """End with a message if no interaction has a tag."""
    tags = sorted(tags_of(interactions))
    if only is not None and only not in tags:
        hint = near(only, tags) or f"there are: {', '.join(tags) or 'none'}"
        stop(f"no interaction has the tag {only!r}; {hint}")


def read_headers(lines: Sequence[str], redact: Redactor) -> dict[str, str]:
    """Read headers of the command line; their values count as secrets."""
    headers = {}
    variables = Variables(os.environ)
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise click.UsageError("a --header is not NAME: VALUE")
        try:
            filled = str(variables.fill(value.strip()))
        except MockserverError as error:
            raise click.UsageError(f"--header {name}: {error}") from None
        redact.add(filled, filled.partition(" ")[2])
        headers[name.strip().lower()] = filled
    return headers


def write_report(path: Path, content: bytes) -> None:
    """Write a report, or end with a message."""
    try:
        path.write_bytes(content)
    except OSError as error:
        stop(f"{path} cannot be written: {error.strerror}")
