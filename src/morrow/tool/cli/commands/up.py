"""`morrow up`: bring an environment up, or change it to what its file says."""

from __future__ import annotations

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import Number, Whole, changes, environment_argument, finish


@click.command(
    help="Bring ENVIRONMENT up, or change it to what its file says.\n\n"
    "Returns when the service serves. When the new version fails, the old one serves on."
)
@environment_argument
@click.option("--port", type=Whole(1, 65535), help="The service's port (process).")
@click.option("--admin-port", type=Whole(1, 65535), help="The probes' port (process).")
@click.option(
    "--watch",
    is_flag=True,
    help="Stay: show the logs, apply changes, stop all at the end (process).",
)
@click.option(
    "--plan",
    type=click.Path(exists=True),
    help="Apply exactly this file of `morrow plan --out` (kubernetes).",
)
@click.option(
    "--timeout",
    type=Number(1, 3600),
    help="Seconds until ready. [default: 30 for a process, 120 with terraform, else 600]",
)
@changes
def command(
    environment: str,
    port: int | None,
    admin_port: int | None,
    watch: bool,
    plan: str | None,
    confirm: str | None,
    timeout: float | None,
    context: str | None,
) -> None:
    """Hand over to the target."""
    from pathlib import Path

    from morrow.tool.rules.open import DEPLOYABLE, VALID, open_site
    from morrow.tool.targets.target import UpOptions, target_of

    # A plan was judged when it was made, with the files that it holds.
    site = open_site(environment, context, VALID if plan else DEPLOYABLE, patience=timeout)
    kind, target = site.environment.kind, target_of(site.environment)
    if (port or admin_port) and "port" not in target.takes:
        raise click.UsageError(f"--port is for a process; {environment} is {kind}")
    if port and port == admin_port:
        raise click.UsageError("--port and --admin-port are the same")
    if watch and "watch" not in target.takes:
        raise click.UsageError(f"--watch is for a process; {environment} is {kind}")
    if watch and terminal.json:
        raise click.UsageError("--watch has no end, --json one document: choose one")
    if plan and "plan" not in target.takes:
        raise click.UsageError(f"--plan is for a cluster; {environment} is a {kind}")
    file = Path(plan) if plan else None
    options = UpOptions(
        port=port,
        admin_port=admin_port,
        context=context,
        plan=file,
        confirm=confirm,
        timeout=timeout,
        watch=watch,
    )
    finish(target.up(site, options))
