"""Find the command that is called, and import only that one; suggest similar names for others.

`cli/__init__.py` uses `Commands` as the class of the group `main`. A command is a module
`<name>_command` with a click command named `command`. So the start of one command does not depend
on what another one imports; only `mockserver --help` imports all. An unknown name is a `UsageError`
(exit code 2); for the path of a document, it suggests `mockserver serve`.
"""

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
    "replay",
    "routes",
    "run",
    "serve",
    "verify",
)
"""Names of all commands; the click command in each module is named `command`."""
_DOCUMENTS = frozenset((".yaml", ".yml", ".json"))


class Commands(click.Group):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """List the names of all commands."""
        return list(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is called; a `UsageError` suggests a similar name."""
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
        """Import and return a command; None if the name is unknown."""
        if cmd_name not in _COMMANDS:
            return None
        found = import_module(f"mockserver.cli.{cmd_name}_command").command
        assert isinstance(found, click.Command)
        return found
