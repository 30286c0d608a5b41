"""Why a pod that has a node does not become ready."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    HOOK,
    annotations_of,
    condition_of,
    is_ending,
    is_of,
    is_ready,
    is_true,
    last_part,
    spec_of,
    status_of,
    uid,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import Container, container_statuses, terminated
from morrow.tool.diagnose.ended import ended_findings
from morrow.tool.diagnose.images import image_findings
from morrow.tool.diagnose.node import lost_nodes
from morrow.tool.diagnose.probes import probe_findings
from morrow.tool.diagnose.references import missing_reference
from morrow.tool.diagnose.unplaced import unschedulable
from morrow.tool.diagnose.view import (
    HEALS_OFTEN,
    WAIT,
    Finding,
    View,
    events_of,
    new_pods,
    newest_replicaset,
)

MOUNTS = 25.0  # seconds for a driver, or a network plug-in, that has just been started
ATTACHES = 60.0  # seconds for a volume that another node has not let go of yet
ENDING = ("Never", "OnFailure")
TRIES = 120.0  # seconds in which a step of Helm's that is started again may yet end well
GATED = 40.0  # seconds until nobody is believed to open a readiness gate

_CREATING = ("ContainerCreating", "PodInitializing")
_MADE = ("Pulling", "Pulled", "Created", "Started")  # its volumes and its network are there then
# What the kubelet says of a pod that it cannot set up; a new node's network may be on its way.
_SANDBOX = {"FailedCreatePodSandBox": MOUNTS, "NetworkNotReady": 40.0}


def new_pod_findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield what keeps the pods of the present templates from being ready."""
    lone = alone(view, place)
    for pod in (one for one in (*new_pods(view), *lone) if uid(one) not in known):
        ends = pod["spec"].get("restartPolicy") == "Never"
        for found in pod_findings(pod, view, place, is_job=ends):
            # No Job judges how such a one ended, and nothing makes another.
            failed = pod in lone and pod["status"].get("phase") == "Failed"
            yield dataclasses.replace(found, hold=0.0) if failed else found
    yield from hook_findings(view, place, known)


def hook_findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield what keeps a pod of a step of Helm's from its end; one of `helm test` is no part."""
    for pod in view.pods:
        step = annotations_of(pod).get(HOOK, "test")
        if "test" in step or uid(pod) in known or not is_of(pod, place.name):
            continue
        failed = pod["status"].get("phase") == "Failed"
        again = pod["spec"].get("restartPolicy") == "OnFailure"  # Helm waits until it ends well
        holds = dict.fromkeys(("crashed", "out-of-memory"), TRIES) if again else {}
        for found in pod_findings(pod, view, place, is_job=True):
            hold = 0.0 if failed else holds.get(found.problem.code, found.hold)
            yield dataclasses.replace(found, hold=hold, fresh=True)


def alone(view: View, place: Place) -> list[Json]:
    """Return the release's pods that nothing keeps, those of `extra`, and that are to be well."""
    return [
        pod
        for pod in view.pods
        if is_of(pod, place.name)
        and not pod["metadata"].get("ownerReferences")
        and HOOK not in annotations_of(pod)
        and not is_ending(pod)
        and status_of(pod).get("phase") != "Succeeded"
    ]


def may_end(item: Json) -> bool:
    """Whether it is a pod that may end well, and is never ready then: Helm would wait in vain."""
    again = spec_of(item).get("restartPolicy")
    return item["kind"] == "Pod" and HOOK not in annotations_of(item) and again in ENDING


def unfinished(view: View, place: Place, known: Collection[str]) -> list[Json]:
    """Return the new pods that nothing keeps and that are neither ready nor on a good end."""
    new = (pod for pod in alone(view, place) if uid(pod) not in known)
    return [pod for pod in new if not (is_ready(pod) or ends_well(pod))]


def ends_well(pod: Json) -> bool:
    """Whether some container has ended well, and each other one too or is ready."""
    statuses = container_statuses(pod)
    ended = [one for one in statuses if (terminated(one) or {"exitCode": 1})["exitCode"] == 0]
    return bool(ended) and all(one.get("ready") or one in ended for one in statuses)


def pod_findings(pod: Json, view: View, place: Place, *, is_job: bool = False) -> Iterator[Finding]:
    """Yield what keeps one pod from being ready (or from ending well, when a Job made it)."""
    # Nobody waits for a Job's pods or a step's to be ready; for one that nothing keeps Helm does.
    kept = pod["metadata"].get("ownerReferences") or HOOK in annotations_of(pod)
    yield from unschedulable(pod, view, place)
    yield from _evicted(pod, view, place)
    for status in container_statuses(pod):
        container = Container(status, pod, view, place)
        yield from image_findings(container)
        yield from _waiting(container)
        yield from _hook(container)
        yield from ended_findings(container, is_job=is_job)
        if not (is_job and kept) and pod["spec"].get("nodeName") not in lost_nodes(view):
            yield from probe_findings(container)
    yield from _unmade(pod, view, place)
    yield from _gates(pod, place)


def of_alone(finding: Finding, view: View, place: Place) -> bool:
    """Whether a finding is of such a pod: no workload's numbers tell of it."""
    names = {f"Pod {one['metadata']['name']}" for one in alone(view, place)}
    return finding.problem.object.split(",")[0] in names


def _gates(pod: Json, place: Place) -> Iterator[Finding]:
    """Yield the readiness gate that stays closed when all containers are ready."""
    if not is_true(pod, "ContainersReady"):
        return
    for gate in pod["spec"].get("readinessGates") or []:
        kind = gate["conditionType"]
        seen = condition_of(pod, kind)
        if seen.get("status") != "True":
            cause = f"its containers are ready, and its readiness gate {kind} is not open: "
            cause += str(seen.get("message") or "nobody has set it")
            # Who has set it is at work: a load balancer takes minutes to know a pod.
            hold = WAIT if seen else GATED
            told = place.problem("gate-closed", f"Pod {pod['metadata']['name']}", cause)
            yield Finding(told, hold)


def _evicted(pod: Json, view: View, place: Place) -> Iterator[Finding]:
    if not _thrown_out(pod):
        return
    # It stays in the list after another pod has taken its place. Only when more were thrown out
    # than are wanted, one that took another's place was thrown out too.
    wanted = ((newest_replicaset(view) or {}).get("spec") or {}).get("replicas", 1)
    again = sum(map(_thrown_out, new_pods(view))) > wanted
    cause = f"{pod['status']['reason']}: {pod['status'].get('message', '')}"
    # What the node rejects at once for another reason than room, or its own end, asks for what it
    # does not give.
    passes = cause.startswith(("OutOf", "Evicted:", "NodeShutdown:", "Terminated:"))
    rejected = "Pod was rejected" in cause and not passes
    code = "pod-refused" if rejected else "pod-evicted"
    problem = place.problem(code, f"Pod {pod['metadata']['name']}", cause)
    yield Finding(problem, HEALS_OFTEN if again else WAIT)


def _thrown_out(pod: Json) -> bool:
    status = status_of(pod)
    return status.get("phase") == "Failed" and bool(status.get("reason"))


def _waiting(container: Container) -> Iterator[Finding]:
    waiting = container.state.get("waiting") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message") or ""
    if reason == "CreateContainerConfigError":
        missing = missing_reference(message, container.where, container.pod, container.place)
        yield missing or Finding(container.problem("container-refused", message), HEALS_OFTEN)
    elif reason in ("RunContainerError", "CreateContainerError", "PostStartHookError"):
        yield Finding(container.problem("container-refused", last_part(message)), HEALS_OFTEN)


def _hook(container: Container) -> Iterator[Finding]:
    """Yield a postStart hook that fails or does not end: it counts as running only after it."""
    waits = (container.state.get("waiting") or {}).get("reason") in _CREATING
    if not waits or not (container.spec.get("lifecycle") or {}).get("postStart"):
        return
    for event in container.events:
        if event.get("reason") == "FailedPostStartHook":
            said = f"its postStart hook fails: {last_part(str(event.get('message')))}"
            yield Finding(container.problem("container-refused", said), HEALS_OFTEN)
            return
        if event.get("reason") == "Started":
            said = "its postStart hook has not ended, and it counts as running only then"
            yield Finding(container.problem("container-refused", said), WAIT)
            return


def _unmade(pod: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield what keeps the node from making the pod, while no container of it is made.

    Its volumes cannot be mounted, or its network and runtime cannot be set up.
    """
    if not any(
        ((status.get("state") or {}).get("waiting") or {}).get("reason") in _CREATING
        for status in container_statuses(pod)
    ):
        return
    where = f"Pod {pod['metadata']['name']}"
    for event in events_of(view, pod):
        if event.get("reason") in _MADE:
            return  # what came before it has healed
        message = event.get("message") or ""
        if hold := _SANDBOX.get(event.get("reason", "")):
            cause = last_part(message.removeprefix("Failed to create pod sandbox: "))
            yield Finding(place.problem("sandbox-refused", where, cause), hold)
            return
        if event.get("reason") in ("FailedMount", "FailedAttachVolume"):
            unknown = place.problem("volume-not-mounted", where, last_part(message))
            hold = HEALS_OFTEN if "type check failed" in message else MOUNTS
            hold = ATTACHES if event["reason"] == "FailedAttachVolume" else hold
            yield missing_reference(message, where, pod, place) or Finding(unknown, hold)
            return
