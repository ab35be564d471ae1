"""The group of all commands; those of their own module are imported when they are used."""

from importlib import import_module
from pathlib import PurePath

import click

from mockserver.errors import near

_ELSEWHERE = ("check", "coverage", "diff", "export", "import", "infer", "proxy", "verify")
"""Commands that are modules of this package, each with a `command`."""
_MODULES = {"export": "exporting", "import": "importing"}
"""Names of modules that are not called as their command is: Python has other uses for those."""

_DOCUMENTS = frozenset((".yaml", ".yml", ".json"))


class Commands(click.Group):
    """A group that starts as fast as the command that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of all commands."""
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, or say what may be meant."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        if PurePath(name).suffix in _DOCUMENTS or "/" in name:
            hint = f"to serve it: mockserver serve {name}"
        else:
            names = self.list_commands(ctx)
            hint = near(name, names) or f"there are: {', '.join(names)}"
        raise click.UsageError(f"there is no command {name!r}; {hint}", ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing it if it is a module."""
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        found = import_module(f"mockserver.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(found, click.Command)
        return found
