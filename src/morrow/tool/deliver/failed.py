"""What serves after an apply that failed, and how long one may take."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Helm, Revision

# Generous, since a fault ends the wait by itself: only a slow, good start ever needs it.
PATIENCE = 600.0


def failed(
    environment: Environment,
    found: Problem,
    waiting: Problem | None,
    before: int | None,
    *,
    back: bool = True,
) -> Failure:
    """Return the failure with its cause, and say what serves now; `back`: it was undone."""
    if found.code == "rollout-slow" and waiting is not None:
        found = waiting
    now = serving(environment)
    if now is None:
        after = "no release is deployed whole"
        if back and before is None:
            after = "nothing was deployed before, and what was made is removed again"
    elif before is None or not back:
        after = f"release {now} is deployed"
    else:
        after = "the release that served before serves again"
    terminal.say(f"  {after}")
    return Failure(
        Problem(found.code, found.object, found.cause, found.fix, (*found.details, after)),
        refused=False,
    )


def serving(environment: Environment) -> int | None:
    """Return the number of the deployed release, if there is one."""
    return deployed(Helm.of(environment).history(environment.name))


def deployed(history: list[Revision]) -> int | None:
    """Return the number of the deployed revision of a history."""
    return next((r.number for r in reversed(history) if r.status == "deployed"), None)
