"""From what Kubernetes says of a release to one named cause.

Everything here is pure: a `View` of the objects goes in, findings come out, the gravest first.
A finding says how long it must last before it counts as a fault: 0 for what Kubernetes itself
calls final, some seconds for what often heals, `WAIT` for what only explains why one waits.

`JUDGES` is the one model of a release: `up`, `rollback`, `restart`, `scale`, `status` and `doctor`
all ask it. What is done of each kind, what cannot finish and who says so: docs/verdicts.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator

from morrow.tool.cluster.objects import age_of, event_time
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.autoscaler import autoscaler_findings
from morrow.tool.diagnose.cronjob import cron_findings
from morrow.tool.diagnose.declared import declared_findings, ending_findings
from morrow.tool.diagnose.deployment import (
    deadline_over,
    deleted_findings,
    old_pod_findings,
    paused_findings,
    restless_findings,
    silent_findings,
)
from morrow.tool.diagnose.ingress import ingress_findings
from morrow.tool.diagnose.job import job_findings
from morrow.tool.diagnose.network import network_findings
from morrow.tool.diagnose.node import node_findings, nowhere_findings, untaken_findings
from morrow.tool.diagnose.pod import new_pod_findings
from morrow.tool.diagnose.refused import owner_findings
from morrow.tool.diagnose.rewritten import rewritten_findings
from morrow.tool.diagnose.route import route_findings
from morrow.tool.diagnose.service import service_findings
from morrow.tool.diagnose.view import WAIT, Finding, View, new_pods
from morrow.tool.diagnose.volume import volume_findings

Judge = Callable[[View, Place, Collection[str]], Iterator[Finding]]


def _always(findings: Callable[[View, Place], Iterator[Finding]]) -> Judge:
    """Judge also what was there before."""
    return lambda view, place, _: findings(view, place)


# In this order: what explains much of the rest comes first.
JUDGES: dict[str, Judge] = {
    "Node": _always(node_findings),
    "Node of a new pod": _always(nowhere_findings),
    "any, being deleted": _always(ending_findings),
    "Deployment, StatefulSet, DaemonSet: looked at": _always(silent_findings),
    "ReplicaSet, StatefulSet, DaemonSet: pods made": owner_findings,
    "Pod": new_pod_findings,
    "Job": job_findings,
    "CronJob": _always(cron_findings),
    "ReplicaSet, StatefulSet, DaemonSet: pods kept": _always(deleted_findings),
    "Deployment: left alone": restless_findings,
    "DaemonSet": _always(untaken_findings),
    "Deployment, StatefulSet: held": _always(paused_findings),
    "all that was applied, of any kind": _always(declared_findings),
    "PersistentVolumeClaim": _always(volume_findings),
    "Service, EndpointSlice": _always(service_findings),
    "NetworkPolicy": _always(network_findings),
    "HTTPRoute, GRPCRoute, Gateway": _always(route_findings),
    "Ingress": _always(ingress_findings),
    "HorizontalPodAutoscaler": _always(autoscaler_findings),
    "Pod of an earlier release": _always(old_pod_findings),
    "Pod: what it runs": _always(rewritten_findings),
}


def diagnose(view: View, place: Place, known: Collection[str] = ()) -> list[Finding]:
    """Return every finding about the newest pods and the hook Jobs, the gravest first.

    What stands in `known` by its uid is left out: it was there before, and what is wrong with it
    may just be fixed.
    """
    # What is beside the pods stands in the order of the judges: what explains more comes first.
    said = (one for judge in JUDGES.values() for one in judge(view, place, known))
    found = sorted(said, key=lambda one: (one.beside, 0 if one.beside else one.hold))
    if deadline_over(view) is None:
        return found
    # Kubernetes itself has given up waiting: what only explained the wait is the fault.
    return [one if one.beside else dataclasses.replace(one, hold=0.0) for one in found]


def diagnose_once(view: View, place: Place) -> list[Finding]:
    """Return what a single look can tell: nothing for which the youngest pod is too young."""
    ages = [age_of(pod["metadata"]["creationTimestamp"]) for pod in new_pods(view)]
    # The cluster's clock may be ahead of ours: at least as far as what it wrote last.
    # What a node wrote tells the clock of that node.
    events = [one for one in view.events if not (one.get("source") or {}).get("host")]
    stamps = [age_of(event_time(one)) for one in events if event_time(one)]
    age = max(0.0, min(ages, default=WAIT) - min([*stamps, 0.0]))
    found = [one for one in diagnose(view, place) if not one.fresh]
    return [one for one in found if one.beside or one.hold == WAIT or one.hold <= age]
