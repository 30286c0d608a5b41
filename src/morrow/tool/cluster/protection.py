"""A protected environment is changed only by who names it, and only in its own cluster."""

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
    if environment.kind == "kubernetes":  # a process has no server to be asked
        require_server(site)
    if confirm is None and terminal.interactive:
        terminal.say(
            f"{environment.label} is protected: {environment.context}, {environment.image}"
        )
        confirm = click.prompt(f"Type its name to go on ({environment.label})", err=True)
    if confirm != environment.label:
        said = f"{confirm!r} was given" if confirm else "nobody can be asked here"
        raise Failure(
            problem(
                "confirm-needed",
                environment.label,
                f"the environment is protected, and {said}",
                command=f"{typed()} {command}",
                environment=environment.label,
            )
        )
    site.confirmed = True


def require_server(site: Site) -> None:
    """Refuse when the context leads to another cluster than the file says."""
    environment = site.environment
    stated = str(environment.target.get("server") or "")
    view = ("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    found = site.kubectl.check(*view).strip()
    if stated == found:
        return
    where = environment.place("target", "server")
    cause = f"the context {environment.context} leads to {found}"
    cause += f", the file says {stated}" if stated else ", and the file does not say whether it may"
    file = environment.shown(environment.file)
    raise Failure(problem("server-unconfirmed", where, cause, file=file, server=found))
