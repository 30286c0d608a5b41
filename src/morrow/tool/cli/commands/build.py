"""`morrow build`: the service's image, named by its commit."""

from __future__ import annotations

from pathlib import Path

import click

from morrow.tool.cli.options import answers, complete_environment, finish


@click.command(
    help="Build the image of ENVIRONMENT with docker, podman or buildah; its tag is the commit.\n\n"
    "With --push the digest goes into the environment's file. What follows `--` is for the"
    " builder: `morrow build dev -- --no-cache`."
)
@click.argument("environment", required=False, shell_complete=complete_environment)
@click.argument("more", nargs=-1, metavar="[-- ARGUMENTS...]", type=click.UNPROCESSED)
@click.option("--push", is_flag=True, help="Push it, and write its digest into the file.")
@click.option("--tag", default="", help="Instead of the commit.")
@click.option(
    "--builder",
    type=click.Choice(["docker", "podman", "buildah"]),
    envvar="MORROW_BUILDER",
    help="Instead of the first that answers (or MORROW_BUILDER).",
)
@click.option(
    "--platform",
    "platforms",
    metavar="OS/ARCH,...",
    help="For these: `linux/amd64,linux/arm64` makes one image for both.",
)
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    help="The Dockerfile, instead of the one in the project's folder or beside the source.",
)
@answers
def command(
    environment: str | None,
    more: tuple[str, ...],
    push: bool,
    tag: str,
    builder: str | None,
    platforms: str | None,
    file: Path | None,
) -> None:
    """Find the environment, build, push."""
    from morrow.tool.base.project import Project
    from morrow.tool.environment.load import read
    from morrow.tool.release.build import BuildOptions, build
    from morrow.tool.rules.open import VALID, open_site

    if environment is None:
        project = Project.find()
        names = [n for n in project.environment_names() if read(project, n).in_cluster]
        if len(names) != 1:
            which = ", ".join(names) or "none"
            raise click.UsageError(f"say for which environment: {which} run in a cluster")
        environment = names[0]
    wanted = tuple(filter(None, map(str.strip, (platforms or "").split(","))))
    if platforms is not None and not wanted:  # a variable that was never set
        raise click.UsageError("--platform is empty: name one or more, like linux/amd64")
    chosen = open_site(environment, None, VALID).environment
    finish(build(chosen, BuildOptions(push, tag, builder or "", file, wanted, more)))
