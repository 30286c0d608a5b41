"""`morrow render`: the YAML that Helm applies, without a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from morrow.tool.cli.options import answers, environment_argument, finish, reach


@click.command(
    help="Print the YAML that Helm applies for ENVIRONMENT; no cluster is asked.\n\n"
    "Hooks are in it, the pod of `helm test` is not. Values of secrets never are."
)
@environment_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write one file for each object into this folder; rendered ones of old are removed.",
)
@answers
def command(environment: str, output: Path | None) -> None:
    """Hand over to the target."""
    from morrow.tool.rules.open import DEPLOYABLE

    site, target = reach(environment, None, DEPLOYABLE)
    finish(target.render(site, output))
