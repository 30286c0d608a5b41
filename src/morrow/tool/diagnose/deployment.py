"""What the controllers of Deployments and StatefulSets say of a rollout."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import (
    Finding,
    Json,
    View,
    conditions_of,
    new_pods,
    newest_replicaset,
    observed,
    own_pods,
    spec_of,
    title,
)


def rolled_out(workload: Json | None, view: View) -> bool:
    """Return whether the pods of the present template have replaced all others for good."""
    if workload is None:
        return True
    if not observed(workload):
        return False
    status, wanted = workload.get("status") or {}, spec_of(workload).get("replicas", 1)
    if workload.get("kind") == "StatefulSet":
        if spec_of(workload).get("updateStrategy", {}).get("type") == "OnDelete":
            return True
        updated = status.get("updatedReplicas", 0) if _moves(status) else wanted
        return bool(updated == wanted == status.get("availableReplicas", 0))
    if spec_of(workload).get("paused"):
        return newest_replicaset(view, workload) is not None  # nothing more is to come
    progress = conditions_of(status).get("Progressing", {})
    return progress.get("reason") == "NewReplicaSetAvailable"


def _moves(status: Json) -> bool:
    return bool(status.get("updateRevision") != status.get("currentRevision"))


def deadline_over(view: View) -> Json | None:
    """Return the workload of which Kubernetes says that it has not progressed in its time."""
    for workload in view.workloads:
        progress = conditions_of(workload.get("status") or {}).get("Progressing", {})
        if observed(workload) and progress.get("reason") == "ProgressDeadlineExceeded":
            return workload
    return None


def paused_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield the Deployments that are paused while their pods run something else."""
    for workload in view.workloads:
        if not spec_of(workload).get("paused") or not observed(workload):
            continue
        if newest_replicaset(view, workload) is not None:
            continue
        images = sorted({pod["spec"]["containers"][0]["image"] for pod in own_pods(view)})
        cause = f"its rollout is paused; the pods still run {', '.join(images) or 'nothing'}"
        name = workload["metadata"]["name"]
        yield Finding(place.problem("rollout-paused", title(workload), cause, what=name), 0, True)


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
        if name in current or pod["metadata"].get("deletionTimestamp"):
            continue
        if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            continue
        cause = "it is of an earlier release and nobody ends it"
        yield Finding(place.problem("old-pod-left", f"Pod {name}", cause, what=name), 30, True)
