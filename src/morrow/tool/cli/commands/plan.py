"""`morrow plan`: what `up` would change, field by field."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from morrow.tool.base.project import Project
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import answers, context_option, environment_argument


@click.command(help="Show what `up` would change, field by field; change nothing.")
@environment_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan to a file that `up --plan` applies exactly.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 0: nothing to do; 2: changes, also by hand; 1: all else.",
)
@context_option
@answers
def command(
    environment: str, out: Path | None, detailed_exitcode: bool, context: str | None
) -> None:
    """Compute, show, write."""
    from morrow.tool.base.errors import Failure

    try:
        empty = _plan(environment, out, context)
    except Failure as failure:
        if detailed_exitcode:
            failure.exit_code = 1  # 2 means changes here
        raise
    if detailed_exitcode and not empty:
        sys.exit(2)


def _plan(label: str, out: Path | None, context: str | None) -> bool:
    from morrow.tool.base.errors import Failure
    from morrow.tool.rules import judge as environment_judge

    environment = environment_judge.load(Project.find(), label, context)
    if environment.kind == "process" and out is not None:
        raise click.UsageError(f"--out is for a cluster; {label} is a process")
    if environment.kind == "process":
        from morrow.tool.targets.process.plan import compute_process

        found = compute_process(environment)
        terminal.answer(found.as_json())
        terminal.result(found.as_text())
        return found.empty
    from morrow.tool.plan.compute import compute
    from morrow.tool.plan.show import as_json, as_text

    plan = compute(environment)
    if plan.problems:
        terminal.result(as_text(plan))
        raise Failure(*plan.problems, refused=True)
    if out is not None:
        from morrow.tool.plan.file import write

        write(plan, out)
        terminal.say(f"written: {out}; apply it: {typed()} up {label} --plan {out}")
    terminal.answer(as_json(plan))
    terminal.result(as_text(plan))
    return plan.empty
