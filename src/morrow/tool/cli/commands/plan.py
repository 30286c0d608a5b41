"""`morrow plan`: what `up` would change, field by field."""

from __future__ import annotations

import sys

import click

from morrow.tool.base.errors import Failure
from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import environment_argument, reads


@click.command(help="Show what `up` would change, field by field; change nothing.")
@environment_argument
@click.option(
    "--out",
    type=click.Path(dir_okay=False),
    help="Write the plan to a file that `up --plan` applies exactly.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 0: nothing to do; 2: changes, also by hand; 1: all else.",
)
@reads
def command(
    environment: str, out: str | None, detailed_exitcode: bool, context: str | None
) -> None:
    """Compute, show, write."""
    from pathlib import Path

    from morrow.tool.rules.open import DEPLOYABLE, open_site
    from morrow.tool.targets.target import target_of

    try:
        site = open_site(environment, context, DEPLOYABLE)
        target = target_of(site.environment)
        if out is not None and "out" not in target.takes:
            kind = site.environment.kind
            raise click.UsageError(f"--out is for a cluster; {environment} is a {kind}")
        outcome = target.plan(site, Path(out) if out else None)
    except Failure as failure:
        if detailed_exitcode:
            failure.exit_code = 1  # 2 means changes here
        raise
    terminal.answer(dict(outcome.data))
    terminal.result(outcome.text)
    if detailed_exitcode and not outcome.ok:
        sys.exit(2)
