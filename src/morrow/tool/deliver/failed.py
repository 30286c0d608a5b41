"""What serves after an apply that failed, and how long one may take."""

from __future__ import annotations

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.site import Site

# Generous, since a fault ends the wait by itself: only a slow, good start ever needs it.
PATIENCE = 600.0


def failed(
    site: Site,
    found: Problem,
    waiting: Problem | None,
    before: int | None,
    *,
    back: bool = True,
) -> Failure:
    """Return the failure with its cause, and say what serves now; `back`: it was undone."""
    if found.code == "rollout-slow" and waiting is not None:
        found = waiting
    now = site.deployed
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
