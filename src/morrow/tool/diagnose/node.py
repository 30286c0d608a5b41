"""Whether the nodes that carry the pods are there."""

from __future__ import annotations

from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    condition_of,
    is_ending,
    is_true,
    observed,
    spec_of,
    template_of,
    title,
    wanted_of,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import container_statuses
from morrow.tool.diagnose.view import WAIT, Finding, View, new_pods, own_pods

# Seconds: of a node that was just taken away Kubernetes itself removes the pods; others come then.
ABSENT = 45.0
SETTLES = 10.0


def lost_nodes(view: View) -> dict[str, Json]:
    """Return the Ready condition of each node that does not answer, by its name."""
    lost = (node for node in view.of("Node") if not is_true(node, "Ready"))
    return {node["metadata"]["name"]: condition_of(node, "Ready") for node in lost}


def node_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield each lost node that carries pods of the release: they cannot become ready or end."""
    carried: dict[str, list[str]] = {}
    for pod in own_pods(view):
        carried.setdefault(pod["spec"].get("nodeName", ""), []).append(pod["metadata"]["name"])
    for name, ready in lost_nodes(view).items():
        if name not in carried:
            continue
        cause = f"it does not answer ({ready.get('reason', 'no status')}: {ready.get('message')})"
        cause += f"; it carries {', '.join(sorted(carried[name]))}"
        yield Finding(place.problem("node-lost", f"Node {name}", cause, what=name), WAIT)


def nowhere_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield new pods that were given to a node that the cluster does not have, and so never ran."""
    known = {node["metadata"]["name"] for node in view.of("Node")}
    for pod in new_pods(view) if "Node" in view.around else ():
        name = pod["spec"].get("nodeName")
        if name and name not in known and not container_statuses(pod):
            cause = f"{pod['metadata']['name']} is to run there, and the cluster has no such node"
            look = f"{place.kubectl} get nodes"
            told = place.problem("unschedulable", f"Node {name}", cause, look=look)
            yield Finding(told, ABSENT)


def untaken_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield DaemonSets that have no pod, since no node is one of theirs."""
    for workload in view.workloads:
        if workload["kind"] != "DaemonSet" or is_ending(workload) or not observed(workload):
            continue
        if wanted_of(workload) == 0:
            pods = spec_of(template_of(workload))
            asked = ", ".join(f"{k}={v}" for k, v in (pods.get("nodeSelector") or {}).items())
            why = "affinity or taints of all exclude it"
            if asked:
                why = f"it asks for nodes with {asked}"
            cause = f"no node takes a pod of it: {why}"
            look = f"{place.kubectl} get nodes --show-labels"
            told = place.problem("unschedulable", title(workload), cause, look=look)
            yield Finding(told, SETTLES, True)
