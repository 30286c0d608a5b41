"""`morrow plan`: what `up` would change, field by field."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from morrow.tool.cli.options import detailed_exit, environment_argument, reach, reads, show


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
    from morrow.tool.rules.open import DEPLOYABLE

    with detailed_exit(detailed_exitcode):
        site, target = reach(environment, context, DEPLOYABLE)
        if out is not None and "out" not in target.takes:
            kind = site.environment.kind
            raise click.UsageError(f"--out is for a cluster; {environment} is a {kind}")
        outcome = target.plan(site, Path(out) if out else None)
    show(outcome)
    if detailed_exitcode and not outcome.ok:
        sys.exit(2)
