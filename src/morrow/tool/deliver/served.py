"""After an apply: are users served as the release declares? What is not is named, and waited for.

The pods are right when this begins. It looks at what lies between them and their users.
"""

from __future__ import annotations

import time
from functools import partial

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import is_ready, observed, spec_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.look import look_around, look_at_all
from morrow.tool.diagnose.deployment import held, rolled_out
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.pod import of_alone
from morrow.tool.diagnose.unknown import stuck
from morrow.tool.diagnose.view import WAIT, Finding, View, new_pods

PERIOD = 2.0
PATIENCE = 90.0  # longer than any of the findings must last
GOES = 75.0  # seconds for pods that come, of which nothing is known
REMINDER = 10.0  # seconds after which what is waited for is said again


def unserved(site: Site, rolled_out: View) -> tuple[list[Problem], View]:
    """Return what keeps users from being served, once it has lasted as long as it must.

    It begins with the rollout's last look; where that is all in order, nothing is waited for.
    With the problems comes the last look.
    """
    began = said = time.monotonic()
    first: dict[tuple[str, str], float] = {}
    view = look_around(site, rolled_out)
    found = _beside(site, view)
    while True:
        now = time.monotonic()
        first = {one.key: first.get(one.key, now) for one in found}
        unripe = [one for one in found if now - first[one.key] < one.hold]
        if not unripe or now - began > PATIENCE:
            # Pods that fall again and again each have a finding of their own, and none lasts.
            falls = not all(map(partial(_stands, view), view.workloads))
            ripe = (one for one in found if falls or one.beside or one not in unripe)
            return [one.problem for one in ripe], view
        if now - said > REMINDER:
            said = now
            waits = unripe[0].problem
            terminal.say(f"  after {now - began:.0f} s it waits: {waits.object}: {waits.cause}")
        time.sleep(PERIOD)
        try:
            view = look_at_all(site)
        except Failure as failure:  # the API server is away for a moment: not known is not served
            if failure.interrupted:
                raise
            found = [Finding(failure.problems[0], PATIENCE, True)]
        else:
            found = _beside(site, view)


def _beside(site: Site, view: View) -> list[Finding]:
    found = [one for one in diagnose(view, site.place) if not one.past and one.hold != WAIT]
    if all(map(partial(_stands, view), view.workloads)):
        return [one for one in found if one.beside or of_alone(one, view, site.place)]
    # It had rolled out: pods have fallen since, or an autoscaler asks for more.
    return found or [Finding(stuck(view, site.place, GOES), GOES)]


def _stands(view: View, workload: Json) -> bool:
    """Whether it has its pods; an autoscaler may ask for more than its least at any time."""
    if rolled_out(workload, view) or held(workload)[0] or not observed(workload):
        return True
    for scaler in view.of("HorizontalPodAutoscaler"):
        aim = spec_of(scaler)["scaleTargetRef"]
        if (aim["kind"], aim["name"]) == (workload["kind"], workload["metadata"]["name"]):
            ready = sum(map(is_ready, new_pods(view, workload)))
            return bool(ready >= (spec_of(scaler).get("minReplicas") or 1))
    return False
