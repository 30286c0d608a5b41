"""`morrow exec`: a command or a shell beside the service."""

from __future__ import annotations

import click

from morrow.tool.cli.options import changes, environment_argument, leave, reach, which_options


@click.command(
    help="Run a command in a pod of ENVIRONMENT, or a shell: `morrow exec dev -- env`.\n\n"
    "Where the image has no shell, one is opened in a container beside it that sees its"
    " processes. For a process: on this machine, with the service's variables. The exit code is"
    " the command's."
)
@environment_argument
@click.argument("words", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
@which_options
@click.option("--image", default="", help="Run it in a container of this image beside the pod's.")
@changes
def command(
    environment: str,
    words: tuple[str, ...],
    process: str,
    pod: str,
    image: str,
    confirm: str | None,
    context: str | None,
) -> None:
    """Hand over to the target."""
    from morrow.tool.targets.target import Run, Which

    site, target = reach(environment, context)
    leave(target.execute(site, Run(words, Which(process, pod), image=image, confirm=confirm)))
