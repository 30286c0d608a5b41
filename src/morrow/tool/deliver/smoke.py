"""The questions after a change: whether users are served as the release declares."""

from __future__ import annotations

import time

from morrow.tool.base.errors import APPLIED, Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.base.web import Answer
from morrow.tool.cluster.objects import is_ready, observed, spec_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import delivery_of
from morrow.tool.deliver.failed import failed
from morrow.tool.deliver.inside import fallen, unanswered, unmakeable
from morrow.tool.deliver.look import look, look_around, look_at_all, patiently
from morrow.tool.deliver.outside import refused_outside
from morrow.tool.deliver.take_back import put_back
from morrow.tool.diagnose.deployment import held, rolled_out
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.pod import of_alone
from morrow.tool.diagnose.unknown import stuck
from morrow.tool.diagnose.view import WAIT, Finding, View, new_pods
from morrow.tool.programs.port_forward import ask

PERIOD = 2.0
PATIENCE = 90.0  # longer than any of the findings must last
GOES = 75.0  # seconds for pods that come, of which nothing is known
REMINDER = 10.0  # seconds after which what is waited for is said again


def smoke_or_take_back(site: Site, rolled_out: View, before: int | None) -> View:
    """Ask, and take back what does not serve where the environment says so; the lock is held."""
    try:
        return smoke(site, rolled_out)
    except Failure as failure:
        if failure.exit_code != APPLIED or not site.environment.value("target", "takeBack"):
            raise
        first, *others = failure.problems
        undo = delivery_of(site.environment).undo_install
        back = undo(site) if before is None else put_back(site, before)
        site.forget_release()
        told = failed(site, first, None, before, back=back).problems
        raise Failure(*told, *others, refused=False) from None


def smoke(site: Site, rolled_out: View) -> View:
    """Return the last look; raise what keeps users from being served for all that (exit 3)."""
    wrong, view = unserved(site, rolled_out)
    if site.environment.value("web", "enabled") is not False:
        answered, bad = _inside(site)
        wrong += [bad] if bad else []
        if answered:
            wrong += unanswered(view, site.place, site.kubectl)
        if answered and not wrong:
            wrong += refused_outside(view, site.place, lambda path: _ask(site, path).status)
    wrong += patiently(lambda: list(unmakeable(view, site.place, site.kubectl)))
    now = patiently(lambda: look(site.kubectl, site.place))
    told = {(one.code, one.object) for one in wrong}  # the node may have ended it meanwhile
    wrong += [one for one in fallen(view, now, site.place) if (one.code, one.object) not in told]
    if wrong:
        terminal.say("applied, but:")
        raise Failure(*wrong, applied=True)
    return view


def _inside(site: Site) -> tuple[bool, Problem | None]:
    """Ask one pod of the Service for its health: the whole path inside the container works."""
    path = "/healthz" if site.environment.value("ports", "admin") else "/"
    answer = _ask(site, path)
    if answer.status == 0 and "forbidden" in answer.text:
        terminal.warn("not allowed to forward a port, so the service was not asked")
        return False, None
    if answer.status == 0 or answer.status >= 500:
        cause = f"GET {path} on the service's own port got {answer}"
        where = f"Service {site.environment.name}"
        return False, site.place.problem("smoke-failed", where, cause)
    terminal.say(f"  GET {path} answers {answer.status}")
    return True, None


def _ask(site: Site, path: str) -> Answer:
    port = int(site.environment.value("service", "port") or 80)
    return ask(site.kubectl, f"service/{site.environment.name}", port, path)


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
            falls = not _all_stand(view)
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
    if _all_stand(view):
        return [one for one in found if one.beside or of_alone(one, view, site.place)]
    # It had rolled out: pods have fallen since, or an autoscaler asks for more.
    return found or [Finding(stuck(view, site.place, GOES), GOES)]


def _all_stand(view: View) -> bool:
    return all(_stands(view, one) for one in view.workloads)


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
