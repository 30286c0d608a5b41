"""Whether all that was applied has come as far as it is waited for."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    HOOK,
    KEEPERS,
    annotations_of,
    spec_of,
    status_of,
    title,
    uid,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.deployment import held, rolled_out
from morrow.tool.diagnose.job import ended_badly, is_held, running
from morrow.tool.diagnose.pod import ends_well, may_end, unfinished
from morrow.tool.diagnose.service import service_findings
from morrow.tool.diagnose.view import Finding, View
from morrow.tool.diagnose.volume import rests, volume_findings

STARTS = (*KEEPERS, "Job", "Pod")  # what starts pods at once
AFTER_UP = ("post-install", "post-upgrade")  # hooks that run when all is ready, if Helm waits
AFTER_ROLLBACK = ("post-rollback",)
ENDED = 8.0  # seconds: it may have been ready while all else was, and what waits goes on then


def is_settled(view: View, place: Place, known: Collection[str]) -> bool:
    """Return whether nothing more is to come; what is held is judged by `served`.

    Who applies may not have waited for pods at all, nor for volumes and load balancers.
    """
    if view.young or not all(rolled_out(one, view) or held(one)[0] for one in view.workloads):
        return False
    if ended_badly(view, place, known) or running(view, known) or unfinished(view, place, known):
        return False
    around = (*service_findings(view, place), *volume_findings(view, place))
    return not (view.declared and any(not one.beside for one in around))


def waits_in_vain(objects: list[Json], after: Collection[str] = AFTER_UP) -> bool:
    """Whether Helm would wait to the end for something that is as it should be.

    A pod that has ended is never ready, and a claim that only a cron holds, or what has no pods,
    may get its volume with the first pod. It must wait all the same where hooks come `after`: they
    need what is ready.
    """
    if any(_comes(one, after) for one in objects):
        return False
    return any(map(may_end, objects)) or bool(_unheld(objects))


def in_vain(
    view: View, place: Place, awaited: list[Json], known: Collection[str]
) -> Iterator[Finding]:
    """Yield what who applies waits for in vain: it is as it should be, and never ready.

    Once a step that comes after has begun, all was ready.
    """
    begun = {title(one) for one in (*view.jobs, *view.pods) if uid(one) not in known}
    if any(title(one) in begun for one in awaited if _comes(one, (*AFTER_UP, *AFTER_ROLLBACK))):
        return
    mine = {title(one) for one in awaited if may_end(one)}
    for pod in view.pods:
        if title(pod) in mine and ends_well(pod):
            cause = "it has ended well, and what applies the release waits until it is ready"
            instead = f"make it a Job in {place.file}, which may end"
            told = place.problem("waited-in-vain", title(pod), cause, instead=instead)
            yield Finding(told, ENDED)
    unheld = _unheld(awaited)
    for claim in view.of("PersistentVolumeClaim"):
        phase = status_of(claim).get("phase")
        if claim["metadata"]["name"] in unheld and phase == "Pending" and rests(claim, view):
            cause = "it gets its volume with its first pod, which does not come yet, and what"
            cause += " applies the release waits for that volume"
            instead = f"let a process in {place.file} mount it, or take it out of `extra`"
            told = place.problem("waited-in-vain", title(claim), cause, instead=instead)
            yield Finding(told, ENDED)


def _comes(item: Json, after: Collection[str]) -> bool:
    """Whether it is a hook of one of these steps."""
    steps = annotations_of(item).get(HOOK, "").split(",")
    return any(step.strip() in after for step in steps)


def _unheld(objects: list[Json]) -> list[str]:
    """Return the claims that no pod holds that is started at once."""
    pods = str([spec_of(one) for one in objects if _starts_pods(one)])
    claims = [one["metadata"]["name"] for one in objects if one["kind"] == "PersistentVolumeClaim"]
    return [one for one in claims if f"'claimName': '{one}'" not in pods]


def _starts_pods(item: Json) -> bool:
    spec = spec_of(item)
    none = spec.get("replicas") == 0 or (item["kind"] == "Job" and is_held(item))
    return item["kind"] in STARTS and not none
