"""`morrow run APP`: serve in the foreground, in this very process."""

from __future__ import annotations

import os
import sys

import click

from morrow.tool.base.errors import Failure


@click.command(
    help="Serve APP (module:attribute; the project's own unless given) in the foreground.\n\n"
    "With --reload the worker starts again when a source changes.",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("app", required=False)
@click.argument("options", nargs=-1, metavar="[--reload]", type=click.UNPROCESSED)
def command(app: str | None, options: tuple[str, ...]) -> None:
    """Replace this process by the server, so that signals and exit code are its own."""
    from morrow.tool.base.project import Project

    try:
        project = Project.find()
    except Failure:
        if not app:
            raise
        source, named = "", ""
    else:
        source, named = str(project.source), project.app
    if app is None or app.startswith("-"):
        options = (*((app,) if app else ()), *options)
        app = named
    if not app:
        raise click.UsageError('name APP, or add app = "module:attribute" to [tool.morrow]')
    paths = [source, os.getcwd(), os.environ.get("PYTHONPATH", "")]  # noqa: PTH109
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "morrow", app, *options])  # noqa: S606
