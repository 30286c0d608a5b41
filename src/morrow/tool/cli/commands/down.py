"""`morrow down`: take an environment down."""

from __future__ import annotations

import click

from morrow.tool.cli.options import changes, environment_argument, finish


@click.command(help="Take ENVIRONMENT down. Namespace, secrets and logs stay unless --purge.")
@environment_argument
@click.option("--purge", is_flag=True, help="Remove namespace, secrets and logs too.")
@changes
def command(environment: str, confirm: str | None, purge: bool, context: str | None) -> None:
    """Hand over to the target."""
    from morrow.tool.rules.open import VALID, open_site
    from morrow.tool.targets.target import DownOptions, target_of

    site = open_site(environment, context, VALID)
    options = DownOptions(confirm=confirm, purge=purge)
    finish(target_of(site.environment).down(site, options))
