"""`morrow logs`: the service's log lines."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import (
    Whole,
    environment_argument,
    finish,
    reach,
    reads,
    until_ctrl_c,
    which_options,
)

LEVELS = ("debug", "info", "warning", "error", "critical")


def seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Read a time such as 90, 5m or 1h30m."""
    from morrow.tool.base.words import seconds_of

    parsed = seconds_of(value) if value else 0.0
    if parsed is None:
        raise click.BadParameter(f"{value!r} is not a time; write 90, 5m or 1h30m")
    return parsed


@click.command(
    help="Show the log lines of the service in ENVIRONMENT, of all its processes as one stream."
)
@environment_argument
@click.option("-f", "--follow", is_flag=True, help="Show new lines as they come, until Ctrl-C.")
@click.option(
    "-n",
    "--lines",
    type=Whole(1, 100_000),
    default=100,
    show_default=True,
    help="How many of the last lines of each pod to show.",
)
@click.option(
    "--since",
    default="",
    metavar="TIME",
    callback=seconds,
    help="Only lines younger than this: 90, 5m or 1h30m.",
)
@which_options
@click.option("--level", type=click.Choice(LEVELS), help="This level and those above it.")
@click.option("--pretty", is_flag=True, help="Show JSON lines as plain text.")
@reads
def command(
    environment: str,
    context: str | None,
    **given: Any,  # noqa: ANN401 - `LogsOptions` says their types
) -> None:
    """Hand over to the target."""
    from morrow.tool.targets.target import LogsOptions

    asked = LogsOptions(**given)
    if asked.follow and terminal.json:
        raise click.UsageError("--follow has no end, --json one document: choose one")
    site, target = reach(environment, context)
    outcome = None
    with until_ctrl_c() if asked.follow else nullcontext():
        outcome = target.logs(site, asked)
    if outcome is not None:
        finish(outcome)
