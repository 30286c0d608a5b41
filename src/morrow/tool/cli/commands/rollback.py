"""`morrow rollback`: go back to the release before."""

from __future__ import annotations

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cli.options import (
    answers,
    confirm_option,
    context_option,
    environment_argument,
    finish,
)
from morrow.tool.environment.load import look


@click.command(
    help="Go back to the release before the present one, in ENVIRONMENT's cluster.\n\n"
    "Image, config and secrets come back together. The files are not changed."
)
@environment_argument
@click.option("--to", type=click.IntRange(1), help="The revision of `helm history` to go back to.")
@confirm_option
@context_option
@answers
def command(environment: str, to: int | None, confirm: str | None, context: str | None) -> None:
    """Choose the release and go back."""
    found = look(environment, context)
    if found.kind != "kubernetes":
        cause = "a process keeps no releases; the file says what runs"
        raise Failure(problem("target-unsupported", environment, cause, kind="kubernetes"))
    from morrow.tool.deliver.rollback import roll_back

    finish(roll_back(found, to, confirm))
