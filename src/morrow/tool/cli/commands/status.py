"""`morrow status`: say what runs. Exit 1 when it does not serve."""

from __future__ import annotations

import click

from morrow.tool.cli.options import answers, context_option, environment_argument, finish


@click.command(help="Show what runs in ENVIRONMENT. Exit 1 when it does not serve.")
@environment_argument
@context_option
@answers
def command(environment: str, context: str | None) -> None:
    """Hand over to the target."""
    from morrow.tool.rules.open import READABLE, open_site
    from morrow.tool.targets.target import target_of

    site = open_site(environment, context, READABLE)
    finish(target_of(site.environment).status(site))
