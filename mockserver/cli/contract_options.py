"""Define options of the commands that test contracts, and the steps that these commands share.

`coverage_command.py`, `diff_command.py`, `export_command.py`, `import_command.py`,
`proxy_command.py` and `verify_command.py` use it. The functions load an API or its interactions (at
least one), check that an interaction has a tag, read headers (with environment variables; their
values are added to the redactor as secrets) and write the bytes of a report. What is wrong ends the
process with a message on standard error and exit code 2; `stop` takes other codes, too.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from mockserver.base.atomic_files import write_whole
from mockserver.base.errors import MockserverError, SettingsError, SpecError
from mockserver.base.problems import near
from mockserver.contract.interaction_files import interaction_folders, load_interactions
from mockserver.contract.interactions import PlacedInteraction, tags_of
from mockserver.contract.secret_hiding import Redactor
from mockserver.contract.variables import Variables
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.model.api import Api
from mockserver.openapi.compiler import Loader
from mockserver.server.sources import bundled_specs
from mockserver.verbs.registry import Verbs

CONTROL_TOKEN = "MOCKSERVER_CONTROL_TOKEN"  # noqa: S105 - the name of a variable, no secret
UNUSABLE = 2
"""Exit code if the arguments are invalid, or a request could not be sent."""

document_option = click.option(
    "--document",
    "documents",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Document, or folder of documents, with the API. Default: the bundled documents.",
)
interactions_option = click.option(
    "--interactions",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File or folder of interactions. Default: fixtures/API/interactions in the folder of the"
    " document or in its parent folder.",
)
header_option = click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME: VALUE",
    help="Header to send with every request; ${NAME} stands for an environment variable.",
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(0.001, 3600),
    default=10.0,
    show_default=True,
    help="Maximum time to wait for an answer, in seconds.",
)


keep_option = click.option(
    "--keep",
    multiple=True,
    metavar="NAME",
    help="Do not mask values of the parameter or member with this name.",
)


def stop(message: str, code: int = UNUSABLE) -> NoReturn:
    """Print a message to standard error, and exit."""
    click.echo(message, err=True)
    sys.exit(code)


def stop_for(error: MockserverError) -> NoReturn:
    """Print an error with its number of problems to standard error, and exit."""
    click.echo(str(error), err=True)
    if isinstance(error, SpecError):
        count = len(error.problems)
        click.echo(f"{count} problem{'' if count == 1 else 's'}.", err=True)
    sys.exit(UNUSABLE)


def find_api(name: str, documents: Sequence[Path], plugins: Sequence[str]) -> Api:
    """Load documents and return the API with a name; exit with a message if there is none."""
    try:
        loader = Loader(BUILT_IN, verbs=Verbs(plugins))
        apis = {api.name: api for api in loader.load(documents or [bundled_specs()])}
    except (SpecError, SettingsError) as error:
        stop_for(error)
    if name not in apis:
        hint = near(name, apis) or f"there are: {', '.join(apis)}"
        stop(f"there is no API {name!r}; {hint}")
    return apis[name]


def find_interactions(api: Api, paths: Sequence[Path]) -> list[PlacedInteraction]:
    """Load the interactions of an API; exit with a message if there are none."""
    try:
        found = load_interactions(api, paths)
    except SpecError as error:
        stop_for(error)
    if not found:
        where = ", ".join(map(str, paths or interaction_folders(api)))
        where = where or f"fixtures/{api.name}/interactions next to its document"
        stop(f"there are no interactions of {api.name!r} in {where}; pass --interactions")
    return found


def check_tag(only: str | None, interactions: Sequence[PlacedInteraction]) -> None:
    """Exit with a message if a tag is given that no interaction has."""
    tags = sorted(tags_of(interactions))
    if only is not None and only not in tags:
        hint = near(only, tags) or f"there are: {', '.join(tags) or 'none'}"
        stop(f"no interaction has the tag {only!r}; {hint}")


def read_headers(lines: Sequence[str], redact: Redactor) -> dict[str, str]:
    """Parse headers; register their values, and those from the environment, as secrets."""
    headers = {}
    variables = Variables(os.environ)
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise click.UsageError("a --header must have the form NAME: VALUE")
        try:
            filled = str(variables.fill(value.strip()))
        except MockserverError as error:
            raise click.UsageError(f"--header {name}: {error}") from None
        redact.add(filled, filled.partition(" ")[2])
        headers[name.strip().lower()] = filled
    redact.add(*variables.used)
    return headers


def write_report(path: Path, content: bytes) -> None:
    """Write a report; exit with a message if the file cannot be written."""
    try:
        write_whole(path, content)
    except OSError as error:
        stop(f"{path} cannot be written: {error.strerror}; the file is as it was before")
