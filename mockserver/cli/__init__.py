"""The command line: `main`, a group of commands, each in a module of its own.

The program `mockserver` and `python -m mockserver` call `main`.
"""

import click

from mockserver import __version__
from mockserver.cli.command_group import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mockserver")
def main() -> None:
    """Emulate web APIs from their OpenAPI documents.

    Start with `mockserver serve`, which serves five bundled APIs, or pass your own documents to
    it. `mockserver COMMAND --help` describes a command.
    """
