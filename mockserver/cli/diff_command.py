"""`mockserver diff`: list the changes between two versions of a document, and what they break.

It reads both documents with their overlays, and the interactions of the old one; prints the
changes, breaking ones first, and the interactions that contradict the new one, as text or JSON.
Exit codes: 0 nothing breaks, 1 a change or an interaction does, 2 a document or its interactions
are invalid, a plug-in is refused, or a folder has several documents.
`contract/document_changes.py` compares. No service is asked.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson

from mockserver import __version__
from mockserver.base.errors import SettingsError, SpecError
from mockserver.cli import contract_options
from mockserver.cli.document_options import plugin_option
from mockserver.contract.document_changes import (
    BrokenInteraction,
    broken_interactions,
    changes,
    load_version,
)
from mockserver.contract.interaction_files import load_interactions
from mockserver.contract.schema_changes import Change
from mockserver.engine.builtin_collections import BUILT_IN
from mockserver.openapi.compiler import Loader
from mockserver.verbs.registry import Verbs

_PATH = click.Path(path_type=Path)
_BREAKS = 1


@click.command("diff", short_help="List the changes between two versions of a document.")
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@contract_options.interactions_option
@plugin_option
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the report.",
)
def command(old: Path, new: Path, paths: Sequence[Path], plugins: Sequence[str], form: str) -> None:
    """List the changes from the document OLD to the document NEW, the breaking ones first.

    A change is breaking if it can break clients of OLD. Interactions of OLD that contradict NEW
    are listed too.

    Exit codes: 0 if nothing breaks, 1 if a client or an interaction breaks, 2 if a document
    cannot be read.
    """
    try:
        found = changes(load_version(old), load_version(new))
        verbs = Verbs(plugins)
        (before,), (after,) = (Loader(BUILT_IN, verbs=verbs).load([one]) for one in (old, new))
        interactions = load_interactions(before, paths)
    except (SpecError, SettingsError) as error:
        contract_options.stop_for(error)
    except ValueError:
        contract_options.stop("OLD and NEW must each be a single document, not a folder of several")
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
    broken = "1 interaction breaks" if len(lost) == 1 else f"{len(lost)} interactions break"
    return "\n".join([*lines, f"{total}; {broken}"])


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
