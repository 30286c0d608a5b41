"""`morrow restart`: replace what runs by the same again."""

from __future__ import annotations

import click

from morrow.tool.cli.options import changes, environment_argument, finish, process_option, reach


@click.command(
    help="Replace what runs in ENVIRONMENT by the same again; no request is lost.\n\n"
    "All processes, or one. Returns when the new ones are ready."
)
@environment_argument
@process_option("Only this one.")
@changes
def command(environment: str, process: str, confirm: str | None, context: str | None) -> None:
    """Hand over to the target."""
    site, target = reach(environment, context)
    finish(target.restart(site, process, confirm))
