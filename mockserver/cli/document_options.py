"""Define arguments and options of the commands that load documents, and print their errors.

`serve_command.py`, `run_command.py`, `explain_command.py`, `check_command.py` and
`routes_command.py` use it; `infer_command.py` only `stop`; the commands about contracts, such as
`verify_command.py`, only `plugin_option`. `engine_options` adds five options and passes them on as
one `Options`, `output_options` two as `printed`. `stop` prints an error to standard error and
exits, by default with 2.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Literal, NoReturn

import click

from mockserver.base.errors import MockserverError, SpecError
from mockserver.base.time import parse_duration
from mockserver.engine.conventions import LIKES, Like
from mockserver.engine.engine_options import ECHOES, Echo, Options
from mockserver.engine.record_budget import MEGABYTE
from mockserver.engine.sandbox import DEFAULT_BOUNDS
from mockserver.stores.history_store import HistoryStore
from mockserver.stores.store_address import MEMORY, store_at

Printed = Literal["all", "refused", "none"]
"""The requests about which a line is printed."""

documents_argument = click.argument("documents", nargs=-1, type=click.Path(path_type=Path))
document_option = click.option(
    "--document",
    "documents",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Document, or folder of documents, to serve. Default: the five bundled APIs.",
)
seed_option = click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed of generated ids, values and random faults.",
)
journal_option = click.option(
    "--journal",
    type=click.IntRange(1),
    default=DEFAULT_BOUNDS.exchanges,
    show_default=True,
    help="Number of requests and control calls that the history of a sandbox keeps.",
)
history_memory_option = click.option(
    "--history-memory",
    type=click.IntRange(1),
    default=DEFAULT_BOUNDS.history_bytes // MEGABYTE,
    show_default=True,
    metavar="MB",
    help="Megabytes that the histories of all sandboxes may need together.",
)
record_memory_option = click.option(
    "--record-memory",
    type=click.IntRange(1),
    default=DEFAULT_BOUNDS.record_bytes // MEGABYTE,
    show_default=True,
    metavar="MB",
    help="Megabytes that the records of all sandboxes may need together.",
)
stateful_option = click.option(
    "--stateful",
    is_flag=True,
    help="Recognise resources by their paths, and keep what requests create, change and delete.",
)
strict_option = click.option(
    "--strict",
    is_flag=True,
    help="Treat every problem of a document as an error. Default: leave out the faulty part.",
)
plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="MODULE",
    help="Python module with verbs of your own, which steps of documents may use.",
)
set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="API.SETTING=VALUE",
    help="Change a setting of an API, for example --set partoo.sms_quota=1.",
)


def engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for making answers; the command gets them together, as `options`."""

    @click.option(
        "--dynamic", is_flag=True, help="Generate new values from the schemas for each answer."
    )
    @click.option(
        "--echo",
        type=click.Choice(ECHOES),
        show_default="samples; none with --like prism",
        help="Documented answers in which values of the request replace members of the same name.",
    )
    @click.option(
        "--errors",
        is_flag=True,
        help="Send status 500 instead of an answer that violates its schema.",
    )
    @click.option(
        "--strict-requests",
        is_flag=True,
        help="Refuse values that are otherwise tolerated, such as True for a boolean in a query.",
    )
    @click.option(
        "--like",
        type=click.Choice(LIKES),
        help="Behave as another mock server where it differs, for tests that were written with it.",
    )
    @wraps(command)
    def with_options(
        *,
        dynamic: bool,
        echo: Echo | None,
        errors: bool,
        strict_requests: bool,
        like: Like | None,
        **others: object,
    ) -> None:
        options = Options(
            dynamic=dynamic, echo=echo, errors=errors, strict_requests=strict_requests, like=like
        )
        command(options=options, **others)

    return with_options


def output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for what is printed about requests; the command gets them as `printed`."""

    @click.option("--log", is_flag=True, help="Print a line for each request to standard error.")
    @click.option(
        "--quiet",
        is_flag=True,
        help="Print nothing about requests. Default: a line for each that is refused.",
    )
    @wraps(command)
    def with_options(*, log: bool, quiet: bool, **others: object) -> None:
        if log and quiet:
            raise click.UsageError("--log and --quiet exclude each other; leave out one of them")
        printed: Printed = "all" if log else "none" if quiet else "refused"
        command(printed=printed, **others)

    return with_options


def stop(error: MockserverError | OSError, code: int = 2) -> NoReturn:
    """Print an error with its number of problems to standard error, and exit."""
    click.echo(str(error), err=True)
    if isinstance(error, SpecError):
        count = len(error.problems)
        click.echo(f"{count} problem{'' if count == 1 else 's'}; nothing is served.", err=True)
    sys.exit(code)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Where sandboxes are kept, and how many processes share them."""

    store: "HistoryStore | None"
    workers: int


def store_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where sandboxes are kept; the command gets them as `sharing`."""

    @click.option(
        "--store",
        default=MEMORY,
        show_default=True,
        help="Where sandboxes are kept: memory, the path of a file, or the URL of a Redis server.",
    )
    @click.option(
        "--keep",
        default="P7D",
        show_default=True,
        help="Time after its last use after which a sandbox in a store is dropped (ISO 8601).",
    )
    @click.option(
        "--workers",
        type=click.IntRange(1, 64),
        default=1,
        show_default=True,
        help="Number of processes; with more than one, they need a --store.",
    )
    @wraps(command)
    def with_sharing(store: str, keep: str, workers: int, **more: object) -> None:
        try:
            sharing = Sharing(store_at(store, parse_duration(keep)), workers)
            if sharing.store is not None:
                asyncio.run(_open_and_close(sharing.store))
        except ValueError as error:
            raise click.UsageError(f"--keep: {error}") from None
        except MockserverError as error:
            stop(error)
        if workers > 1 and sharing.store is None:
            raise click.UsageError("--workers needs a --store, which the processes share")
        command(sharing=sharing, **more)

    return with_sharing


async def _open_and_close(store: HistoryStore) -> None:
    """Open a store once, so that one that cannot be used is reported before the server starts."""
    await store.open()
    await store.close()
