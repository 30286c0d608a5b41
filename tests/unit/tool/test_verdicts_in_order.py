"""What is in order and looks like a fault at first sight. Beside each the fault that is one."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from morrow.tool.base.errors import Failure, Problem, problem
from morrow.tool.base.outcome import Json
from morrow.tool.deliver import look, rollout
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.diagnose.diagnose import diagnose, diagnose_once
from morrow.tool.diagnose.view import DECLARED, View
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.around import (
    LABELS,
    PLACE,
    codes,
    condition,
    good,
    pod,
    seen,
    template,
    thing,
)
from tests.unit.tool.test_verdicts_beside import policy, service
from tests.unit.tool.test_verdicts_pods import ago, event


@pytest.mark.parametrize("reason", ["FailedCreatePodSandBox", "FailedMount"])
def test_a_pod_that_its_node_has_set_up_since(reason: str) -> None:
    def told(*reasons: str) -> list[str]:
        items = good(*(event("Pod-web-1-a", one, "it said so") for one in reasons))
        for number, one in enumerate(items[3:]):
            one["lastTimestamp"] = ago(9 - number)
        items[2] = pod(ready=False)
        waits = {"waiting": {"reason": "PodInitializing"}}
        items[2]["status"]["containerStatuses"][0]["state"] = waits
        return codes(seen(items))

    assert len(told(reason)) == len(told("Pulling", reason)) == 1, "the control"
    assert told(reason, "Pulling") == []


def test_what_has_healed_is_waited_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False)
    short = good()
    short[0]["status"]["availableReplicas"] = 0
    watched._judge(seen(short))
    watched._judge(seen(good()))
    assert watched.waiting is not None, "the control: it may be taken away just now"
    monkeypatch.setattr(rollout, "HEALED", -1)
    watched._keep([], View(), time.monotonic())
    assert watched.waiting is not None, "the control: it is taken away"
    watched._judge(seen(good()))
    assert watched.waiting is None


def test_a_fault_is_kept_though_no_more_can_be_learnt() -> None:
    def applied() -> list[Json]:
        raise Failure(problem("cluster-unreachable", "context lab", "away", kubectl="kubectl"))

    watched = Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False, applied=applied)
    watched._templates = ["before", "after"]
    with pytest.raises(Failure):
        watched._name(PLACE.problem("crashed", "Pod web-1-a", "exit code 1"), seen(good()))
    assert watched.fault is not None
    assert watched.fault.code == "crashed"


def test_an_api_server_that_is_away_for_a_moment_after_all_was_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = problem("cluster-unreachable", "context lab", "away", kubectl="kubectl")
    asked: list[int] = []

    def question(times: int) -> list[Problem]:
        asked.append(1)
        if len(asked) < times:
            raise Failure(away)
        return []

    assert look.patiently(lambda: question(2)) == []
    monkeypatch.setattr(look, "AWAY", -1)
    with pytest.raises(Failure):
        look.patiently(lambda: question(9))


@pytest.mark.parametrize(
    ("kind", "name", "labels", "left"),
    [
        ("StatefulSet", "web-12", {}, True),
        ("StatefulSet", "web-12", LABELS, False),  # one of `extra`
        ("StatefulSet", "web-b4x7k", {}, False),
        ("StatefulSet", "web-migrate", {}, False),
        ("DaemonSet", "web-b4x7k", {}, True),
        ("DaemonSet", "web-b4x7k", LABELS, False),
        ("DaemonSet", "web-debug", {}, False),
        ("DaemonSet", "web-12", {}, False),
    ],
)
def test_a_pod_made_by_hand_was_not_robbed_of_its_labels(
    kind: str, name: str, labels: Json, left: bool
) -> None:
    made = {**event("k", "SuccessfulCreate", "create Pod"), "lastTimestamp": ago(5), "count": 5}
    status = {"observedGeneration": 1, "desiredNumberScheduled": 1}
    keeper = thing(kind, "web", "k", spec={"replicas": 1, "template": template()}, status=status)
    lone = pod(name)
    lone["metadata"] |= {"ownerReferences": [], "labels": labels}
    said = [one.problem.cause for one in diagnose(seen([keeper, made, lone]), PLACE)]
    assert any("5 pods were made of it" in cause for cause in said)
    assert any(f"run on without it, as {name}:" in cause for cause in said) is left


@pytest.mark.parametrize(
    ("host", "told"),
    [({}, False), ({"source": {"component": "kubelet", "host": "one"}}, True)],
)
def test_a_nodes_clock_makes_no_pod_older(host: Json, told: bool) -> None:
    """Without a host a controller wrote it, and that tells the clock of the cluster."""
    items = good({**event("r1", "FailedCreate", "exceeded quota: few"), "lastTimestamp": ago(0)})
    items[1]["status"] = {"replicas": 0}
    items[2]["metadata"]["creationTimestamp"] = ago(2)
    items.append({**event("Pod-web-1-a", "Pulled", "x"), "lastTimestamp": ago(-60), **host})
    assert bool(diagnose_once(seen(items), PLACE)) is not told


@pytest.mark.parametrize(
    ("spec", "port", "code"),
    [
        ({"type": "ExternalName", "externalName": "a.example.com"}, {"number": 443}, None),
        ({"ports": [{"port": 80}]}, {"number": 443}, "route-backend"),
        (None, {"name": "use-annotation"}, None),
        (None, {"name": "http"}, "route-backend"),
    ],
)
def test_an_ingress_may_lead_to_an_action_or_a_name_elsewhere(
    spec: Json | None, port: Json, code: str | None
) -> None:
    end = {"service": {"name": "other", "port": port}}
    door = thing("Ingress", "web", spec={"ingressClassName": "front", "defaultBackend": end})
    there = [] if spec is None else [thing("Service", "other", spec=spec, metadata={"labels": {}})]
    near = {"IngressClass": [thing("IngressClass", "front")], "Service": there}
    assert codes(seen(good(), Ingress=[door], **near)) == ([code] if code else [])


def rules(*paths: str) -> Json:
    led = [{"path": one, "pathType": "Prefix"} for one in paths]
    return {"rules": [{"host": "a.example.com", "http": {"paths": led}}]}


@pytest.mark.parametrize(
    ("now", "found"),
    [(rules("/.well-known/x", "/"), []), (rules("/.well-known/x"), ["release-overwritten"])],
)
def test_who_issues_a_certificate_may_put_a_path_before_ours(now: Json, found: list[str]) -> None:
    live, wanted = (thing("Ingress", "own", spec=one) for one in (now, rules("/")))
    view = replace(seen(good(), **{DECLARED: [live]}), declared=(wanted,))
    assert [one.problem.code for one in diagnose(view, PLACE)] == found


def limited(limit: str, request: str) -> Json:
    return {"requests": {"memory": request}, "limits": {"memory": limit}}


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (limited("1Gi", "1Gi"), []),
        (limited("2Gi", "1Gi"), []),
        (limited("1500Mi", "1Gi"), ["release-overwritten"]),
        (limited("512Mi", "512Mi"), ["release-overwritten"]),
    ],
)
def test_a_cluster_may_make_the_limit_the_request(now: Json, found: list[str]) -> None:
    live, wanted = good()[0], good()[0]
    for item, amounts in (live, now), (wanted, limited("2Gi", "1Gi")):
        item["spec"]["template"]["spec"]["containers"][0]["resources"] = amounts
    view = replace(seen(good(), **{DECLARED: [live]}), declared=(wanted,))
    assert [one.problem.code for one in diagnose(view, PLACE)] == found


def test_fewer_pods_are_no_fault_where_autoscalers_may_not_be_seen() -> None:
    live, wanted = good()[0], good()[0]
    wanted["spec"]["replicas"] = 2
    near: dict[str, list[Json]] = {DECLARED: [live]}
    assert diagnose(replace(seen(good(), **near), declared=(wanted,)), PLACE) == []
    near["HorizontalPodAutoscaler"] = []
    (found,) = diagnose(replace(seen(good(), **near), declared=(wanted,)), PLACE)
    assert found.problem.code == "release-overwritten", "the control: there is none"


@pytest.mark.parametrize(
    ("port", "found"),
    [({"protocol": "TCP"}, []), ({"port": "http"}, ["network-blocked"])],
)
def test_a_policy_that_names_no_port_lets_all_of_them_in(port: Json, found: list[str]) -> None:
    items = good()
    items[2]["spec"]["containers"][0]["ports"] = [{"containerPort": 9000}]
    lead = service(ports=[{"port": 80, "targetPort": 5000}])
    near = {"Service": [lead], "NetworkPolicy": [policy(ingress=[{"ports": [port]}])]}
    assert codes(seen(items, **near)) == found


@pytest.mark.parametrize(("killed", "code"), [(1, "out-of-memory"), (0, "job-failed")])
def test_a_failed_job_is_told_by_its_last_pod(killed: int, code: str) -> None:
    failed = condition("Failed", "True", "BackoffLimitExceeded")
    job = thing("Job", "web-once", "j", spec={}, status={"conditions": [failed]})
    pods = [pod(f"web-once-{number}", owner="j", ready=False) for number in range(2)]
    for number, one in enumerate(pods):
        one["metadata"]["creationTimestamp"] = f"2026-01-01T00:0{number}:00Z"
        reason = "OOMKilled" if number == killed else "Error"
        ended = {"reason": reason, "exitCode": 137, "finishedAt": ago(5)}
        one["status"]["containerStatuses"][0]["state"] = {"terminated": ended}
    final = [one for one in diagnose(seen(good(job, *pods)), PLACE) if one.hold == 0]
    assert final[0].problem.code == code
