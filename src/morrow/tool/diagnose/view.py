"""What is known of a release when its pods are judged: the objects, and who owns what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from morrow.tool.base.errors import Problem

Json = dict[str, Any]

WAIT = float("inf")
HEALS_OFTEN = 12.0  # seconds: a full quota, a webhook that restarts, a volume that is being made


@dataclass(frozen=True)
class View:
    """One look at the objects of a release."""

    deployment: Json | None = None
    replicasets: tuple[Json, ...] = ()
    pods: tuple[Json, ...] = ()
    jobs: tuple[Json, ...] = ()
    events: tuple[Json, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict)  # "pod/container" -> its last lines
    answers: Mapping[str, str] = field(default_factory=dict)  # pod -> what its probe answered


@dataclass(frozen=True)
class Finding:
    """A cause, and how many seconds it must last before it is a fault."""

    problem: Problem
    hold: float = 0.0

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
    return View(
        deployment=found[0] if found else None,
        replicasets=tuple(kinds.get("ReplicaSet", [])),
        pods=tuple(kinds.get("Pod", [])),
        jobs=tuple(kinds.get("Job", [])),
        events=tuple(kinds.get("Event", [])),
    )


def revision(replicaset: Json) -> int:
    """Return the Deployment's revision that a ReplicaSet stands for."""
    notes = replicaset["metadata"].get("annotations") or {}
    return int(notes.get("deployment.kubernetes.io/revision", 0))


def owned(items: tuple[Json, ...], owner: Json) -> list[Json]:
    """Return the items whose controller is `owner`."""
    return [
        item
        for item in items
        if any(o.get("uid") == uid(owner) for o in item["metadata"].get("ownerReferences") or [])
    ]


def newest_replicaset(view: View) -> Json | None:
    """Return the ReplicaSet of the Deployment's present template, once it exists."""
    if view.deployment is None:
        return None
    mine = owned(view.replicasets, view.deployment)
    if not mine:
        return None
    return max(mine, key=revision) if observed(view.deployment) else None


def observed(deployment: Json) -> bool:
    """Return whether what the Deployment's status says is about its present template."""
    seen: int = (deployment.get("status") or {}).get("observedGeneration", 0)
    wanted: int = deployment["metadata"].get("generation", 0)
    return seen >= wanted


def uid(item: Json) -> str:
    """Return what tells an object from all others, also of its name."""
    return str(item["metadata"].get("uid", ""))


def age_of(stamp: str) -> float:
    """Return the seconds since a time that Kubernetes wrote."""
    return (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()


def new_pods(view: View) -> list[Json]:
    """Return the pods of the newest ReplicaSet that are not being deleted."""
    newest = newest_replicaset(view)
    pods = owned(view.pods, newest) if newest else []
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]


def events_of(view: View, item: Json) -> list[Json]:
    """Return the events about one object, the latest first."""
    mine = [e for e in view.events if (e.get("involvedObject") or {}).get("uid") == uid(item)]
    return sorted(mine, key=event_time, reverse=True)


def event_time(event: Json) -> str:
    """Return when an event was last seen, in a form that sorts."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event.get("firstTimestamp")
        or ""
    )


def last_lines(pod: Json, view: View, container: str = "") -> list[str]:
    """Return the last lines of a pod's containers: from the log, else the termination message."""
    lines: list[str] = []
    for status in container_statuses(pod):
        if container and status["name"] != container:
            continue
        log = view.logs.get(f"{pod['metadata']['name']}/{status['name']}", "")
        ended = terminated(status) or {}
        lines += (log or ended.get("message") or "").strip().splitlines()
    return lines


def container_statuses(pod: Json) -> list[Json]:
    """Return the statuses of a pod's init containers, then those of the others."""
    status = pod.get("status") or {}
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def terminated(status: Json) -> Json | None:
    """Return how a container ended last: now, or before its present start."""
    for state in ("state", "lastState"):
        ended: Json | None = (status.get(state) or {}).get("terminated")
        if ended:
            return ended
    return None


def init_names(pod: Json) -> set[str]:
    """Return the names of a pod's init containers."""
    return {str(c["name"]) for c in pod["spec"].get("initContainers") or []}


def container_spec(pod: Json, status: Json) -> Json:
    """Return the specification of the container that a status is about."""
    spec = pod["spec"]
    for container in (spec.get("initContainers") or []) + spec["containers"]:
        if container["name"] == status["name"]:
            return dict(container)
    return {}


def last_part(message: str) -> str:
    """Return the end of a chain of wrapped errors: there stands what really happened."""
    message = " ".join(message.split())
    return message if len(message) <= 300 else "..." + message[-300:]
