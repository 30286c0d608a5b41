"""`morrow init`: make this repository one that Morrow can run."""

from __future__ import annotations

from pathlib import Path

import click

from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cli.options import answers


@click.command(
    help="Make the repository in this folder one that Morrow can run.\n\n"
    "Imports its application in a copy, asks it what it is, says what was found, and writes what "
    "is not there yet: [tool.morrow], environments/, a Dockerfile. It never overwrites a file, and "
    "can be run again."
)
@click.option(
    "--app", default="", metavar="MODULE:ATTRIBUTE", help="The application, if not found."
)
@click.option("--name", default="", help="The service's name, instead of the project's.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option(
    "--network",
    is_flag=True,
    help="Let the application reach what it needs while it is asked, by this shell's variables.",
)
@click.option("--ci", type=click.Choice(["github"]), help="Write a workflow as well.")
@click.option("--terraform", is_flag=True, help="Deliver by Terraform, with a root of your own.")
@answers
def command(
    app: str, name: str, yes: bool, dry_run: bool, network: bool, ci: str | None, terraform: bool
) -> None:
    """Look, show, ask, write."""
    terminal.status("looking at the repository …")
    from morrow.tool.base.project import Project
    from morrow.tool.init.eject import eject
    from morrow.tool.init.init import apply, look
    from morrow.tool.init.several import several
    from morrow.tool.init.tell import files_text, next_commands, summary

    asks = terminal.interactive and not yes and not terminal.json

    def choose(folders: list[str]) -> int:
        if not asks:
            raise several(folders)
        return folders.index(click.prompt("Which service?", type=click.Choice(folders), err=True))

    found = look(Path.cwd(), app, name, choose, network, ci=bool(ci), terraform=terraform)
    terminal.result(summary(found))
    if found.drafts:
        terminal.result(files_text(found))
    if (
        found.drafts
        and asks
        and not dry_run
        and not click.confirm("Write these files?", True, err=True)
    ):
        raise click.Abort
    if not dry_run:
        apply(found)
        for folder in eject(Project.find(), "terraform", roots=True) if terraform else ():
            terminal.result(f"made {folder}/")
    next_ = next_commands(found, typed())
    terminal.answer({**found.as_json(), "written": not dry_run, "next": next_})
    if dry_run:
        terminal.result("nothing was written (--dry-run)")
        return
    done = f"wrote {len(found.drafts)} files" if found.drafts else "everything is there already"
    terminal.result("\n".join([done, "next:", *(f"  {line}" for line in next_)]))
