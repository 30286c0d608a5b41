"""`morrow promote`: carry a proven digest to the next environment."""

from __future__ import annotations

import click

from morrow.tool.cli.options import answers, complete_environment, finish


@click.command(
    help="Write the digest that BEFORE runs into the file of ENVIRONMENT.\n\n"
    "Only with a signed statement of `morrow verify BEFORE --load N --attest KEY`, fresh, for "
    "exactly this digest and this chart. `image.verify.proof` of ENVIRONMENT says whose statement "
    "it takes and how old it may be. Without one it exits with 2 and names what is missing."
)
@click.argument("before", shell_complete=complete_environment)
@click.argument("environment", shell_complete=complete_environment)
@click.option("--check", is_flag=True, help="Judge the digest that stands there; change nothing.")
@click.option("--commit", is_flag=True, help="Commit the one line with git.")
@answers
def command(before: str, environment: str, check: bool, commit: bool) -> None:
    """Open both, judge, write."""
    from morrow.tool.release import promote
    from morrow.tool.rules.open import VALID, open_site

    if check and commit:
        raise click.UsageError("--check changes nothing, so there is nothing to --commit")
    sites = open_site(before, None, VALID), open_site(environment, None, VALID)
    finish(promote.check(*sites) if check else promote.promote(*sites, commit=commit))
