"""The group of all commands: each is a module, imported when it is used."""

from importlib import import_module
from pathlib import PurePath

import click

from mockserver.base.problems import near

_COMMANDS = (
    "check",
    "coverage",
    "diff",
    "explain",
    "export",
    "import",
    "infer",
    "proxy",
    "routes",
    "run",
    "serve",
    "verify",
)
"""Every command; its module is `<name>_command` and has a click command named `command`."""
_DOCUMENTS = frozenset((".yaml", ".yml", ".json"))


class Commands(click.Group):
    """A group that starts as fast as the command that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """List the names of all commands."""
        return list(_COMMANDS)

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

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click calls it so
        cmd_name: str,
    ) -> click.Command | None:
        """Import the module of a command and return the command, or None if there is none."""
        if cmd_name not in _COMMANDS:
            return None
        found = import_module(f"mockserver.cli.{cmd_name}_command").command
        assert isinstance(found, click.Command)
        return found
