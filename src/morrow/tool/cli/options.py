"""What the commands share: the options that most of them take, and how they end.

How others use it:

    @click.command(help=…)
    @environment_argument          # the environment's name, completed from the files
    @reads                         # --context, --json and --show-commands; `changes`: --confirm too
    def command(environment: str, …) -> None: …

Import what is heavy (yaml, jsonschema, subprocess users) inside the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.outcome import Outcome
from morrow.tool.base.terminal import terminal

if TYPE_CHECKING:
    from morrow.tool.cluster.site import Site
    from morrow.tool.rules.open import Level
    from morrow.tool.targets.target import Target

F = TypeVar("F", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A number, called so."""

    name = "number"


class Whole(click.IntRange):
    """A whole number, called so."""

    name = "whole number"


def complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of the environments from their files."""
    from morrow.tool.base.project import Project

    return beginning(incomplete, lambda: Project.find().environment_names())


def beginning(incomplete: str, names: Callable[[], Iterable[str]]) -> list[str]:
    """Return the names that begin so, for a shell's completion."""
    try:
        return [name for name in names() if name.startswith(incomplete)]
    except Failure:
        return []  # it has nobody to tell


def environment_argument(function: F) -> F:
    """Take the environment's name as the first argument."""
    return click.argument("environment", shell_complete=complete_environment)(function)


def answers(function: F) -> F:
    """Add --json and --show-commands; both act on the one terminal."""
    for name, help_text in (
        ("--show-commands", "Print each kubectl, helm and terraform command that is run."),
        ("--json", "Print the result as JSON on standard output."),
    ):
        option = click.option(
            name, is_flag=True, expose_value=False, is_eager=True, callback=_tell, help=help_text
        )
        function = option(function)
    return function


def _tell(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Set the terminal's attribute of the option's name."""
    if value:
        setattr(terminal, str(param.name), True)


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


def reads(function: F) -> F:
    """Add what a command takes that asks an environment."""
    return context_option(answers(function))


def changes(function: F) -> F:
    """Add what a command takes that changes an environment."""
    return confirm_option(reads(function))


def prometheus_option(function: F) -> F:
    """Add --prometheus: where the metrics are."""
    return click.option(
        "--prometheus",
        envvar="MORROW_PROMETHEUS",
        default="",
        metavar="WHERE",
        help="A URL, or NAMESPACE/SERVICE:PORT in the cluster (or MORROW_PROMETHEUS). "
        "prometheus-operated:9090 in observability.namespace unless given.",
    )(function)


def process_option(help_text: str) -> Callable[[F], F]:
    """Add --process, completed from the environment's file."""
    return click.option(
        "--process", metavar="NAME", default="", shell_complete=complete_process, help=help_text
    )


def which_options(function: F) -> F:
    """Add --process and --pod, which choose among the pods."""
    function = click.option(
        "--pod", metavar="NAME", default="", help="The pod of this name, or whose name begins so."
    )(function)
    return process_option("One of `processes`, or `web`.")(function)


def complete_process(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of the environment's processes."""
    from morrow.tool.base.project import Project
    from morrow.tool.environment.load import read

    label = str(ctx.params.get("environment") or "")
    return beginning(incomplete, lambda: read(Project.find(), label).processes)


def reach(
    environment: str, context: str | None, level: Level | None = None, patience: float | None = None
) -> tuple[Site, Target]:
    """Open an environment; unless a level is asked for, however its files are now: it may run."""
    from morrow.tool.rules.open import READABLE, open_site
    from morrow.tool.targets.target import target_of

    site = open_site(environment, context, level or READABLE, patience=patience)
    return site, target_of(site.environment)


@contextmanager
def detailed_exit(asked: bool) -> Iterator[None]:
    """Let a failure end with 1 where --detailed-exitcode was given: 2 means changes then."""
    try:
        yield
    except Failure as failure:
        failure.exit_code = 1 if asked else failure.exit_code
        raise


@contextmanager
def until_ctrl_c() -> Iterator[None]:
    """Take Ctrl-C for the end that was wished for."""
    try:
        yield
    except KeyboardInterrupt:
        terminal.clear()
    except Failure as failure:
        if not failure.interrupted:
            raise


def show(outcome: Outcome) -> None:
    """Print what a target did or found."""
    terminal.answer(dict(outcome.data))
    terminal.result(outcome.text)


def finish(outcome: Outcome) -> None:
    """Print what a target did; exit 1 when that is not well."""
    show(outcome)
    if not outcome.ok:
        raise SystemExit(1)


def leave(outcome: Outcome) -> None:
    """Print the answer of a command that ran there, and has said all; exit with its exit code."""
    terminal.answer(dict(outcome.data))
    raise SystemExit(int(outcome.data["exit_code"]))
