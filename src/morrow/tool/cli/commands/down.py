"""`morrow down`: take an environment down."""

from __future__ import annotations

import click

from morrow.tool.cli.options import changes, environment_argument, finish, reach


@click.command(help="Take ENVIRONMENT down. Namespace, secrets and logs stay unless --purge.")
@environment_argument
@click.option("--purge", is_flag=True, help="Remove namespace, secrets and logs too.")
@changes
def command(environment: str, confirm: str | None, purge: bool, context: str | None) -> None:
    """Hand over to the target."""
    from morrow.tool.rules.open import VALID

    site, target = reach(environment, context, VALID)
    finish(target.down(site, confirm, purge=purge))
