"""`morrow eject`: a copy of the chart or the Terraform module, for the project to own."""

from __future__ import annotations

import click

from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import answers


@click.command(
    help="Write a copy of the package's chart, or of its Terraform module, for you to own.\n\n"
    "Nobody needs it to deploy: without a copy the package's own is used. What is given up: a "
    "newer Morrow does not change your copy any more."
)
@click.argument("what", type=click.Choice(["chart", "terraform"]))
@click.option("--force", is_flag=True, help="Replace a copy that is there.")
@answers
def command(what: str, force: bool) -> None:
    """Copy, and say what that means."""
    from morrow.tool.base.project import Project
    from morrow.tool.init.eject import GIVEN_UP, eject

    folders = eject(Project.find(), what, force=force)
    terminal.answer({"made": folders, "given_up": GIVEN_UP})
    terminal.result("\n".join([*(f"made {folder}/" for folder in folders), "", GIVEN_UP]))
    terminal.result(f"\nnext:\n  git add {' '.join(folders)}\n  {typed()} doctor dev")
