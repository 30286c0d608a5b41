"""The one model of a release: of each kind what done is, what cannot finish, and who says so.

`up`, `rollback`, `restart`, `scale`, `status` and `doctor` all ask these judges. The page
docs/verdicts.md is made from the table: `python -m morrow.tool.diagnose.kinds > docs/verdicts.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.autoscaler import autoscaler_findings
from morrow.tool.diagnose.cronjob import cron_findings
from morrow.tool.diagnose.declared import declared_findings, ending_findings
from morrow.tool.diagnose.deployment import (
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
from morrow.tool.diagnose.view import Finding, View
from morrow.tool.diagnose.volume import volume_findings

Known = Collection[str]


@dataclass(frozen=True)
class Judge:
    """How one kind of object is judged."""

    kind: str
    done: str
    cannot: str
    who: str
    findings: Callable[[View, Place, Known], Iterator[Finding]]


def _always(
    findings: Callable[[View, Place], Iterator[Finding]],
) -> Callable[[View, Place, Known], Iterator[Finding]]:
    """Take what was there before for granted no more than what is new."""
    return lambda view, place, _: findings(view, place)


# In this order: what explains much of the rest comes first.
JUDGES: tuple[Judge, ...] = (
    Judge(
        "Node",
        "it is Ready",
        "it does not answer, and carries pods of the release",
        "its condition Ready",
        _always(node_findings),
    ),
    Judge(
        "Node of a new pod",
        "it is in the cluster",
        "it is not",
        "the pod's nodeName beside the nodes",
        _always(nowhere_findings),
    ),
    Judge(
        "any, being deleted",
        "it is gone, or was never deleted",
        "a finalizer holds it: it vanishes as soon as it is let go; of pods and Jobs only where a "
        "new one is made after its end",
        "its deletionTimestamp",
        _always(ending_findings),
    ),
    Judge(
        "Deployment, StatefulSet, DaemonSet: looked at",
        "its controller has seen its generation",
        "it has not, for 40 s",
        "status.observedGeneration",
        _always(silent_findings),
    ),
    Judge(
        "ReplicaSet, StatefulSet, DaemonSet: pods made",
        "it has made all its pods, and the Deployment its ReplicaSet",
        "quota, limit range, Pod Security, webhook, policy, account or class refuses them",
        "its latest event",
        owner_findings,
    ),
    Judge(
        "Pod",
        "it is Ready, and stays so for minReadySeconds, or for 5 s where no probe asks a "
        "workload's pod; one that nothing keeps may end well",
        "no node takes it; image, volume, key or container is refused; it crashes, is killed, "
        "is never ready, falls again, is evicted, or waits for a gate",
        "scheduler and kubelet: conditions, container states, events, log, the probe asked again",
        new_pod_findings,
    ),
    Judge(
        "Job",
        "it is Complete; a CronJob's Jobs and `morrow task` do not count",
        "it is Failed; its pod cannot start; it is suspended",
        "its conditions, its pods",
        job_findings,
    ),
    Judge(
        "CronJob",
        "the pod of its latest run could start; `verify`: its last run that ended ended well",
        "a run's pod cannot start, its day never comes, each run is too late; `status`, `doctor`: "
        "no run is made, or two failed in a row",
        "its schedule, its events, its Jobs and their pods",
        _always(cron_findings),
    ),
    Judge(
        "ReplicaSet, StatefulSet, DaemonSet: pods kept",
        "the pods that were made are there",
        "more than are wanted were made and are gone: somebody deletes them",
        "its events beside its pods",
        _always(deleted_findings),
    ),
    Judge(
        "Deployment: left alone",
        "its template is the one that was applied, or one that somebody added to",
        "somebody changes it again and again",
        "its new ReplicaSets",
        restless_findings,
    ),
    Judge(
        "DaemonSet",
        "some node is one of its own",
        "none is: by its nodeSelector, affinity or the nodes' taints; that its nodes rest until an "
        "autoscaler brings them looks the same",
        "status.desiredNumberScheduled",
        _always(untaken_findings),
    ),
    Judge(
        "Deployment, StatefulSet: held",
        "replicas, updated and available are the number that is wanted",
        "paused, OnDelete or a partition, while pods run something else",
        "its spec and the numbers of its status",
        _always(paused_findings),
    ),
    Judge(
        "all that was applied, of any kind",
        "it is there, with the image, command, settings, Secret and pods, the selector and ports, "
        "the hosts, the schedule, the policy's rules that were applied; what its pods refer to is "
        "there",
        "deleted or changed by somebody else; Ready, Available, Synced, Healthy or Programmed is "
        "False; Failed, Stalled or Degraded is True",
        "Helm's record beside the live object; its conditions",
        _always(declared_findings),
    ),
    Judge(
        "PersistentVolumeClaim",
        "it is Bound",
        "its class is not there, its volume is lost, its provisioner refuses",
        "its phase and events",
        _always(volume_findings),
    ),
    Judge(
        "Service, EndpointSlice",
        "it leads to the release's ready pods and to nothing else; a LoadBalancer has an address",
        "no endpoint, no selector and no EndpointSlice, no such Service, pods of others, "
        "endpoints by hand, no load balancer's controller",
        "its EndpointSlices, status and events",
        _always(service_findings),
    ),
    Judge(
        "NetworkPolicy",
        "somebody may reach the service's port, or nothing selects the pods",
        "the policies together let nobody in",
        "the policies' own rules",
        _always(network_findings),
    ),
    Judge(
        "HTTPRoute, GRPCRoute, Gateway",
        "accepted, its references resolved, its listener programmed, its host nobody else's",
        "refused, unseen, no Gateway, no certificate, no backend, an older route for the host; a "
        "Service of others without a ready pod, also where it rests",
        "the controller's conditions",
        _always(route_findings),
    ),
    Judge(
        "Ingress",
        "its class is served, its Services are there and its host is nobody else's",
        "no class, no certificate, no Service, host taken, no address where others have theirs; a "
        "Service of others without a ready pod, also where it rests",
        "IngressClass, Secret, Service, status.loadBalancer",
        _always(ingress_findings),
    ),
    Judge(
        "HorizontalPodAutoscaler",
        "AbleToScale and ScalingActive",
        "no metric, no target, two autoscalers for one workload",
        "its conditions",
        _always(autoscaler_findings),
    ),
    Judge(
        "Pod of an earlier release",
        "it is gone",
        "it stays beside the new ones",
        "its owner and its labels",
        _always(old_pod_findings),
    ),
    Judge(
        "Pod: what it runs",
        "the image of its template, by digest or tag, its command and its variables; a mirror's "
        "name is no other image, and what was put round a command no other command",
        "an admission rule rewrites it; a ReplicaSet without a Deployment replaces no old one",
        "its spec beside its template's",
        _always(rewritten_findings),
    ),
)


def page() -> str:
    """Return docs/verdicts.md."""
    lines = [
        "# Verdicts",
        "",
        "When is a deploy done, when can it not finish, and who says so? `up`, `rollback`,",
        "`restart`, `scale`, `status` and `doctor` ask the same judges, one for each kind of",
        "object. This page is made from their table, `src/morrow/tool/diagnose/kinds.py`.",
        "",
        "| kind | done | cannot finish | who says so |",
        "|---|---|---|---|",
        *(f"| {one.kind} | {one.done} | {one.cannot} | {one.who} |" for one in JUDGES),
        "",
        "What is neither is still going on: the terminal names what is waited for after 20 s and",
        "every 10 s. What Kubernetes calls final is a verdict at once; what often heals (a full",
        "quota, a webhook that restarts, a volume that is being made) must last for some seconds;",
        "what only explains a wait becomes the verdict when the time, or the Deployment's progress",
        "deadline, is over. Where no rule fits, the answer names the object that stands still, its",
        "last condition and event and its last log lines, and says that it is not sure.",
        "",
        "What pods and nodes cannot tell is asked: one request inside, to the Service; one to the",
        "path of the liveness probe and to each port of a Service that no probe has asked yet; one",
        "the way users go, at the address of the Gateway or the Ingress, with its certificate's",
        "dates and name. Exit 0 says that all of this is in order.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
