"""What the controllers of Deployments and StatefulSets say of a rollout."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    age_of,
    condition_of,
    event_time,
    has_ended,
    is_ending,
    is_of,
    is_ready,
    observed,
    owned,
    spec_of,
    status_of,
    title,
    uid,
    wanted_of,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import (
    HEALS_OFTEN,
    Finding,
    View,
    events_of,
    new_pods,
    newest_replicaset,
    own_pods,
    patch,
    pods_of,
)

SILENT = 40.0  # seconds for another controller to lead when one has gone: it waits for 15
FRESH = 60.0  # seconds: somebody is at it
CHANGES = 4  # in one rollout: some add to a template once it is there
DRAWN = "[bcdfghjklmnpqrstvwxz2456789]{5}"  # Kubernetes draws names that are no words
MADE = ("SuccessfulCreate", "SuccessfulDelete")


def rolled_out(workload: Json | None, view: View) -> bool:
    """Return whether the pods of the present template have replaced all others for good.

    The numbers tell it, not the condition: that stands still while a Deployment is scaled or
    paused, and when pods are lost after a rollout.
    """
    if workload is None:
        return True
    if not observed(workload):
        return False
    kind, status = workload.get("kind"), status_of(workload)
    usual: tuple[str, ...] = ("replicas", "updatedReplicas", "availableReplicas")
    counted = _COUNTED.get(str(kind), usual)
    if kind == "StatefulSet" and status.get("updateRevision") == status.get("currentRevision"):
        counted = ("availableReplicas",)  # nothing is counted as updated when nothing moves
    if any(status.get(key, 0) != wanted_of(workload) for key in counted):
        return False
    return kind != "Deployment" or newest_replicaset(view, workload) is not None


_COUNTED = {
    "DaemonSet": ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable"),
    "ReplicaSet": ("replicas", "availableReplicas"),  # one that no Deployment keeps
}


def held(workload: Json) -> tuple[str, Json]:
    """Return why pods are not replaced until somebody acts, and the patch that lets them be."""
    spec = spec_of(workload)
    if spec.get("paused"):
        return "its rollout is paused", {"paused": False}
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        rolling = {"type": "RollingUpdate"}
        return "its pods are replaced only when somebody deletes them", {"updateStrategy": rolling}
    if first := (strategy.get("rollingUpdate") or {}).get("partition"):
        all_of_them = {"updateStrategy": {"rollingUpdate": {"partition": 0}}}
        return f"only its pods from number {first} on are replaced (partition)", all_of_them
    return "", {}


def blocking(view: View) -> list[str]:
    """Return the pods that a StatefulSet waits for before it replaces them, and in vain.

    One of an earlier revision that does not become ready keeps its controller from all others,
    also from going back: Kubernetes leaves it to people to delete it.
    """
    found = []
    for workload in view.workloads:
        if workload.get("kind") != "StatefulSet" or not observed(workload) or held(workload)[0]:
            continue
        new = [uid(pod) for pod in new_pods(view, workload)]
        for pod in owned(view.pods, workload):
            if uid(pod) not in new and not is_ready(pod) and not is_ending(pod):
                found.append(str(pod["metadata"]["name"]))
    return found


def deadline_over(view: View) -> Json | None:
    """Return the workload of which Kubernetes says that it has not progressed in its time."""
    for workload in view.workloads:
        progress = condition_of(workload, "Progressing")
        if observed(workload) and progress.get("reason") == "ProgressDeadlineExceeded":
            return workload
    return None


def paused_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what is paused, or held in another way, while its pods run something else."""
    for workload in view.workloads:
        why, change = held(workload)
        if not why or not observed(workload) or rolled_out(workload, view):
            continue
        images = sorted({pod["spec"]["containers"][0]["image"] for pod in own_pods(view)})
        cause = f"{why}; the pods still run {', '.join(images) or 'nothing'}"
        what = f"{workload['kind'].lower()}/{workload['metadata']['name']}"
        command = patch(place, what, {"spec": change})
        new = list(map(uid, new_pods(view, workload)))
        old = [one["metadata"]["name"] for one in pods_of(view, workload) if uid(one) not in new]
        if "paused" in change:
            command = f"{place.kubectl} rollout resume {what}"
        elif old and "type" in change["updateStrategy"]:  # the next `up` would set that again
            command = f"{place.kubectl} delete pod {' '.join(old)}"
        found = place.problem("rollout-paused", title(workload), cause, command=command)
        yield Finding(found, 0, True)


def silent_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield workloads at which no controller of the cluster has looked since they were changed."""
    for workload in view.workloads:
        if observed(workload) or is_ending(workload):
            continue
        progress = condition_of(workload, "Progressing")
        if progress.get("reason") == "ReplicaSetCreateError":
            continue  # it looks, and cannot make the ReplicaSet: it says so without the generation
        seen = status_of(workload).get("observedGeneration", "none")
        wanted = workload["metadata"].get("generation")
        cause = f"it is at generation {wanted}, and its controller has seen {seen}"
        yield Finding(place.problem("controller-silent", title(workload), cause), SILENT)


def awaited_pods(view: View) -> Iterator[Json]:
    """Yield the pods whose end a workload waits for before it makes another."""
    for workload in view.workloads:
        if workload["kind"] == "StatefulSet":
            yield from pods_of(view, workload)
        elif (spec_of(workload).get("strategy") or {}).get("type") == "Recreate":
            yield from (pod for pod in pods_of(view, workload) if not has_ended(pod))


def deleted_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield workloads whose pods somebody deletes: many more were made than there are."""
    for workload in view.workloads:
        keeper = newest_replicaset(view, workload) if workload["kind"] == "Deployment" else workload
        # Where all are there, others were scaled down or drained, and not each end has its event.
        if keeper is None or rolled_out(workload, view):
            continue
        events = [one for one in events_of(view, keeper) if one.get("reason") in MADE]
        made, ended = (
            sum(int(one.get("count") or 1) for one in events if one["reason"] == reason)
            for reason in MADE
        )
        lost = made - ended - len(owned(view.pods, keeper))
        if lost <= wanted_of(workload) + 2 or age_of(event_time(events[0])) > FRESH:
            continue
        cause = f"{made} pods were made of it and {lost} of them are gone: somebody deletes them"
        if left := _left(keeper, view, place):
            cause = f"{made} pods were made of it and {len(left)} run on without it, as {left[0]}:"
            cause += " somebody changes their labels; delete them too"
        yield Finding(place.problem("object-gone", title(keeper), cause), HEALS_OFTEN)


def _left(keeper: Json, view: View, place: Place) -> list[str]:
    """Return the pods that it has made and that are nobody's now."""
    ending = r"\d+" if keeper["kind"] == "StatefulSet" else DRAWN
    made = re.compile(f"{re.escape(keeper['metadata']['name'])}-{ending}")
    lone = (pod for pod in view.pods if not pod["metadata"].get("ownerReferences"))
    names = (str(pod["metadata"]["name"]) for pod in lone if not is_of(pod, place.name))
    return [name for name in names if made.fullmatch(name)]


def restless_findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield Deployments whose template somebody changes faster than pods can follow."""
    for workload in view.workloads if known else ():
        new = [one for one in owned(view.replicasets, workload) if uid(one) not in known]
        if len(new) > CHANGES:
            cause = f"its pods' template was changed {len(new)} times since the deploy began"
            yield Finding(place.problem("release-overwritten", title(workload), cause))


def old_pod_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield pods of an earlier template that get requests beside the new ones, for ever.

    While a rollout goes on that is as it should be; afterwards nobody should be served by them.
    """
    workloads = [one for one in view.workloads if rolled_out(one, view)]
    current = {pod["metadata"]["name"] for one in workloads for pod in new_pods(view, one)}
    if len(workloads) != len(view.workloads) or not current:
        return
    for pod in own_pods(view):
        name = pod["metadata"]["name"]
        if name in current or is_ending(pod) or has_ended(pod):
            continue
        cause = "it is of an earlier release and nobody ends it"
        yield Finding(place.problem("old-pod-left", f"Pod {name}", cause, what=name), 30, True)
