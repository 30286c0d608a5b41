"""The command `morrow`: a lazy group, the options every command shares, and the error edge.

How others use it: a command is a module `morrow.tool.commands.NAME` with

    @click.command(help=…)
    @environment_argument          # the environment's name, completed from the files
    @answers                       # --json and --show-commands
    def command(environment: str, …) -> None: …

It raises `Failure`; nothing else prints errors or calls exit. Import what is heavy (yaml,
jsonschema, subprocess users) inside the function, after the first `terminal.say`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from types import FrameType
from typing import Any, TypeVar

import click

from morrow.tool.errors import Failure, Problem, problem
from morrow.tool.terminal import terminal

F = TypeVar("F", bound=Callable[..., Any])

# Static, so that --help imports no command. In the order in which people need them.
COMMANDS = {
    "run": "Serve an application in the foreground.",
    "settings": "Show what a service reads from its environment.",
    "env": "Show an environment merged, or make a new one.",
    "doctor": "Find what would stop a deploy, with the mend.",
    "plan": "Show what `up` would change, field by field.",
    "up": "Bring an environment up, or change it to what its file says.",
    "status": "Show what runs.",
    "logs": "Show the service's log lines.",
    "verify": "Prove that the service keeps its promises, also under load.",
    "rollback": "Go back to the release before.",
    "down": "Take an environment down.",
    "secrets": "List, set or rotate secrets.",
    "explain": "Explain an error code.",
}


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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the static table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

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
@click.version_option(package_name="morrow")
def group() -> None:
    """Take a Python web service to Kubernetes and keep it up."""


def report(problems: tuple[Problem, ...]) -> None:
    """Print problems for people on stderr, or as JSON on stdout."""
    if terminal.json:
        terminal.answer({"problems": [p.as_json() for p in problems]})
        return
    for p in problems:
        terminal.say(
            f"{terminal.paint('error', 'red')} {terminal.paint(p.code, 'bold')}: {p.object}"
        )
        terminal.say(f"  {p.cause}")
        for line in p.details:
            terminal.say(f"  | {line}")
        terminal.say(f"  mend: {p.mend}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong use or refused."""
    words = sys.argv[1:] if arguments is None else arguments
    terminal.json = "--json" in words
    signal.signal(signal.SIGTERM, _as_interrupt)
    sys.exit(_run(words))


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(words: list[str]) -> int:
    try:
        code = group.main(words, prog_name="morrow", standalone_mode=False)
    except Failure as failure:
        report(failure.problems)
        return failure.exit_code
    except (click.Abort, KeyboardInterrupt):
        report((problem("interrupted", "morrow " + " ".join(words[:2]), "stopped by a signal"),))
        return 1
    except click.ClickException as wrong:
        if type(wrong).__name__ == "NoArgsIsHelpError":  # click >= 8.2: a group without a verb
            terminal.say(wrong.format_message())
            return 2
        named = f"morrow {words[0]}" if words and words[0] in COMMANDS else "morrow"
        report((problem("usage", named, wrong.format_message(), command=named),))
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as unexpected:
        if os.environ.get("MORROW_TRACEBACK"):
            raise
        report((_unexpected(unexpected, words),))
        return 1
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception, words: list[str]) -> Problem:
    """Name a file that cannot be used; of all else the type and the place, never the message."""
    if isinstance(error, OSError) and error.filename is not None:
        return problem("file-failed", str(error.filename), str(error.strerror))
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
    # The message may hold a secret of somebody's.
    cause = f"{type(error).__name__} in {where}"
    return problem("internal-error", "morrow " + " ".join(words[:1]), cause)
