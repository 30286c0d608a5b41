"""Faults that no list had: what a node, a rule or a hand does to pods. Beside each the control."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.diagnose import diagnose, diagnose_once
from morrow.tool.diagnose.references import references
from morrow.tool.diagnose.unknown import stuck
from morrow.tool.diagnose.view import DECLARED, WAIT, View
from tests.unit.tool.around import (
    LABELS,
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
from tests.unit.tool.test_around import node
from tests.unit.tool.test_verdicts_pods import ago, event

Change = Callable[[Json], object]
SANDBOX = 'Failed to create pod sandbox: rpc error: no runtime for "fast" is configured'


@pytest.mark.parametrize(
    ("reason", "code", "hold"),
    [
        ("FailedCreatePodSandBox", "sandbox-refused", 25.0),
        ("NetworkNotReady", "sandbox-refused", 40.0),
        ("Scheduled", None, 0),
    ],
)
def test_a_pod_that_its_node_cannot_set_up(reason: str, code: str | None, hold: float) -> None:
    items = good(event("Pod-web-1-a", reason, SANDBOX))
    items[2] = pod(ready=False)
    items[2]["status"]["containerStatuses"][0]["state"] = {
        "waiting": {"reason": "ContainerCreating"}
    }
    found = diagnose(seen(items), PLACE)
    assert [(one.problem.code, one.hold) for one in found] == ([(code, hold)] if code else [])
    assert all(one.problem.cause.startswith("rpc error: no runtime") for one in found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one, None),
        (lambda one: one["env"].append({"name": "MORE", "value": "1"}), None),
        (lambda one: one["env"][0].update(value="-Xmx1g -javaagent:a.jar"), None),
        (lambda one: one.update(command=["/wrap"], args=["serve", "--port", "1"]), None),
        (lambda one: one["env"][0].update(value="-Xmx1gig"), "OPTIONS"),
        (lambda one: one["env"].clear(), "OPTIONS"),
        (lambda one: one.update(command=["sleep"]), "starts sleep --port 1"),
        (lambda one: one.update(args=["--port", "2"]), "starts serve --port 2"),
    ],
)
def test_a_pod_that_a_rule_rewrites(change: Change, said: str | None) -> None:
    items = good()
    started: Json = {"command": ["serve"], "args": ["--port", "1"]}
    started |= {"env": [{"name": "OPTIONS", "value": "-Xmx1g"}]}
    for item in items[:2]:
        item["spec"]["template"]["spec"]["containers"][0] |= copy.deepcopy(started)
    own = items[2]["spec"]["containers"][0]
    own |= copy.deepcopy(started)
    change(own)
    found = diagnose(seen(items), PLACE)
    assert [one.problem.code for one in found] == (["release-overwritten"] if said else [])
    assert all(said in one.problem.cause for one in found if said)


def test_a_new_pod_on_a_node_that_is_not_there() -> None:
    items = good()
    items[2] = pod(ready=False, node="nosuch")
    assert codes(seen(items, Node=[])) == [], "the control: it ran there"
    items[2]["status"]["containerStatuses"] = []
    assert codes(seen(items, Node=[node("nosuch", "True")])) == [], "the control: it is there"
    assert codes(seen(items)) == [], "the control: nobody was allowed to look"
    found = only(seen(items, Node=[]))
    assert (found.problem.code, found.hold) == ("unschedulable", 45.0)
    assert found.problem.object == "Node nosuch", "one pod after the other is made for it"
    assert "web-1-a is to run there, and the cluster has no such node" in found.problem.cause


def test_an_old_pod_whose_end_is_waited_for() -> None:
    items = good()
    items[0]["spec"]["strategy"] = {"type": "Recreate"}
    items[0]["status"]["availableReplicas"] = 0
    assert stuck(seen(items), PLACE, 60).object == "ReplicaSet web-1", "the control"
    items[2]["metadata"]["deletionTimestamp"] = "2126-01-01T00:00:00Z"
    told = stuck(seen(items), PLACE, 60)
    assert told.object == "Pod web-1-a"
    assert "it has until 2126-01-01T00:00:00Z to end, and a new one waits for it" in told.cause


TARGET = {"kind": "Deployment", "name": "web"}
BOUNDS = {"minReplicas": 1, "maxReplicas": 5, "scaleTargetRef": TARGET}
HOSTS = {"rules": [{"host": "a.example.com"}]}
LETS: Json = {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}


@pytest.mark.parametrize(
    ("kind", "wanted", "now", "said", "fresh"),
    [
        ("Ingress", HOSTS, {"rules": []}, "rules", False),
        ("Ingress", HOSTS, {"rules": [*HOSTS["rules"], {"host": "b.example.com"}]}, None, False),
        ("NetworkPolicy", LETS, {**LETS, "ingress": []}, "ingress", False),
        ("NetworkPolicy", LETS, {**LETS, "policyTypes": ["Ingress"]}, None, False),
        ("HorizontalPodAutoscaler", BOUNDS, {**BOUNDS, "maxReplicas": 1}, "maxReplicas", True),
        ("HorizontalPodAutoscaler", BOUNDS, BOUNDS, None, False),
    ],
)
def test_what_leads_or_bounds_is_as_it_was_applied(
    kind: str, wanted: Json, now: Json, said: str | None, fresh: bool
) -> None:
    live = thing(kind, "own", spec=now, metadata={"labels": {}})
    view = replace(seen(good(), **{DECLARED: [live]}), declared=(thing(kind, "own", spec=wanted),))
    found = [one for one in diagnose(view, PLACE) if one.problem.code == "release-overwritten"]
    assert [(one.fresh, one.beside) for one in found] == ([(fresh, True)] if said else [])
    assert all(f"its {said} is" in one.problem.cause for one in found)


def scaled(count: int, *scalers: Json) -> View:
    items = good()
    wanted = copy.deepcopy(items[0])
    wanted["spec"]["replicas"] = 3
    items[0]["spec"]["replicas"] = count
    near = {DECLARED: [items[0]], "HorizontalPodAutoscaler": list(scalers)}
    return replace(seen(items, **near), declared=(wanted,))


def test_fewer_pods_than_were_applied_are_a_fault_of_that_moment_alone() -> None:
    assert codes(scaled(3)) == codes(scaled(4)) == [], "the control"
    (found,) = diagnose(scaled(1), PLACE)
    assert (found.problem.code, found.fresh) == ("release-overwritten", True)
    assert "scaled to 1 pods, and 3 were applied" in found.problem.cause
    assert diagnose_once(scaled(1), PLACE) == [], "later it is somebody's own decision"
    theirs = thing("HorizontalPodAutoscaler", "x", spec={"scaleTargetRef": TARGET})
    theirs["metadata"]["labels"] = {}
    assert codes(scaled(1, theirs)) == [], "an autoscaler's work"


@pytest.mark.parametrize(
    ("own", "code"),
    [
        (thing("StatefulSet", "db", spec={"serviceName": "db"}), "service-missing"),
        (thing("CronJob", "tick"), "volume-claim-missing"),
        (thing("Ingress", "web", spec={"tls": [{"secretName": "tls"}]}), "certificate-missing"),
    ],
)
def test_what_a_workload_refers_to_is_there(own: Json, code: str) -> None:
    pods = template()
    if own["kind"] == "CronJob":
        pods["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "data"}}]
    job = {"spec": {"template": pods}}
    own["spec"] = {**own.get("spec", {}), "template": pods, "jobTemplate": job}
    (needed,) = references([own])
    view = replace(seen(good(), **{DECLARED: [own]}), declared=(own, needed))
    (found,) = [one for one in diagnose(view, PLACE) if one.problem.code == code]
    assert needed["metadata"]["name"] in found.problem.cause
    filled = {**needed, "data": {"tls.crt": "eA==", "tls.key": "eA=="}}
    there = replace(view, around={**view.around, DECLARED: (own, filled)})
    assert code not in [one.problem.code for one in diagnose(there, PLACE)], "the control"


def test_a_quota_that_old_pods_still_fill_is_waited_for() -> None:
    items = good(event("r1", "FailedCreate", "exceeded quota: few, requested: pods=1"))
    items[1]["status"] = {"replicas": 0}
    assert only(seen(items)).hold == 12.0, "the control"
    old = thing("ReplicaSet", "web-0", "r0", metadata=owned_by("d"), spec={}, status={})
    told = {**event("r0", "SuccessfulDelete", "Deleted pod: web-0-a"), "lastTimestamp": ago(20)}
    assert only(seen([*items, old, told])).hold == WAIT
    assert only(seen([*items, old, {**told, "lastTimestamp": ago(90)}])).hold == 12.0


@pytest.mark.parametrize("applied", [True, False])
def test_a_service_that_the_file_itself_leads_nowhere(applied: bool) -> None:
    wrong = thing(
        "Service", "web", spec={"selector": LABELS, "ports": [{"port": 80, "targetPort": "grpc"}]}
    )
    near = {"Service": [wrong], "EndpointSlice": []}
    view = seen(good(), **near)
    if applied:
        live = {**view.around, DECLARED: (wrong,)}
        view = replace(view, around=live, declared=(wrong,))
    found = only(view)
    assert "a port named grpc, and no container has one" in found.problem.cause
    assert ("correct them in environments/test.yaml" in found.problem.fix) is applied


def test_pods_that_somebody_deletes_as_soon_as_they_are_made() -> None:
    made = {**event("r1", "SuccessfulCreate", "Created pod: web-1-b"), "lastTimestamp": ago(5)}
    ended = {**made, "reason": "SuccessfulDelete"}
    many = [{**made, "count": 2}, made, made, made]
    assert codes(seen(good(*many))) == [], "the control: all that are wanted are there"

    def short(*events: Json) -> View:
        items = good(*events)
        items[0]["status"]["availableReplicas"] = 0
        return seen(items)

    assert codes(short(*many[:3])) == [], "the control: one of three may be drained"
    assert codes(short(*many, ended, ended)) == [], "it was scaled down"
    assert codes(short(*({**one, "lastTimestamp": ago(99)} for one in many))) == [], "it was"
    found = only(short(*many))
    assert (found.problem.code, found.problem.object) == ("object-gone", "ReplicaSet web-1")
    assert "5 pods were made of it and 4 of them are gone" in found.problem.cause
    stolen = pod("web-1-b4x7k")
    del stolen["metadata"]["ownerReferences"], stolen["metadata"]["labels"]
    found = only(short(*many, stolen))
    assert "1 run on without it, as web-1-b4x7k: somebody changes" in found.problem.cause


@pytest.mark.parametrize(("reason", "code"), [("OOMKilled", "out-of-memory"), ("Error", None)])
def test_a_job_that_failed_because_its_pod_was_killed(reason: str, code: str | None) -> None:
    failed = condition("Failed", "True", "BackoffLimitExceeded")
    job = thing("Job", "web-once", "j", spec={}, status={"conditions": [failed]})
    own = pod("web-once-a", owner="j", ready=False)
    ended = {"reason": reason, "exitCode": 137, "finishedAt": ago(5)}
    own["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    final = [one for one in diagnose(seen(good(job, own)), PLACE) if one.hold == 0]
    assert final[0].problem.code == (code or "job-failed")


@pytest.mark.parametrize(("later", "told"), [(30, True), (5, False)])
def test_a_clock_that_is_behind_the_clusters_hides_nothing(later: float, told: bool) -> None:
    items = good({**event("r1", "FailedCreate", "exceeded quota: few"), "lastTimestamp": ago(0)})
    items[1]["status"] = {"replicas": 0}
    items[2]["metadata"]["creationTimestamp"] = ago(-3600)
    items[-1]["lastTimestamp"] = ago(-3600 - later)
    assert bool(diagnose_once(seen(items), PLACE)) is told
