"""What keeps pods from serving, case by case: each is bent from a release that is in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.deployment import blocking
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import WAIT
from tests.unit.tool.around import (
    PLACE,
    codes,
    condition,
    good,
    owned_by,
    pod,
    seen,
    template,
    thing,
)

Bend = Callable[[list[Json]], object]
GATE = "example.com/in-the-balancer"


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


def event(uid: str, reason: str, message: str) -> Json:
    about = {"involvedObject": {"uid": uid}, "lastTimestamp": "2026-01-01T00:00:00Z"}
    said = {"type": "Warning", "reason": reason, "message": message}
    return {"kind": "Event", "metadata": {"name": reason}, **said, **about}


def unplaced(message: str, reason: str = "Unschedulable") -> Bend:
    def bend(items: list[Json]) -> None:
        told = condition("PodScheduled", "False", reason, message)
        items[2] = pod(ready=False, node="")
        items[2]["status"] |= {"conditions": [told], "containerStatuses": [], "phase": "Pending"}

    return bend


def unlooked(**spec: object) -> Bend:
    def bend(items: list[Json]) -> None:
        unplaced("")(items)
        items[2]["status"]["conditions"] = []
        items[2]["spec"] |= spec

    return bend


def gated(items: list[Json]) -> None:
    unplaced("Scheduling is blocked due to non-empty scheduling gates", "SchedulingGated")(items)
    items[2]["spec"]["schedulingGates"] = [{"name": "example.com/quota"}]


def waiting(reason: str, message: str = "") -> Bend:
    def bend(items: list[Json]) -> None:
        items[2] = pod(ready=False)
        state = {"waiting": {"reason": reason, "message": message}}
        items[2]["status"]["containerStatuses"][0]["state"] = state

    return bend


def refused(message: str) -> Bend:
    def bend(items: list[Json]) -> None:
        items[2:] = [event("r1", "FailedCreate", f"Error creating: {message}")]
        items[1]["status"] = {"replicas": 0}

    return bend


def closed_gate(items: list[Json]) -> None:
    items[2] = pod(ready=False)
    items[2]["spec"]["readinessGates"] = [{"conditionType": GATE}]
    items[2]["status"]["conditions"].append(condition("ContainersReady", "True"))
    items[2]["status"]["containerStatuses"][0]["ready"] = True


def open_gate(items: list[Json]) -> None:
    closed_gate(items)
    items[2]["status"]["conditions"][1]["status"] = "True"
    items[2]["status"]["conditions"].append(condition(GATE, "True"))


def died(times: int, code: int, seconds: float, reason: str = "Error") -> Bend:
    """Let the container have been restarted, and serve now."""

    def bend(items: list[Json]) -> None:
        ended = {"exitCode": code, "reason": reason, "finishedAt": ago(seconds)}
        items[2]["status"]["containerStatuses"][0] |= {
            "restartCount": times,
            "lastState": {"terminated": ended},
        }

    return bend


def job(**more: object) -> Bend:
    def bend(items: list[Json]) -> None:
        spec = {"template": template(), **dict(more.pop("spec", {}))}  # type: ignore[call-overload]
        items.append(thing("Job", "web-migrate", spec=spec, status=more.get("status", {})))

    return bend


def daemon(available: int) -> Bend:
    def bend(items: list[Json]) -> None:
        notes = {"deprecated.daemonset.template.generation": "2"}
        counted = ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled")
        status = dict.fromkeys((*counted, "observedGeneration"), 1) | {"numberAvailable": available}
        keeper = thing("DaemonSet", "web-logs", "ds", spec={"template": template()}, status=status)
        keeper["metadata"]["annotations"] = notes
        new = pod("web-logs-1", ready=bool(available))
        new["metadata"] |= owned_by("ds", **{"pod-template-generation": "2"})
        if not available:
            state = {"waiting": {"reason": "ErrImagePull", "message": "x: not found"}}
            new["status"]["containerStatuses"][0]["state"] = state
        items += [keeper, new]

    return bend


def unobserved(items: list[Json]) -> None:
    items[0]["metadata"]["generation"] = 2


def stateful(strategy: Json, updated: str = "a") -> Bend:
    def bend(items: list[Json]) -> None:
        status = {
            "observedGeneration": 1,
            "updateRevision": "b",
            "currentRevision": updated,
            "availableReplicas": 1,
        }
        image = "shop:1" if updated == "b" else "shop:2"
        spec = {"replicas": 1, "template": template(image), "updateStrategy": strategy}
        keeper = thing("StatefulSet", "web-store", "s", spec=spec, status=status)
        old = pod("web-store-0")
        old["metadata"] |= owned_by("s", **{"controller-revision-hash": updated})
        items += [keeper, old]

    return bend


FAULTS: tuple[tuple[str, Bend, str, str, float], ...] = (
    ("no room", unplaced("0/1 nodes: 1 Preemption is not helpful"), "unschedulable", "Pod", 12),
    (
        "all nodes cordoned",
        unplaced(
            "0/1 nodes are available: 1 node(s) were unschedulable. preemption: 0/1 nodes are "
            "available: 1 Preemption is not helpful for scheduling."
        ),
        "unschedulable",
        "Pod",
        40,
    ),
    ("the claim ends", unplaced('persistentvolumeclaim "data" is being deleted.'), "volume-ending",
     "Pod", 12),
    ("a scheduling gate", gated, "unschedulable", "Pod", WAIT),
    ("no such scheduler", unlooked(schedulerName="nosuch"), "unschedulable", "Pod", 40),
    ("PostStart fails", waiting("PostStartHookError", "exit 3"), "container-refused", "Pod", 12),
    (
        "the node's disk is full",
        waiting("ErrImagePull", "failed to extract layer: no space left on device"),
        "image-not-pulled",
        "Pod",
        20,
    ),
    ("no signature", waiting("SignatureValidationFailed", "x"), "image-not-pulled", "Pod", 20),
    ("too many pulls", waiting("ErrImagePull", "429 toomany"), "registry-unreachable", "Pod", 40),
    ("registry away", waiting("RegistryUnavailable", "EOF"), "registry-unreachable", "Pod", 40),
    (
        "runtime class",
        refused('pods "w" is forbidden: pod rejected: RuntimeClass "nosuch" not found'),
        "pod-refused",
        "ReplicaSet",
        12,
    ),
    (
        "quota of a class",
        refused('pods "w" is forbidden: insufficient quota to match these scopes'),
        "quota-exceeded",
        "ReplicaSet",
        12,
    ),
    (
        "limits far above requests",
        refused('pods "w" is forbidden: cpu max limit to request ratio per Container is 2'),
        "limit-range-refused",
        "ReplicaSet",
        0,
    ),
    ("the gate stays closed", closed_gate, "gate-closed", "Pod", 40),
    ("dies again and again", died(4, 1, 30), "crashed", "Pod", 0),
    ("eats again and again", died(4, 137, 30, "OOMKilled"), "out-of-memory", "Pod", 0),
    ("a suspended Job", job(spec={"suspend": True}), "job-suspended", "Job", 40),
    ("a foreign Job controller", job(spec={"managedBy": "x/y"}), "job-suspended", "Job", 40),
    ("a DaemonSet's image", daemon(0), "image-not-found", "Pod web-logs", 0),
    ("no controller looks", unobserved, "controller-silent", "Deployment web", 40),
    ("OnDelete", stateful({"type": "OnDelete"}), "rollout-paused", "StatefulSet", 0),
    ("partition", stateful({"rollingUpdate": {"partition": 1}}), "rollout-paused", "Stateful", 0),
)  # fmt: skip

ODD: tuple[tuple[str, Bend], ...] = (
    ("died long ago", died(9, 1, 4000)),
    ("died twice", died(2, 1, 10)),
    ("the gate is open", open_gate),
    # An hour ahead: this is read long before the test runs.
    ("a Job that runs", job(status={"startTime": ago(-3600), "active": 1})),
    ("a Job that was let go", job(spec={"suspend": False}, status={"startTime": "now"})),
    ("a DaemonSet that runs", daemon(1)),
    ("OnDelete and nothing new", stateful({"type": "OnDelete"}, "b")),
)


def test_a_statefulset_waits_in_vain_for_a_broken_pod_of_another_revision() -> None:
    items = good()
    stateful({})(items)
    assert blocking(seen(items)) == [], "the control: it is ready"
    items[-1]["status"]["conditions"][1]["status"] = "False"
    assert blocking(seen(items)) == ["web-store-0"]
    items[-1]["metadata"]["labels"]["controller-revision-hash"] = "b"
    assert blocking(seen(items)) == [], "a new one may still become ready"


@pytest.mark.parametrize(("bend", "code", "where", "hold"), [one[1:] for one in FAULTS],
                         ids=[one[0] for one in FAULTS])  # fmt: skip
def test_a_fault_is_named(bend: Bend, code: str, where: str, hold: float) -> None:
    items = good()
    assert codes(seen(items)) == [], "the control"
    bend(items)
    found = diagnose(seen(items), PLACE)
    assert [one.problem.code for one in found] == [code]
    assert found[0].problem.object.startswith(where)
    assert found[0].hold == hold


@pytest.mark.parametrize("bend", [one[1] for one in ODD], ids=[one[0] for one in ODD])
def test_what_is_odd_is_no_fault(bend: Bend) -> None:
    items = good()
    bend(items)
    assert codes(seen(items)) == []
