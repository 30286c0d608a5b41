"""`morrow up`: bring an environment up, or change it to what its file says."""

from __future__ import annotations

from pathlib import Path

import click

from morrow.tool.cli.options import (
    answers,
    confirm_option,
    context_option,
    environment_argument,
    finish,
)


@click.command(
    help="Bring ENVIRONMENT up, or change it to what its file says.\n\n"
    "Returns when the service serves. When the new version fails, the old one serves on."
)
@environment_argument
@click.option("--port", type=click.IntRange(1, 65535), help="The service's port (process).")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, exists=True),
    help="Apply exactly this file of `morrow plan --out` (kubernetes).",
)
@confirm_option
@click.option("--timeout", type=click.FloatRange(1, 3600), help="Seconds until ready.")
@context_option
@answers
def command(
    environment: str,
    port: int | None,
    plan: Path | None,
    confirm: str | None,
    timeout: float | None,
    context: str | None,
) -> None:
    """Hand over to the target."""
    from morrow.tool.rules.open import DEPLOYABLE, VALID, open_site
    from morrow.tool.targets.target import UpOptions, target_of

    # A plan was judged when it was made, with the files that it holds.
    site = open_site(environment, context, VALID if plan else DEPLOYABLE)
    kind, target = site.environment.kind, target_of(site.environment)
    if port and "port" not in target.takes:
        raise click.UsageError(f"--port is for a process; {environment} is {kind}")
    if plan and "plan" not in target.takes:
        raise click.UsageError(f"--plan is for a cluster; {environment} is a {kind}")
    options = UpOptions(port=port, context=context, plan=plan, confirm=confirm, timeout=timeout)
    finish(target.up(site, options))
