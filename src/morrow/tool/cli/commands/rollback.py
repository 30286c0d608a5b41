"""`morrow rollback`: go back to the release before."""

from __future__ import annotations

import click

from morrow.tool.cli.options import Whole, changes, environment_argument, finish, reach


@click.command(
    help="Go back to the release before the present one, in ENVIRONMENT's cluster.\n\n"
    "Image, config and secrets come back together. The files are not changed."
)
@environment_argument
@click.option("--to", type=Whole(1), help="The revision of `helm history` to go back to.")
@changes
def command(environment: str, to: int | None, confirm: str | None, context: str | None) -> None:
    """Choose the release and go back."""
    site, target = reach(environment, context)
    finish(target.rollback(site, to, confirm))
