"""`morrow scale`: another number of pods, until the next `up`."""

from __future__ import annotations

import click

from morrow.tool.cli.options import (
    Whole,
    changes,
    environment_argument,
    finish,
    process_option,
    reach,
)


@click.command(
    help="Run COUNT pods of ENVIRONMENT until the next `up`; the file is not changed.\n\n"
    "Refused where an autoscaler sets the number."
)
@environment_argument
@click.argument("count", type=Whole(0, 1000))
@process_option("Pods of this one.")
@changes
def command(
    environment: str, count: int, process: str, confirm: str | None, context: str | None
) -> None:
    """Hand over to the target."""
    site, target = reach(environment, context)
    finish(target.scale(site, count, process, confirm))
