"""`morrow` as a group of commands that are imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click

from morrow import __version__
from morrow.tool.base.terminal import terminal
from morrow.tool.base.words import did_you_mean
from morrow.tool.cli.catalogue import COMMANDS, overview


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command = import_module(f"morrow.tool.cli.commands.{module}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a broken module of ours
        return command

    def get_help(self, ctx: click.Context) -> str:
        """Return the text that `morrow --help` prints without click."""
        return overview()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command may have been meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    # Told the width, click does not import what would find it out.
    context_settings={
        "help_option_names": ["-h", "--help"],
        "terminal_width": max(50, min(80, terminal.width) - 2),
    },
    no_args_is_help=True,
)
@click.version_option(__version__)
def group() -> None:
    """Take a Python web service to Kubernetes and keep it up."""
