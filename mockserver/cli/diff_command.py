"""`mockserver diff`: what changed between two versions of a document."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from mockserver import __version__
from mockserver.base.errors import SpecError
from mockserver.cli import contract_options
from mockserver.contract.document_changes import (
    BrokenInteraction,
    broken_interactions,
    changes,
    load_version,
)
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.schema_changes import Change
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.openapi.compiler import load_apis

_PATH = click.Path(path_type=Path)
_BREAKS = 1


@click.command("diff", short_help="Tell what a new version of a document breaks.")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@contract_options.interactions_option
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="What the report is written as.",
)
def command(old: Path, new: Path, paths: Sequence[Path], form: str) -> None:
    """Tell what changed from OLD to NEW, what of it breaks clients, and which interactions break.

    Ends with 0, with 1 if something breaks, with 2 if a document cannot be read.
    """
    try:
        found = changes(load_version(old), load_version(new))
        (before,), (after,) = load_apis([old], BUILT_IN), load_apis([new], BUILT_IN)
        interactions = load_interactions(before, paths)
    except SpecError as error:
        contract_options.stop_for(error)
    except ValueError:
        contract_options.stop("name one document for each side, not a folder of several")
    lost = list(broken_interactions(before, after, interactions))
    click.echo(_json(found, lost) if form == "json" else _text(found, lost))
    sys.exit(_BREAKS if lost or any(change.breaking for change in found) else 0)


def _text(found: Sequence[Change], lost: Sequence[BrokenInteraction]) -> str:
    lines = [
        f"{'BREAKING' if change.breaking else 'ok      '}  {change.where}: {change.message}"
        f"  [{change.source}]"
        for change in found
    ]
    lines += [f"BREAKS    interaction {one.placed.name!r}: {one.reason}" for one in lost]
    count = sum(change.breaking for change in found)
    number = len(found)
    total = f"{number} change{'' if number == 1 else 's'}, {count} breaking"
    return "\n".join([*lines, f"{total}; {len(lost)} interactions break"])


def _json(found: Sequence[Change], lost: Sequence[BrokenInteraction]) -> str:
    report = {
        "mockserver": __version__,
        "changes": [
            {
                "where": change.where,
                "message": change.message,
                "breaking": change.breaking,
                "source": str(change.source),
            }
            for change in found
        ],
        "interactions": [
            {"name": one.placed.name, "because": one.reason, "source": str(one.placed.source)}
            for one in lost
        ],
    }
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode()
