"""`morrow up`: bring an environment up, or change it to what its file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from morrow.tool.base.terminal import terminal
from morrow.tool.cli.options import Number, Whole, changes, environment_argument, finish, reach


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
    type=click.Path(path_type=Path, exists=True),
    help="Apply exactly this file of `morrow plan --out` (kubernetes).",
)
@click.option(
    "--timeout",
    type=Number(1, 3600),
    help="Seconds until ready. [default: 30 for a process, 120 with terraform, else 600]",
)
@changes
def command(environment: str, **given: Any) -> None:  # noqa: ANN401 - `UpOptions` says their types
    """Hand over to the target."""
    from morrow.tool.rules.open import DEPLOYABLE, VALID
    from morrow.tool.targets.target import UpOptions

    asked = UpOptions(**given)
    # A plan was judged when it was made, with the files that it holds.
    level = VALID if asked.plan else DEPLOYABLE
    site, target = reach(environment, asked.context, level, patience=asked.timeout)
    kind = site.environment.kind
    if (asked.port or asked.admin_port) and "port" not in target.takes:
        raise click.UsageError(f"--port is for a process; {environment} is {kind}")
    if asked.port and asked.port == asked.admin_port:
        raise click.UsageError("--port and --admin-port are the same")
    if asked.watch and "watch" not in target.takes:
        raise click.UsageError(f"--watch is for a process; {environment} is {kind}")
    if asked.watch and terminal.json:
        raise click.UsageError("--watch has no end, --json one document: choose one")
    if asked.plan and "plan" not in target.takes:
        raise click.UsageError(f"--plan is for a cluster; {environment} is a {kind}")
    finish(target.up(site, asked))
