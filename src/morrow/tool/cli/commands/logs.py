"""`morrow logs`: the service's log lines."""

from __future__ import annotations

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import answers, context_option, environment_argument, finish


@click.command(help="Show the log lines of the service in ENVIRONMENT.")
@environment_argument
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="How many of the last lines.",
)
@context_option
@answers
def command(environment: str, follow: bool, lines: int, context: str | None) -> None:
    """Hand over to the target."""
    from morrow.tool.rules.open import READABLE, open_site
    from morrow.tool.targets.target import LogsOptions, target_of

    if follow and terminal.json:
        raise click.UsageError("--follow has no end, --json one document: choose one")
    site = open_site(environment, context, READABLE)
    outcome = target_of(site.environment).logs(site, LogsOptions(follow=follow, lines=lines))
    if outcome is not None:
        finish(outcome)
