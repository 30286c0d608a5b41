"""A protected environment changes only when its name is typed, and only in its own cluster."""

from __future__ import annotations

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.cluster.site import Site


def guard(site: Site, confirm: str | None, command: str) -> None:
    """Change a protected environment only when its name is given; ask for it once."""
    environment = site.environment
    if not environment.protected or site.confirmed:
        return
    if environment.in_cluster:  # a process has no API server to compare
        require_server(site)
    label = environment.label
    if confirm is None and terminal.interactive:
        terminal.say(f"{label} is protected: {environment.context}, {environment.image}")
    question, why = "Type its name to go on", "the environment is protected"
    require_name(label, confirm, command, question, why)
    site.confirmed = True


def require_name(name: str, confirm: str | None, command: str, question: str, why: str) -> None:
    """Go on only when the name is given; ask for it where somebody can be asked."""
    if confirm is None and terminal.interactive:
        confirm = click.prompt(f"{question} ({name})", err=True)
    if confirm != name:
        answer = f"{confirm!r} was given" if confirm else "nobody can be asked here"
        cause, again = f"{why}, and {answer}", f"{typed()} {command}"
        raise Failure(problem("confirm-needed", name, cause, command=again, environment=name))


def require_server(site: Site) -> None:
    """Refuse when the context leads to another cluster than the file says."""
    environment = site.environment
    stated = str(environment.target.get("server") or "")
    view = ("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    server = site.kubectl.check(*view).strip()
    if stated == server:
        return
    where = environment.place("target", "server")
    cause = f"the context {environment.context} leads to {server}"
    cause += f", the file says {stated}" if stated else ", and the file names no API server"
    file = environment.shown(environment.file)
    raise Failure(problem("server-unconfirmed", where, cause, file=file, server=server))
