"""The edge of the command line: run one command, report every error, give the exit code.

The group `morrow` imports a command when it is called.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from importlib import import_module
from types import FrameType

import click

from morrow import __version__
from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.base.words import did_you_mean
from morrow.tool.cli.catalogue import COMMANDS, GROUPS, HELP, overview


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
        "help_option_names": [*HELP],
        "terminal_width": max(50, min(80, terminal.width) - 2),
    },
    no_args_is_help=True,
)
@click.version_option(__version__)
def group() -> None:
    """Take a Python web service to Kubernetes and keep it up."""


def run(words: list[str]) -> int:
    """Run the command line; return the exit code."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # it is under nohup
        signal.signal(signal.SIGHUP, _hung_up)
    try:
        code = group.main(words, prog_name="morrow", standalone_mode=False)
    except Failure as failure:
        report(failure.problems)
        return failure.exit_code
    except click.Abort:
        return interrupted(words)
    except click.ClickException as wrong:
        if type(wrong).__name__ == "NoArgsIsHelpError":  # click >= 8.2: a group without a verb
            terminal.say(wrong.format_message())
            return 2
        context = wrong.ctx if isinstance(wrong, click.UsageError) else None
        path = context.command_path if context else _path(words)
        command = path.replace("morrow", typed(), 1)
        report((problem("usage", path, wrong.format_message(), command=command),))
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


def _path(words: list[str]) -> str:
    """Return the command that was typed, with its verb where it is a group."""
    return " ".join(["morrow", *words[: 2 if words[0] in GROUPS else 1]])


def interrupted(words: list[str]) -> int:
    """Report that a signal ended the command."""
    report((problem("interrupted", "morrow " + " ".join(words[:2]), "stopped by a signal"),))
    return 1


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
        terminal.say(f"  fix: {p.fix}")


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _unexpected(error: Exception, words: list[str]) -> Problem:
    """Name a file that cannot be used; of all else the type and the place, never the message."""
    import traceback
    from pathlib import Path

    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return problem("disk-full", str(error.filename or Path.cwd()), str(error.strerror))
    if isinstance(error, OSError) and error.filename is not None:
        return problem("file-failed", str(error.filename), str(error.strerror))
    places = traceback.extract_tb(error.__traceback__)
    where = f"{places[-1].filename}:{places[-1].lineno}" if places else "?"
    # The message may hold a secret of somebody's.
    cause = f"{type(error).__name__} in {where}"
    return problem("internal-error", "morrow " + " ".join(words[:1]), cause)


def _hung_up(number: int, frame: FrameType | None) -> None:
    """The terminal was closed: end as by Ctrl-C, and write nothing more to where nobody is."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if stat.S_ISCHR(os.fstat(stream).st_mode):
            os.dup2(nowhere, stream)
    raise KeyboardInterrupt
