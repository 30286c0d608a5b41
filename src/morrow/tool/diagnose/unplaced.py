"""Pods that no node takes: what their scheduler says, and that there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    age_of,
    condition_of,
    has_ended,
    is_ending,
    is_true,
    spec_of,
    status_of,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import HEALS_OFTEN, WAIT, Finding, View, events_of, look_at, pods_of

UNSEEN = 40.0  # seconds for another scheduler to lead when one has gone: it waits for 15
NO_VOLUME = 20.0  # seconds for who makes volumes by hand, or for a provisioner
UNBOUND = 40.0  # seconds for a provisioner that makes a volume at once
CORDONED = 40.0  # seconds for who maintains a node and lets it take pods again
BOUND = 45.0  # seconds for somebody else's pods, where rules about pods keep one from every node
ROOM = 20.0  # seconds in which its controller takes an old pod away for one that has come
# What the scheduler says of such rules, and of what passes: a full node, one that is away.
_BOUND = r"topology spread constraints|affinity rules|free ports|ReadWriteOncePod"
# Taints of what a node waits for bear names of their own: node.cilium.io/agent-not-ready.
_AWAY = r"node\.kubernetes\.io/|\{[^}]*(not-ready|uninitialized|unregistered|unreachable)\b"
_PASSES = rf"Insufficient|were unschedulable|Too many pods|{_AWAY}| volume"
_NODE_COMES = ("TriggeredScaleUp", "Nominated")

# In the scheduler's message: where kubectl is to look.
_SCHEDULING: tuple[tuple[str, str], ...] = (
    (r"were unschedulable", "get nodes"),
    (r"[Vv]olume('s)? node affinity", "get pv -o wide"),
    (_BOUND, "get pods --all-namespaces -o wide"),
    (r"node affinity/selector", "get nodes --show-labels"),
    (r"untolerated taint", "describe nodes | grep Taints"),
    (r"", "describe nodes | grep -A 9 'Allocated resources'"),
)


def unschedulable(pod: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield why no node takes a pod."""
    seen = condition_of(pod, "PodScheduled")
    condition = seen if seen.get("status") == "False" else {}
    where = f"Pod {pod['metadata']['name']}"
    if condition.get("reason") not in ("Unschedulable", "SchedulerError"):
        yield from _unplaced(pod, condition, where, view, place)
        return
    message = condition.get("message") or "no node fits"
    ending = re.search(r'persistentvolumeclaim "([^"]+)" is being deleted', message)
    missing = re.search(r'persistentvolumeclaim "([^"]+)" not found', message)
    if missing:
        problem = place.problem("volume-claim-missing", where, message, what=missing[1])
        yield Finding(problem, 3)
    elif ending:
        yield Finding(place.problem("volume-ending", where, message, what=ending[1]), HEALS_OFTEN)
    elif "PersistentVolumeClaim" in message and "unbound" in message:
        yield Finding(place.problem("volume-unbound", where, message), UNBOUND)
    elif "persistent volumes to bind" in message:
        short = re.split(r",? preemption:", message)[0]
        yield Finding(place.problem("volume-unbound", where, short), NO_VOLUME)
    else:
        look = next(look for pattern, look in _SCHEDULING if re.search(pattern, message))
        short = re.split(r",? preemption:", message)[0]
        if "ReadWriteOncePod" in short:
            short += "; rollout: {strategy: Recreate} lets that one go first"
        leaves = "terminating pod" in message  # one that it takes the place of
        hold = WAIT if leaves or _node_comes(pod, view) else _patience(message, view)
        problem = place.problem("unschedulable", where, short, look=f"{place.kubectl} {look}")
        yield Finding(problem, hold)


def _unplaced(
    pod: Json, condition: Json, where: str, view: View, place: Place
) -> Iterator[Finding]:
    """Yield a pod that no scheduler has looked at: it is gated, or its scheduler is not there."""
    spec, status, look = pod["spec"], status_of(pod), look_at(pod, place)
    if is_true(pod, "PodScheduled") or spec.get("nodeName") or status.get("phase") != "Pending":
        return
    if gates := ", ".join(one["name"] for one in spec.get("schedulingGates") or []):
        cause = f"it is held back by the scheduling gate {gates}, which nobody has taken away yet"
        hold = WAIT
    elif claims := ", ".join(_claims_waited_for(pod, view)):
        cause = f"it asks for {claims}, and waits until that is there"
        hold, look = NO_VOLUME, f"{place.kubectl} get resourceclaims,resourceclaimtemplates"
    elif not condition:
        name = spec.get("schedulerName", "default-scheduler")
        hold, cause = UNSEEN, f"no scheduler has looked at it; it asks for {name}"
    else:
        return
    yield Finding(place.problem("unschedulable", where, cause, look=look), hold)


def _claims_waited_for(pod: Json, view: View) -> Iterator[str]:
    """Name the devices' claims of a pod that no scheduler looks at before they are there.

    The pod's status lists only claims made from templates; those of a name are looked for, and
    where nobody was allowed to look, nothing is said of them.
    """
    made = {one["name"] for one in status_of(pod).get("resourceClaimStatuses") or []}
    there = {one["metadata"]["name"] for one in view.of("ResourceClaim")}
    for one in pod["spec"].get("resourceClaims") or []:
        if name := one.get("resourceClaimName"):
            if "ResourceClaim" in view.around and name not in there:
                yield f"the ResourceClaim {name}"
        elif one["name"] not in made:
            yield f"a claim of the ResourceClaimTemplate {one.get('resourceClaimTemplateName')}"


def _node_comes(pod: Json, view: View) -> bool:
    chosen = bool(status_of(pod).get("nominatedNodeName"))
    return chosen or any(event.get("reason") in _NODE_COMES for event in events_of(view, pod))


def _patience(message: str, view: View) -> float:
    """Return for how long no node must take a pod until none will."""
    if _hopeless(message):
        return CORDONED if "were unschedulable" in message else HEALS_OFTEN
    bound = re.search(_BOUND, message) and not re.search(_PASSES, message)
    return BOUND if bound and _is_still(view) else WAIT


def _is_still(view: View) -> bool:
    """Whether no pod of the release comes or goes: each may make room by rules about pods."""
    for workload in view.workloads:
        patience = ROOM + float(spec_of(workload).get("minReadySeconds") or 0)
        for pod in pods_of(view, workload):
            ready = condition_of(pod, "Ready")
            since = age_of(ready["lastTransitionTime"]) if "lastTransitionTime" in ready else WAIT
            comes = ready.get("status") != "True" or since < patience
            if is_ending(pod) or (comes and pod["spec"].get("nodeName") and not has_ended(pod)):
                return False
    return True


def _hopeless(message: str) -> bool:
    """Whether the scheduler itself says that no eviction helps.

    A node that is away may come back, and a full node may empty: these only explain a wait.
    """
    if re.search(_AWAY, message):
        return False
    total = re.search(r"0/(\d+) nodes", message)
    useless = re.search(r"(\d+) Preemption is not helpful", message)
    return bool(total and useless and total[1] == useless[1])
