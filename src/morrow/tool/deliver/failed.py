"""What serves after an apply that failed, and how long one may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from morrow.tool.base.errors import REFUSED, Failure, Problem
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import is_ending, is_ready, wanted_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.look import look
from morrow.tool.diagnose.containers import pod_state
from morrow.tool.diagnose.view import new_pods, own_pods

# Generous, since a fault ends the wait by itself: only a slow, good start ever needs it.
PATIENCE = 600.0
NOT_BACK = "it was not taken back: "


def failed(
    site: Site,
    fault: Problem,
    waiting: Problem | None,
    before: int | None,
    *,
    back: bool | None = True,
) -> Failure:
    """Return the failure with its cause, and say what serves now.

    `back`: it was undone; None: it is what was there before, so there was nothing to undo.
    """
    if fault.code == "rollout-slow" and waiting is not None:
        fault = waiting
    try:
        after = _after(site, before, back)
    except Failure as failure:  # a login that has ended, say: why it failed counts for all that
        if failure.interrupted:
            raise
        after = f"what is deployed now could not be looked at: {failure.problems[0].cause}"
    terminal.say(f"  {after}")
    return Failure(
        Problem(fault.code, fault.object, fault.cause, fault.fix, (*fault.details, after)),
        refused=False,
    )


@contextmanager
def changed_already() -> Iterator[None]:
    """Let nothing that fails from here on say that nothing had been changed."""
    try:
        yield
    except Failure as failure:
        failure.exit_code = 1 if failure.exit_code == REFUSED else failure.exit_code
        raise


def _after(site: Site, before: int | None, back: bool | None) -> str:
    """Say what is deployed now."""
    now = site.deployed
    if now is None:
        after = "no release is deployed whole"
        if back and not site.history:
            after = "nothing was deployed before, and what was made is removed again"
    elif back is None:
        after = _pods(site, f"nothing is taken back: release {before} was the same")
    elif before is None or not back:
        after = f"release {now} is deployed"
    else:
        put_back = "the release that served before is put back"
        after = _pods(site, put_back, "the release that served before serves again")
    return after


def _pods(site: Site, done: str, well: str = "") -> str:
    """Say what the pods say: Helm's history knows only that the old release was put back."""
    try:
        view = look(site.kubectl, site.place)
    except Failure:
        return f"{done}; its pods could not be looked at"
    pods = new_pods(view)
    wanted = sum(wanted_of(one) for one in view.workloads)
    ready = sum(map(is_ready, pods))
    if well and ready >= wanted:
        return well
    waits = [
        f"{pod['metadata']['name']} {pod_state(pod, view)}" for pod in pods if not is_ready(pod)
    ]
    why = f" ({'; '.join(waits[:3])})" if waits else ""
    # Somebody who changes it again and again keeps its pods from coming; those of before serve on.
    older = [pod for pod in own_pods(view) if is_ready(pod) and not is_ending(pod)]
    serve = f"; {len(older) - ready} of an earlier template serve" if len(older) > ready else ""
    return f"{done}; {ready} of {wanted} pods are ready{why}{serve}"
