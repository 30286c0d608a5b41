"""What `up` checks before it touches anything, and the namespace that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from morrow.tool.base.errors import Failure, problem
from morrow.tool.base.terminal import terminal, typed
from morrow.tool.programs.kubectl import Kubectl

if TYPE_CHECKING:
    from morrow.tool.environment.model import Environment


def guard(environment: Environment, confirm: str | None, command: str) -> str | None:
    """Change a protected environment only when its name is given; ask for it, and return it."""
    if not environment.protected:
        return confirm
    if environment.kind == "kubernetes":
        require_server(environment, Kubectl.of(environment))
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
    return confirm


def require_server(environment: Environment, kubectl: Kubectl) -> None:
    """Refuse when the context leads to another cluster than the file says."""
    stated = str(environment.target.get("server") or "")
    view = ("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    found = kubectl.check(*view).strip()
    if stated == found:
        return
    where = environment.place("target", "server")
    cause = f"the context {environment.context} leads to {found}"
    cause += f", the file says {stated}" if stated else ", and the file does not say whether it may"
    file = environment.shown(environment.file)
    raise Failure(problem("server-unconfirmed", where, cause, file=file, server=found))
