"""`morrow task`: a command run once, with what the release runs with."""

from __future__ import annotations

import click

from morrow.tool.cli.options import (
    Number,
    changes,
    environment_argument,
    leave,
    process_option,
    reach,
)


@click.command(
    help="Run a command once, with the image, settings and secrets of ENVIRONMENT's release:"
    " `morrow task dev -- python manage.py migrate`.\n\n"
    "In a cluster it is a Job; its log is shown as it comes, and the exit code is the command's."
)
@environment_argument
@click.argument("words", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
@process_option("The process whose image, settings and secrets it gets.")
@click.option(
    "--timeout",
    type=Number(1, 86400),
    default=3600,
    show_default=True,
    help="Seconds until it is stopped.",
)
@changes
def command(
    environment: str,
    words: tuple[str, ...],
    process: str,
    timeout: float,
    confirm: str | None,
    context: str | None,
) -> None:
    """Hand over to the target."""
    from morrow.tool.targets.target import Run, Which

    site, target = reach(environment, context)
    leave(target.task(site, Run(words, Which(process), timeout=timeout, confirm=confirm)))
