"""What the tool waits for itself, where Helm would wait in vain: pods that may end well."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver import progress
from morrow.tool.deliver.helm import _waits
from morrow.tool.diagnose.awaited import AFTER_ROLLBACK, is_settled, waits_in_vain
from morrow.tool.diagnose.pod import may_end
from morrow.tool.diagnose.unknown import stuck
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import PLACE, codes, good, pod, seen, thing
from tests.unit.tool.test_verdicts_pods import event

RUNS: Json = {"running": {}}
DONE: Json = {"terminated": {"exitCode": 0, "reason": "Completed"}}
DEAD: Json = {"terminated": {"exitCode": 3, "reason": "Error"}}
WAITS: Json = {"waiting": {"reason": "ContainerCreating"}}


def lone(*states: tuple[Json, bool], policy: str = "Never") -> Json:
    """Return a pod that nothing keeps, with a container in each state."""
    odd = pod("odd", ready=all(ready for _, ready in states))
    odd["metadata"].pop("ownerReferences")
    odd["spec"]["restartPolicy"] = policy
    odd["status"]["containerStatuses"] = [
        {"name": f"c{number}", "ready": ready, "restartCount": 0, "state": state}
        for number, (state, ready) in enumerate(states)
    ]
    odd["spec"]["containers"] = [
        {"name": one["name"], "image": "x"} for one in odd["status"]["containerStatuses"]
    ]
    return odd


@pytest.mark.parametrize(
    ("policy", "hook", "waits"),
    [
        ("Never", False, False),
        ("OnFailure", False, False),
        ("Always", False, True),
        (None, False, True),
        ("Never", True, True),  # Helm waits for the end of a hook, or not at all
    ],
)
def test_helm_waits_for_no_pod_that_may_end(policy: str | None, hook: bool, waits: bool) -> None:
    own = thing("Pod", "odd", spec={"restartPolicy": policy})
    own["metadata"]["annotations"] = {"helm.sh/hook": "test"} if hook else {}
    told = _waits([own])
    assert ("--wait" in told) == ("--wait-for-jobs" in told) == waits
    assert may_end(own) != waits
    keeps = thing("Deployment", "odd", spec={"template": {"spec": {"restartPolicy": "Never"}}})
    assert not may_end(keeps)


@pytest.mark.parametrize(
    ("hook", "up", "back"),
    [
        ("post-install", True, False),
        ("post-upgrade", True, False),
        ("pre-upgrade, post-upgrade", True, False),
        ("post-rollback", False, True),
        ("pre-install,pre-upgrade", False, False),  # the control: they come before
        ("test", False, False),
    ],
)
def test_helm_waits_where_a_hook_comes_after(hook: str, up: bool, back: bool) -> None:
    """It would run at once where Helm waits for nothing: before what it needs is ready."""
    own, job = thing("Pod", "odd", spec={"restartPolicy": "Never"}), thing("Job", "after", spec={})
    job["metadata"]["annotations"] = {"helm.sh/hook": hook}
    assert ("--wait" in _waits([own, job])) == up
    assert ("--wait" in _waits([own, job], AFTER_ROLLBACK)) == back
    assert waits_in_vain([own, job]) != up, "who watches knows it too"


@pytest.mark.parametrize(
    ("states", "settled"),
    [
        (((RUNS, True), (RUNS, True)), True),
        (((RUNS, True), (DONE, False)), True),
        (((DONE, False), (DONE, False)), True),
        (((RUNS, False), (RUNS, True)), False),  # not ready yet
        (((RUNS, False), (DONE, False)), False),
        (((WAITS, False), (DONE, False)), False),
        (((RUNS, True), (DEAD, False)), False),
        ((), False),  # no node has looked at it
    ],
)
def test_a_pod_that_nothing_keeps_is_waited_for(
    states: tuple[tuple[Json, bool], ...], settled: bool
) -> None:
    odd = lone(*states)
    if not states:
        odd["status"] = {"phase": "Pending"}
    assert is_settled(seen(good(odd)), PLACE, ()) is settled
    assert is_settled(seen(good(odd)), PLACE, ("Pod-odd",)), "it was there before"
    assert stuck(seen(good(odd)), PLACE, 9).object == ("Deployment web" if settled else "Pod odd")
    odd["status"]["phase"] = "Succeeded"
    assert is_settled(seen(good(odd)), PLACE, ())


@pytest.mark.parametrize(
    ("kind", "reason", "told", "waits"),
    [
        ("CronJob", "WaitForFirstConsumer", [], False),
        ("CronJob", "ProvisioningFailed", ["volume-unbound"], False),
        ("Deployment", "WaitForFirstConsumer", ["volume-unbound"], True),
        ("Deployment of none", "WaitForFirstConsumer", [], False),
        ("Deployment of none", "ProvisioningFailed", ["volume-unbound"], False),
    ],
)
def test_a_claim_that_waits_for_its_first_pod(
    kind: str, reason: str, told: list[str], waits: bool
) -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    pods = {"spec": {"containers": [], "volumes": [volume]}}
    holder = thing(kind.split()[0], "tick", spec={"jobTemplate": {"spec": {"template": pods}}})
    if holder["kind"] == "Deployment":
        holder["spec"] = {"replicas": int(waits), "template": pods}
    claim = thing("PersistentVolumeClaim", "data", status={"phase": "Pending"})
    assert ("--wait" in _waits([holder, claim])) == waits
    items = good(event("PersistentVolumeClaim-data", reason, "said so"))
    items[2]["spec"]["volumes"] = [volume] if waits else []
    view = replace(seen(items, PersistentVolumeClaim=[claim]), declared=(holder, claim))
    assert codes(view) == told
    assert is_settled(view, PLACE, ()) != bool(told)
    left = replace(view, declared=(holder,))  # it was kept of a release before
    assert is_settled(left, PLACE, ()) != (bool(told) and waits)


def test_a_job_that_is_held_has_no_pod_that_a_claim_waits_for() -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    job = thing("Job", "once", spec={"template": {"spec": {"volumes": [volume]}}})
    claim = thing("PersistentVolumeClaim", "data")
    assert "--wait" in _waits([job, claim]), "the control: its pod comes"
    for held in ({"suspend": True}, {"parallelism": 0}):
        assert "--wait" not in _waits([{**job, "spec": {**job["spec"], **held}}, claim])


def test_a_load_balancer_is_waited_for() -> None:
    own = thing("Service", "web", spec={"type": "LoadBalancer"}, status={})
    view = replace(seen(good(), Service=[own]), declared=(own,))
    assert not is_settled(view, PLACE, ())
    assert is_settled(replace(view, declared=()), PLACE, ()), "it was there before"
    own["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    assert is_settled(view, PLACE, ())


@pytest.mark.parametrize(
    ("probe", "known", "restarts", "settled"),
    [
        ({}, (), (0, 0, 0), [False, False, True]),
        ({}, (), (0, 1, 1), [False, False, False]),  # it crashed between two looks
        ({"readinessProbe": {}}, (), (0, 0, 0), [False, False, True]),
        ({"readinessProbe": {"exec": {}}}, (), (0, 0, 0), [True, True, True]),
        ({}, ("Pod-web-1-a",), (0, 0, 0), [True, True, True]),
    ],
)
def test_a_pod_that_nothing_probes_must_last(
    probe: Json,
    known: tuple[str, ...],
    restarts: tuple[int, ...],
    settled: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter((100.0, 103.0, 105.5))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    watched = progress.Progress(Kubectl("lab", "demo"))
    items = good()
    items[-1]["spec"]["containers"][0] |= probe
    # One that is asked, as what a mesh adds, says nothing of the other.
    items[-1]["spec"]["containers"].append({"name": "beside", "readinessProbe": {"exec": {}}})
    watched.begin(seen([]), frozenset(known))
    looks = []
    for count in restarts:
        items[-1]["status"]["containerStatuses"][0]["restartCount"] = count
        looks.append(is_settled(watched.remember(seen(items)), PLACE, ()))
    assert looks == settled
