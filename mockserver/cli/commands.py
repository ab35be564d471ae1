"""The group of all commands; those of their own module are imported when they are used."""

from importlib import import_module

import click

_ELSEWHERE = ("check", "coverage", "diff", "export", "import", "infer", "proxy", "verify")
"""Commands that are modules of this package, each with a `command`."""
_MODULES = {"export": "exporting", "import": "importing"}
"""Names of modules that are not called as their command is: Python has other uses for those."""


class Commands(click.Group):
    """A group that starts as fast as the command that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of all commands."""
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing it if it is a module."""
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        found = import_module(f"mockserver.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(found, click.Command)
        return found
