"""`morrow rollback`: go back to the release before."""

from __future__ import annotations

import click

from morrow.tool.cli.options import (
    answers,
    confirm_option,
    context_option,
    environment_argument,
    finish,
)


@click.command(
    help="Go back to the release before the present one, in ENVIRONMENT's cluster.\n\n"
    "Image, config and secrets come back together. The files are not changed."
)
@environment_argument
@click.option("--to", type=click.IntRange(1), help="The revision of `helm history` to go back to.")
@confirm_option
@context_option
@answers
def command(environment: str, to: int | None, confirm: str | None, context: str | None) -> None:
    """Choose the release and go back."""
    from morrow.tool.rules.open import READABLE, open_site
    from morrow.tool.targets.target import target_of

    site = open_site(environment, context, READABLE)
    finish(target_of(site.environment).rollback(site, to, confirm))
