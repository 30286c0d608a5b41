"""`morrow port-forward`: ports of a pod on this machine."""

from __future__ import annotations

import click

from morrow.tool.cli.options import environment_argument, reach, reads, which_options


@click.command(
    help="Forward PORTS of a pod of ENVIRONMENT to this machine, until Ctrl-C.\n\n"
    "A port is a number, LOCAL:REMOTE, or a name: http and admin are the service's own, and what"
    " is taken when none is given."
)
@environment_argument
@click.argument("ports", nargs=-1)
@which_options
@reads
def command(
    environment: str, ports: tuple[str, ...], process: str, pod: str, context: str | None
) -> None:
    """Hand over to the target."""
    from morrow.tool.base.terminal import terminal
    from morrow.tool.targets.target import Which

    if terminal.json:
        raise click.UsageError("it runs until Ctrl-C, and --json prints one document: choose one")
    site, target = reach(environment, context)
    raise SystemExit(target.forward(site, Which(process, pod), ports))
