"""A ReplicaSet that no Deployment keeps, a pod that nothing starts again, rules about pods."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver import failed
from morrow.tool.diagnose.deployment import rolled_out
from morrow.tool.diagnose.diagnose import diagnose, diagnose_once
from morrow.tool.diagnose.job import ended_badly, running
from morrow.tool.diagnose.view import WAIT, View, new_pods
from tests.unit.tool.around import (
    PLACE,
    codes,
    condition,
    good,
    only,
    owned_by,
    pod,
    seen,
    template,
    thing,
)
from tests.unit.tool.test_verdicts_pods import ago, event, stateful


def alone(available: int = 1, image: str = "shop:1", *pods: Json) -> View:
    """Return a release with a ReplicaSet more that no Deployment keeps."""
    spec = {"replicas": 1, "template": template(image)}
    status = {"observedGeneration": 1, "replicas": 1, "availableReplicas": available}
    return seen(good(thing("ReplicaSet", "odd", "r9", spec=spec, status=status), *pods))


def test_a_replicaset_of_its_own_is_a_workload_and_a_deployments_is_none() -> None:
    view = alone(1, "shop:1", pod("odd-a", owner="r9"))
    assert [one["metadata"]["name"] for one in view.workloads] == ["web", "odd"]
    own = view.workloads[1]
    assert [one["metadata"]["name"] for one in new_pods(view, own)] == ["odd-a"]
    assert rolled_out(own, view)
    assert codes(view) == []
    fewer = alone(0)
    assert not rolled_out(fewer.workloads[1], fewer)


def test_its_pods_are_judged_as_any() -> None:
    crashed = pod("odd-a", ready=False, owner="r9")
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    crashed["status"]["containerStatuses"][0] |= {"state": ended, "restartCount": 1}
    found = only(alone(0, "shop:1", crashed))
    assert (found.problem.code, found.problem.object) == ("crashed", "Pod odd-a, container web")


def test_it_replaces_no_pod_of_an_earlier_template() -> None:
    found = only(alone(1, "shop:2", pod("odd-a", owner="r9")))
    assert (found.problem.code, found.beside) == ("rollout-paused", True)
    assert "shop:2" in found.problem.cause
    assert found.problem.fix.endswith("delete pod odd-a")


@pytest.mark.parametrize(
    ("again", "code", "hold"),
    [("Never", 3, 0.0), ("Never", 0, None), ("Always", 3, WAIT), ("OnFailure", 3, WAIT)],
)
def test_a_container_that_nothing_starts_again(again: str, code: int, hold: float | None) -> None:
    lone = pod("odd")
    lone["metadata"].pop("ownerReferences")
    lone["spec"]["restartPolicy"] = again
    lone["spec"]["containers"] = [{"name": "web", "image": "a"}, {"name": "beside", "image": "a"}]
    dead = {"name": "beside", "ready": False, "restartCount": 0}
    dead["state"] = {"terminated": {"exitCode": code, "reason": "Error"}}
    lone["status"]["containerStatuses"].append(dead)
    found = [one for one in diagnose(seen(good(lone)), PLACE) if one.problem.code == "crashed"]
    assert [one.hold for one in found] == ([] if hold is None else [hold])


@pytest.mark.parametrize(("own", "hold"), [({"restartPolicy": "Always"}, WAIT), ({}, 0.0)])
def test_a_sidecar_is_started_again_in_a_pod_that_is_not(own: Json, hold: float) -> None:
    lone = pod("odd", ready=False)
    lone["metadata"].pop("ownerReferences")
    beside = {"name": "beside", "image": "a", **own}
    lone["spec"] |= {"restartPolicy": "Never", "initContainers": [beside]}
    dead = {"name": "beside", "ready": False, "restartCount": 0}
    dead["state"] = {"terminated": {"exitCode": 3, "reason": "Error"}}
    lone["status"]["initContainerStatuses"] = [dead]
    found = [one for one in diagnose(seen(good(lone)), PLACE) if one.problem.code == "crashed"]
    assert [one.hold for one in found] == [hold]


@pytest.mark.parametrize(
    ("step", "phase", "known", "told"),
    [
        ("pre-install,pre-upgrade", "Failed", (), ["Pod odd, container web"]),
        ("pre-install", "Failed", ("Pod-odd",), []),  # of a release before
        ("test", "Failed", (), []),
        ("pre-install", "Succeeded", (), []),
    ],
)
def test_a_pod_of_a_step_of_helms(
    step: str, phase: str, known: tuple[str, ...], told: list[str]
) -> None:
    odd = pod("odd", ready=False)
    odd["metadata"] |= {"ownerReferences": [], "annotations": {"helm.sh/hook": step}}
    odd["spec"]["restartPolicy"] = "Never"
    ended = {"exitCode": int(phase == "Failed"), "reason": "Error"}
    odd["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    odd["status"]["phase"] = phase
    view = seen(good(odd))
    assert [one.object for one in ended_badly(view, PLACE, known)] == told
    assert [one.problem.object for one in diagnose(view, PLACE, known)] == told
    assert diagnose_once(view, PLACE) == [], "what is left of it is no fault of what runs"


@pytest.mark.parametrize(
    ("policy", "phase", "hold"),
    [("OnFailure", "Running", 120.0), ("OnFailure", "Failed", 0.0), ("Never", "Running", 0.0)],
)
def test_a_step_that_is_started_again_may_end_well(policy: str, phase: str, hold: float) -> None:
    odd = pod("odd", ready=False)
    odd["metadata"] |= {"ownerReferences": [], "annotations": {"helm.sh/hook": "pre-install"}}
    odd["spec"]["restartPolicy"] = policy
    ended = {"exitCode": 1, "reason": "Error"}
    odd["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    odd["status"]["phase"] = phase
    found = [one for one in diagnose(seen(good(odd)), PLACE) if one.problem.code == "crashed"]
    assert [one.hold for one in found] == [hold]


def test_nobody_waits_for_a_step_to_be_ready() -> None:
    odd = pod("odd", ready=False)
    odd["metadata"]["ownerReferences"], odd["spec"]["restartPolicy"] = [], "Never"
    odd["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/", "port": 1}}
    odd["status"]["containerStatuses"][0]["state"] = {"running": {}}
    assert codes(seen(good(odd))) != [], "the control: Helm waits for one that is no step"
    odd["metadata"]["annotations"] = {"helm.sh/hook": "pre-install"}
    assert codes(seen(good(odd))) == []


def test_a_job_of_no_pods_is_held_as_a_suspended_one() -> None:
    status = {"startTime": "2026-01-01T00:00:00Z"}
    rests = thing("Job", "odd", spec={"parallelism": 0}, status=status)
    found = only(seen(good(rests)))
    assert (found.problem.code, found.problem.object) == ("job-suspended", "Job odd")
    goes = replace(seen(good(rests)), declared=(rests,))
    assert running(goes, ()) == [rests]
    assert running(goes, ("Job-odd",)) == [], "it rested before"
    done = {**status, "conditions": [condition("Complete", "True")]}
    assert codes(seen(good(thing("Job", "odd", spec={"parallelism": 0}, status=done)))) == []


@pytest.mark.parametrize(
    ("reason", "said", "hold"),
    [
        ("FailedPostStartHook", "fails: said so", 12.0),
        ("Started", "has not ended", WAIT),
        ("Created", None, 0.0),
    ],
)
def test_a_hook_after_which_alone_a_container_runs(
    reason: str, said: str | None, hold: float
) -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["containers"][0]["lifecycle"] = {"postStart": {"exec": {"command": ["x"]}}}
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    items[2]["status"]["containerStatuses"][0]["state"] = waiting
    told = event("Pod-web-1-a", reason, "said so")
    told["involvedObject"]["fieldPath"] = "spec.containers{web}"
    found = diagnose(replace(seen(items), events=(told,)), PLACE)
    assert [(one.problem.code, one.hold) for one in found] == (
        [("container-refused", hold)] if said else []
    )
    assert not said or said in found[0].problem.cause


def test_what_replaces_pods_only_when_they_are_deleted_has_them_deleted() -> None:
    items = good()
    stateful({"type": "OnDelete"})(items)
    assert only(seen(items)).problem.fix.endswith("delete pod web-store-0")


@pytest.mark.parametrize(
    ("reason", "message", "code"),
    [
        ("SysctlForbidden", "Pod was rejected: forbidden sysctl", "pod-refused"),
        ("OutOfcpu", "Pod was rejected: Node didn't have enough resource: cpu", "pod-evicted"),
        ("Evicted", "The node was low on resource: memory", "pod-evicted"),
        ("Evicted", "Pod was rejected: The node had condition: [DiskPressure].", "pod-evicted"),
        ("NodeShutdown", "Pod was rejected as the node is shutting down.", "pod-evicted"),
        ("Terminated", "Pod was rejected as the node is shutting down.", "pod-evicted"),
    ],
)
def test_what_a_node_rejects_is_not_what_it_has_no_room_for(
    reason: str, message: str, code: str
) -> None:
    items = good()
    items[2]["status"] |= {"phase": "Failed", "reason": reason, "message": message}
    assert codes(seen(items))[0] == code


def test_a_pod_that_nothing_starts_again_is_to_be_ready_too() -> None:
    lone = pod("odd", ready=False)
    lone["metadata"].pop("ownerReferences")
    lone["spec"]["restartPolicy"] = "Never"
    lone["spec"]["containers"][0]["readinessProbe"] = {"periodSeconds": 1}
    found = only(seen(good(lone)))
    assert (found.problem.code, found.hold) == ("never-ready", 3.0)
    of_job = thing("Job", "odd", spec={}, status={"startTime": ago(0), "active": 1})
    lone["metadata"]["ownerReferences"] = [{"uid": "Job-odd"}]
    assert codes(seen(good(of_job, lone))) == [], "nobody waits for a Job's pods to be ready"


def test_an_image_that_is_mounted_is_named_and_not_the_containers() -> None:
    items = good()
    items[2] = pod(ready=False)
    items[2]["spec"]["volumes"] = [{"name": "more", "image": {"reference": "shop:nosuch"}}]
    said = 'Back-off pulling image "shop:nosuch": not found'
    state = {"waiting": {"reason": "ImagePullBackOff", "message": said}}
    items[2]["status"]["containerStatuses"][0]["state"] = state
    found = only(seen(items)).problem
    assert found.code == "image-not-found"
    assert "push shop:nosuch" in found.fix
    state["waiting"]["message"] = 'Back-off pulling image "shop:1": not found'
    assert "push shop:1" in only(seen(items)).problem.fix, "the container's own"


@pytest.mark.parametrize(
    ("others", "ready", "said"),
    [
        (True, False, "is put back; 0 of 1 pods are ready (web-2-a runs, not ready yet); 1 of an"),
        (False, False, "is put back; 0 of 1 pods are ready (web-2-a runs, not ready yet)"),
        (True, True, "serves again"),
    ],
)
def test_what_serves_after_it_was_taken_back(
    others: bool, ready: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = good()
    changed = {"replicas": 1, "template": template("shop:2")}
    items[0]["spec"] = changed
    newer = thing("ReplicaSet", "web-2", "r2", metadata=owned_by("d"), spec=changed, status={})
    items = [*items[: 3 if others else 2], newer, pod("web-2-a", ready=ready, owner="r2")]
    monkeypatch.setattr(failed, "look", lambda *_: seen(items))
    site: Any = SimpleNamespace(place=PLACE, kubectl=None)
    told = failed._pods(site, "it is put back", "serves again")
    assert (said in told, "earlier" in told) == (True, others and not ready)
