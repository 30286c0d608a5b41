"""What the commands share: the lazy group, and the options that most of them take.

How others use it:

    @click.command(help=…)
    @environment_argument          # the environment's name, completed from the files
    @answers                       # --json and --show-commands
    def command(environment: str, …) -> None: …

Import what is heavy (yaml, jsonschema, subprocess users) inside the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TypeVar

import click

from morrow import __version__
from morrow.tool.cli import COMMANDS, overview
from morrow.tool.errors import Failure
from morrow.tool.terminal import terminal

F = TypeVar("F", bound=Callable[..., Any])


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"morrow.tool.commands.{cmd_name}").command
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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean …?" when something known is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of the environments from their files."""
    from morrow.tool.project import Project

    try:
        return [name for name in Project.find().environment_names() if name.startswith(incomplete)]
    except Failure:
        return []  # a shell's completion has nobody to tell


def environment_argument(function: F) -> F:
    """Take the environment's name as the first argument."""
    return click.argument("environment", shell_complete=complete_environment)(function)


def answers(function: F) -> F:
    """Add --json and --show-commands; both act on the one terminal."""

    def set_flag(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
        def callback(ctx: click.Context, param: click.Parameter, value: bool) -> None:
            setattr(terminal, name, value or getattr(terminal, name))

        return callback

    function = click.option(
        "--show-commands",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=set_flag("show_commands"),
        help="Print each kubectl, helm and terraform command that is run.",
    )(function)
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=set_flag("json"),
        help="Print the result as JSON on standard output.",
    )(function)


def confirm_option(function: F) -> F:
    """Add --confirm, which a protected environment asks for."""
    return click.option("--confirm", metavar="NAME", help="The name of a protected environment.")(
        function
    )


def context_option(function: F) -> F:
    """Add --context, which overrides the environment's kubeconfig context."""
    return click.option(
        "--context",
        envvar="MORROW_CONTEXT",
        help="The kubeconfig context, instead of target.context (or MORROW_CONTEXT).",
    )(function)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
@click.version_option(__version__)
def group() -> None:
    """Take a Python web service to Kubernetes and keep it up."""
