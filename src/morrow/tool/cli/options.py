"""What the commands share: the lazy group, and the options that most of them take.

How others use it:

    @click.command(help=…)
    @environment_argument          # the environment's name, completed from the files
    @answers                       # --json and --show-commands
    def command(environment: str, …) -> None: …

Import what is heavy (yaml, jsonschema, subprocess users) inside the function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal

F = TypeVar("F", bound=Callable[..., Any])


def complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of the environments from their files."""
    from morrow.tool.base.project import Project

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


def finish(outcome: Outcome) -> None:
    """Print what a target did; exit 1 when that is not well."""
    terminal.answer(dict(outcome.data))
    terminal.result(outcome.text)
    if not outcome.ok:
        raise SystemExit(1)
