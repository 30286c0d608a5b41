"""`morrow history`: the releases that are remembered."""

from __future__ import annotations

import click

from morrow.tool.cli.options import environment_argument, finish, reach, reads


@click.command(help="List the releases of ENVIRONMENT, the oldest first, with what each ran.")
@environment_argument
@reads
def command(environment: str, context: str | None) -> None:
    """Hand over to the target."""
    site, target = reach(environment, context)
    finish(target.history(site))
