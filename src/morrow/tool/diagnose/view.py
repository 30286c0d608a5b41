"""What is known of a release when its pods are judged: the objects, and who owns what."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    KEEPERS,
    annotations_of,
    event_time,
    is_ending,
    is_of,
    labels_of,
    observed,
    owned,
    spec_of,
    status_of,
    template_of,
    uid,
)
from morrow.tool.cluster.place import Place

Claim = tuple[str, str, str]  # who leads it there, host, path
WAIT = float("inf")
DECLARED = "declared"  # under this name a View holds the live state of all that was applied
HEALS_OFTEN = 12.0  # seconds: a full quota, a webhook that restarts, a volume that is being made


@dataclass(frozen=True)
class View:
    """One look at the objects of a release."""

    deployment: Json | None = None  # of the web process
    replicasets: tuple[Json, ...] = ()
    pods: tuple[Json, ...] = ()
    jobs: tuple[Json, ...] = ()
    events: tuple[Json, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict)  # "pod/container" -> its last lines
    answers: Mapping[str, str] = field(default_factory=dict)  # pod -> what its probe answered
    others: tuple[Json, ...] = ()  # the other keepers of the release
    # What the release depends on besides, by kind: only kinds that one was allowed to look at.
    around: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    falls: Mapping[str, int] = field(default_factory=dict)  # pod -> times it was ready and fell
    young: Collection[str] = ()  # pods that no probe asks and that have just begun to run
    declared: tuple[Json, ...] = ()  # what was applied (may hold hooks); its live state is around

    @property
    def workloads(self) -> tuple[Json, ...]:
        """Everything of the release that keeps pods running."""
        return ((self.deployment,) if self.deployment else ()) + self.others

    def of(self, kind: str) -> tuple[Json, ...]:
        """Return the objects of a kind, whoever made them."""
        return self.around.get(kind, ())

    def own(self, kind: str, name: str, namespace: str) -> list[Json]:
        """Return the objects of a kind that the release `name` declares."""
        return [
            item
            for item in self.of(kind)
            if item["metadata"].get("namespace", namespace) == namespace and is_of(item, name)
        ]


@dataclass(frozen=True)
class Finding:
    """A cause, and how many seconds it must last before it is a fault."""

    problem: Problem
    hold: float = 0.0
    # Pods may well run; users are not served as declared. It stops nothing: "applied, but".
    beside: bool = False
    past: bool = False  # it happened before, of itself: no verdict of what was just deployed
    fresh: bool = False  # of what was just applied alone: later it is somebody's own decision

    @property
    def key(self) -> tuple[str, str]:
        """What makes two findings the same one: each pod has its own time."""
        return self.problem.code, self.problem.object


def view_of(items: list[Json], name: str) -> View:
    """Sort the items of one `kubectl get deployment,replicaset,pod,job,event` into a view."""
    kinds: dict[str, list[Json]] = {}
    for item in items:
        kinds.setdefault(str(item.get("kind")), []).append(item)
    found = [d for d in kinds.get("Deployment", []) if d["metadata"]["name"] == name]
    parts = [one for one in kinds.get("ReplicaSet", []) if one["metadata"].get("ownerReferences")]
    keepers = [one for kind in KEEPERS for one in kinds.get(kind, []) if one not in parts]
    return View(
        deployment=found[0] if found else None,
        others=tuple(one for one in keepers if one not in found and is_of(one, name)),
        replicasets=tuple(kinds.get("ReplicaSet", [])),
        pods=tuple(kinds.get("Pod", [])),
        jobs=tuple(kinds.get("Job", [])),
        events=tuple(kinds.get("Event", [])),
    )


def rivals(
    item: Json, view: View, claims: Callable[[Json], Iterable[Claim]]
) -> Iterator[tuple[Json, str, Claim]]:
    """Yield the others of a kind that claim what an object claims: each, its name, the first."""
    mine = set(claims(item))
    for other in view.of(item["kind"]):
        if uid(other) != uid(item) and (both := sorted(mine & set(claims(other)))):
            meta = other["metadata"]
            yield other, f"{other['kind']} {meta.get('namespace')}/{meta['name']}", both[0]


def revision(replicaset: Json) -> int:
    """Return the Deployment's revision that a ReplicaSet stands for."""
    return int(annotations_of(replicaset).get("deployment.kubernetes.io/revision", 0))


def newest_replicaset(view: View, workload: Json | None = None) -> Json | None:
    """Return the ReplicaSet of the Deployment's present template, once it exists.

    What runs is told by the ReplicaSets, not by the Deployment: one that is paused has a
    template that no pod was made from.
    """
    workload = workload or view.deployment
    if workload is None or not observed(workload):
        return None
    mine = owned(view.replicasets, workload)
    same = [one for one in mine if _template(one) == _template(workload)]
    if not same and spec_of(workload).get("paused"):
        return None
    return max(same or mine, key=revision, default=None)


def _template(owner: Json) -> Json:
    """Return a pod template without the label that the controller adds."""
    template = template_of(owner)
    labels = dict((template.get("metadata") or {}).get("labels") or {})
    labels.pop("pod-template-hash", None)
    return {**template, "metadata": {**(template.get("metadata") or {}), "labels": labels}}


def new_pods(view: View, workload: Json | None = None) -> list[Json]:
    """Return the pods of the present templates that are not being deleted."""
    wanted = (workload,) if workload else view.workloads
    pods = [pod for one in wanted for pod in _pods_of_template(view, one)]
    return [pod for pod in pods if not is_ending(pod)]


def _pods_of_template(view: View, workload: Json) -> list[Json]:
    if workload.get("kind") == "Deployment":
        newest = newest_replicaset(view, workload)
        return owned(view.pods, newest) if newest else []
    if not observed(workload):
        return []
    # A ReplicaSet of its own names none, and its pods bear none: all are of its template.
    label, wanted = "controller-revision-hash", status_of(workload).get("updateRevision")
    if workload.get("kind") == "DaemonSet":
        label = "pod-template-generation"
        wanted = annotations_of(workload).get("deprecated.daemonset.template.generation")
    pods = owned(view.pods, workload)
    return [pod for pod in pods if labels_of(pod).get(label) == wanted]


def own_pods(view: View) -> list[Json]:
    """Return all pods of the release's workloads, old ones and ending ones too."""
    return [pod for workload in view.workloads for pod in pods_of(view, workload)]


def pods_of(view: View, workload: Json) -> list[Json]:
    """Return all pods of one workload, old ones and ending ones too."""
    keepers = [workload, *owned(view.replicasets, workload)]
    return [pod for keeper in keepers for pod in owned(view.pods, keeper)]


def patch(place: Place, target: str, change: Json) -> str:
    """Return the command that merges a change into an object, as it can be typed."""
    return f"{place.kubectl} patch {target} --type=merge -p '{json.dumps(change)}'"


def look_at(item: Json, place: Place) -> str:
    """Return what shows more of an object: a pod's events outlive it when it is taken back."""
    name = item["metadata"]["name"]
    if item["kind"] == "Pod":
        return f"{place.kubectl} get events --field-selector involvedObject.name={name}"
    return f"{place.kubectl} describe {item['kind'].lower()} {name}"


def events_of(view: View, item: Json) -> list[Json]:
    """Return the events about one object, the latest first."""
    mine = [e for e in view.events if (e.get("involvedObject") or {}).get("uid") == uid(item)]
    return sorted(mine, key=event_time, reverse=True)
